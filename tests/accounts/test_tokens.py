"""Tokens: kept as a hash, dead when expired or revoked, their use noted at most once a minute."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from shuangjian.accounts.models import ApiToken
from shuangjian.accounts.tokens import create_api_token, find_token, revoke_api_token
from shuangjian.core import clock
from shuangjian.journal.models import AuditEntry

DAY = dt.timedelta(days=1)


def test_only_the_hash_of_a_token_is_kept(db: None) -> None:
    token, plain = create_api_token(name="区平台", expires_at=clock.now() + DAY, actor=None)
    assert re.fullmatch(r"sj_[A-Za-z0-9_-]{43}", plain)
    assert token.sha256 == hashlib.sha256(plain.encode()).hexdigest()
    row = ApiToken.objects.filter(pk=token.pk).values().get()
    entry = AuditEntry.objects.filter(act="create_api_token").values().get()
    assert plain not in f"{row}{entry}"


def test_a_token_lives_until_it_expires_or_is_revoked(db: None) -> None:
    now = clock.now()
    token, plain = create_api_token(name="区平台", expires_at=now + DAY, actor=None)
    assert find_token(plain, now) == token
    assert find_token(plain, now + DAY - dt.timedelta(seconds=1)) == token
    assert find_token(plain, now + DAY) is None
    assert revoke_api_token(token, actor=None, now=now)
    assert find_token(plain, now) is None
    assert not revoke_api_token(token, actor=None, now=now)
    assert AuditEntry.objects.filter(act="revoke_api_token").count() == 1


@pytest.mark.parametrize("wrong", ["", "sj_", "sj_" + "A" * 43, "令牌", "\x00"])
def test_any_other_text_is_no_token(db: None, wrong: str) -> None:
    create_api_token(name="区平台", expires_at=clock.now() + DAY, actor=None)
    assert find_token(wrong, clock.now()) is None


def test_the_hash_itself_is_no_token(db: None) -> None:
    token, _ = create_api_token(name="区平台", expires_at=clock.now() + DAY, actor=None)
    assert find_token(token.sha256, clock.now()) is None


def test_use_is_noted_at_most_once_a_minute(db: None, django_assert_num_queries: Any) -> None:
    now = clock.now()
    token, plain = create_api_token(name="区平台", expires_at=now + DAY, actor=None)
    with django_assert_num_queries(2):
        find_token(plain, now)
    with django_assert_num_queries(1):
        find_token(plain, now + dt.timedelta(seconds=59))
    token.refresh_from_db()
    assert token.last_used_at == now
    find_token(plain, now + dt.timedelta(seconds=60))
    token.refresh_from_db()
    assert token.last_used_at == now + dt.timedelta(seconds=60)


def test_a_token_stands_for_one_unit_only(units: SimpleNamespace) -> None:
    with pytest.raises(ValidationError):
        create_api_token(
            name="两头", expires_at=clock.now() + DAY, actor=None, town=units.east, institution=units.east_school
        )
    assert not ApiToken.objects.exists()
