"""What an import's preview says the rules will find: the same as the engine finds afterwards, and nothing stays."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from shuangjian.core import clock
from shuangjian.rules.drain import drain
from shuangjian.rules.models import Finding, RuleMode
from tests import make as platform
from tests.training_orgs import make
from tests.training_orgs.test_imports import ORDER, confirmed, signed_in, upload
from training_orgs.doors import foreseeing
from training_orgs.models import FeeOrder

pytestmark = pytest.mark.django_db

TOO_MUCH = ORDER | {"课时": 61, "金额（元）": 6100}
#: A Saturday that has been, and one that is to come.
PAST, AHEAD = "2026-11-14", "2026-11-28"


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel("2026-11-20 10:00+08:00", tick=False):
        yield


@pytest.fixture
def unit() -> Any:
    platform.calendar()
    unit = make.org("示范培训中心", town=platform.town())
    make.licence(unit)
    make.registration(unit)
    make.course(unit, "K01")
    platform.rebuild_unit_days(cause="开始", actor=None)
    return unit


def lines(answer: Any) -> set[tuple[str, str, dt.date]]:
    found = [line.found.finding for line in answer.context["foreseen"].lines]
    return {(each.rule, each.about, each.occurred_on) for each in found}


def stored() -> set[tuple[str, str, dt.date]]:
    return set(Finding.objects.open().values_list("rule", "about", "occurred_on"))


def judge() -> None:
    drain(clock.now)


def test_the_preview_names_the_findings_that_the_engine_then_makes_and_keeps_none(unit: Any) -> None:
    client = signed_in("org", unit)
    answer = upload(client, "orders", {"收费订单": [TOO_MUCH, ORDER | {"合同编号": "HT002", "学员代号": "X002"}]})
    foreseen = answer.context["foreseen"]
    assert ("TO-14", "order:HT001", dt.date(2026, 9, 1)) in lines(answer)
    assert not any(rule == "TO-14" and "HT002" in about for rule, about, _ in lines(answer))
    page = answer.content.decode()
    assert f"会产生 {foreseen.total} 条疑似问题" in page
    assert "61 课时" in page
    assert (FeeOrder.objects.count(), Finding.objects.count()) == (0, 0)
    confirmed(client, "orders", answer)
    judge()
    assert lines(answer) == stored()


def test_what_stands_already_is_not_told_again_and_what_is_mended_is_counted(unit: Any) -> None:
    client = signed_in("org", unit)
    lesson = {"课程编号": "K01", "日期": PAST, "开始": "09:00", "结束": "10:30"}
    first = upload(client, "courses", {"场次": [lesson]})
    assert ("TO-05", "session:K01", dt.date(2026, 11, 14)) in {(r, a.split("@")[0], d) for r, a, d in lines(first)}
    confirmed(client, "courses", first)
    judge()
    other = upload(client, "courses", {"场次": [lesson | {"日期": "2026-11-18", "开始": "18:00", "结束": "19:30"}]})
    assert (other.context["foreseen"].total, other.context["foreseen"].cleared) == (0, 0)
    mended = upload(client, "courses", {"场次": [lesson | {"已取消": "是"}]})
    assert (mended.context["foreseen"].total, mended.context["foreseen"].cleared) == (0, 1)
    assert "不会产生新的疑似问题" in mended.content.decode()


def test_a_lesson_that_is_still_to_come_is_told_as_such(unit: Any) -> None:
    answer = upload(
        signed_in("org", unit),
        "courses",
        {"场次": [{"课程编号": "K01", "日期": AHEAD, "开始": "09:00", "结束": "10:30"}]},
    )
    ahead = [line for line in answer.context["foreseen"].lines if line.is_ahead]
    assert {line.found.finding.rule for line in ahead} == {"TO-05"}
    assert "（未到）" in answer.content.decode()


def test_a_rule_on_trial_is_told_to_the_bureau_only(unit: Any) -> None:
    RuleMode.objects.create(rule="TO-14", mode="trial", effective_from="2021-09-01", reason="试运行")
    own = upload(signed_in("org", unit), "orders", {"收费订单": [TOO_MUCH]})
    assert "TO-14" not in {rule for rule, _, _ in lines(own)}
    bureau = upload(signed_in("bureau"), "orders", {"收费订单": [TOO_MUCH | {"机构代码": unit.code}]})
    assert "TO-14" in {rule for rule, _, _ in lines(bureau)}


def test_long_lists_are_cut_with_their_count_and_many_institutions_are_not_rehearsed(
    unit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in("org", unit)
    rows = [TOO_MUCH | {"合同编号": f"HT{n:03d}", "学员代号": f"X{n:03d}"} for n in range(foreseeing.MOST_LINES + 4)]
    answer = upload(client, "orders", {"收费订单": rows})
    foreseen = answer.context["foreseen"]
    assert (len(foreseen.lines), foreseen.hidden) == (foreseeing.MOST_LINES, foreseen.total - foreseeing.MOST_LINES)
    assert foreseen.total >= len(rows)
    assert f"另有 {foreseen.hidden} 条没有列出" in answer.content.decode()
    monkeypatch.setattr(foreseeing, "MOST_UNITS", 0)
    answer = upload(client, "orders", {"收费订单": rows})
    assert answer.context["foreseen"].lines == []
    assert "不预先比对" in answer.content.decode()


def test_the_form_of_a_row_marks_what_may_be_left_empty_and_nothing_else(unit: Any) -> None:
    page = signed_in("org", unit).get(f"/training/{unit.code}/fee-orders/new/").content.decode()
    marked = {
        label
        for label in ("合同编号", "学员代号", "服务止", "明细 1 · 课时", "明细 2 · 课时")
        if f"{label}<span" in page
    }
    assert marked == {"服务止", "明细 2 · 课时"}
