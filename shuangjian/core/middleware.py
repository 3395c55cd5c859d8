"""Request id, caller's address and origin of every request, and no caching of pages behind a login."""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from shuangjian.core.origin import Origin, acting_from

_ACCEPTABLE = re.compile(r"^[A-Za-z0-9._-]{8,64}$")


def client_address(request: HttpRequest) -> str:
    """Address of the caller, in one spelling; "" where there is none (a socket).

    X-Forwarded-For is whatever the caller likes, except for what our own proxies append: with TRUSTED_PROXIES of them
    the caller is that many entries from its end. gunicorn leaves this to us.
    """
    hops: int = settings.TRUSTED_PROXIES
    entries = request.headers.get("X-Forwarded-For", "").split(",") if hops else []
    forwarded = entries[-hops] if len(entries) >= hops > 0 else ""
    for candidate in (forwarded.strip(), request.META.get("REMOTE_ADDR") or ""):
        try:
            return str(ipaddress.ip_address(candidate))
        except ValueError:
            continue
    return ""


class RequestIdMiddleware:
    """Gives each request an id (the caller's X-Request-Id when it is a plain word) for errors, logs and the journal."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        identifier = given if _ACCEPTABLE.match(given) else secrets.token_hex(8)
        request.request_id = identifier  # type: ignore[attr-defined]
        source = "api" if request.path.startswith("/api/") else "web"
        request.META["REMOTE_ADDR"] = address = client_address(request)
        with acting_from(Origin(source, address or None, identifier)):
            response = self.get_response(request)
        response["X-Request-Id"] = identifier
        return response


class PrivatePagesMiddleware:
    """Pages of a signed-in person are never kept by a shared cache or shown by Back after signing out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated and "Cache-Control" not in response:
            response["Cache-Control"] = "no-store, private"
        return response
