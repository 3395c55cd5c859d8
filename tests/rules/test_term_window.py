"""A rule that looks at a whole term: verdicts never come from half a term, and a change reaches the weeks after it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from shuangjian.bureau.calendar_services import save_term
from shuangjian.bureau.models import Break, CalendarDay, Certainty
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.intake.services import preview_return
from shuangjian.journal.models import EvaluationRequest
from shuangjian.rules.declare import Period, get_rule
from shuangjian.rules.drain import drain
from shuangjian.rules.engine import evaluate
from shuangjian.rules.models import Finding, ParameterOverride
from shuangjian.rules.periods import Span, TermDates, terms_for, whole_spans, widen
from tests import make

NOW = clock.at(dt.date(2027, 5, 31), 9 * 60)
AUTUMN = TermDates("2026-2027-1", "primary", dt.date(2026, 9, 1), dt.date(2027, 1, 22))
SPRING = TermDates("2026-2027-2", "primary", dt.date(2027, 2, 22), dt.date(2027, 7, 9))


@pytest.fixture
def school(db: None) -> Any:
    make.calendar()
    return make.school(classes=["2026-05-01"])


def _file(school: Any, week: str, kind: str | None = "basic") -> None:
    monday = Week.parse(week)
    item = make.item("2026-05-01", monday.days[2].isoformat(), 20, kind=kind)
    make.submitted(school, monday, homework=[item], now=NOW)


def _found() -> list[str]:
    drain(lambda: NOW)
    open_findings = Finding.objects.open().filter(rule="HW-07").order_by("occurred_on")
    return [Week.of(day).key for day in open_findings.values_list("occurred_on", flat=True)]


def test_a_correction_in_an_early_week_clears_what_later_weeks_had_found(school: Any) -> None:
    for number in range(42, 47):
        _file(school, f"2026-W{number}")
    assert _found() == ["2026-W45", "2026-W46"]
    _file(school, "2026-W43", "layered")
    assert _found() == []
    _file(school, "2026-W43")
    assert _found() == ["2026-W45", "2026-W46"]


def test_a_week_filed_late_is_seen_by_the_weeks_after_it(school: Any) -> None:
    for week in ("2026-W42", "2026-W44", "2026-W45"):
        _file(school, week)
    assert _found() == []
    _file(school, "2026-W43")
    assert _found() == ["2026-W45"]


def test_asking_for_one_week_judges_the_term_around_it_and_clears_nothing(school: Any) -> None:
    for number in range(42, 47):
        _file(school, f"2026-W{number}")
    assert _found() == ["2026-W45", "2026-W46"]
    for number in range(42, 47):
        week = Week.parse(f"2026-W{number}")
        receipt = evaluate([get_rule("HW-07")], [school.pk], Span(week.monday, week.sunday), now=NOW, cause="测试")
        assert (receipt.violations, receipt.added, receipt.cleared) == (2, 0, 0)


def test_the_streak_begins_anew_with_the_term(school: Any) -> None:
    _spring_term()
    for week in ("2027-W01", "2027-W02", "2027-W08", "2027-W09", "2027-W10"):
        _file(school, week)
    assert _found() == []
    _file(school, "2027-W11")
    assert _found() == ["2027-W11"]
    _file(school, "2026-W53")
    _file(school, "2026-W52")
    assert _found() == ["2027-W02", "2027-W11"]


def test_another_number_of_weeks_holds_from_its_date_on(school: Any) -> None:
    for number in range(43, 47):
        _file(school, f"2026-W{number}")
    assert _found() == ["2026-W46"]
    _file(school, "2026-W47", "layered")
    for number in range(48, 51):
        _file(school, f"2026-W{number}")
    assert _found() == ["2026-W46"]
    bureau = make.user("bureau")
    ParameterOverride.objects.create(
        parameter="homework.weeks_without_variety",
        key="3-9",
        effective_from=dt.date(2026, 11, 23),
        value=3,
        reason="试点",
        proposed_by=bureau,
        proposed_at=NOW,
        approved_by=make.user("bureau"),
        approved_at=NOW,
    )
    make.request(school, Week.parse("2026-W50"))
    drain(lambda: NOW)
    limits = Finding.objects.open().filter(rule="HW-07").order_by("occurred_on").values_list("occurred_on", "limit")
    assert [(str(day), int(limit)) for day, limit in limits] == [("2026-11-09", 4), ("2026-12-07", 3)]


def test_a_preview_of_one_week_tells_of_that_week_alone(school: Any) -> None:
    for week in ("2026-W42", "2026-W44", "2026-W45", "2026-W46"):
        _file(school, week)
    assert _found() == ["2026-W46"]
    week = Week.parse("2026-W47")
    payload = make.full_payload(school, week, homework=[make.item("2026-05-01", "2026-11-18", 20)])
    _, findings = preview_return(school, week, payload, now=NOW)
    assert [(each["rule"], each["occurred_on"]) for each in findings] == [("HW-07", week.monday)]


@pytest.mark.parametrize(
    ("day", "since", "until"),
    [
        ("2026-11-04", "2026-08-31", "2027-01-24"),
        ("2026-08-31", "2026-08-31", "2027-01-24"),  # the Monday of the term's first week
        ("2026-08-30", "2026-08-24", "2026-08-30"),
        ("2027-02-01", "2027-02-01", "2027-02-07"),
        ("2027-07-09", "2027-02-22", "2027-07-11"),
    ],
)
def test_a_day_is_widened_to_the_term_that_its_week_touches(day: str, since: str, until: str) -> None:
    date = dt.date.fromisoformat(day)
    wide = widen(get_rule("HW-07"), Span(date, date), [AUTUMN, SPRING])
    assert (str(wide.since), str(wide.until)) == (since, until)


def test_terms_that_share_a_week_are_looked_at_together() -> None:
    first = TermDates("2026-2027-1", "junior", dt.date(2026, 9, 1), dt.date(2027, 2, 23))
    wide = widen(get_rule("HW-07"), Span(dt.date(2027, 7, 1), dt.date(2027, 7, 1)), [first, SPRING])
    assert (str(wide.since), str(wide.until)) == ("2026-08-31", "2027-07-11")


def test_terms_are_looked_up_once_for_all_rules_and_not_at_all_without_need(
    school: Any, django_assert_num_queries: Any
) -> None:
    span = Span(dt.date(2026, 11, 2), dt.date(2026, 11, 8))
    assert get_rule("HW-07").window is Period.TERM
    with django_assert_num_queries(1):
        rules = [get_rule("HW-02"), get_rule("HW-07"), get_rule("HW-07")]
        spans = whole_spans(rules, span, terms_for(rules))
    assert (spans["HW-02"], spans["HW-07"].since) == (span, dt.date(2026, 8, 31))
    with django_assert_num_queries(0):
        whole_spans([get_rule("HW-02")], span, terms_for([get_rule("HW-02")]))


def _spring_term() -> None:
    save_term(
        key="2026-2027-2",
        stage="primary",
        starts_on=dt.date(2027, 2, 22),
        ends_on=dt.date(2027, 7, 9),
        certainty=Certainty.PROVISIONAL,
        actor=make.Somebody(),
    )
    assert Break.objects.filter(name="寒假2027").exists()
    assert CalendarDay.objects.filter(date__year=2027).exists(), "a year without its holidays has no calendar"
    assert EvaluationRequest.objects.exists()
