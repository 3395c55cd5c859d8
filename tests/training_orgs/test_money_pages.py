"""Pages about courses and money: what they show, to whom, at what price, and the acts on them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuangjian.accounts.models import RoleKind, User
from shuangjian.bureau.calendar import rebuild_unit_days
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from tests import make as platform
from tests.training_orgs import money_make as make
from training_orgs.models import Course, FeeOrder, GuidePrice, Identification, Refund
from training_orgs.services.reconciliation import reconcile

pytestmark = pytest.mark.django_db

NOW = clock.at(dt.date(2026, 11, 24), 9 * 60)


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def unit() -> Institution:
    """A custody order of which one lesson was released and one not, with a refund asked for long ago."""
    platform.calendar()
    rebuild_unit_days(cause="开始", actor=None)
    org = make.org(town=platform.town())
    course = make.course(org, ends_on=dt.date(2027, 1, 31), category="arts")
    order = make.order(course, "H1", "2026-09-01", 1000)
    make.entry(org, "2026-09-01", 1, "payment", 1000, 1000)
    make.taken(order, "2026-09-07", 100)
    make.entry(org, "2026-09-07", 1, "release", 100, 900)
    make.taken(order, "2026-09-14", 100)
    FeeOrder.objects.update(consumed=200)
    make.refund(order, "T1", "2026-11-02", 300)
    subject = make.course(org, "K002", ends_on=dt.date(2027, 1, 31))
    make.session(subject, "2026-11-28")
    make.session(subject, "2026-11-23")
    reconcile([org.pk])
    return org


def _signed_in(role: str, **unit: Any) -> Client:
    user = User.objects.create(username=f"u-{role}-{User.objects.count()}", name="示范", role_kind=role, **unit)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def bureau() -> Client:
    return _signed_in(RoleKind.BUREAU)


def _text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return answer.content.decode()


def test_the_money_page_names_the_days_that_disagree_first_and_the_refund_that_is_late(
    unit: Institution, bureau: Client
) -> None:
    answer = bureau.get(f"/training/{unit.code}/money/")
    text = answer.content.decode()
    assert "1 天对不上账，1 笔退费逾期" in text
    assert [(str(line.row.day), line.gap) for line in answer.context["days"][:1]] == [("2026-09-14", Decimal(100))]
    (line,) = answer.context["refunds"]
    assert (line.state, str(line.due_on), line.is_overdue) == ("待答复", "2026-11-09", True)
    assert [order.left for order in answer.context["page_obj"]] == [Decimal(800)]


def test_one_day_shows_orders_class_log_and_ledger_side_by_side(unit: Institution, bureau: Client) -> None:
    text = _text(bureau, f"/training/{unit.code}/money/2026-09-07/")
    assert "课消划拨" in text
    assert "待家长确认" in text
    assert bureau.get(f"/training/{unit.code}/money/2026-99-07/").status_code == 404


def test_the_courses_page_shows_the_clash_the_week_and_the_identification(unit: Institution, bureau: Client) -> None:
    text = _text(bureau, f"/training/{unit.code}/courses/")
    assert "2 门课程，1 门的排课与规定冲突" in text
    assert "2026-11-28（周六）" in text
    assert "《指引》2.4.2.1" in text
    assert "18:00–19:30 示范课程" in text


def test_the_radar_shows_what_is_in_scope_and_nothing_else(unit: Institution, bureau: Client) -> None:
    assert "未来 30 天有 1 门课程排课冲突" in _text(bureau, "/training/radar/")
    assert "未来 30 天有 1 门" in _text(_signed_in(RoleKind.TOWN, town=platform.town()), "/training/radar/")
    elsewhere = _signed_in(RoleKind.TOWN, town=platform.town("440113008", "演示西街"))
    assert "没有冲突" in _text(elsewhere, "/training/radar/")
    for page in ("money", "courses"):
        assert elsewhere.get(f"/training/{unit.code}/{page}/").status_code == 404


def test_an_institutions_account_acts_on_its_own_money_and_sees_no_other(unit: Institution) -> None:
    own, other = _signed_in(RoleKind.ORG, institution=unit), make.org("示范乙")
    base = f"/training/{unit.code}"
    assert "登记退费申请" in _text(own, f"{base}/money/")
    assert own.get(f"/training/{other.code}/money/").status_code == 404
    assert own.post(f"{base}/refunds/T1/answer/", {"answer": "refused", "answered_on": "2026-11-24"}).status_code == 422
    yes = {"answer": "approved", "answered_on": "2026-11-24"}
    assert own.post(f"{base}/refunds/T1/answer/", yes).headers["Location"] == f"{base}/money/"
    paid = {"paid_on": "2026-11-24", "paid_amount": "300"}
    assert own.post(f"{base}/refunds/T1/pay/", paid).status_code == 302
    assert own.post(f"{base}/refunds/T1/pay/", paid).status_code == 422
    assert Refund.objects.get().paid_amount == 300
    assert own.get(f"{base}/identify/").status_code == 403


def test_a_town_reads_and_does_not_act(unit: Institution) -> None:
    town = _signed_in(RoleKind.TOWN, town=platform.town())
    assert "登记退费申请" not in _text(town, f"/training/{unit.code}/money/")
    assert town.get(f"/training/{unit.code}/refunds/T1/pay/").status_code == 403


def test_a_refund_above_what_is_left_is_refused_at_its_field(unit: Institution, bureau: Client) -> None:
    url = f"/training/{unit.code}/orders/H1/refund/"
    assert 'value="800.00"' in _text(bureau, url)
    answer = bureau.post(url, {"number": "T2", "requested_on": "2026-11-24", "amount": "800.01"})
    assert "可退余额 800.00" in answer.context["form"].errors["amount"][0]
    assert bureau.post(url, {"number": "T2", "requested_on": "2026-11-24", "amount": "800"}).status_code == 302


def test_the_bureau_identifies_a_course_and_publishes_one_with_a_note(unit: Institution, bureau: Client) -> None:
    base = f"/training/{unit.code}/courses"
    decision = {
        "result": "non_subject", "decided_on": "2026-11-20", "decision_no": "示鉴1号",
        "experts": "甲示范，乙示范、丙示范", "conflict_statement": "无利益关系",
    }  # fmt: skip
    assert bureau.post(f"{base}/K002/publish/", {"on": "2026-11-24"}).status_code == 422
    assert bureau.post(f"{base}/K002/identify/", {**decision, "experts": "甲示范"}).status_code == 422
    assert bureau.post(f"{base}/K002/identify/", decision).status_code == 302
    assert Identification.objects.get().experts == "甲示范、乙示范、丙示范"
    assert bureau.post(f"{base}/K002/publish/", {"on": "2026-11-24"}).status_code == 302
    assert Course.objects.get(number="K002").published_on == dt.date(2026, 11, 24)


def test_no_form_of_a_course_publishes_it_past_the_page_that_shows_the_clashes(unit: Institution) -> None:
    own = _signed_in(RoleKind.ORG, institution=unit)
    url = f"/training/{unit.code}/courses"
    assert 'name="published_on"' not in _text(own, f"{url}/new/")
    plan = {
        "number": "K9", "title": "示范课", "category": "学科类", "subject": "数学", "stage": "初中", "mode": "线下",
        "lesson_minutes": "45", "starts_on": "2026-12-01", "ends_on": "2026-12-06", "slots": "周六 09:00-10:30",
        "published_on": "2026-11-24",
    }  # fmt: skip
    assert own.post(f"{url}/new/", plan).status_code == 302
    course = Course.objects.get(number="K9")
    assert course.published_on is None
    assert own.post(f"{url}/K9/publish/", {"on": "2026-11-24"}).status_code == 422
    assert own.post(f"{url}/K9/publish/", {"on": "2026-11-24", "note": "等校历调整"}).status_code == 302
    assert own.post(f"{url}/{course.pk}/", {**plan, "title": "示范新课"}).status_code == 302
    course.refresh_from_db()
    assert (course.title, course.published_on) == ("示范新课", dt.date(2026, 11, 24))


def test_the_form_of_a_course_is_checked_before_it_is_saved(unit: Institution) -> None:
    own = _signed_in(RoleKind.ORG, institution=unit)
    url = f"/training/{unit.code}/courses"
    assert f'formaction="{url}/check/"' in _text(own, f"{url}/new/")
    plan = {
        "number": "K9", "title": "示范课", "category": "学科类", "subject": "数学", "stage": "初中", "mode": "线下",
        "lesson_minutes": "45", "starts_on": "2026-12-01", "ends_on": "2026-12-06", "slots": "周六 09:00-10:30",
    }  # fmt: skip
    answer = own.post(f"{url}/check/", plan)
    assert [(str(clash.day), clash.kind) for clash in answer.context["clashes"]] == [("2026-12-05", "rest")]
    text = answer.content.decode()
    assert "1 处排课冲突，还没有保存" in text
    assert f'action="{url}/new/"' in text
    assert 'value="2026-12-06"' in text
    assert own.post(f"{url}/check/", {**plan, "slots": "周八"}).status_code == 422
    assert not Course.objects.filter(number="K9").exists()


def test_lessons_are_taken_and_sessions_cancelled_from_the_page(unit: Institution, bureau: Client) -> None:
    course = Course.objects.get(number="K002")
    make.order(course, "H9", "2026-11-01", 500, pupil="X009")
    held, planned = course.sessions.order_by("day")
    base = f"/training/{unit.code}/sessions"
    assert bureau.post(f"{base}/{held.pk}/lessons/", {}).status_code == 302
    assert FeeOrder.objects.get(contract_no="H9").consumed == 100
    assert "没有可以扣课时的订单" in bureau.post(f"{base}/{held.pk}/lessons/", {}).content.decode()
    assert bureau.post(f"{base}/{planned.pk}/cancel/", {"reason": "教师生病"}).status_code == 302
    assert bureau.post(f"{base}/{held.pk}/cancel/", {"reason": "误"}).status_code == 422


@pytest.mark.parametrize(
    ("page", "most"), [("training/{}/money/", 22), ("training/{}/courses/", 22), ("training/radar/", 16)]
)
def test_the_number_of_queries_does_not_grow_with_the_rows(
    unit: Institution, bureau: Client, page: str, most: int
) -> None:
    url = f"/{page.format(unit.code)}"
    bureau.get(url)
    few = _queries(bureau, url)
    for number in range(3, 15):
        course = make.course(unit, f"K{number:03d}", ends_on=dt.date(2027, 1, 31))
        make.session(course, "2026-11-29")
        make.session(course, "2026-11-26", 600, 660)
        order = make.order(course, f"H{number}", "2026-10-08", 100)
        make.refund(order, f"T{number}", "2026-11-20", 10)
        Identification.objects.create(
            institution=unit, course=course, result="subject", decided_on="2026-10-01", decision_no=f"鉴{number}"
        )
    assert _queries(bureau, url) == few <= most


def _queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        _text(client, url)
    return len(captured)


def test_what_lacks_data_is_said_and_not_called_lawful(unit: Institution, bureau: Client) -> None:
    url = f"/training/{unit.code}/money/"
    FeeOrder.objects.update(ends_on="2026-11-30")
    plain = make.course(unit, "K009", category="arts")
    make.order(plain, "H8", "2026-09-01", 500, pupil="X008")
    assert bureau.get(url).context["not_judged"][0] == (
        "1 份订单没有约定服务止，课程也没有排课，无法判断是否超过 3 个月（TO-13）"
    )
    make.session(plain, "2026-09-20")
    assert not any("TO-13" in words for words in bureau.get(url).context["not_judged"])
    taught = make.course(unit, "K010", stage="primary", class_size=8)
    make.order(taught, "H10", "2026-09-01", 500, pupil="X010", ends_on="2026-11-30")
    before = " ".join(bureau.get(url).context["not_judged"])
    assert "没有当日适用的政府指导价，无法判断是否超价（TO-12）" in before
    assert "数据不足" in _text(bureau, url)
    GuidePrice.objects.create(mode="offline", size_from=1, price=500, valid_from="2026-01-01", reference="示范通知")
    Course.objects.update(class_size=8)
    assert bureau.get(url).context["not_judged"] == []
