"""Pages for what goes wrong, with the request id that support asks for. Programs get the same as problem+json."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

_API = "/api/"
#: The framework's own refusals are in English, and for nobody who reads the page.
_CHINESE = re.compile("[\u4e00-\u9fff]")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: signed in, but the role may not do this; says why where the refusal does, in words for the reader."""
    reason = str(exception or "")
    return _answer(request, 403, "没有这项操作的权限", reason=reason if _CHINESE.search(reason) else "")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: no such page, or it lies outside the reader's jurisdiction; the two look the same."""
    return _answer(request, 404, "没有找到，或者不在管辖范围内")


def failed(request: HttpRequest) -> HttpResponse:
    """500: rendered without context processors and queries, for the database may be what failed."""
    identifier = getattr(request, "request_id", "")
    if request.path.startswith(_API):
        return _problem(request, 500, "系统出错，这次操作没有完成")
    return HttpResponse(render_to_string("500.html", {"request_id": identifier}), status=500)


def _answer(request: HttpRequest, status: int, title: str, **shown: str) -> HttpResponse:
    if request.path.startswith(_API):
        return _problem(request, status, title)
    return render(request, f"{status}.html", shown, status=status)


def _problem(request: HttpRequest, status: int, title: str) -> HttpResponse:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "request_id": getattr(request, "request_id", ""),
    }
    return JsonResponse(
        body, status=status, content_type="application/problem+json", json_dumps_params={"ensure_ascii": False}
    )
