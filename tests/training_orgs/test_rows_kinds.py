"""Papers, people, courses, register, refunds, consumptions and ledger through the one validation path."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError

from shuangjian.bureau.models import Department, Institution
from shuangjian.core.errors import InvalidInput
from tests import make as platform
from tests.training_orgs import make
from training_orgs.identity import identity_hash, parse_uscc
from training_orgs.models import (
    CourseSession,
    CourseSlot,
    CourseTeacher,
    FeeOrder,
    LedgerEntry,
    Licence,
    OrgProfile,
    Reserve,
    Staff,
    TrainingOrg,
)
from training_orgs.rows import get_kind, save_rows
from training_orgs.rows.cells import Number
from training_orgs.rows.saving import _sentence

pytestmark = pytest.mark.django_db
ID_NUMBER = "11010519491231002X"  # the example of GB 11643-1999


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel("2026-11-20 10:00+08:00", tick=False):
        yield


@pytest.fixture
def unit() -> Any:
    return make.org()


def save(kind: str, *rows: dict[str, Any], unit: Any = None, **options: Any) -> Any:
    return save_rows(kind, rows, actor=platform.Somebody(), institution=unit, **options)


def problems(kind: str, *rows: dict[str, Any], unit: Any = None) -> dict[str, str]:
    with pytest.raises(InvalidInput) as raised:
        save(kind, *rows, unit=unit)
    return {problem.path: problem.message for problem in raised.value.problems}


ORG = {
    "uscc": make.uscc(77),
    "name": "示范艺术中心",
    "category": "文化艺术类",
    "town": "市桥街",
    "address": "示范路2号",
}


def test_an_institution_gets_its_code_its_sort_key_and_a_profile_from_its_opening() -> None:
    platform.town()
    assert save("orgs", ORG | {"opened_on": "2022-03-01", "brand": "示范"}).created == 1
    unit = Institution.objects.get(code=ORG["uscc"])
    assert (unit.category, unit.stages, unit.pinyin) == ("arts", [], "shi fan yi shu zhong xin")
    assert unit.training_org.brand.name == "示范"
    assert str(OrgProfile.objects.get().valid_from) == "2022-03-01"
    assert save("orgs", ORG | {"opened_on": "2022-03-01", "brand": "示范"}).unchanged == 1


def test_a_changed_category_closes_the_old_profile_the_day_before() -> None:
    platform.town()
    save("orgs", ORG | {"opened_on": "2022-03-01"})
    assert save("orgs", ORG | {"category": "体育类", "valid_from": "2026-10-01"}).changed == 1
    spans = OrgProfile.objects.values_list("category", "valid_from", "valid_until")
    assert [(kind, str(first), str(last)) for kind, first, last in spans] == [
        ("arts", "2022-03-01", "2026-09-30"), ("sports", "2026-10-01", "None"),
    ]  # fmt: skip
    assert Institution.objects.get(code=ORG["uscc"]).category == "sports"


def test_a_suspected_site_needs_no_credit_code_and_gets_the_next_number() -> None:
    platform.town()
    site = {"kind": "疑似无证点", "name": "示范花园补习点", "town": "市桥街道", "address": "示范花园1栋"}
    save("orgs", site)
    unit = Institution.objects.get(kind="suspected_site")
    assert unit.code == "YS44011300001"
    assert TrainingOrg.objects.get(pk=unit.pk).uscc is None
    assert save("orgs", site).unchanged == 1


def test_a_wrong_check_digit_names_the_expected_one() -> None:
    platform.town()
    right = make.uscc(77)
    wrong = right[:17] + ("0" if right[17] != "0" else "1")
    told = problems("orgs", ORG | {"uscc": wrong})
    assert (
        told["[0].uscc"]
        == f"“{wrong}”的校验码不对：按前 17 位，第 18 位应为 {right[17]}，现在是 {wrong[17]}。请对照证照核对。"
    )
    assert not Institution.objects.filter(kind="training_org").exists()


def test_a_published_credit_code_is_right() -> None:
    assert parse_uscc("91350100M000100Y43") == "91350100M000100Y43"  # the example of GB 32100-2015


def test_an_institution_changes_only_its_own_record(unit: Any) -> None:
    platform.town()
    assert list(problems("orgs", ORG, unit=unit)) == ["[0].uscc"]


LICENCE = {
    "kind": "办学许可证", "number": "教民100号", "department": "JY", "categories": "学科类、科技类", "stages": ["小学"],
    "issued_on": "2022-01-01", "expires_on": "2026-12-31",
}  # fmt: skip


def test_a_licence_that_ends_before_it_starts_or_belongs_to_another_is_refused(unit: Any) -> None:
    Department.objects.create(code="JY", name="区教育局", clause="", order=1)
    save("licences", LICENCE, unit=unit)
    stored = Licence.objects.get()
    assert (stored.categories, stored.stages, stored.department) == (["subject", "science"], ["primary"], "JY")
    other = make.org("示范二中心")
    assert list(problems("licences", LICENCE, unit=other)) == ["[0].number"]
    told = problems("licences", LICENCE | {"number": "教民101号", "expires_on": "2021-12-31"}, unit=unit)
    assert told == {"[0].expires_on": "有效期至早于发证日期，请改正。"}


def test_reserves_of_one_institution_never_overlap(unit: Any) -> None:
    save("reserves", {"amount": 100, "valid_from": "2026-01-01"}, unit=unit)
    told = problems("reserves", {"amount": 200, "valid_from": "2026-06-01"}, unit=unit)
    assert "重叠" in told["[0].valid_from"]
    both = [
        {"amount": 100, "valid_from": "2026-01-01", "valid_until": "2026-05-31"},
        {"amount": 2, "valid_from": "2026-06-01"},
    ]
    assert save("reserves", *both, unit=unit).as_dict() == {"created": 1, "changed": 1, "unchanged": 0}
    assert Reserve.objects.count() == 2


STAFF = {"number": "T01", "name": "王示范", "identity_no": ID_NUMBER, "role": "教学", "employed_on": "2022-09-01"}


def test_an_identity_number_is_stored_as_a_hash_only(unit: Any) -> None:
    save("staff", STAFF, unit=unit)
    stored = Staff.objects.get()
    assert (stored.identity_hash, stored.identity_tail) == (identity_hash(ID_NUMBER), "002X")
    save("staff", STAFF | {"identity_no": "", "role": "管理"}, unit=unit)
    stored.refresh_from_db()
    assert (stored.role, stored.identity_hash) == ("admin", identity_hash(ID_NUMBER))
    told = problems("staff", STAFF | {"identity_no": "110105194912310021"}, unit=unit)
    assert told == {"[0].identity_no": "身份证号的校验码不对：按前 17 位，末位应为 X。请核对。"}


COURSE = {
    "number": "K01", "title": "示范数学", "category": "学科类", "subject": "数学", "stage": "初中", "mode": "线下",
    "lesson_minutes": 45, "starts_on": "2026-11-02", "ends_on": "2026-12-06", "slots": "周六 09:00-10:30",
    "teachers": "T01",
}  # fmt: skip


def _days() -> list[str]:
    return [f"{s.day} {s.starts_at}" for s in CourseSession.objects.filter(is_cancelled=False)]


def test_slots_become_dated_sessions_and_a_changed_slot_replaces_future_ones_only(unit: Any) -> None:
    make.staff(unit, "T01")
    make.staff(unit, "T02")
    save("courses", COURSE, unit=unit)
    assert _days() == ["2026-11-07 540", "2026-11-14 540", "2026-11-21 540", "2026-11-28 540", "2026-12-05 540"]
    assert save("courses", COURSE, unit=unit).unchanged == 1
    save(
        "course-sessions",
        {"course": "K01", "day": "2026-11-28", "starts_at": "09:00", "ends_at": "10:30", "is_cancelled": True},
        unit=unit,
    )
    save("course-sessions", {"course": "K01", "day": "2026-11-30", "starts_at": "18:00", "ends_at": "19:30"}, unit=unit)
    changed = COURSE | {"slots": ["周日 10:00-11:30"], "teachers": ["T02"]}
    assert save("courses", changed, unit=unit).as_dict() == {"created": 0, "changed": 1, "unchanged": 0}
    assert _days() == [
        "2026-11-07 540",
        "2026-11-14 540",
        "2026-11-22 600",
        "2026-11-29 600",
        "2026-11-30 1080",
        "2026-12-06 600",
    ]
    assert CourseSession.objects.get(is_cancelled=True).day == dt.date(2026, 11, 28)
    assert list(CourseSlot.objects.values_list("weekday", "starts_at")) == [(7, 600)]
    taught = CourseTeacher.objects.order_by("valid_from").values_list("staff__number", "valid_from", "valid_until")
    assert [(n, str(a), str(b)) for n, a, b in taught] == [
        ("T01", "2026-11-02", "2026-11-19"), ("T02", "2026-11-20", "None"),
    ]  # fmt: skip


def test_a_bad_slot_and_an_unknown_teacher_are_named(unit: Any) -> None:
    told = problems("courses", COURSE | {"slots": "周六 10:30-09:00", "teachers": "T09"}, unit=unit)
    assert told == {
        "[0].slots": "“周六 10:30-09:00”的结束时间应晚于开始时间，请改正。",
        "[0].teachers": "本机构没有工号“T09”，请先登记人员或改正。",
    }


@pytest.fixture
def order(unit: Any) -> Any:
    return make.order(unit, "HT001", ((make.course(unit), 30, 3000),))


REFUND = {"number": "TF1", "contract_no": "HT001", "requested_on": "2026-10-01", "amount": 1000}


def test_refunds_never_exceed_what_is_left(unit: Any, order: Any) -> None:
    save("refunds", REFUND | {"paid_on": "2026-10-08", "paid_amount": 1000}, unit=unit)
    order.refresh_from_db()
    assert order.refunded == 1000
    told = problems("refunds", REFUND | {"number": "TF2", "amount": "2000.01"}, unit=unit)
    assert told == {
        "[0].amount": "2000.01 元超过可退的 2000.00 元（已收 3000.00 元，已消课 0.00 元，已退 1000.00 元），请核对。"
    }
    pay = {"paid_on": "2026-10-08", "paid_amount": 1500, "amount": 500}
    told = problems("refunds", REFUND | {"number": "A"} | pay, REFUND | {"number": "B"} | pay, unit=unit)
    assert list(told) == ["[1].paid_amount"]
    assert save("refunds", REFUND | {"paid_on": "", "paid_amount": ""}, unit=unit).unchanged == 1
    order.refresh_from_db()
    assert order.refunded == 1000


LATER = "2026-11-21"


@pytest.mark.parametrize(
    ("kind", "row", "places"),
    [
        ("refunds", REFUND | {"requested_on": LATER}, ["requested_on"]),
        ("refunds", REFUND | {"answered_on": LATER, "answer": "同意"}, ["answered_on"]),
        ("refunds", REFUND | {"paid_on": LATER, "paid_amount": 1000}, ["paid_on"]),
        ("refunds", REFUND | {"withdrawn_on": LATER}, ["withdrawn_on"]),
        ("consumptions", {"contract_no": "HT001", "day": LATER, "hours": 1, "amount": 100}, ["day"]),
        (
            "consumptions",
            {"contract_no": "HT001", "day": "2026-11-20", "hours": 1, "amount": 100, "confirmed_on": LATER},
            ["confirmed_on"],
        ),
        ("ledger", {"reference": "A", "day": LATER, "kind": "收款入账", "amount": 100}, ["day"]),
    ],
)
def test_what_has_happened_is_not_dated_ahead(unit: Any, order: Any, kind: str, row: Any, places: list[str]) -> None:
    assert list(problems(kind, row, unit=unit)) == [f"[0].{place}" for place in places]


def test_what_was_refused_is_not_paid_and_what_was_paid_is_not_withdrawn(unit: Any, order: Any) -> None:
    paid = {"paid_on": "2026-10-08", "paid_amount": 1000}
    refused = {"answered_on": "2026-10-02", "answer": "不同意", "reason": "已上完"}
    assert list(problems("refunds", REFUND | paid | refused, unit=unit)) == ["[0].paid_on"]
    assert list(problems("refunds", REFUND | paid | {"withdrawn_on": "2026-10-09"}, unit=unit)) == ["[0].withdrawn_on"]
    save("refunds", REFUND | refused, unit=unit)
    assert list(problems("refunds", REFUND | paid, unit=unit)) == ["[0].paid_on"]
    order.refresh_from_db()
    assert order.refunded == 0


def test_the_same_lesson_twice_without_a_time_is_told_at_its_row(unit: Any, order: Any) -> None:
    row = {"contract_no": "HT001", "day": "2026-09-05", "hours": 2, "amount": 200}
    assert problems("consumptions", row, row, unit=unit) == {"[1].day": "这一天的课消与[0]重复，请删去一行或改正。"}


def test_a_constraint_without_a_sentence_of_its_own_is_named() -> None:
    error, cause = IntegrityError(), Exception()
    cause.diag = SimpleNamespace(constraint_name="consumption_once")  # type: ignore[attr-defined]
    error.__cause__ = cause
    assert _sentence(get_kind("consumptions"), error).startswith("课消与已登记的数据冲突（consumption_once）")


@pytest.mark.parametrize(("typed", "read"), [("1,000.50", "1000.50"), ("12，345", "12345"), ("2.5", "2.5")])
def test_commas_divide_thousands(typed: str, read: str) -> None:
    assert Number(0, 999_999, 2).read(typed) == Decimal(read)


@pytest.mark.parametrize("typed", ["1,00", "1_000", "6,0", ",5", "1,0000"])
def test_a_comma_or_dash_that_divides_no_thousands_is_no_number(typed: str) -> None:
    with pytest.raises(ValueError, match="不用逗号"):
        Number(0, 999_999, 2).read(typed)


def test_hours_taken_keep_the_order_s_sum_and_never_exceed_it(unit: Any, order: Any) -> None:
    row = {"contract_no": "HT001", "day": "2026-09-05", "hours": 2, "amount": 200}
    assert save("consumptions", row, row | {"day": "2026-09-06"}, unit=unit).created == 2
    assert save("consumptions", row, unit=unit).unchanged == 1
    order.refresh_from_db()
    assert order.consumed == 400
    told = problems("consumptions", row | {"day": "2026-09-07", "hours": 27, "amount": 2601}, unit=unit)
    assert list(told) == ["[0].hours", "[0].amount"]
    assert FeeOrder.objects.get().consumed == 400


def test_the_ledger_is_chained_by_day_and_never_overdrawn(unit: Any) -> None:
    def row(reference: str, day: str, kind: str, amount: int) -> dict[str, Any]:
        return {"reference": reference, "day": day, "kind": kind, "amount": amount}

    save("ledger", row("A", "2026-09-01", "收款入账", 100), row("B", "2026-09-03", "课消划拨", 60), unit=unit)
    save("ledger", row("C", "2026-09-02", "退费支出", 40), unit=unit)
    chain = LedgerEntry.objects.values_list("reference", "balance")
    assert [(name, int(balance)) for name, balance in chain] == [("A", 100), ("C", 60), ("B", 0)]
    assert save("ledger", row("C", "2026-09-02", "退费支出", 40), unit=unit).unchanged == 1
    told = problems("ledger", row("D", "2026-09-01", "payment", 5), row("E", "2026-09-02", "release", 6), unit=unit)
    assert list(told) == ["[1].amount"]
    assert "余额不足" in told["[1].amount"]
    assert list(problems("ledger", row("A", "2026-09-01", "payment", 101), unit=unit)) == ["[0].reference"]
    assert LedgerEntry.objects.count() == 3
