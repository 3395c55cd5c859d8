"""Standard values: dated, referenced, strict about their files, and open to the bureau only where the law is."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from afterschool.rules import CLASS_HOUR_MINUTES
from homework.models import HomeworkItem
from homework.rules import DAILY_MINUTES, written_homework_over_daily_limit
from schools.rules import FIRST_LESSON
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Refused
from shuangjian.rules import services
from shuangjian.rules.drain import drain
from shuangjian.rules.engine import current_overrides
from shuangjian.rules.models import Finding
from shuangjian.rules.parameter_files import ParameterMistake, read_parameter_file
from shuangjian.rules.parameters import Parameter, frozen, parameters_version
from tests import make

NOW = clock.at(dt.date(2026, 11, 9), 9 * 60)
GOOD = """
name: t.minutes
description: 测试
unit: 分钟
jurisdiction: 440113
values:
  - from: 2021-09-01
    value: 60
    reference: {clause: "2.1.1"}
"""


def _read(tmp_path: Path, text: str) -> Parameter:
    path = tmp_path / "minutes.yaml"
    path.write_text(text, encoding="utf-8")
    return Parameter(read_parameter_file(path))


def test_a_value_holds_from_its_date_on_and_before_it_there_is_none(tmp_path: Path) -> None:
    parameter = _read(tmp_path, GOOD)
    assert parameter.on(dt.date(2021, 8, 31)) is None
    assert parameter.on(dt.date(2021, 9, 1)) == 60
    assert parameter.on(dt.date(2030, 1, 1)) == 60


def test_the_newest_value_on_or_before_the_day_decides(tmp_path: Path) -> None:
    later = '  - from: 2026-09-01\n    value: 50\n    reference: {document: "示例文件"}\n'
    parameter = _read(tmp_path, GOOD + later)
    assert parameter.on(dt.date(2026, 8, 31)) == 60
    assert parameter.on(dt.date(2026, 9, 1)) == 50


def test_after_a_gap_tests_raise(tmp_path: Path) -> None:
    parameter = _read(tmp_path, GOOD.replace("value: 60", "value: 60\n    valid_until: 2025-12-31"))
    with pytest.raises(ParameterMistake, match="到期"):
        parameter.on(dt.date(2026, 1, 1))


def test_after_a_gap_production_takes_the_last_value_and_warns(
    tmp_path: Path, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.PARAMETER_GAPS_RAISE = False
    parameter = _read(tmp_path, GOOD.replace("value: 60", "value: 60\n    valid_until: 2025-12-31"))
    assert parameter.on(dt.date(2026, 1, 1)) == 60
    assert "到期" in caplog.text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("unit: 分钟", "unit: 分钟\nunits: 分钟"), "unknown key units"),
        (("description: 测试\n", ""), "description is missing"),
        (('    reference: {clause: "2.1.1"}\n', ""), "reference is missing"),
        (('{clause: "2.1.1"}', "{page: 3}"), "names a clause"),
        (("from: 2021-09-01", "from: soon"), "dates such as"),
        (("value: 60", "value: sixty"), "not a number"),
        (("value: 60", "value: {3-6: 60}"), "by: grade"),
        (("unit: 分钟", "unit: 分钟\nby: grade"), "mapping by grade"),
        (("unit: 分钟", "unit: 时刻"), "quote it"),
    ],
)
def test_a_file_that_is_not_understood_is_refused_by_name(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    with pytest.raises(ParameterMistake, match=message) as mistake:
        _read(tmp_path, GOOD.replace(*change))
    assert "minutes.yaml" in str(mistake.value)


def test_a_bare_time_of_day_is_refused_because_yaml_reads_it_as_a_number(tmp_path: Path) -> None:
    text = GOOD.replace("unit: 分钟", "unit: 时刻").replace("value: 60", "value: 18:30")
    with pytest.raises(ParameterMistake, match="1110"):
        _read(tmp_path, text)


def test_the_guideline_s_own_values() -> None:
    day = dt.date(2026, 11, 2)
    assert [DAILY_MINUTES.on(day, key=key) for key in ("3-6", "7-9")] == [60, 90]
    assert [FIRST_LESSON.on(day, key=key) for key in ("primary", "junior")] == [500, 480]
    assert DAILY_MINUTES.key_for(2) is None


def test_asking_without_the_grade_says_how_to_ask() -> None:
    with pytest.raises(ParameterMistake, match=r"by="):
        DAILY_MINUTES.at("day")


@pytest.mark.django_db
def test_before_its_first_date_a_parameter_judges_nothing() -> None:
    make.calendar()
    school = make.school(classes=["2021-05-01"])
    school_class = school.school.classes.get()
    for day in ("2021-08-31", "2021-09-01"):
        HomeworkItem.objects.create(
            school_class=school_class,
            week="2021-08-30",
            day=day,
            subject="语文",
            minutes=70,
            is_written=True,
            is_optional=False,
            counts=True,
        )
    rows = list(written_homework_over_daily_limit(HomeworkItem.objects.all()))
    assert [str(row["f_on"]) for row in rows] == ["2021-09-01"]


@pytest.mark.django_db
def test_an_approved_override_decides_from_its_date_and_only_from_it() -> None:
    make.calendar()
    proposer, approver = make.user("bureau"), make.user("bureau")
    school = make.school()
    make.submitted(school, now=NOW)  # 90 minutes of service each day
    drain(lambda: NOW)
    assert not Finding.objects.open().filter(rule="AS-02").exists()
    override = services.propose_override(
        parameter="afterschool.class_hour_minutes",
        key="primary",
        value=Decimal(60),
        effective_from=dt.date(2026, 11, 4),
        reason="采用 2 小时",
        reference="穗教基教〔2022〕1号",
        actor=proposer,
        now=NOW,
    )
    before = parameters_version()
    with pytest.raises(Refused, match="两个人"):
        services.approve_override(override.pk, actor=proposer, now=NOW)
    services.approve_override(override.pk, actor=approver, now=NOW)
    drain(lambda: NOW)
    days = Finding.objects.open().filter(rule="AS-02").order_by("occurred_on").values_list("occurred_on", "limit")
    assert [(str(day), limit) for day, limit in days] == [(f"2026-11-0{n}", Decimal(120)) for n in (4, 5, 6)]
    with frozen(current_overrides()) as version:
        assert version != before
        assert CLASS_HOUR_MINUTES.on(dt.date(2026, 11, 3), key="primary") == 40
    with pytest.raises(Conflict):
        services.approve_override(override.pk, actor=approver, now=NOW)


@pytest.mark.django_db
def test_what_the_guideline_fixes_cannot_be_changed() -> None:
    with pytest.raises(Refused, match="不能调整"):
        services.propose_override(
            parameter="homework.daily_minutes",
            key="3-6",
            value=Decimal(90),
            effective_from=dt.date(2026, 11, 4),
            reason="放宽",
            reference="无",
            actor=make.user("bureau"),
            now=NOW,
        )


@pytest.mark.django_db
def test_only_a_soft_rule_can_be_exempted_and_only_in_time() -> None:
    school, bureau = make.school(), make.user("bureau")
    week = {"starts_on": dt.date(2026, 11, 9), "ends_on": dt.date(2026, 11, 13), "reason": "校舍改造", "now": NOW}
    with pytest.raises(Refused, match="弹性"):
        services.grant_exemption(rule="HW-02", institution=school, actor=bureau, **week)
    with pytest.raises(Refused, match="只有区教育局"):
        services.grant_exemption(rule="SC-01", institution=school, actor=make.user("school", school), **week)
    services.grant_exemption(rule="SC-01", institution=school, actor=bureau, **week)
    with pytest.raises(InvalidInput, match="修改"):
        services.grant_exemption(
            rule="SC-01", institution=school, actor=bureau, **{**week, "starts_on": dt.date(2026, 11, 2)}
        )


@pytest.mark.django_db
def test_switching_a_rule_off_asks_for_a_new_judgement() -> None:
    make.calendar()
    school, bureau = make.school(classes=["2026-05-01"]), make.user("bureau")
    make.submitted(school, homework=[make.item("2026-05-01", "2026-11-04", 75)], now=NOW)
    drain(lambda: NOW)
    services.set_rule_mode(
        rule="HW-02", mode="off", effective_from=dt.date(2026, 11, 2), reason="试点", actor=bureau, now=NOW
    )
    drain(lambda: NOW)
    assert not Finding.objects.open().filter(rule="HW-02").exists()
