"""Outcomes of many units over many weeks at once: what a heat grid and a ranking of a whole term are made of.

The same outcomes as ``outcomes.py``, in the same order (design.md, "Outcome"), counted with sets of rules instead of
one rule after another: PostgreSQL brings together which rules each unit's week has findings of, and a handful of set
operations decides the week. A test compares the two over a small world.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, reduce
from operator import or_
from typing import Any

from django.db import connection
from django.db.models import F, Q

from shuangjian.bureau.models import Institution, UnitDay
from shuangjian.core.choices import Outcome, Severity
from shuangjian.core.querysets import lookup
from shuangjian.core.weeks import Week
from shuangjian.rules.declare import Period, Rule, Source, all_rules
from shuangjian.rules.models import Dismissal, Exemption, Finding, RuleMode
from shuangjian.rules.outcomes import _term_of
from shuangjian.rules.registries import coverage

_LEVELS = sorted((int(level) for level in Severity), reverse=True)
_DAY_OR_WEEK = (Period.DAY, Period.WEEK)
#: Sets of rules are whole numbers: bit n is the n-th rule by code.
Rules = int

# Which rules a unit's week has findings of, by severity; one row a unit and period.
_SEEN = """
SELECT f.institution, f.period, {levels},
       bit_or(r.bit) FILTER (WHERE f.is_stale)::text
FROM ({sql}) AS f (institution, period, rule, severity, is_stale)
JOIN (SELECT unnest(%s::text[]), unnest(%s::text[])::bit({width})) AS r (code, bit) ON r.code = f.rule
GROUP BY f.institution, f.period"""
_LEVEL = "bit_or(r.bit) FILTER (WHERE NOT f.is_stale AND f.severity = {level})::text"
_COVERED = "SELECT c.institution, c.week, c.rules::text FROM ({sql}) AS c (institution, week, version, rules)"


@dataclass(frozen=True, slots=True)
class Cell:
    """One unit's week. ``worst`` is its worst open severity (0: none), whatever the rule's mode; with ``rule`` asked
    for, that rule's alone."""

    outcome: Outcome
    has_insufficient_data: bool
    worst: int


#: Rules with findings, one set a severity from the worst down, and last those of which only stale ones are left.
Seen = tuple[Rules, ...]
#: (stages of which the calendar knows the week, stages that had school in it).
Stages = tuple[tuple[str, ...], tuple[str, ...]]

_NOTHING: Seen = (0,) * (len(_LEVELS) + 1)
_NO_CALENDAR: Stages = ((), ())


def outcome_grid(
    institution_ids: Sequence[int], weeks: Sequence[Week], *, rule: str = ""
) -> dict[tuple[int, dt.date], Cell]:
    """The cell of each of these institutions that exists, and each of these weeks, by (id, Monday).

    With ``rule`` the outcome of that rule alone; one that is not in force there is 不适用. A fixed number of queries.
    """
    if not institution_ids or not weeks:
        return {}
    rules = all_rules()
    sets = _RuleSets(rules)
    only = sets.of(each.code for each in rules if each.code == rule) if rule else sets.every
    facts = _Facts.gather(institution_ids, weeks, sets)
    cells: dict[tuple[int, dt.date], Cell] = {}
    kept: dict[tuple[Any, ...], Cell] = {}  # weeks with the same facts are decided once
    mondays = [week.monday for week in weeks]
    for pk, (kind, stages) in facts.units.items():
        applicable = sets.applicable(kind, stages) & only
        for monday in mondays:
            key = (pk, monday)
            known = (
                stages,
                applicable & ~facts.off.get(key, 0) & ~facts.without_rows.get(key, 0),
                facts.exempt.get(key, 0),
                facts.seen.get(key, _NOTHING),
                facts.days.get(key, _NO_CALENDAR),
                facts.sufficient.get(key),
            )
            cell = kept.get(known)
            if cell is None:
                cell = kept[known] = _decide(sets, only, *known)
            cells[key] = cell
    return cells


