"""Findings by rule over the weeks of a term: a rate, since short weeks and weeks with few returns have fewer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.urls import reverse

from shuangjian.core.weeks import Week
from shuangjian.dashboards.exposure import class_days
from shuangjian.dashboards.selectors.trends_markers import Change, changes, markers
from shuangjian.dashboards.selectors.trends_scope import Scope
from shuangjian.dashboards.selectors.trends_weeks import counted_findings
from shuangjian.dashboards.selectors.weeks import short_label
from shuangjian.intake.models import Filing
from shuangjian.rules.declare import Rule, Source, find_rule

LINES = 5  # more cannot be told apart
_HALF = 4  # weeks that are compared with the weeks before them
_CHANGED = 0.2


@dataclass(frozen=True)
class WeekBase:
    """What a week's findings are divided by: class-days of the returns that stand, and returns that were due."""

    week: Week
    class_days: int
    returns_due: int
    returns_filed: int


@dataclass(frozen=True)
class RuleTrend:
    """One rule over the weeks. ``rates``: findings per 100 class-days (register rules: per 100 returns due)."""

    rule: Rule
    counts: Sequence[int]
    rates: Sequence[float | None]
    rate: float | None
    url: str

    @property
    def total(self) -> int:
        return sum(self.counts)

    @property
    def is_per_return(self) -> bool:
        return self.rule.source is Source.REGISTER


@dataclass(frozen=True)
class WeekRow:
    """One week of the table: its denominators and the count of each rule, in the order of the rules."""

    name: str
    url: str
    base: WeekBase
    counts: Sequence[int]


@dataclass(frozen=True)
class Trends:
    """Rules with findings, the most frequent first; ``bases`` are the weeks with a return due, oldest first."""

    bases: Sequence[WeekBase]
    lines: Sequence[RuleTrend]
    changes: Sequence[Change]
    total: int

    @property
    def weeks(self) -> list[Week]:
        return [base.week for base in self.bases]

    @property
    def rows(self) -> list[WeekRow]:
        return [
            WeekRow(
                short_label(base.week),
                f"{reverse('units')}?week={base.week.key}",
                base,
                [line.counts[place] for line in self.lines],
            )
            for place, base in enumerate(self.bases)
        ]


def rule_trends(scope: Scope) -> Trends:
    """The scope's findings by rule and week; a fixed number of queries."""
    bases = _bases(scope)
    weeks = [base.week for base in bases]
    counts: dict[str, dict[str, int]] = {}
    if weeks:
        rows = counted_findings(scope, weeks).values_list("rule", "period").annotate(number=Count("pk"))
        for code, period, number in rows:
            counts.setdefault(code, {})[period] = number
    found = [_line(scope, rule, counts[code], bases) for code in counts if (rule := find_rule(code))]
    if scope.rule and not found:
        found = [_line(scope, scope.rule, {}, bases)]
    found.sort(key=lambda line: (line.is_per_return, -line.total, line.rule.code))
    return Trends(bases, found, changes(scope, weeks), sum(line.total for line in found))


def rules_chart(trends: Trends) -> dict[str, Any] | None:
    """Lines of the most frequent rules, with markers; None where no week is due or nothing was found."""
    shown = _shown(trends)
    if not trends.bases or not shown:
        return None
    per = "百份应报周报" if shown[0].is_per_return else "百班日"
    return {
        "id": "rules",
        "kind": "line",
        "title": headline(trends),
        "unit": f"条/{per}",
        "note": _note(trends, shown),
        "columns": ["周次", *(line.rule.code for line in shown)],
        "column_words": [f"{line.rule.code} {line.rule.title}" for line in shown],
        "column_urls": [line.url for line in shown],
        "rows": [
            [short_label(base.week), *(line.rates[place] for line in shown)] for place, base in enumerate(trends.bases)
        ],
        "markers": markers(trends.changes, trends.weeks),
    }


