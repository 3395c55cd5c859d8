"""Parents confirm lessons by the link of their order, without an account; nobody does by another one's."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client

from shuangjian.journal.models import AuditEntry
from tests import make as platform
from tests.training_orgs import money_make as make
from tests.training_orgs.test_imports import signed_in
from training_orgs.models import Consumption, FeeOrder
from training_orgs.services.consumption import confirm_silent
from training_orgs.services.lesson_links import WORKS_FOR, token_of
from training_orgs.views import lessons as page

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 20)


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel("2026-11-20 10:00+08:00", tick=False):
        yield


@pytest.fixture
def order() -> FeeOrder:
    """Two lessons taken, of 100 yuan each."""
    org = make.org(town=platform.town())
    order = make.order(make.course(org), "H1", "2026-09-01", 1000)
    for day in ("2026-11-17", "2026-11-18"):
        make.taken(order, day, 100)
    return order


def at(order: FeeOrder) -> str:
    return f"/lessons/{token_of(order)}/"


def keys(order: FeeOrder) -> list[int]:
    return list(Consumption.objects.filter(line__order=order).order_by("day").values_list("pk", flat=True))


def test_parents_confirm_the_lessons_that_they_tick_and_the_journal_says_by_what(
    client: Client, order: FeeOrder
) -> None:
    assert "有 2 次课等待家长确认" in client.get(at(order)).content.decode()
    first, second = keys(order)
    answer = client.post(at(order), {"lesson": [first]}, follow=True)
    assert "已确认 1 次课" in answer.content.decode()
    assert Consumption.objects.get(pk=first).confirmed_on == TODAY
    assert Consumption.objects.get(pk=second).confirmed_on is None
    entry = AuditEntry.objects.get(act="confirm_consumptions")
    assert (entry.institution_id, entry.actor_label) == (order.institution_id, "家长（凭合同 H1 的确认链接）")
    assert confirm_silent(TODAY) == 0
    client.post(at(order), {"lesson": [first]})
    assert AuditEntry.objects.filter(act="confirm_consumptions").count() == 1


def test_no_lesson_of_another_order_is_confirmed_by_this_link(client: Client, order: FeeOrder) -> None:
    other = make.order(order.lines.get().course, "H2", "2026-09-01", 1000)
    make.taken(other, "2026-11-17", 100)
    for wrong in (keys(other), [], ["x", "9" * 40]):
        answer = client.post(at(order), {"lesson": wrong})
        assert answer.status_code == 422
        assert "请先勾选上过的课" in answer.content.decode()
    assert not Consumption.objects.exclude(confirmed_on=None).exists()


@pytest.mark.parametrize("token", ["1", "1.x", "x.y", ""])
def test_a_link_that_nobody_signed_leads_nowhere(client: Client, order: FeeOrder, token: str) -> None:
    assert client.get(f"/lessons/{token or order.pk}/").status_code == 404
    forged = token_of(order).replace(str(order.pk), str(order.pk + 1), 1)
    assert client.get(f"/lessons/{forged}/").status_code == 404
    assert client.post(f"/lessons/{forged}/", {"lesson": keys(order)}).status_code == 404


def test_the_link_ends_with_the_order(client: Client, order: FeeOrder) -> None:
    last = TODAY - WORKS_FOR
    FeeOrder.objects.update(paid_on=last, starts_on=last, ends_on=last)
    assert client.get(at(order)).status_code == 200
    before = last - dt.timedelta(days=1)
    FeeOrder.objects.update(paid_on=before, starts_on=before, ends_on=before)
    assert client.get(at(order)).status_code == 404
    FeeOrder.objects.update(ends_on=None, paid_on=TODAY, cancelled_on=TODAY)
    assert client.get(at(order)).status_code == 404


def test_the_page_tells_no_other_site_its_address_and_is_not_kept(client: Client, order: FeeOrder) -> None:
    answer = client.get(at(order))
    assert (answer["Referrer-Policy"], answer["Cache-Control"]) == ("same-origin", "no-store")
    assert order.pupil not in answer.content.decode()


def test_one_address_confirms_so_often_and_no_more(
    client: Client, order: FeeOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "MOST_ACTS", 1)
    first, second = keys(order)
    assert client.post(at(order), {"lesson": [first]}).status_code == 302
    assert client.post(at(order), {"lesson": [second]}).status_code == 429
    assert Consumption.objects.get(pk=second).confirmed_on is None


def test_who_files_orders_hands_the_link_out_and_others_do_not_see_it(order: FeeOrder) -> None:
    address = f"/training/{order.institution.code}/money/"
    assert at(order) in signed_in("org", order.institution).get(address).content.decode()
    town = signed_in("town", order.institution.town).get(address)
    assert town.status_code == 200
    assert at(order) not in town.content.decode()


def test_the_link_is_handed_out_until_the_last_lesson_of_a_used_up_order_is_confirmed(order: FeeOrder) -> None:
    FeeOrder.objects.update(consumed=1000)
    address = f"/training/{order.institution.code}/money/"
    client = signed_in("org", order.institution)
    shown = client.get(address).content.decode()
    assert at(order) in shown
    assert f"/orders/{order.contract_no}/refund/" not in shown
    Consumption.objects.update(confirmed_on="2026-11-18")
    assert at(order) not in client.get(address).content.decode()
