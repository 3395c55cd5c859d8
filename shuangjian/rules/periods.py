"""Whole periods of a rule: what an evaluation must look at together, and what an alert is named after."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from shuangjian.bureau.models import Term
from shuangjian.core.weeks import Week
from shuangjian.rules.declare import Period, Rule

BEGINNING = dt.date(2021, 9, 1)  # before the guideline nothing is judged
END = dt.date(9999, 12, 31)


@dataclass(frozen=True)
class Span:
    """A closed range of dates."""

    since: dt.date
    until: dt.date

    def __contains__(self, day: dt.date) -> bool:
        return self.since <= day <= self.until


@dataclass(frozen=True)
class TermDates:
    """First and last day of a term of one stage."""

    key: str
    stage: str
    starts_on: dt.date
    ends_on: dt.date


def all_terms() -> list[TermDates]:
    """Every term of every stage, by its first day; one query."""
    rows = Term.objects.order_by("starts_on", "stage").values_list("key", "stage", "starts_on", "ends_on")
    return [TermDates(*row) for row in rows]


def terms_for(rules: Sequence[Rule]) -> list[TermDates]:
    """All terms if one of the rules looks at them, else none; at most one query."""
    return all_terms() if any(rule.window is Period.TERM for rule in rules) else []


def whole_spans(rules: Sequence[Rule], span: Span, terms: Sequence[TermDates]) -> dict[str, Span]:
    """``span`` made whole for each rule, by code; ``terms`` as of ``terms_for``."""
    return {rule.code: widen(rule, span, terms) for rule in rules}


def widen(rule: Rule, span: Span, terms: Sequence[TermDates] = ()) -> Span:
    """``span`` made whole for the rule: a weekly rule asked for Monday to Wednesday would see no violation and clear
    all that it had found; a rule whose window is the term sees every term that the span touches from end to end. What
    is found in a break belongs to the last term begun, and is looked at with it."""
    since, until = span.since, span.until
    if rule.period is Period.WEEK or rule.period is Period.DAY:
        # D rules too: their alerts are grouped by ISO week and a return is filed by week.
        whole = _whole_weeks(span)
        return _whole_terms(whole, terms) if _looks_at_terms(rule) else whole
    if rule.period is Period.MONTH:
        return Span(since.replace(day=1), _month_end(until))
    if rule.period is Period.TERM:
        begun = tuple(sorted({(term.starts_on, term.key) for term in terms}))
        return Span(_from_term_to_term(since, begun).since, _from_term_to_term(until, begun).until)
    return Span(BEGINNING, END)


def _looks_at_terms(rule: Rule) -> bool:
    return rule.window is Period.TERM and rule.period is not Period.TERM


def _whole_weeks(span: Span) -> Span:
    return Span(Week.of(span.since).monday, Week.of(span.until).sunday)


def _whole_terms(span: Span, terms: Sequence[TermDates]) -> Span:
    """Until nothing is added: the stages' terms may begin and end on different days, and one week may hold the end of
    a term and the beginning of the next."""
    while True:
        touched = [term for term in terms if term.starts_on <= span.until and term.ends_on >= span.since]
        since = min([span.since, *(term.starts_on for term in touched)])
        until = max([span.until, *(term.ends_on for term in touched)])
        wider = _whole_weeks(Span(since, until))
        if wider == span:
            return span
        span = wider


@lru_cache(maxsize=1_000)
def _from_term_to_term(day: dt.date, begun: tuple[tuple[dt.date, str], ...]) -> Span:
    """The days that bear the same term as ``day``: its term and the break after it."""
    term, since, until, one = _term_of(day, begun), day, day, dt.timedelta(days=1)
    while _term_of(since - one, begun) == term:
        since -= one
    while _term_of(until + one, begun) == term:
        until += one
    return Span(since, until)


def _term_of(day: dt.date, begun: Sequence[tuple[dt.date, str]]) -> str:
    """The last term begun, of whichever stage; by the month where none is known that can still run."""
    place = bisect_right(begun, (day, "~"))
    if place and (day - begun[place - 1][0]).days < TERM_DAYS:
        return begun[place - 1][1]
    year = day.year if day.month >= 8 else day.year - 1
    return f"{year}-{year + 1}-{1 if day.month >= 8 or day.month == 1 else 2}"


def _month_end(day: dt.date) -> dt.date:
    first_of_next = (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    return first_of_next - dt.timedelta(days=1)


#: A term with the break after it: 10 February to 31 August are 202 days. After that the next one is only not entered.
TERM_DAYS = 205

#: SQL that names the alert period of a finding, by the rule's period. ``occurred_on`` is the finding's date.
#: to_char knows ISO years and weeks: 2027-01-01 is 2026-W53.
PERIOD_SQL = {
    Period.DAY: """to_char(occurred_on, 'IYYY"-W"IW')""",
    Period.WEEK: """to_char(occurred_on, 'IYYY"-W"IW')""",
    Period.MONTH: "to_char(occurred_on, 'YYYY-MM')",
    Period.TERM: f"""coalesce(
        (SELECT t.key FROM bureau_term t WHERE t.starts_on <= occurred_on AND t.starts_on > occurred_on - {TERM_DAYS}
         ORDER BY t.starts_on DESC, t.key DESC LIMIT 1),
        CASE WHEN extract(month FROM occurred_on) >= 8
        THEN extract(year FROM occurred_on)::int || '-' || extract(year FROM occurred_on)::int + 1 || '-1'
        WHEN extract(month FROM occurred_on) = 1
        THEN extract(year FROM occurred_on)::int - 1 || '-' || extract(year FROM occurred_on)::int || '-1'
        ELSE extract(year FROM occurred_on)::int - 1 || '-' || extract(year FROM occurred_on)::int || '-2' END)""",  # noqa: S608 - built of a constant
    Period.STANDING: "'standing'",
}
