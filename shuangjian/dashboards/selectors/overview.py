"""The home of those who supervise: the answer in the title, what to do, who has not filed, and the picture by town."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min, Q

from shuangjian.accounts.models import User
from shuangjian.core.choices import Outcome, Severity
from shuangjian.core.weeks import Week
from shuangjian.dashboards.selectors.jurisdiction import alerts_of
from shuangjian.dashboards.selectors.units import TownRow, UnitRow, attention
from shuangjian.dashboards.selectors.weeks import short_label, weeks_until
from shuangjian.intake.attention import UnitAttention, attention_of_weeks
from shuangjian.intake.filing_counts import FilingCounts, filing_counts_with
from shuangjian.intake.models import Filing

GRID_UNITS = 20
_GRID_BESIDE_TOWNS = 12
_FEWEST_BARS = 3
_OFTEN = 3
_BAR_TOWNS = 16


@dataclass(frozen=True)
class FilingStats(FilingCounts):
    """How the returns of one week stand in a jurisdiction. ``due_at`` None: nothing is owed."""

    due_at: dt.datetime | None = None

    def is_due(self, now: dt.datetime) -> bool:
        return self.due_at is not None and now > self.due_at


@dataclass(frozen=True)
class AlertCount:
    """Unclosed alerts of one severity, and how many of them are past their 整改期限."""

    severity: int
    total: int
    overdue: int


def filing_stats(user: User, week: Week, now: dt.datetime) -> FilingStats:
    """Counts over every filing of the jurisdiction, those of units closed since included; one query."""
    filings = Filing.objects.visible_to(user).filter(week=week.monday)
    counts, also = filing_counts_with(filings, now, first=Min("due_at"))
    return FilingStats(**counts.as_dict(), due_at=also["first"])


def alert_counts(user: User, today: dt.date) -> list[AlertCount]:
    """Unclosed alerts by severity, worst first, severities without any included; one query."""
    counted = {
        row["severity"]: row
        for row in alerts_of(user)
        .unclosed()
        .order_by()
        .values("severity")
        .annotate(total=Count("pk"), overdue=Count("pk", filter=Q(due_on__lt=today)))
    }
    nothing = {"total": 0, "overdue": 0}
    return [
        AlertCount(int(level), counted.get(level, nothing)["total"], counted.get(level, nothing)["overdue"])
        for level in sorted(Severity, reverse=True)
    ]


def headline(rows: Sequence[UnitRow], stats: FilingStats, week: Week, now: dt.datetime) -> str:
    """The page's question answered in one line."""
    name = short_label(week)
    needing = len(attention(rows))
    if needing:
        return f"{name} {needing} 所学校需要关注"
    if not rows:
        return "管辖范围内还没有学校"
    if not stats.expected:
        return f"{name} 没有应报任务"
    if not stats.is_due(now):
        return f"{name} 周报未到期，暂无学校需要关注"
    return f"{name} 没有学校需要关注"


def stat_strip(rows: Sequence[UnitRow], stats: FilingStats, query: str) -> list[dict[str, Any]]:
    """Figures under the title, missing data first: it is never counted as compliant."""
    no_data = sum(row.lacks_data for row in rows)
    compliant = sum(row.shown_outcome == Outcome.COMPLIANT for row in rows)
    units, filings = f"/units/?week={query}", f"/filings/?week={query}"
    owed = f"应报 {stats.expected} 所"
    return [
        {
            "label": "数据不足",
            "value": no_data,
            "unit": "所",
            "note": "已到期仍缺，不计为合规",
            "url": f"{units}&outcome=no_data",
            "sign_class": "sign--insufficient-data" if no_data else "",
        },
        {
            "label": "已报",
            "value": stats.filed,
            "unit": "所",
            "note": f"{owed}，报送率 {stats.filed_rate}%" if stats.expected else owed,
            "url": f"{filings}&state=all",
            "sign_class": "",
        },
        {
            "label": "按时报送",
            "value": stats.on_time,
            "unit": "所",
            "note": f"迟报 {stats.late} 所",
            "url": f"{filings}&state=all",
            "sign_class": "",
        },
        {
            "label": "未报",
            "value": stats.missing,
            "unit": "所",
            "note": f"未到期 {stats.pending} 所",
            "url": filings,
            "sign_class": "sign--violation" if stats.missing else "",
        },
        {
            "label": "合规",
            "value": compliant,
            "unit": "所",
            "note": f"共 {len(rows)} 所学校",
            "url": f"{units}&outcome=compliant",
            "sign_class": "",
        },
    ]


