"""The unit above renews and shuts the accounts below; for everybody else those accounts do not exist."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from shuangjian.accounts import lockout, services
from shuangjian.accounts.models import User
from shuangjian.core import clock
from shuangjian.journal.models import AuditEntry
from tests.accounts.cast import PASSWORD

SCHOOLS = {"school-east", "school-east-2", "school-west", "school-loose"}
MAY_RESET: dict[str, set[str]] = {
    "bureau": {"bureau-2", "centre-one", "centre-two", "town-east", "town-west", *SCHOOLS},
    "centre-one": {"school-east", "school-east-2", "school-loose"},
    "centre-two": {"school-west"},
    "town-east": {"school-east", "school-east-2"},
    "town-west": {"school-west"},
    "school-east": set(),
    "sysadmin": {"bureau", "bureau-2", "centre-one", "centre-two", "town-east", "town-west", "sysadmin-2", *SCHOOLS},
}


@pytest.mark.parametrize("login", MAY_RESET)
def test_each_role_resets_exactly_the_accounts_below_it(people: dict[str, User], login: str) -> None:
    actor = people[login]
    done = set()
    for target in people.values():
        try:
            services.reset_account(target, actor=actor, now=clock.now())
        except services.OutsideJurisdiction:
            refusal = AuditEntry.objects.filter(act="reset_account").latest("id")
            assert (refusal.actor, refusal.result, refusal.target) == (actor, "refused", f"账号 {target.pk}")
        else:
            done.add(target.username)
    assert done == MAY_RESET[login]
    assert AuditEntry.objects.filter(act="reset_account", result="done", actor=actor).count() == len(done)


@pytest.mark.parametrize("act", ["account_reset", "account_deactivate"])
@pytest.mark.parametrize("login", MAY_RESET)
def test_pages_of_an_account_outside_are_404_for_asking_and_for_doing(
    people: dict[str, User], client: Client, login: str, act: str
) -> None:
    client.force_login(people[login])
    for target in people.values():
        inside = target.username in MAY_RESET[login]
        url = reverse(act, args=[target.pk])
        assert client.get(url).status_code == (200 if inside else 404)
        if not inside:
            assert client.post(url).status_code == 404
            target.refresh_from_db()
            assert target.is_active
            assert target.check_password(PASSWORD)
    assert client.get(reverse(act, args=[0])).status_code == 404


@pytest.mark.parametrize("login", MAY_RESET)
def test_the_list_holds_exactly_the_accounts_that_may_be_reset(
    people: dict[str, User], client: Client, login: str
) -> None:
    client.force_login(people[login])
    response = client.get(reverse("accounts"))
    if login == "school-east":
        assert response.status_code == 403
        return
    assert {account.username for account, _ in response.context["rows"]} == MAY_RESET[login]
    assert response.context["total"] == len(MAY_RESET[login])


def test_signing_in_is_asked_for_first(people: dict[str, User], client: Client) -> None:
    urls = [reverse("accounts"), reverse("account_reset", args=[people["school-east"].pk]), reverse("password")]
    for url in urls:
        assert client.get(url).headers["Location"] == f"{reverse('account_login')}?next={url}"
        assert client.post(url).status_code in (302, 405)


def test_the_list_is_searched_by_name_login_and_unit_and_filtered_by_role(
    people: dict[str, User], client: Client
) -> None:
    client.force_login(people["bureau"])

    def found(**query: str) -> set[str]:
        response = client.get(reverse("accounts"), query)
        return {account.username for account, _ in response.context["rows"]}

    assert found(q="示范二中") == {"school-west"}
    assert found(q="TOWN-") == {"town-east", "town-west"}
    assert found(q="演示一中心") == {"centre-one"}
    assert found(q="east", role="school") == {"school-east", "school-east-2"}
    assert found(q="没有这个人") == set()
    assert found(role="sysadmin") == set()


def test_the_list_takes_the_same_queries_however_long_it_is(
    people: dict[str, User], units: SimpleNamespace, client: Client, django_assert_max_num_queries: object
) -> None:
    client.force_login(people["bureau"])
    User.objects.bulk_create(
        User(username=f"more-{n}", name="演示", role_kind="school", institution=units.west_school) for n in range(60)
    )
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        response = client.get(reverse("accounts"))
    assert len(response.context["rows"]) == 50


def test_a_reset_shows_the_slip_once_and_ends_every_session_of_the_account(
    people: dict[str, User], client: Client
) -> None:
    holder = Client()
    holder.force_login(people["school-east"])
    assert holder.get(reverse("password")).status_code == 200
    for _ in range(5):
        lockout.reserve("school-east", "192.0.2.1", clock.now())

    client.force_login(people["town-east"])
    response = client.post(reverse("account_reset", args=[people["school-east"].pk]))
    page = response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]
    password = re.search(r"data-slip-password>([a-z2-9-]{14})<", page).group(1)  # type: ignore[union-attr]
    assert holder.get(reverse("password")).status_code == 302
    assert password not in client.get(reverse("accounts")).content.decode()

    login = holder.post(reverse("account_login"), {"login": "school-east", "password": password})
    assert login.status_code == 302, "the reset also lifts the lock"
    assert not AuditEntry.objects.filter(detail__icontains=password).exists()
    entry = AuditEntry.objects.get(act="reset_account")
    assert (entry.actor, entry.institution) == (people["town-east"], people["school-east"].institution)


def test_a_deactivated_account_is_out_at_once_and_its_old_sessions_stay_dead_after_it_is_enabled_again(
    people: dict[str, User], client: Client
) -> None:
    holder = Client()
    holder.force_login(people["school-west"])
    client.force_login(people["bureau"])
    target = people["school-west"].pk
    assert client.post(reverse("account_deactivate", args=[target])).status_code == 302
    assert holder.get(reverse("password")).status_code == 302
    assert AuditEntry.objects.get(act="deactivate_account").actor == people["bureau"]

    client.post(reverse("account_reset", args=[target]))
    assert User.objects.get(pk=target).is_active
    assert holder.get(reverse("password")).status_code == 302


def test_a_person_creates_only_accounts_that_the_person_may_reset(
    people: dict[str, User], units: SimpleNamespace
) -> None:
    now = clock.now()
    services.create_account(
        login="mine", name="演示", role="school", unit=units.east_school, actor=people["town-east"], now=now
    )
    with pytest.raises(services.OutsideJurisdiction):
        services.create_account(
            login="theirs", name="演示", role="school", unit=units.west_school, actor=people["town-east"], now=now
        )
    assert not User.objects.filter(username="theirs").exists()


def test_whoever_still_holds_a_slip_resets_nobody(people: dict[str, User]) -> None:
    actor = people["bureau"]
    services.reset_account(actor, actor=people["sysadmin"], now=clock.now())
    actor.refresh_from_db()
    with pytest.raises(services.OutsideJurisdiction):
        services.reset_account(people["town-east"], actor=actor, now=clock.now())


def test_two_slips_are_never_alike_and_hold_no_sign_that_is_read_two_ways(people: dict[str, User]) -> None:
    actor, now = people["bureau"], clock.now()
    passwords = {services.reset_account(people["town-east"], actor=actor, now=now).password for _ in range(50)}
    assert len(passwords) == 50
    assert not set("".join(passwords)) & set("0o1il")
