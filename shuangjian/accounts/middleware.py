"""Keeps whoever holds a one-time password on the page that replaces it."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from shuangjian.accounts.adapter import AccountAdapter
from shuangjian.accounts.models import User
from shuangjian.core import clock

_PROBES = frozenset({"/healthz", "/readyz"})


class PasswordChangeMiddleware:
    """While must_change_password holds, every page but the change itself, logout, static files and probes leads there.

    A one-time password that runs out meanwhile ends the session.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path
        if path in _PROBES or path.startswith(settings.STATIC_URL):
            return self.get_response(request)
        user = request.user
        if not isinstance(user, User) or not user.must_change_password:
            return self.get_response(request)
        if user.has_expired_slip(clock.now()):
            logout(request)
            messages.error(request, AccountAdapter.error_messages["expired_slip"])
            return _go_to(request, reverse("account_login"))
        if path in (reverse("password"), reverse("account_logout")):
            return self.get_response(request)
        return _go_to(request, reverse("password"))


def _go_to(request: HttpRequest, url: str) -> HttpResponse:
    # htmx follows a redirect inside the fragment it asked for; the whole page must go instead.
    if request.headers.get("HX-Request") == "true":
        return HttpResponseClientRedirect(url)
    return HttpResponseRedirect(url)