def town_bars(towns: Sequence[TownRow], week: Week) -> dict[str, Any] | None:
    """Ranked bars of units that need attention, by town; None where fewer than three towns have any."""
    worst = [town for town in towns if town.attention][:_BAR_TOWNS]
    if len(worst) < _FEWEST_BARS:
        return None
    most = worst[0]
    return {
        "id": "towns",
        "kind": "bars",
        "title": f"{most.name}最多：{most.attention} 所学校需要关注",
        "unit": "所",
        "note": f"{short_label(week)}需要关注的学校",
        "columns": ["镇街", "需要关注"],
        "rows": [
            [
                town.name,
                town.attention,
                "violation" if town.suspected else "nodata" if town.no_data else "warning",
                f"/units/?week={week.key}&town={town.code or 'none'}",
            ]
            for town in worst
        ],
    }


def unit_grid(rows: Sequence[UnitRow], week: Week, now: dt.datetime, *, towns: int = 0) -> dict[str, Any] | None:
    """Heat grid of the worst units over eight weeks; None where there is no unit.

    A cell shows the worst open severity. Missing data goes before 提示 and 预警, which there mostly say no more than
    that the return is missing, and is never shown as 合规.
    """
    shown = rows[: _GRID_BESIDE_TOWNS if towns else GRID_UNITS]
    if not shown:
        return None
    weeks = weeks_until(week)
    ids = [row.unit.pk for row in shown]
    by_week = attention_of_weeks(ids, weeks[:-1], now=now)
    by_week[week] = {row.unit.pk: row.standing for row in shown}  # known already
    # A week that nobody owes, or that is not due yet, has nothing to show; hatching it would cry wolf.
    asked = [(each, results) for each, results in by_week.items() if _is_due(results.values(), now)]
    if not asked:
        return None
    columns = [results for _, results in asked]
    return {
        "id": "grid",
        "kind": "heat",
        "scale": "severity",
        "title": _grid_title(shown, columns),
        "unit": "",
        "note": "每格为该周最高预警等级；数据不足不计为合规，先于提示和预警显示",
        "columns": ["单位", *(short_label(each) for each, _ in asked)],
        "rows": [[row.unit.name, *(_cell(results.get(row.unit.pk)) for results in columns)] for row in shown],
    }


def _cell(standing: UnitAttention | None) -> int | None:
    if standing is None:
        return None
    worst = max((level for level, count in standing.outcome.severities.items() if count), default=0)
    if standing.outcome.has_insufficient_data and worst < Severity.VIOLATION:
        return None
    return worst


def _is_due(standings: Iterable[UnitAttention], now: dt.datetime) -> bool:
    return any(standing.due_at is not None and standing.due_at < now for standing in standings)


def _has_findings(standing: UnitAttention | None) -> bool:
    return standing is not None and standing.outcome.findings > 0


def _grid_title(rows: Sequence[UnitRow], by_week: Sequence[dict[int, UnitAttention]]) -> str:
    """What the grid shows, said of the units in it alone: it is cut to the worst."""
    grid = [[results.get(row.unit.pk) for results in by_week] for row in rows]
    troubled = sum(sum(_has_findings(standing) for standing in line) >= _OFTEN for line in grid)
    if troubled:
        return f"所列 {len(rows)} 所中 {troubled} 所有 {_OFTEN} 周以上出现疑似问题"
    dark = sum(sum(_cell(standing) is None for standing in line) >= _OFTEN for line in grid)
    if dark:
        return f"所列 {len(rows)} 所中 {dark} 所有 {_OFTEN} 周以上数据不足"
    return f"所列 {len(rows)} 所近 {len(by_week)} 周没有反复出现问题"