def _decide(
    sets: _RuleSets,
    only: Rules,
    stages: tuple[str, ...],
    present: Rules,
    exempt: Rules,
    seen: Seen,
    days: Stages,
    sufficient: Rules | None,
) -> Cell:
    """The fixed order: not applicable, exempt, a proven finding, insufficient data, compliant.

    ``present`` are the rules asked about that are in force and apply; ``sufficient`` is None where no return covers.
    """
    *by_level, stale = (found & only for found in seen)
    worst = next((level for level, found in zip(_LEVELS, by_level, strict=True) if found), 0)
    judged = present & ~exempt
    grave, light = by_level[0] | by_level[1], by_level[2] | by_level[3]
    asked = judged & ~grave & ~light & sets.of_returns
    lacking = asked & (sets.unknown_stage(stages, days[0]) | stale)
    idle = asked & ~lacking & sets.without_school(stages, days[1])
    rest = asked & ~lacking & ~idle
    lacking |= rest if sufficient is None else rest & sets.can_lack & ~sufficient
    if judged & grave:
        outcome = Outcome.SUSPECTED_VIOLATION
    elif judged & light:
        outcome = Outcome.WARNING
    elif lacking:
        outcome = Outcome.INSUFFICIENT_DATA
    elif present & exempt:
        outcome = Outcome.EXEMPT
    else:
        # As in outcomes: a unit that owes returns is compliant by these alone.
        said = judged & sets.of_returns if present & sets.of_returns else judged
        outcome = Outcome.COMPLIANT if said & ~idle else Outcome.NOT_APPLICABLE
    return Cell(outcome, bool(lacking), worst)


class _RuleSets:
    """The sets that follow from the rules' declarations."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = rules
        self.bit = {rule.code: 1 << place for place, rule in enumerate(rules)}
        self.every = (1 << len(rules)) - 1
        self.of_returns = self.of(rule.code for rule in rules if rule.source is Source.RETURN)
        self.can_lack = self.of(rule.code for rule in rules if rule.unknown is not None)
        self.applicable = cache(self._applicable)
        self.unknown_stage = cache(self._unknown_stage)
        self.without_school = cache(self._without_school)

    def of(self, codes: Any) -> Rules:
        return sum({self.bit[code] for code in codes if code in self.bit})

    def texts(self) -> list[str]:
        """Each rule's set as PostgreSQL writes it: 00100."""
        return [f"{bit:0{len(self.rules)}b}" for bit in self.bit.values()]

    def _applicable(self, kind: str, stages: tuple[str, ...]) -> Rules:
        return self.of(rule.code for rule in self.rules if rule.applies_to(kind, stages))

    def _unknown_stage(self, stages: tuple[str, ...], known: tuple[str, ...]) -> Rules:
        """Rules that ask about a stage of the unit of which nobody knows whether it had school."""
        return self._where(stages, lambda asked: not asked <= set(known))

    def _without_school(self, stages: tuple[str, ...], school: tuple[str, ...]) -> Rules:
        return self._where(stages, lambda asked: not asked & set(school))

    def _where(self, stages: tuple[str, ...], holds: Callable[[set[str]], bool]) -> Rules:
        return self.of(rule.code for rule in self.rules if holds(set(rule.stages or stages) & set(stages)))


@dataclass
class _Facts:
    """What is known of the units' weeks, by (institution id, Monday). ``units``: each unit's kind and stages;
    ``sufficient``: of covered weeks only."""

    units: dict[int, tuple[str, tuple[str, ...]]]
    days: dict[tuple[int, dt.date], Stages] = field(default_factory=dict)
    sufficient: dict[tuple[int, dt.date], Rules] = field(default_factory=dict)
    without_rows: dict[tuple[int, dt.date], Rules] = field(default_factory=dict)
    exempt: dict[tuple[int, dt.date], Rules] = field(default_factory=dict)
    off: dict[tuple[int, dt.date], Rules] = field(default_factory=dict)
    seen: dict[tuple[int, dt.date], Seen] = field(default_factory=dict)

    @classmethod
    def gather(cls, institution_ids: Sequence[int], weeks: Sequence[Week], sets: _RuleSets) -> _Facts:
        units = Institution.objects.filter(pk__in=institution_ids).order_by().values_list("pk", "kind", "stages")
        facts = cls({pk: (kind, tuple(stages)) for pk, kind, stages in units})
        ids, mondays = list(facts.units), [week.monday for week in weeks]
        if not ids:
            return facts
        facts.days = dict(_school_stages(ids, mondays))
        facts.sufficient = dict(_sufficient(ids, mondays, sets))
        facts.without_rows = _nothing_to_judge(ids, mondays, sets)
        facts.exempt = _exempt(ids, mondays, sets)
        facts.off = _switched_off(ids, weeks, sets)
        concerning = reduce(or_, (sets.applicable(kind, stages) for kind, stages in set(facts.units.values())))
        facts.seen = _seen(ids, weeks, sets, concerning)
        return facts


