"""The named cast of the API tests: two towns with a school each, tokens of every kind, a client that carries them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from shuangjian.accounts.tokens import create_api_token, revoke_api_token
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from tests import make

ROOT = "/api/v1"
#: Before "now" on any machine, and inside the term of make.calendar().
WEEK = Week.parse("2026-W45")


@pytest.fixture
def cast(db: None) -> SimpleNamespace:
    """示范一小 in one town, 示范二小 in another, with a class each."""
    make.calendar()
    east, west = make.town("440113007", "演示东街"), make.town("440113008", "演示西街")
    return SimpleNamespace(
        east=east,
        west=west,
        school=make.school("示范一小", town=east, classes=["2026-03-01"]),
        other=make.school("示范二小", town=west, classes=["2026-03-01", "2026-04-01"]),
    )


def make_tokens(cast: SimpleNamespace) -> dict[str, str]:
    """Plain tokens by role."""
    later = clock.now() + dt.timedelta(days=1)

    def token(name: str, **options: Any) -> str:
        return create_api_token(name=name, actor=None, **{"expires_at": later, **options})[1]

    revoked, plain = create_api_token(name="吊销", actor=None, expires_at=later, can_write=True)
    revoke_api_token(revoked, actor=None, now=clock.now())
    return {
        "district_read": token("全区只读"),
        "district_write": token("全区可写", can_write=True),
        "town": token("东街", town=cast.east, can_write=True),
        "other_town": token("西街", town=cast.west, can_write=True),
        "institution": token("一小", institution=cast.school, can_write=True),
        "other_institution": token("二小", institution=cast.other, can_write=True),
        "expired": token("过期", can_write=True, expires_at=clock.now() - dt.timedelta(days=1)),
        "revoked": plain,
    }


@pytest.fixture
def tokens(cast: SimpleNamespace) -> dict[str, str]:
    return make_tokens(cast)


Call = Callable[..., HttpResponse]


def caller(tokens: dict[str, str]) -> Call:
    """``call(method, path, role, body, **headers)``; ``body`` is JSON unless it is bytes; role None sends no token."""

    def call(
        method: str, path: str, role: str | None = "district_write", body: Any = None, **headers: str
    ) -> HttpResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if role is not None:
            sent["Authorization"] = f"Bearer {tokens[role]}"
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        content_type = sent.pop("Content-Type", "application/json")
        url = path if path.startswith(("/api/", "http")) else ROOT + path
        return Client().generic(method, url, data, content_type=content_type, headers=sent)  # type: ignore[return-value]

    return call


@pytest.fixture
def call(tokens: dict[str, str]) -> Call:
    return caller(tokens)


@pytest.fixture
def returns(cast: SimpleNamespace) -> str:
    """Address of the first school's return."""
    return f"/schools/{cast.school.code}/weekly-returns/{WEEK.key}/"


def paths(response: HttpResponse) -> list[str]:
    """Where a problem points."""
    assert response["Content-Type"] == "application/problem+json", response.content[:300]
    return [each["path"] for each in response.json()["errors"]]  # type: ignore[attr-defined]
