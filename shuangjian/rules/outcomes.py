"""Outcome of (rule, institution, period), in the order of design.md; the only place that decides it.

Set-based: a fixed number of queries for any number of institutions and weeks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.db import connection

from shuangjian.bureau.models import UnitDay
from shuangjian.core.choices import Outcome, Severity
from shuangjian.core.querysets import lookup
from shuangjian.core.weeks import Week
from shuangjian.rules.declare import Period, Rule, Source, all_rules
from shuangjian.rules.models import RuleMode
from shuangjian.rules.registries import coverage

#: What a unit shows is the first of these that any of its rules has; 数据不足 stands beside it wherever present.
SHOWN_FIRST = (
    Outcome.SUSPECTED_VIOLATION,
    Outcome.WARNING,
    Outcome.INSUFFICIENT_DATA,
    Outcome.EXEMPT,
    Outcome.COMPLIANT,
    Outcome.NOT_APPLICABLE,
)


@dataclass(frozen=True)
class UnitOutcome:
    """What a unit shows for a week.

    ``severities`` counts open, undismissed, not exempt findings by severity; ``by_rule`` has every rule in force.
    """

    institution_id: int
    outcome: Outcome
    by_rule: Mapping[str, Outcome]
    severities: Mapping[int, int]

    @cached_property
    def has_insufficient_data(self) -> bool:
        return Outcome.INSUFFICIENT_DATA in self.by_rule.values()

    @cached_property
    def findings(self) -> int:
        return sum(self.severities.values())


_NO_RULES: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Facts:
    """What is known of one institution and week before rules are decided."""

    is_covered: bool = False
    institution_kind: str = ""
    stages: tuple[str, ...] = ()
    known_stages: set[str] = field(default_factory=set)
    school_stages: set[str] = field(default_factory=set)
    worst: dict[str, int] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    exempt: set[str] = field(default_factory=set)
    without_rows: set[str] = field(default_factory=set)
    stale: set[str] = field(default_factory=set)
    sufficient_for: frozenset[str] = _NO_RULES
    off: frozenset[str] = _NO_RULES

    def take(self, rule: str, severity: int, is_exempt: bool, is_stale: bool, count: int) -> None:
        """Note findings of a rule that are alike."""
        if is_exempt:
            return  # kept, but nothing follows from it
        if is_stale:
            # Seen once, but its week is not covered any more: nobody can say whether it still holds.
            self.stale.add(rule)
        else:
            self.worst[rule] = max(self.worst.get(rule, 0), severity)
            self.counts[severity] = self.counts.get(severity, 0) + count

    def kind(self) -> Hashable:
        """Equal for units' weeks of which every rule says the same, findings and exemptions left out."""
        return (
            self.is_covered,
            self.institution_kind,
            self.stages,
            frozenset(self.known_stages),
            frozenset(self.school_stages),
            frozenset(self.without_rows),
            self.sufficient_for,
            self.off,
        )

    def without_findings(self) -> _Facts:
        return replace(self, worst={}, exempt=set(), stale=set())


def unit_outcomes(institution_ids: Sequence[int], week: Week, *, now: dt.datetime) -> dict[int, UnitOutcome]:
    """Outcomes of these institutions for ``week``: D and W rules of that week, M, T and S state on its last day."""
    return outcomes_of_weeks(institution_ids, [week], now=now)[week]