def _school_stages(ids: list[int], mondays: list[dt.date]) -> Iterator[tuple[tuple[int, dt.date], Any]]:
    """(stages of which the calendar knows the week, stages that had school in it); one query.

    One day stands for its week, since the number of its school days is repeated on each; of a week without any, all.
    """
    standing = Q(date=F("week_first_on")) | Q(week_school_days=0)
    rows = UnitDay.objects.filter(standing, institution_id__in=ids, week__in=mondays).order_by()
    counts: dict[tuple[int, dt.date], dict[str, int]] = {}
    for pk, monday, stage, school_days in rows.values_list("institution_id", "week", "stage", "week_school_days"):
        counts.setdefault((pk, monday), {})[stage] = school_days
    kinds: dict[tuple[tuple[str, int], ...], Stages] = {}
    for key, by_stage in counts.items():
        kind = tuple(by_stage.items())
        if kind not in kinds:
            known = tuple(sorted(by_stage))
            kinds[kind] = known, tuple(stage for stage in known if by_stage[stage])
        yield key, kinds[kind]


def _sufficient(ids: list[int], mondays: list[dt.date], sets: _RuleSets) -> Iterator[tuple[tuple[int, dt.date], Rules]]:
    """Covered weeks with the rules for which their returns suffice; one query."""
    source = coverage()
    if source is None:
        return
    sql, params = _compile(source(ids, min(mondays), max(mondays)))
    known: dict[str, Rules] = {}
    with connection.cursor() as cursor:
        cursor.execute(_COVERED.format(sql=sql), params)
        for pk, monday, codes in cursor.fetchall():
            if codes not in known:
                known[codes] = sets.of(codes.strip("{}").split(","))
            yield (pk, monday), known[codes]


def _nothing_to_judge(ids: list[int], mondays: list[dt.date], sets: _RuleSets) -> dict[tuple[int, dt.date], Rules]:
    """Weekly register rules that have no row there; one query for each kind of row."""
    rules: dict[Any, list[str]] = {}
    for rule in sets.rules:
        if rule.source is Source.REGISTER and rule.period is Period.WEEK:
            rules.setdefault(rule.about, []).append(rule.code)
    result: dict[tuple[int, dt.date], Rules] = {}
    for model, codes in rules.items():
        of_model = sets.of(codes)
        rows = model.objects.filter(
            **{lookup(model.INSTITUTION, "in"): ids, f"{model.OCCURRED_ON}__in": mondays}
        ).order_by()
        present = set(rows.values_list(lookup(model.INSTITUTION, "pk"), model.OCCURRED_ON))
        for key in ((pk, monday) for pk in ids for monday in mondays):
            if key not in present:
                result[key] = result.get(key, 0) | of_model
    return result


def _exempt(ids: list[int], mondays: list[dt.date], sets: _RuleSets) -> dict[tuple[int, dt.date], Rules]:
    """Rules with an exemption over every school day of the week; one query, a second where there is any."""
    first, last = min(mondays), max(mondays) + dt.timedelta(days=6)
    granted = Exemption.objects.filter(institution_id__in=ids, starts_on__lte=last, ends_on__gte=first)
    spans: dict[int, dict[str, list[tuple[dt.date, dt.date]]]] = {}
    for pk, rule, starts_on, ends_on in granted.values_list("institution_id", "rule", "starts_on", "ends_on"):
        spans.setdefault(pk, {}).setdefault(rule, []).append((starts_on, ends_on))
    if not spans:
        return {}
    dates: dict[tuple[int, dt.date], set[dt.date]] = {}
    days = UnitDay.objects.filter(institution_id__in=list(spans), week__in=mondays, is_school_day=True)
    for pk, monday, date in days.values_list("institution_id", "week", "date"):
        dates.setdefault((pk, monday), set()).add(date)
    return {
        (pk, monday): sets.of(
            rule
            for rule, ranges in spans[pk].items()
            if all(any(start <= day <= end for start, end in ranges) for day in school_days)
        )
        for (pk, monday), school_days in dates.items()
    }


