"""What an address asks for, as text that PostgreSQL takes."""

from __future__ import annotations

from django.http import HttpRequest

_LONGEST = 40


def asked(request: HttpRequest, name: str) -> str:
    """The parameter ``name``, trimmed and cut to 40 characters; "" when it is missing.

    Without NUL characters: PostgreSQL refuses them, and an address with one is no reason for an error page.
    """
    return request.GET.get(name, "").replace("\x00", "").strip()[:_LONGEST]
