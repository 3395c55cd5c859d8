"""Outcome of (rule, institution, period), in the order of design.md; the only place that decides it.

Set-based: a fixed number of queries for any number of institutions and weeks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count

from shuangjian.bureau.models import Institution, UnitDay
from shuangjian.core.choices import Outcome, Severity
from shuangjian.core.querysets import lookup
from shuangjian.core.weeks import Week
from shuangjian.rules.declare import Period, Rule, Source, all_rules
from shuangjian.rules.models import Exemption, Finding, RuleMode
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
    without_rows: set[str] = field(default_factory=set)
    stale: set[str] = field(default_factory=set)
    sufficient_for: frozenset[str] = frozenset()


def unit_outcomes(institution_ids: Sequence[int], week: Week, *, now: dt.datetime) -> dict[int, UnitOutcome]:
    """Outcomes of these institutions for ``week``: D and W rules of that week, M, T and S state on its last day."""
    return outcomes_of_weeks(institution_ids, [week], now=now)[week]


def outcomes_of_weeks(
    institution_ids: Sequence[int], weeks: Sequence[Week], *, now: dt.datetime
) -> dict[Week, dict[int, UnitOutcome]]:
    """As ``unit_outcomes``, for several weeks at the price of one."""
    facts = _gather(institution_ids, weeks)
    rules, modes = all_rules(), _modes(weeks)
    result: dict[Week, dict[int, UnitOutcome]] = {}
    for week in weeks:
        off = _switched_off(institution_ids, week, modes)
        result[week] = {}
        for pk in facts.institution_ids:
            known = facts.of[pk, week.monday]
            by_rule = {rule.code: _decide(rule, known) for rule in rules if (rule.code, pk) not in off}
            result[week][pk] = UnitOutcome(pk, _shown(by_rule.values()), by_rule, known.counts)
    return result


def _decide(rule: Rule, facts: _Facts) -> Outcome:
    """The fixed order: not applicable, exempt, a proven finding, insufficient data, compliant."""
    if not rule.applies_to(facts.stages) or rule.code in facts.without_rows:
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


def _shown(outcomes: Iterable[Outcome]) -> Outcome:
    present = set(outcomes)
    return next((outcome for outcome in SHOWN_FIRST if outcome in present), Outcome.NOT_APPLICABLE)


@dataclass(frozen=True)
class _Gathered:
    """Facts by (institution id, Monday), for every institution that exists and every week asked for."""

    institution_ids: list[int]
    of: dict[tuple[int, dt.date], _Facts]


def _gather(institution_ids: Sequence[int], weeks: Sequence[Week]) -> _Gathered:
    mondays = [week.monday for week in weeks]
    stages_of = dict(Institution.objects.filter(pk__in=institution_ids).values_list("pk", "stages"))
    facts = {(pk, monday): _Facts(stages=tuple(stages)) for pk, stages in stages_of.items() for monday in mondays}
    days = UnitDay.objects.filter(institution_id__in=stages_of, week__in=mondays)
    for pk, monday, stage, school_days in days.values_list(
        "institution_id", "week", "stage", "week_school_days"
    ).distinct():
        facts[pk, monday].known_stages.add(stage)
        if school_days:
            facts[pk, monday].school_stages.add(stage)
    source = coverage()
    if source is not None and mondays:
        for pk, monday, _, sufficient_for in source(list(stages_of), min(mondays), max(mondays)):
            if (pk, monday) in facts:  # the weeks asked for need not follow one another
                facts[pk, monday].is_covered = True
                facts[pk, monday].sufficient_for = frozenset(sufficient_for)
    for pk, monday, rule in _nothing_to_judge(list(stages_of), mondays):
        facts[pk, monday].without_rows.add(rule)
    for pk, monday, rule in _exempt_weeks(list(stages_of), mondays):
        facts[pk, monday].exempt.add(rule)
    for monday, row in _findings(list(stages_of), weeks):
        _take(facts[row["institution_id"], monday], row)
    return _Gathered(list(stages_of), facts)


def _nothing_to_judge(institution_ids: Sequence[int], mondays: Sequence[dt.date]) -> Iterable[tuple[int, dt.date, str]]:
    """(institution, Monday, rule) of weekly register rules that have no row there: who owes no return is not late.

    One query for each kind of row.
    """
    rules: dict[Any, list[str]] = {}
    for rule in all_rules():
        if rule.source is Source.REGISTER and rule.period is Period.WEEK:
            rules.setdefault(rule.about, []).append(rule.code)
    for model, codes in rules.items():
        path = lookup(model.INSTITUTION, "in")
        rows = model.objects.filter(**{path: institution_ids, f"{model.OCCURRED_ON}__in": mondays})
        present = set(rows.order_by().values_list(model.INSTITUTION, model.OCCURRED_ON))
        for pk in institution_ids:
            for monday in mondays:
                if (pk, monday) not in present:
                    yield from ((pk, monday, code) for code in codes)


def _exempt_weeks(institution_ids: Sequence[int], mondays: Sequence[dt.date]) -> Iterable[tuple[int, dt.date, str]]:
    """(institution, Monday, rule) of weeks in which every school day lies inside an exemption of the rule."""
    if not mondays:
        return
    first, last = min(mondays), max(mondays) + dt.timedelta(days=6)
    ranges: dict[tuple[int, str], list[tuple[dt.date, dt.date]]] = {}
    granted = Exemption.objects.filter(institution_id__in=institution_ids, starts_on__lte=last, ends_on__gte=first)
    for pk, rule, starts_on, ends_on in granted.values_list("institution_id", "rule", "starts_on", "ends_on"):
        ranges.setdefault((pk, rule), []).append((starts_on, ends_on))
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


def _findings(institution_ids: Sequence[int], weeks: Sequence[Week]) -> Iterable[tuple[dt.date, dict[str, Any]]]:
    """(Monday, group): open, undismissed findings of the weeks, and of longer periods that hold the last day of one."""
    by_period: dict[Period, list[str]] = {}
    for rule in all_rules():
        by_period.setdefault(rule.period, []).append(rule.code)
    weekly = by_period.get(Period.DAY, []) + by_period.get(Period.WEEK, [])
    longer = [code for each in (Period.STANDING, Period.MONTH, Period.TERM) for code in by_period.get(each, [])]
    rows = Finding.objects.filter(institution_id__in=institution_ids, is_trial=False).open().undismissed().order_by()
    groups = ("institution_id", "rule", "severity", "is_exempt", "is_stale", "period")
    monday_of = {week.key: week.monday for week in weeks}
    # The period of a D or W rule is its week: one equality instead of a range for each week.
    for row in rows.filter(rule__in=weekly, period__in=monday_of).values(*groups).annotate(n=Count("pk")):
        yield monday_of[row["period"]], row
    if not longer:
        return
    held = {week: {f"{week.sunday:%Y-%m}", _term_of(week.sunday), "standing"} for week in weeks}
    state = rows.filter(rule__in=longer, period__in=set().union(*held.values()))
    for row in state.values(*groups, "occurred_on").annotate(n=Count("pk")):
        for week, periods in held.items():
            if row["period"] in periods and row["occurred_on"] <= week.sunday:
                yield week.monday, row


def _term_of(day: dt.date) -> str:
    year = day.year if day.month >= 8 else day.year - 1
    return f"{year}-{year + 1}-{1 if day.month >= 8 or day.month == 1 else 2}"


def _take(facts: _Facts, row: Mapping[str, Any]) -> None:
    code, severity = row["rule"], row["severity"]
    if row["is_exempt"]:
        return  # kept, but nothing follows from it
    if row["is_stale"]:
        # Seen once, but its week is not covered any more: nobody can say whether it still holds.
        facts.stale.add(code)
    else:
        facts.worst[code] = max(facts.worst.get(code, 0), severity)
        facts.counts[severity] = facts.counts.get(severity, 0) + row["n"]


def _modes(weeks: Sequence[Week]) -> list[tuple[str, int | None, str, dt.date]]:
    """(rule, institution or None for all, mode, from) up to the last of the weeks, oldest first."""
    last = max((week.sunday for week in weeks), default=dt.date.min)
    rows = RuleMode.objects.filter(effective_from__lte=last).order_by("effective_from")
    return list(rows.values_list("rule", "institution_id", "mode", "effective_from"))


def _switched_off(
    institution_ids: Sequence[int], week: Week, rows: Sequence[tuple[str, int | None, str, dt.date]]
) -> set[tuple[str, int]]:
    """(rule, institution) whose mode on the week's last day is not 正式; a unit's own mode goes first.

    A rule on trial is judged for the bureau to look at, and has no outcome yet.
    """
    modes = {(rule, owner): mode for rule, owner, mode, since in rows if since <= week.sunday}
    off: set[tuple[str, int]] = set()
    for (rule, owner), mode in modes.items():
        if mode != RuleMode.Mode.FORMAL and owner is not None:
            off.add((rule, owner))
        elif mode != RuleMode.Mode.FORMAL:
            off |= {(rule, pk) for pk in institution_ids if modes.get((rule, pk)) != RuleMode.Mode.FORMAL}
    return off