def _switched_off(ids: list[int], weeks: Sequence[Week], sets: _RuleSets) -> dict[tuple[int, dt.date], Rules]:
    """Rules whose mode on the week's last day is not 正式, a unit's own mode first; one query."""
    last = max(week.sunday for week in weeks)
    rows = RuleMode.objects.filter(effective_from__lte=last).order_by("effective_from")
    changes = list(rows.values_list("rule", "institution_id", "mode", "effective_from"))
    result: dict[tuple[int, dt.date], Rules] = {}
    for week in weeks if changes else ():
        modes = {(rule, owner): mode for rule, owner, mode, since in changes if since <= week.sunday}
        off = [key for key, mode in modes.items() if mode != RuleMode.Mode.FORMAL]
        for rule, owner in off:
            units = [owner] if owner else [pk for pk in ids if modes.get((rule, pk)) != RuleMode.Mode.FORMAL]
            for pk in units:
                result[pk, week.monday] = result.get((pk, week.monday), 0) | sets.bit.get(rule, 0)
    return result


def _seen(ids: list[int], weeks: Sequence[Week], sets: _RuleSets, concerning: Rules) -> dict[tuple[int, dt.date], Seen]:
    """Rules with open, undismissed, not exempt findings; one query, a second where one of the rules
    ``concerning`` any of the units looks at longer periods."""
    findings = undismissed(Finding.objects.filter(institution_id__in=ids, is_trial=False, is_exempt=False).open())
    of_longer = (rule.code for rule in sets.rules if rule.period not in _DAY_OR_WEEK)
    longer = [code for code in of_longer if sets.bit[code] & concerning]
    monday_of = {week.key: week.monday for week in weeks}
    of_weeks = findings.filter(period__in=list(monday_of))  # no longer period is named like a week
    result = {(pk, monday_of[period]): seen for pk, period, seen in _grouped(of_weeks, sets)}
    if not longer:
        return result
    held = {week: {f"{week.sunday:%Y-%m}", _term_of(week.sunday), "standing"} for week in weeks}
    state = findings.filter(rule__in=longer, period__in=set().union(*held.values())).order_by()
    columns = ("institution_id", "rule", "severity", "is_stale", "period", "occurred_on")
    for pk, rule, severity, is_stale, period, occurred_on in state.values_list(*columns).distinct():
        bit = sets.bit[rule]
        levels = tuple(bit if level == severity and not is_stale else 0 for level in _LEVELS)
        seen = (*levels, bit if is_stale else 0)
        for week, periods in held.items():
            if period in periods and occurred_on <= week.sunday:
                key = (pk, week.monday)
                result[key] = tuple(a | b for a, b in zip(result.get(key, _NOTHING), seen, strict=True))
    return result


def undismissed(findings: Any) -> Any:
    """As ``FindingQuerySet.undismissed``, for the findings of a district: the dismissals are hashed once, whatever
    PostgreSQL believes of their number; one lookup for each of 20,000 findings takes longer than all the rest."""
    dismissed = Dismissal.objects.filter(observed=F("finding__observed"), limit=F("finding__limit"))
    return findings.exclude(pk__in=dismissed.values("finding_id"))


def _grouped(findings: Any, sets: _RuleSets) -> Iterator[tuple[int, str, Seen]]:
    sql, params = _compile(findings.values_list("institution_id", "period", "rule", "severity", "is_stale"))
    levels = ", ".join(_LEVEL.format(level=level) for level in _LEVELS)
    statement = _SEEN.format(levels=levels, sql=sql, width=len(sets.rules))
    with connection.cursor() as cursor:
        cursor.execute(statement, [*params, list(sets.bit), sets.texts()])
        for pk, period, *found in cursor.fetchall():
            yield pk, period, tuple([int(bits, 2) if bits else 0 for bits in found])


def _compile(rows: Any) -> tuple[str, list[Any]]:
    sql, params = rows.order_by().query.get_compiler(connection.alias).as_sql()
    return sql, list(params)