def outcomes_of_weeks(
    institution_ids: Sequence[int], weeks: Sequence[Week], *, now: dt.datetime
) -> dict[Week, dict[int, UnitOutcome]]:
    """As ``unit_outcomes``, for several weeks at the price of one."""
    facts = _gather(institution_ids, weeks)
    rules = {rule.code: rule for rule in all_rules()}
    decided: dict[Hashable, dict[str, Outcome]] = {}
    result: dict[Week, dict[int, UnitOutcome]] = {}
    for week in weeks:
        off = _switched_off(facts.institution_ids, week, facts.modes)
        result[week] = {}
        for pk in facts.institution_ids:
            known = facts.of[pk, week.monday]
            known.off = off.get(pk, _NO_RULES)
            kind = known.kind()
            by_rule = decided.get(kind)
            if by_rule is None:  # units' weeks are of few kinds; findings and exemptions tell them apart
                plain = known.without_findings()
                by_rule = {code: _decide(rule, plain) for code, rule in rules.items() if code not in known.off}
                decided[kind] = by_rule
            if touched := known.worst.keys() | known.stale | known.exempt:
                by_rule = {**by_rule, **{code: _decide(rules[code], known) for code in touched if code in by_rule}}
            owed = _owed(rules, by_rule, known)
            result[week][pk] = UnitOutcome(pk, _shown(by_rule, owed), by_rule, known.counts)
    return result


def _decide(rule: Rule, facts: _Facts) -> Outcome:
    """The fixed order: not applicable, exempt, a proven finding, insufficient data, compliant."""
    if not rule.applies_to(facts.institution_kind, facts.stages) or rule.code in facts.without_rows:
        return Outcome.NOT_APPLICABLE
    if rule.code in facts.exempt:
        return Outcome.EXEMPT
    severity = facts.worst.get(rule.code)
    if severity is not None:
        return Outcome.SUSPECTED_VIOLATION if severity >= Severity.VIOLATION else Outcome.WARNING
    if rule.source is Source.RETURN:
        stages = (rule.stages or set(facts.stages)) & set(facts.stages)
        if not stages <= facts.known_stages or rule.code in facts.stale:
            return Outcome.INSUFFICIENT_DATA
        if not facts.school_stages & stages:
            return Outcome.NOT_APPLICABLE
        if not facts.is_covered or (rule.unknown is not None and rule.code not in facts.sufficient_for):
            return Outcome.INSUFFICIENT_DATA
    return Outcome.COMPLIANT


def _owed(rules: Mapping[str, Rule], by_rule: Mapping[str, Outcome], facts: _Facts) -> list[str]:
    """The rules in force about the unit's returns; none for one that files no returns."""
    kind, stages = facts.institution_kind, facts.stages
    return [code for code in by_rule if rules[code].source is Source.RETURN and rules[code].applies_to(kind, stages)]


def _shown(by_rule: Mapping[str, Outcome], owed: Sequence[str]) -> Outcome:
    """A unit that owes returns is compliant by these alone: that nobody complained in the holidays proves nothing."""
    present = set(by_rule.values())
    if owed and all(by_rule[code] != Outcome.COMPLIANT for code in owed):
        present.discard(Outcome.COMPLIANT)
    return next((outcome for outcome in SHOWN_FIRST if outcome in present), Outcome.NOT_APPLICABLE)


# What is known, read in a fixed number of queries -----------------------------------------------------------

# One day of each stage and week is enough: every day repeats how many school days its week has.
_DAYS = """
SELECT i.id, i.kind, i.stages, w.monday, s.stage, d.week_school_days
FROM bureau_institution i
CROSS JOIN unnest(%s::date[]) AS w(monday)
LEFT JOIN LATERAL unnest(i.stages) AS s(stage) ON true
LEFT JOIN LATERAL (
    SELECT u.week_school_days FROM bureau_unitday u
    WHERE u.institution_id = i.id AND u.stage = s.stage AND u.date BETWEEN w.monday AND w.monday + 6 LIMIT 1
) AS d ON true
WHERE i.id = ANY(%s)"""
_DECISIONS = """
SELECT rule, institution_id, mode, effective_from AS since, NULL::date FROM rules_rulemode WHERE effective_from <= %s
UNION ALL
SELECT rule, institution_id, NULL, starts_on, ends_on FROM rules_exemption
WHERE institution_id = ANY(%s) AND starts_on <= %s AND ends_on >= %s
ORDER BY since"""
# The period of a D or W rule is its week, and the day it began on says no more; of longer ones that day counts.
_FINDINGS = """
SELECT f.institution_id, f.rule, f.severity, f.is_exempt, f.is_stale, f.period,
       CASE WHEN f.period LIKE '%%-W%%' THEN NULL ELSE f.occurred_on END AS since, count(*)
FROM rules_finding f
WHERE f.institution_id = ANY(%s) AND f.period = ANY(%s) AND f.cleared_at IS NULL AND NOT f.is_trial
  AND NOT EXISTS (
    SELECT FROM rules_dismissal d WHERE d.finding_id = f.id AND d.observed = f.observed AND d."limit" = f."limit")
GROUP BY f.institution_id, f.rule, f.severity, f.is_exempt, f.is_stale, f.period, since"""


