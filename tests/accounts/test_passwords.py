"""One's own password: judged, counted, recorded, and the end of one's other sessions."""

from __future__ import annotations

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from shuangjian.accounts.models import User
from shuangjian.accounts.services import create_account
from shuangjian.core import clock
from shuangjian.journal.models import AuditEntry
from tests.accounts.cast import PASSWORD

NEW = "a-quiet-harbour-7"


def change(client: Client, current: str, new: str, again: str = "") -> str:
    response = client.post(reverse("password"), {"current": current, "new": new, "again": again or new})
    return "" if response.status_code == 302 else response.content.decode()


def test_a_change_keeps_the_session_at_hand_and_ends_the_others(people: dict[str, User], client: Client) -> None:
    other = Client()
    for browser in (client, other):
        browser.force_login(people["bureau"])
    assert change(client, PASSWORD, NEW) == ""
    assert client.get(reverse("accounts")).status_code == 200
    assert other.get(reverse("accounts")).status_code == 302
    entry = AuditEntry.objects.get(act="change_password")
    assert (entry.actor, entry.result, entry.detail) == (people["bureau"], "done", {})


@pytest.mark.parametrize(
    ("current", "new", "again", "said"),
    [
        ("wrong", NEW, NEW, "当前密码不正确"),
        (PASSWORD, NEW, NEW + "x", "两次输入的新密码不一致"),
        (PASSWORD, PASSWORD, PASSWORD, "新密码须与当前密码不同"),
        (PASSWORD, "short-7", "short-7", "新密码太短"),
        (PASSWORD, "918273645546372", "918273645546372", "不能只有数字"),
        (PASSWORD, "password123", "password123", "太常见，"),
        (PASSWORD, "town-east1", "town-east1", "太相似"),
        ("", NEW, NEW, "必填"),
    ],
)
def test_a_change_that_does_not_hold_says_why_and_changes_nothing(
    people: dict[str, User], client: Client, current: str, new: str, again: str, said: str
) -> None:
    client.force_login(people["town-east"])
    assert said in change(client, current, new, again)
    people["town-east"].refresh_from_db()
    assert people["town-east"].check_password(PASSWORD)


def test_guesses_at_the_current_password_are_counted_and_recorded(people: dict[str, User], client: Client) -> None:
    client.force_login(people["bureau"])
    for _ in range(5):
        assert "当前密码不正确" in change(client, "wrong", NEW)
    assert "15 分钟" in change(client, PASSWORD, NEW)
    reasons = AuditEntry.objects.filter(act="change_password", result="refused").order_by("id")
    assert [row.detail["reason"] for row in reasons] == ["wrong_password"] * 5 + ["locked"]


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.PBKDF2PasswordHasher"])
def test_a_slips_quick_hash_becomes_a_full_one_at_the_first_login(client: Client, db: None) -> None:
    user, slip = create_account(login="new-one", name="演示", role="bureau", unit=None, actor=None, now=clock.now())
    assert user.password.startswith("pbkdf2_sha256$20000$")
    assert client.post(reverse("account_login"), {"login": "new-one", "password": slip.password}).status_code == 302
    user.refresh_from_db()
    assert user.password.startswith("pbkdf2_sha256$1000000$")
    assert client.get(reverse("password")).status_code == 200
