"""Request id and origin of every request, and no caching of pages behind a login."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from shuangjian.core.origin import Origin, acting_from

_ACCEPTABLE = re.compile(r"^[A-Za-z0-9._-]{8,64}$")


class RequestIdMiddleware:
    """Gives each request an id (the caller's X-Request-Id when it is a plain word), for errors, logs and the journal."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        identifier = given if _ACCEPTABLE.match(given) else secrets.token_hex(8)
        request.request_id = identifier  # type: ignore[attr-defined]
        source = "api" if request.path.startswith("/api/") else "web"
        # REMOTE_ADDR only: X-Forwarded-For is whatever the caller likes, and gunicorn sets REMOTE_ADDR from a
        # trusted proxy's header where it is told to (FORWARDED_ALLOW_IPS).
        with acting_from(Origin(source, request.META.get("REMOTE_ADDR") or None, identifier)):
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