@dataclass(frozen=True)
class _Gathered:
    """Facts by (institution id, Monday), for every institution that exists and every week asked for.

    ``modes``: (rule, institution or None for all, mode, from) up to the last of the weeks, oldest first.
    """

    institution_ids: list[int]
    of: dict[tuple[int, dt.date], _Facts]
    modes: list[tuple[str, int | None, str, dt.date]]


def _gather(institution_ids: Sequence[int], weeks: Sequence[Week]) -> _Gathered:
    mondays = [week.monday for week in weeks]
    if not mondays or not institution_ids:
        return _Gathered([], {}, [])
    facts = _of_calendar(institution_ids, mondays)
    ids = list({pk: None for pk, _ in facts})
    source = coverage()
    if source is not None:
        for pk, monday, _, sufficient_for in source(ids, min(mondays), max(mondays)):
            if (pk, monday) in facts:  # the weeks asked for need not follow one another
                facts[pk, monday].is_covered = True
                facts[pk, monday].sufficient_for = frozenset(sufficient_for)
    for pk, monday, rule in _nothing_to_judge(ids, mondays):
        facts[pk, monday].without_rows.add(rule)
    modes, exemptions = _decisions(ids, min(mondays), max(mondays) + dt.timedelta(days=6))
    for pk, monday, rule in _exempt_weeks(exemptions, mondays):
        facts[pk, monday].exempt.add(rule)
    for pk, monday, finding in _findings(ids, weeks):
        facts[pk, monday].take(*finding)
    return _Gathered(ids, facts, modes)


def _of_calendar(institution_ids: Sequence[int], mondays: Sequence[dt.date]) -> dict[tuple[int, dt.date], _Facts]:
    """Of every institution that exists and every week: its stages, those the calendar knows, those with school."""
    facts: dict[tuple[int, dt.date], _Facts] = {}
    for pk, kind, stages, monday, stage, school_days in _rows(_DAYS, [list(mondays), list(institution_ids)]):
        known = facts.get((pk, monday))
        if known is None:
            known = facts[pk, monday] = _Facts(institution_kind=kind, stages=tuple(stages))
        if school_days is not None:
            known.known_stages.add(stage)
        if school_days:
            known.school_stages.add(stage)
    return facts


