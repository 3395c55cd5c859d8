"""数据不足 where a rule needs what a return does not state: never 合规, never zero, and never over a proven finding."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shuangjian.core import clock
from shuangjian.core.choices import Outcome
from shuangjian.core.weeks import Week
from shuangjian.rules.declare import all_rules
from shuangjian.rules.drain import drain
from shuangjian.rules.outcomes import outcomes_of_weeks, unit_outcomes
from tests import make

pytestmark = pytest.mark.django_db

NOW = clock.at(dt.date(2026, 11, 9), 9 * 60)
CLASS, DAY, SATURDAY = "2026-05-01", "2026-11-04", "2026-11-07"
RULES = {rule.code for rule in all_rules() if rule.unknown is not None}
ITEM_RULES = {"HW-07", "HW-08", "HW-09", "HW-10"}


@pytest.fixture
def school() -> Any:
    make.calendar()
    return make.school(classes=[CLASS, "2026-02-01"])


def _outcomes(school: Any, **replaced: Any) -> dict[str, Outcome]:
    make.submitted(school, now=NOW, **replaced)
    drain(lambda: NOW)
    by_rule = dict(unit_outcomes([school.pk], make.WEEK, now=NOW)[school.pk].by_rule)
    return {code: by_rule[code] for code in sorted(RULES)}


def _insufficient(outcomes: dict[str, Outcome]) -> set[str]:
    return {code for code, outcome in outcomes.items() if outcome == Outcome.INSUFFICIENT_DATA}


def _rows(school: Any, key: str, **changed: Any) -> dict[str, list[dict[str, Any]]]:
    """The lawful rows of a stage section; on Wednesday with these cells, None takes one out."""
    rows = make.full_payload(school)[key]
    for row in rows:
        if row["day"] == DAY:
            row |= changed
            for name in [name for name, value in row.items() if value is None]:
                del row[name]
    return {key: rows}


def test_the_rules_that_can_lack_data_are_these() -> None:
    assert {
        "HW-07", "HW-08", "HW-09", "HW-10", "SC-03", "AS-03", "AS-04", "AS-10", "AS-11", "AS-12",
    } == RULES  # fmt: skip


def test_a_return_that_states_everything_lacks_nothing(school: Any) -> None:
    assert set(_outcomes(school, homework=[make.item(CLASS, DAY, 20)]).values()) == {Outcome.COMPLIANT}


@pytest.mark.parametrize(
    ("left_out", "insufficient"),
    [
        ({"kind": None}, {"HW-07"}),
        ({"kind": None, "alternative": "A"}, set()),
        ({"done_at_school": None}, {"HW-08"}),
        ({"done_at_school": None, "written": False}, set()),
        ({"marked_by": None}, {"HW-09", "HW-10"}),
        ({"asks_parents": None}, {"HW-10"}),
        ({"published_on": None, "publication": None}, set()),
    ],
)
def test_an_item_without_a_key_leaves_its_rules_without_data(
    school: Any, left_out: dict[str, Any], insufficient: set[str]
) -> None:
    outcomes = _outcomes(school, homework=[make.item(CLASS, DAY, 20, **left_out)])
    assert _insufficient(outcomes) == insufficient


def test_one_stated_share_is_enough_for_its_class_and_week(school: Any) -> None:
    items = [make.item(CLASS, DAY, 20), make.item(CLASS, SATURDAY, 20, done_at_school=None)]
    assert _outcomes(school, homework=items)["HW-08"] == Outcome.COMPLIANT


def test_grades_one_and_two_need_neither_kind_nor_share(school: Any) -> None:
    item = make.item("2026-02-01", DAY, 10, written=False, kind=None, done_at_school=None)
    assert _insufficient(_outcomes(school, homework=[item])) == set()


@pytest.mark.parametrize(
    ("key", "left_out", "insufficient"),
    [
        ("school_day", {"arrival": None}, {"SC-03"}),
        ("after_school", {"late_wanted": None, "late_places": None}, {"AS-03"}),
        ("after_school", {"wanting": None, "served": None}, {"AS-10"}),
        ("after_school", {"content": None}, {"AS-04", "AS-11"}),
        ("after_school", {"flexible_leaving": None}, {"AS-12"}),
    ],
)
def test_a_day_without_a_key_leaves_its_rules_without_data(
    school: Any, key: str, left_out: dict[str, Any], insufficient: set[str]
) -> None:
    assert _insufficient(_outcomes(school, **_rows(school, key, **left_out))) == insufficient


def test_a_day_without_service_needs_no_content_but_the_numbers_of_those_who_want_it(school: Any) -> None:
    bare = _outcomes(school, service_none=[{"stage": "primary", "day": DAY}])
    assert _insufficient(bare) == {"AS-03", "AS-10"}
    stated = _outcomes(school, service_none=[{"stage": "primary", "day": DAY, "wanting": 0, "late_wanted": 0}])
    assert _insufficient(stated) == set()


def test_a_proven_finding_stands_where_another_row_lacks_the_data(school: Any) -> None:
    items = [
        make.item(CLASS, DAY, 20, marked_by="self"),
        make.item(CLASS, SATURDAY, 20, marked_by=None, asks_parents=None),
    ]
    outcomes = _outcomes(school, homework=items)
    assert outcomes["HW-09"] == Outcome.SUSPECTED_VIOLATION
    assert outcomes["HW-10"] == Outcome.INSUFFICIENT_DATA


def test_missing_data_stay_in_their_own_week_and_unit(school: Any) -> None:
    other = make.school("示范二小", classes=[CLASS])
    before, between = make.WEEK.plus(-2), make.WEEK.plus(-1)
    make.submitted(school, before, now=NOW, homework=[make.item(CLASS, "2026-10-21", 20)])
    make.submitted(school, between, now=NOW, homework=[make.item(CLASS, "2026-10-28", 20, marked_by=None)])
    make.submitted(school, make.WEEK, now=NOW, homework=[make.item(CLASS, DAY, 20)])
    make.submitted(other, make.WEEK, now=NOW, homework=[make.item(CLASS, DAY, 20, marked_by=None)])
    drain(lambda: NOW)

    def of(unit: Any, *weeks: Week) -> list[Outcome]:
        known = outcomes_of_weeks([school.pk, other.pk], weeks, now=NOW)
        return [known[week][unit.pk].by_rule["HW-09"] for week in weeks]

    assert of(school, before, make.WEEK) == [Outcome.COMPLIANT, Outcome.COMPLIANT]
    assert of(school, before, between) == [Outcome.COMPLIANT, Outcome.INSUFFICIENT_DATA]
    assert of(other, make.WEEK) == [Outcome.INSUFFICIENT_DATA]


def test_outcomes_read_no_item_and_a_submit_asks_all_rules_in_one_query(school: Any) -> None:
    def reading_items(act: Callable[[], Any]) -> int:
        with CaptureQueriesContext(connection) as captured:
            act()
        return sum('FROM "homework_homeworkitem"' in query["sql"] for query in captured)

    items = [make.item(CLASS, DAY, 20, marked_by=None)]
    assert reading_items(lambda: make.submitted(school, now=NOW, homework=items)) == 1
    assert reading_items(lambda: unit_outcomes([school.pk], make.WEEK, now=NOW)) == 0
