"""The explanation card cites the standard that judged, and says what becomes of a finding that is true."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from shuangjian.bureau.models import UnitDay
from shuangjian.rules import explain
from shuangjian.rules.declare import Source, all_rules
from shuangjian.rules.models import Finding
from shuangjian.rules.parameters import frozen

MONDAY, WEDNESDAY = dt.date(2026, 11, 2), dt.date(2026, 11, 4)
FROM_WEDNESDAY = {("homework.daily_minutes", "3-6"): [(WEDNESDAY, Decimal(30))]}


def weekly_card(decides_on: dt.date | None = None) -> explain.Card:
    with frozen(FROM_WEDNESDAY):
        return explain.card(
            rule_code="HW-03",
            about="class:2026-03-01",
            occurred_on=MONDAY,
            observed=Decimal(61),
            limit=Decimal(60),
            facts={},
            severity=3,
            decides_on=decides_on,
        )


def test_a_week_cites_the_standard_of_its_first_day_though_another_begins_within_it() -> None:
    assert weekly_card().effective_from == dt.date(2021, 9, 1)
    assert "区教育局调整" not in weekly_card().reference


def test_a_week_whose_first_school_day_comes_later_cites_the_standard_of_that_day() -> None:
    told = weekly_card(decides_on=WEDNESDAY)
    assert told.effective_from == WEDNESDAY
    assert "区教育局调整" in told.reference


def test_the_week_in_which_standards_began_cites_them_though_its_monday_had_none() -> None:
    told = explain.card(
        rule_code="HW-03",
        about="class:2021-03-01",
        occurred_on=dt.date(2021, 8, 30),
        observed=Decimal(61),
        limit=Decimal(60),
        facts={},
        severity=3,
    )
    assert told.effective_from == dt.date(2021, 9, 1)


@pytest.mark.parametrize(
    ("rule", "about", "first_on"),
    [
        ("HW-03", "class:2026-06-01", MONDAY),
        ("HW-03", "class:2026-07-01", WEDNESDAY),
        ("SC-03", "stage:junior", WEDNESDAY),
        ("HW-02", "class:2026-06-01", None),
    ],
)
def test_the_first_school_day_is_that_of_the_finding_s_own_stage(
    rule: str, about: str, first_on: dt.date | None
) -> None:
    days = [
        UnitDay(stage="primary", date=MONDAY, week_first_on=MONDAY),
        UnitDay(stage="junior", date=MONDAY, week_first_on=WEDNESDAY),
    ]
    finding = Finding(rule=rule, about=about, occurred_on=MONDAY)
    assert explain._first_school_day(finding, days) == first_on


def test_what_has_happened_is_closed_by_people_and_what_a_register_shows_needs_no_such_word() -> None:
    for rule in all_rules():
        told = explain._way_out(rule)
        assert told.startswith(rule.remedy)
        assert told.endswith("核实办结。") is (rule.source is Source.RETURN), rule.code