def _rows(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _nothing_to_judge(institution_ids: Sequence[int], mondays: Sequence[dt.date]) -> Iterable[tuple[int, dt.date, str]]:
    """(institution, Monday, rule) of weekly register rules that have no row there: who owes no return is not late.

    One query for each kind of row.
    """
    rules: dict[Any, list[str]] = {}
    for rule in all_rules():
        if rule.source is Source.REGISTER and rule.period is Period.WEEK:
            rules.setdefault(rule.about, []).append(rule.code)
    for model, codes in rules.items():
        path = lookup(model.INSTITUTION, "among")
        rows = model.objects.filter(**{path: institution_ids, f"{model.OCCURRED_ON}__among": mondays})
        present = set(rows.order_by().values_list(model.INSTITUTION, model.OCCURRED_ON))
        for pk in institution_ids:
            for monday in mondays:
                if (pk, monday) not in present:
                    yield from ((pk, monday, code) for code in codes)


_Exemptions = dict[tuple[int, str], list[tuple[dt.date, dt.date]]]


def _decisions(institution_ids: Sequence[int], first: dt.date, last: dt.date) -> tuple[list[Any], _Exemptions]:
    """(modes of rules, spans of exemptions by unit and rule) that touch these days."""
    modes: list[tuple[str, int | None, str, dt.date]] = []
    exemptions: _Exemptions = {}
    for rule, pk, mode, since, until in _rows(_DECISIONS, [last, list(institution_ids), last, first]):
        if mode is None:
            exemptions.setdefault((pk, rule), []).append((since, until))
        else:
            modes.append((rule, pk, mode, since))
    return modes, exemptions


def _exempt_weeks(ranges: _Exemptions, mondays: Sequence[dt.date]) -> Iterable[tuple[int, dt.date, str]]:
    """(institution, Monday, rule) of weeks in which every school day lies inside an exemption of the rule."""
    if not ranges:
        return
    days: dict[tuple[int, dt.date], set[dt.date]] = {}
    of_units = UnitDay.objects.filter(institution_id__in={pk for pk, _ in ranges}, week__in=mondays, is_school_day=True)
    for pk, monday, date in of_units.values_list("institution_id", "week", "date"):
        days.setdefault((pk, monday), set()).add(date)
    for (pk, rule), spans in ranges.items():
        for monday in mondays:
            dates = days.get((pk, monday), set())
            if dates and all(any(start <= date <= end for start, end in spans) for date in dates):
                yield pk, monday, rule


def _findings(
    institution_ids: Sequence[int], weeks: Sequence[Week]
) -> Iterable[tuple[int, dt.date, tuple[str, int, bool, bool, int]]]:
    """(institution, Monday, group): open, undismissed findings of the weeks, and of longer periods that hold the last
    day of one. A group is rule, severity, whether exempt, whether stale, and their number."""
    is_weekly = {rule.code: rule.period in (Period.DAY, Period.WEEK) for rule in all_rules()}
    monday_of = {week.key: week.monday for week in weeks}
    held: dict[str, list[Week]] = {}
    if not all(is_weekly.values()):
        for week in weeks:
            for period in longer_periods(week):
                held.setdefault(period, []).append(week)
    for pk, rule, severity, exempt, stale, period, since, count in _rows(
        _FINDINGS, [list(institution_ids), [*monday_of, *held]]
    ):
        group = (rule, severity, exempt, stale, count)
        if period in monday_of:
            if is_weekly.get(rule) is True:
                yield pk, monday_of[period], group
        elif is_weekly.get(rule) is False:
            yield from ((pk, week.monday, group) for week in held[period] if since <= week.sunday)


def longer_periods(week: Week) -> tuple[str, ...]:
    """Month, term and state that hold the last day of the week; in a break the month tells the term."""
    return (f"{week.sunday:%Y-%m}", _term_of(week.sunday), "standing")


def _term_of(day: dt.date) -> str:
    year = day.year if day.month >= 8 else day.year - 1
    return f"{year}-{year + 1}-{1 if day.month >= 8 or day.month == 1 else 2}"


def _switched_off(
    institution_ids: Sequence[int], week: Week, rows: Sequence[tuple[str, int | None, str, dt.date]]
) -> dict[int, frozenset[str]]:
    """Rules by institution whose mode on the week's last day is not 正式; a unit's own mode goes first.

    A rule on trial is judged for the bureau to look at, and has no outcome yet.
    """
    modes = {(rule, owner): mode for rule, owner, mode, since in rows if since <= week.sunday}
    off: dict[int, set[str]] = {}
    for (rule, owner), mode in modes.items():
        if mode == RuleMode.Mode.FORMAL:
            continue
        owners = institution_ids if owner is None else [owner]
        for pk in owners:
            if owner is not None or modes.get((rule, pk)) != RuleMode.Mode.FORMAL:
                off.setdefault(pk, set()).add(rule)
    return {pk: frozenset(rules) for pk, rules in off.items()}
