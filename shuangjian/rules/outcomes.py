"""Outcome of (rule, institution, period), in the order of design.md; the only place that decides it.

Set-based: a fixed number of queries for any number of institutions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count

from shuangjian.bureau.models import Institution, UnitDay
from shuangjian.core.choices import Outcome, Severity
from shuangjian.core.weeks import Week
from shuangjian.rules.declare import Period, Rule, Source, all_rules
from shuangjian.rules.models import Finding, RuleMode
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

    @property
    def has_insufficient_data(self) -> bool:
        return Outcome.INSUFFICIENT_DATA in self.by_rule.values()

    @property
    def findings(self) -> int:
        return sum(self.severities.values())


@dataclass
class _Facts:
    """What is known of one institution and week before rules are decided."""

    is_covered: bool = False
    stages: tuple[str, ...] = ()
    known_stages: set[str] = field(default_factory=set)
    school_stages: set[str] = field(default_factory=set)
    worst: dict[str, int] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    exempt: set[str] = field(default_factory=set)
    stale: set[str] = field(default_factory=set)


def unit_outcomes(institution_ids: Sequence[int], week: Week, *, now: dt.datetime) -> dict[int, UnitOutcome]:
    """Outcomes of these institutions for ``week``: D and W rules of that week, M, T and S state on its last day."""
    facts = _gather(institution_ids, week)
    off = _switched_off(institution_ids, week)
    rules = all_rules()
    result = {}
    for institution_id, known in facts.items():
        by_rule = {rule.code: _decide(rule, known) for rule in rules if (rule.code, institution_id) not in off}
        result[institution_id] = UnitOutcome(institution_id, _shown(by_rule.values()), by_rule, known.counts)
    return result


def _decide(rule: Rule, facts: _Facts) -> Outcome:
    """The fixed order: not applicable, exempt, a proven finding, insufficient data, compliant."""
    if not rule.applies_to(facts.stages):
        return Outcome.NOT_APPLICABLE
    severity = facts.worst.get(rule.code)
    if severity is not None:
        return Outcome.SUSPECTED_VIOLATION if severity >= Severity.VIOLATION else Outcome.WARNING
    if rule.code in facts.exempt:
        return Outcome.EXEMPT
    if rule.source is Source.RETURN:
        stages = (rule.stages or set(facts.stages)) & set(facts.stages)
        if not stages <= facts.known_stages or rule.code in facts.stale:
            return Outcome.INSUFFICIENT_DATA
        if not facts.school_stages & stages and not facts.is_covered:
            return Outcome.NOT_APPLICABLE
        if not facts.is_covered:
            return Outcome.INSUFFICIENT_DATA
    return Outcome.COMPLIANT


def _shown(outcomes: Iterable[Outcome]) -> Outcome:
    present = set(outcomes)
    return next((outcome for outcome in SHOWN_FIRST if outcome in present), Outcome.NOT_APPLICABLE)


def _gather(institution_ids: Sequence[int], week: Week) -> dict[int, _Facts]:
    facts = {
        pk: _Facts(stages=tuple(stages))
        for pk, stages in Institution.objects.filter(pk__in=institution_ids).values_list("pk", "stages")
    }
    days = UnitDay.objects.filter(institution_id__in=facts, week=week.monday)
    for pk, stage, school_days in days.values_list("institution_id", "stage", "week_school_days").distinct():
        facts[pk].known_stages.add(stage)
        if school_days:
            facts[pk].school_stages.add(stage)
    source = coverage()
    if source is not None:
        for pk, *_ in source(list(facts), week.monday, week.monday):
            facts[pk].is_covered = True
    for row in _findings(list(facts), week):
        _take(facts[row["institution_id"]], row)
    return facts


def _findings(institution_ids: Sequence[int], week: Week) -> Iterable[dict[str, Any]]:
    """Open, undismissed findings of the week, and of longer periods that hold its last day; grouped in SQL."""
    by_period: dict[Period, list[str]] = {}
    for rule in all_rules():
        by_period.setdefault(rule.period, []).append(rule.code)
    weekly = by_period.get(Period.DAY, []) + by_period.get(Period.WEEK, [])
    standing = by_period.get(Period.STANDING, [])
    rows = Finding.objects.filter(institution_id__in=institution_ids).open().undismissed()
    groups = ("institution_id", "rule", "severity", "is_exempt", "is_stale")
    of_week = rows.filter(rule__in=weekly, occurred_on__range=(week.monday, week.sunday))
    yield from of_week.order_by().values(*groups).annotate(n=Count("pk"))
    longer = by_period.get(Period.MONTH, []) + by_period.get(Period.TERM, [])
    if standing or longer:
        state = rows.filter(rule__in=standing + longer, occurred_on__lte=week.sunday)
        periods = [f"{week.sunday:%Y-%m}", _term_of(week.sunday), "standing"]
        yield from state.filter(period__in=periods).order_by().values(*groups).annotate(n=Count("pk"))


def _term_of(day: dt.date) -> str:
    year = day.year if day.month >= 8 else day.year - 1
    return f"{year}-{year + 1}-{1 if day.month >= 8 or day.month == 1 else 2}"


def _take(facts: _Facts, row: Mapping[str, Any]) -> None:
    code, severity = row["rule"], row["severity"]
    if row["is_exempt"]:
        facts.exempt.add(code)
    elif row["is_stale"]:
        # Seen once, but its week is not covered any more: nobody can say whether it still holds.
        facts.stale.add(code)
    else:
        facts.worst[code] = max(facts.worst.get(code, 0), severity)
        facts.counts[severity] = facts.counts.get(severity, 0) + row["n"]


def _switched_off(institution_ids: Sequence[int], week: Week) -> set[tuple[str, int]]:
    """(rule, institution) whose mode on the week's last day is 关闭; a unit's own mode goes first."""
    modes: dict[tuple[str, int | None], str] = {}
    rows = RuleMode.objects.filter(effective_from__lte=week.sunday).order_by("effective_from")
    for rule, institution_id, mode in rows.values_list("rule", "institution_id", "mode"):
        modes[rule, institution_id] = mode
    off: set[tuple[str, int]] = set()
    for (rule, owner), mode in modes.items():
        if mode == RuleMode.Mode.OFF and owner is not None:
            off.add((rule, owner))
        elif mode == RuleMode.Mode.OFF:
            own = {pk for pk in institution_ids if modes.get((rule, pk), RuleMode.Mode.OFF) == RuleMode.Mode.OFF}
            off |= {(rule, pk) for pk in own}
    return off
