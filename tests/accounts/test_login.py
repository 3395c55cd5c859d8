"""Signing in: one spelling, one answer for known and unknown, counted attempts, nothing of allauth but the login."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, reverse

from shuangjian.accounts import lockout
from shuangjian.accounts.models import LoginFailure, User
from shuangjian.accounts.services import create_account
from shuangjian.core import clock
from shuangjian.journal.models import AuditEntry
from tests.accounts.cast import PASSWORD

WRONG = "登录名或密码不正确"
LOCKED = "登录失败次数过多"


def sign_in(client: Client, login: str, password: str = PASSWORD, **extra: str) -> HttpResponse:
    return client.post(reverse("account_login"), {"login": login, "password": password}, **extra)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("typed", ["town-east", " Town-East ", "ｔｏｗｎ－ｅａｓｔ", "TOWN-EAST\u3000", "town -east"])
def test_a_login_works_however_it_is_typed(people: dict[str, User], client: Client, typed: str) -> None:
    response = sign_in(client, typed)
    assert response.status_code == 302
    assert is_signed_in(client)
    entry = AuditEntry.objects.get(act="login")
    assert (entry.actor, entry.result, entry.source) == (people["town-east"], "done", "web")


def test_known_unknown_and_disabled_logins_get_the_same_answer_and_are_recorded(
    people: dict[str, User], client: Client
) -> None:
    User.objects.filter(username="bureau-2").update(is_active=False)
    for login, password in [("bureau", "wrong"), ("nobody-here", "wrong"), ("bureau-2", PASSWORD)]:
        response = sign_in(client, login, password)
        assert WRONG in response.content.decode()
        assert not is_signed_in(client)
    refused = AuditEntry.objects.filter(act="login", result="refused").order_by("id")
    assert [row.target.split()[0] for row in refused] == ["bureau", "未知登录名", "bureau-2"]
    assert {row.actor_id for row in refused} == {None}


@pytest.mark.parametrize("login", ["bureau", "nobody-here"])
def test_the_sixth_try_is_refused_even_with_the_right_password_until_15_minutes_have_passed(
    people: dict[str, User], client: Client, login: str
) -> None:
    start = clock.now()
    with time_machine.travel(start, tick=False) as time:
        for _ in range(5):
            assert WRONG in sign_in(client, login, "wrong").content.decode()
        for spelling in (login, login.upper()):
            assert LOCKED in sign_in(client, spelling).content.decode()
        time.move_to(start + lockout.WINDOW - dt.timedelta(seconds=1))
        assert LOCKED in sign_in(client, login).content.decode()
        time.move_to(start + lockout.WINDOW)
        response = sign_in(client, login)
    assert is_signed_in(client) == (login == "bureau")
    assert LOCKED not in response.content.decode()


def test_failures_far_apart_do_not_add_up(people: dict[str, User], client: Client) -> None:
    start = clock.now()
    with time_machine.travel(start, tick=False) as time:
        for _ in range(4):
            sign_in(client, "bureau", "wrong")
        time.move_to(start + lockout.WINDOW)
        for _ in range(4):
            sign_in(client, "bureau", "wrong")
        assert sign_in(client, "bureau").status_code == 302


def test_a_success_forgets_the_failures_of_the_login_but_only_its_own_try_of_the_address(
    people: dict[str, User], client: Client
) -> None:
    for _ in range(4):
        sign_in(client, "bureau", "wrong")
    sign_in(client, "bureau")
    assert list(LoginFailure.objects.values_list("key", "count")) == [("ip:127.0.0.1", 4)]


def test_one_address_gets_50_failures_over_all_logins_whatever_it_claims_to_forward(
    people: dict[str, User], client: Client
) -> None:
    answers = [
        sign_in(client, f"nobody-{n}", "wrong", HTTP_X_FORWARDED_FOR=f"10.0.0.{n}").content.decode() for n in range(52)
    ]
    assert [WRONG in answer for answer in answers] == [True] * 50 + [False] * 2
    assert LOCKED in sign_in(client, "bureau").content.decode()
    assert sign_in(client, "bureau", REMOTE_ADDR="192.0.2.7").status_code == 302


def test_tries_at_a_locked_login_do_not_shut_out_the_others_behind_the_same_address(
    people: dict[str, User], client: Client
) -> None:
    for _ in range(60):
        sign_in(client, "bureau", "wrong")
    assert LoginFailure.objects.get(key="ip:127.0.0.1").count == lockout.PER_LOGIN
    assert sign_in(client, "town-east").status_code == 302


def test_addresses_of_one_ipv6_subscriber_count_as_one(db: None) -> None:
    now = clock.now()
    for n in range(50):
        assert lockout.reserve(f"nobody-{n}", f"2001:db8::{n:x}", now)
    assert lockout.reserve("nobody", "2001:db8::ffff", now) is None
    assert lockout.reserve("nobody", "2001:db8:0:1::1", now)


def test_counts_whose_time_has_passed_are_tidied_away(db: None) -> None:
    now = clock.now()
    for _ in range(5):
        lockout.reserve("nobody", "192.0.2.1", now)
    assert lockout.tidy(now + lockout.WINDOW - dt.timedelta(seconds=1)) == 0
    assert lockout.tidy(now + lockout.WINDOW) == 2


def test_a_slip_lets_its_holder_do_nothing_but_choose_a_password(client: Client, db: None) -> None:
    _, slip = create_account(login="new-one", name="演示", role="bureau", unit=None, actor=None, now=clock.now())
    assert sign_in(client, slip.login, slip.password).status_code == 302
    for path in ("/", reverse("accounts"), "/no/such/page/"):
        assert client.get(path).headers["Location"] == reverse("password")
    fragment = client.get(reverse("accounts"), headers={"HX-Request": "true"})
    assert fragment.headers["HX-Redirect"] == reverse("password")
    page = client.get(reverse("password"))
    assert page.status_code == 200
    assert "首次登录" in page.content.decode()
    assert client.get("/healthz").status_code != 302, "a probe is not led to the page"

    chosen = {"current": slip.password, "new": PASSWORD, "again": PASSWORD}
    assert client.post(reverse("password"), chosen).status_code == 302
    assert client.get(reverse("accounts")).status_code == 200
    user = User.objects.get(username="new-one")
    assert (user.must_change_password, user.temporary_until) == (False, None)


def test_a_slip_past_72_hours_lets_nobody_in_and_says_what_to_do(client: Client, db: None) -> None:
    start = clock.now()
    _, slip = create_account(login="new-one", name="演示", role="bureau", unit=None, actor=None, now=start)
    with time_machine.travel(start + dt.timedelta(hours=72), tick=False) as time:
        response = sign_in(client, slip.login, slip.password)
        assert "请联系上级单位重置" in response.content.decode()
        assert "已过有效期" in response.content.decode()
        assert not is_signed_in(client)
        time.move_to(start + dt.timedelta(hours=72, seconds=-1))
        assert sign_in(client, slip.login, slip.password).status_code == 302
    assert AuditEntry.objects.get(act="login", result="refused").detail == {"reason": "expired_slip"}


def test_a_slip_that_runs_out_during_a_session_ends_it(client: Client, db: None) -> None:
    start = clock.now()
    _, slip = create_account(login="new-one", name="演示", role="bureau", unit=None, actor=None, now=start)
    with time_machine.travel(start + dt.timedelta(hours=71, minutes=59), tick=False) as time:
        sign_in(client, slip.login, slip.password)
        time.move_to(start + dt.timedelta(hours=72))
        response = client.post(reverse("password"), {"current": slip.password, "new": PASSWORD, "again": PASSWORD})
        assert response.headers["Location"] == reverse("account_login")
        assert not is_signed_in(client)
        assert "已过有效期" in client.get(reverse("account_login")).content.decode()


def test_signing_out_takes_a_post_and_kills_the_session(people: dict[str, User], client: Client) -> None:
    sign_in(client, "bureau")
    old = client.cookies["sessionid"].value
    assert client.get(reverse("account_logout")).status_code == 405
    assert client.post(reverse("account_logout")).status_code == 302
    client.cookies["sessionid"] = old
    assert client.get(reverse("accounts")).status_code == 302
    assert AuditEntry.objects.get(act="logout").actor == people["bureau"]


def test_a_signed_in_page_is_never_cached(people: dict[str, User], client: Client) -> None:
    client.force_login(people["bureau"])
    assert "no-store" in client.get(reverse("accounts")).headers["Cache-Control"]


def test_a_login_does_not_lead_to_another_site(people: dict[str, User], client: Client) -> None:
    data = {"login": "bureau", "password": PASSWORD, "next": "https://evil.example/"}
    response = client.post(reverse("account_login"), data)
    assert "evil.example" not in response.headers["Location"]


@pytest.mark.parametrize("name", ["account_signup", "account_reset_password", "account_email", "account_inactive"])
def test_none_of_allauths_other_pages_exists(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)