def headline(trends: Trends) -> str:
    """What the lines say, in one line."""
    if not trends.bases:
        return "还没有到期的周报"
    if not trends.lines or not trends.total:
        return "各周都没有未消除的疑似问题"
    line = trends.lines[0]
    tendency = _tendency(line, trends.bases)
    name = f"“{line.rule.title}”（{line.rule.code}）"
    if len(trends.lines) == 1:
        return f"{name}{tendency}"
    return f"最多的是{name}，占 {round(line.total * 100 / trends.total)}%，{tendency}"


def _tendency(line: RuleTrend, bases: Sequence[WeekBase]) -> str:
    """The last four weeks against the four before, in words; the weeks' rates are weighed by their denominators."""
    if len(bases) < 2 * _HALF:
        return f"共 {line.total} 条"
    last, before = (_joint(line, bases, part) for part in (slice(-_HALF, None), slice(-2 * _HALF, -_HALF)))
    if last is None or before is None:
        return f"共 {line.total} 条"
    if not before:
        return "近 4 周新出现" if last else "近 8 周没有出现"
    change = round((last - before) * 100 / before)
    if abs(change) < _CHANGED * 100:
        return "近 4 周与前 4 周大致持平"
    return f"近 4 周比前 4 周{'上升' if change > 0 else '下降'} {abs(change)}%"


def _joint(line: RuleTrend, bases: Sequence[WeekBase], part: slice) -> float | None:
    return _rate(sum(line.counts[part]), sum(_denominator(line.rule, base) for base in bases[part]))


def _shown(trends: Trends) -> list[RuleTrend]:
    of_returns = [line for line in trends.lines if not line.is_per_return and line.total]
    return (of_returns or list(trends.lines))[:LINES]


def _note(trends: Trends, shown: Sequence[RuleTrend]) -> str:
    others = len(trends.lines) - len(shown)
    base = "每 100 份应报周报" if shown[0].is_per_return else "每 100 个已报班日"
    rest = f"；只画最多的 {len(shown)} 条规则，其余 {others} 条见下表" if others else ""
    return f"{base}中未消除、未排除的疑似问题{rest}"


def _line(scope: Scope, rule: Rule, by_period: Mapping[str, int], bases: Sequence[WeekBase]) -> RuleTrend:
    counts = [by_period.get(base.week.key, 0) for base in bases]
    denominators = [_denominator(rule, base) for base in bases]
    return RuleTrend(
        rule=rule,
        counts=counts,
        rates=[_rate(count, below) for count, below in zip(counts, denominators, strict=True)],
        rate=_rate(sum(counts), sum(denominators)),
        url=scope.asked.address("trends_rules", rule=rule.code),
    )


def _denominator(rule: Rule, base: WeekBase) -> int:
    return base.class_days if rule.source is Source.RETURN else base.returns_due


def _rate(count: int, below: int) -> float | None:
    return round(count * 100 / below, 2) if below else None


def _bases(scope: Scope) -> list[WeekBase]:
    """Weeks with a return due; two queries and those of the class-days."""
    mondays = [week.monday for week in scope.weeks]
    owed = Filing.objects.filter(institution__in=scope.ids, week__in=mondays).order_by()
    filed: dict[dt.date, set[int]] = {}
    due: dict[dt.date, int] = {}
    for pk, monday, is_filed, due_at in owed.values_list("institution_id", "week", "is_filed", "due_at"):
        if is_filed:
            filed.setdefault(monday, set()).add(pk)
        if is_filed or due_at < scope.now:
            due[monday] = due.get(monday, 0) + 1
    days = class_days(scope.ids, mondays)
    by_week: dict[dt.date, int] = {}
    for (pk, monday), number in days.items():
        if pk in filed.get(monday, ()):
            by_week[monday] = by_week.get(monday, 0) + number
    return [
        WeekBase(week, by_week.get(week.monday, 0), due[week.monday], len(filed.get(week.monday, ())))
        for week in scope.weeks
        if week.monday in due
    ]
