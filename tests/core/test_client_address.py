"""Whose address the journal and the login limits see: the caller's through our own proxies, and nobody's claim."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from shuangjian.core.middleware import RequestIdMiddleware, client_address
from shuangjian.core.origin import current


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "seen"),
    [
        (0, "198.51.100.7", "", "198.51.100.7"),
        (0, "198.51.100.7", "203.0.113.9", "198.51.100.7"),
        (1, "10.0.0.1", "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1", "192.0.2.66, 203.0.113.9", "203.0.113.9"),
        (2, "10.0.0.1", "192.0.2.66, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "10.0.0.1", "203.0.113.9", "10.0.0.1"),
        (1, "10.0.0.1", "", "10.0.0.1"),
        (1, "10.0.0.1", "unknown", "10.0.0.1"),
        (1, "10.0.0.1", "2001:DB8::0001", "2001:db8::1"),
        (0, "", "203.0.113.9", ""),
        (0, "unix:", "", ""),
    ],
)
def test_only_our_own_proxies_are_believed(
    settings: object, proxies: int, peer: str, forwarded: str, seen: str
) -> None:
    settings.TRUSTED_PROXIES = proxies  # type: ignore[attr-defined]
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == seen

    origins = []

    def page(request: object) -> HttpResponse:
        origins.append(current().ip)
        return HttpResponse(request.META["REMOTE_ADDR"])  # type: ignore[attr-defined]

    assert RequestIdMiddleware(page)(request).content.decode() == seen
    assert origins == [seen or None]
