"""A rule's SQL is compiled once, and each scope is bound to it in every place where it stands."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from shuangjian.rules import derived, engine, statements
from shuangjian.rules.declare import Rule, all_rules, get_rule
from shuangjian.rules.parameters import frozen
from shuangjian.rules.periods import Span, all_terms
from shuangjian.rules.statements import Statement, statement_of
from tests import make

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
WEEK = Span(dt.date(2026, 11, 2), dt.date(2026, 11, 8))


def _statement(rule: Rule, overrides: Any = None) -> Statement:
    with frozen(overrides or {}) as parameters:
        found = statement_of(rule, parameters=parameters, terms=all_terms(), now=NOW)
    assert found is not None
    return found


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_no_mark_of_the_open_scope_is_left_when_it_is_bound(rule: Rule) -> None:
    make.calendar()
    statement = _statement(rule)
    bound = statement.bind([7, 9], WEEK)
    dates = [(statements._SINCE, WEEK.since), (statements._UNTIL, WEEK.until)] if _is_dated(rule) else []
    for mark, given in [(statements._IDS, [7, 9]), *dates]:
        assert mark in statement.params
        assert given in bound
    for mark in (statements._SINCE, statements._UNTIL, statements._IDS):
        assert mark not in bound


def _is_dated(rule: Rule) -> bool:
    """A register has no date of its own: its rules see all of it."""
    return bool((rule.over or rule.about).OCCURRED_ON)


def test_the_same_standards_and_terms_are_compiled_once() -> None:
    make.calendar()
    assert _statement(get_rule("HW-02")) is _statement(get_rule("HW-02"))


def test_another_standard_is_compiled_again_and_so_are_other_terms() -> None:
    plain = _statement(get_rule("HW-02"))
    stricter = {("homework.daily_minutes", "3-6"): [(dt.date(2026, 11, 1), Decimal(45))]}
    assert Decimal(45) in _statement(get_rule("HW-02"), stricter).params
    assert Decimal(45) not in plain.params
    without_terms = _statement(get_rule("HW-07"))
    make.calendar()
    assert _statement(get_rule("HW-07")).sql != without_terms.sql


def test_planning_for_large_groups_ends_with_the_evaluation(django_assert_num_queries: Any) -> None:
    make.calendar()
    school = make.school(classes=["2026-05-01"])
    before = _work_mem()
    with engine.rehearsal():
        engine.foresee(all_rules(), [school.pk], WEEK, now=NOW)
        assert _work_mem() == "256MB"
    assert _work_mem() == before


def _work_mem() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW work_mem")
        return str(cursor.fetchone()[0])


def test_rules_over_the_same_rows_share_one_grouping_and_a_rule_alone_leaves_out_what_it_does_not_ask() -> None:
    make.calendar()
    school = make.school(classes=["2026-05-01"])
    spans = {rule.code: WEEK for rule in all_rules()} | {"HW-07": Span(dt.date(2026, 9, 1), dt.date(2027, 1, 24))}
    with connection.cursor() as cursor:
        derived.prepare(cursor)
        shared = derived.share(cursor, all_rules(), [school.pk], spans)
        assert shared == {"HW-01", "HW-02", "HW-03", "HW-04", "HW-08"}  # HW-07 would make them all read the term
        assert derived.share(cursor, [get_rule("HW-02")], [school.pk], spans) == set()
        statement = _statement(get_rule("HW-02"))
        cursor.execute(f"EXPLAIN (VERBOSE) {statement.sql}", statement.bind([school.pk], WEEK))
        plan = " ".join(line for (line,) in cursor.fetchall())
    assert "sum(i.minutes)" in plan
    assert "bool_or" not in plan
    assert "bureau_unitday" not in plan
