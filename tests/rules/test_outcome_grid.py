"""The grid of a whole term says of every unit, week and rule what outcomes.py says, one week at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shuangjian.bureau.models import Institution, UnitDay
from shuangjian.core import clock
from shuangjian.core.choices import Outcome
from shuangjian.core.weeks import Week
from shuangjian.intake.filings import correct_filings
from shuangjian.rules import declare
from shuangjian.rules.declare import Period, Source, all_rules, get_rule
from shuangjian.rules.models import Dismissal, Exemption, Finding, RuleMode
from shuangjian.rules.outcome_grid import outcome_grid
from shuangjian.rules.outcomes import outcomes_of_weeks
from tests import make

NOW = clock.at(dt.date(2026, 11, 24), 10 * 60)
WEEKS = [Week.parse("2026-W40").plus(n) for n in range(9)]  # the first is the October holiday
STANDING, MONTHLY, TERMLY = "ZZ-01", "ZZ-02", "ZZ-03"


@pytest.fixture
def longer_rules() -> Iterator[None]:
    """Rules of the longer periods, which the registers of later domains will bring."""
    known = get_rule("RP-01")
    for code, period in ((STANDING, Period.STANDING), (MONTHLY, Period.MONTH), (TERMLY, Period.TERM)):
        declare._add(replace(known, code=code, period=period, source=Source.REGISTER))
    yield
    for code in (STANDING, MONTHLY, TERMLY):
        declare.unregister(code)


@pytest.fixture
def units(db: None, longer_rules: None) -> list[Institution]:
    """Both kinds of stage and their union, with everything that turns an outcome planted."""
    make.calendar()
    units = [
        make.school(f"示范{number}校", stages, classes=classes, went_live_on=WEEKS[1].monday)
        for number, (stages, classes) in enumerate(
            [
                (["primary"], ["2026-01-01", "2026-03-01"]),
                (["junior"], ["2026-07-01"]),
                (["primary", "junior"], ["2026-05-01", "2026-08-01"]),
                (["primary"], ["2026-02-01"]),
            ]
        )
    ]
    for unit, week in _filed(units):
        day = week.days[2].isoformat()
        code = unit.school.classes.last().code
        lacks = {"done_at_school": None} if week == WEEKS[4] else {}
        make.submitted(unit, week, homework=[make.item(code, day, 20, **lacks)], now=NOW)
    correct_filings([unit.pk for unit in units], WEEKS, today=NOW.date())
    _plant_findings(units)
    _plant_decisions(units)
    UnitDay.objects.filter(institution=units[2], stage="junior", week=WEEKS[6].monday).delete()
    return units


def _filed(units: list[Institution]) -> Iterator[tuple[Institution, Week]]:
    """The last unit files nothing, the others leave out a week each."""
    for number, unit in enumerate(units[:3]):
        yield from ((unit, week) for place, week in enumerate(WEEKS[1:7]) if place != number)


def _plant_findings(units: list[Institution]) -> None:
    codes = ["HW-01", "HW-02", "AS-11", "SC-01", "RP-01"]
    for number, unit in enumerate(units):
        for place, week in enumerate(WEEKS):
            if (number + place) % 3:
                continue
            code = codes[(number + place) // 3 % len(codes)]
            flags = {1: {"is_stale": True}, 3: {"is_exempt": True}, 5: {"is_trial": True}}.get(place, {})
            _finding(unit, code, week.monday, week.key, severity=4 - number, **flags)
    for code, period in ((STANDING, "standing"), (MONTHLY, "2026-11"), (TERMLY, "2026-2027-1")):
        _finding(units[1], code, WEEKS[5].days[1], period, severity=4)
    _finding(units[3], MONTHLY, dt.date(2026, 10, 31), "2026-10", severity=2, is_stale=True)


def _plant_decisions(units: list[Institution]) -> None:
    bureau = make.user("bureau")
    dismissed = Finding.objects.filter(institution=units[0], is_stale=False).order_by("pk").first()
    assert dismissed is not None
    Dismissal.objects.create(
        finding=dismissed, observed=dismissed.observed, limit=dismissed.limit, reason="误报", actor=bureau, made_at=NOW
    )
    for starts, ends in ((WEEKS[2].monday, WEEKS[2].days[2]), (WEEKS[2].days[3], WEEKS[3].days[1])):
        Exemption.objects.create(
            rule="HW-02", institution=units[0], starts_on=starts, ends_on=ends, reason="试", approved_by=bureau,
            approved_at=NOW,
        )  # fmt: skip
    for rule, unit, mode, since in [
        ("HW-01", None, "off", WEEKS[3].sunday),
        ("HW-01", units[1], "formal", WEEKS[2].monday),
        ("AS-11", units[2], "trial", WEEKS[4].monday),
    ]:
        RuleMode.objects.create(rule=rule, institution=unit, mode=mode, effective_from=since, reason="测试")


def _finding(unit: Institution, rule: str, on: dt.date, period: str, **fields: Any) -> None:
    Finding.objects.create(
        rule=rule, institution=unit, about="self", occurred_on=on, period=period, observed=Decimal(2), limit=Decimal(1),
        parameters_version="", calendar_version=1, opened_at=NOW, changed_at=NOW, **fields,
    )  # fmt: skip


def test_each_cell_is_the_outcome_of_its_unit_and_week(units: list[Institution]) -> None:
    ids = [unit.pk for unit in units]
    cells = outcome_grid(ids, WEEKS)
    expected = outcomes_of_weeks(ids, WEEKS, now=NOW)
    for week, outcomes in expected.items():
        for pk, outcome in outcomes.items():
            cell = cells[pk, week.monday]
            worst = max((level for level, count in outcome.severities.items() if count), default=0)
            assert (cell.outcome, cell.has_insufficient_data, cell.worst) == (
                outcome.outcome,
                outcome.has_insufficient_data,
                worst,
            ), (pk, week)
    assert len(cells) == len(units) * len(WEEKS)


def test_with_a_rule_each_cell_is_the_outcome_of_that_rule(units: list[Institution]) -> None:
    ids = [unit.pk for unit in units]
    expected = outcomes_of_weeks(ids, WEEKS, now=NOW)
    met = set()
    for rule in all_rules():
        cells = outcome_grid(ids, WEEKS, rule=rule.code)
        for week, outcomes in expected.items():
            for pk, outcome in outcomes.items():
                own = outcome.by_rule.get(rule.code, Outcome.NOT_APPLICABLE)
                assert cells[pk, week.monday].outcome == own, (rule.code, pk, week)
                met.add(own)
    assert met == set(Outcome), "the small world must hold every outcome, or the comparison shows little"


def test_more_units_and_weeks_cost_no_more_queries(units: list[Institution]) -> None:
    def queries(ids: list[int], weeks: list[Week]) -> int:
        with CaptureQueriesContext(connection) as captured:
            outcome_grid(ids, weeks)
        return len(captured)

    ids = [unit.pk for unit in units]
    assert queries(ids[:1], WEEKS) == queries(ids, WEEKS)
    assert queries(ids, WEEKS[:3]) == queries(ids, WEEKS)


def test_nobody_and_no_week_have_no_cells(db: None) -> None:
    assert outcome_grid([], WEEKS) == {}
    assert outcome_grid([1], []) == {}
    assert outcome_grid([999_999], WEEKS) == {}
