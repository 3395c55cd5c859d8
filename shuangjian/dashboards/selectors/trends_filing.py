"""Filing over a term: expected, filed, on time and complete, by week and by town; all of it by intake.filing_counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from shuangjian.core.choices import Stage
from shuangjian.core.weeks import Week
from shuangjian.dashboards.selectors.filings import UNCONFIRMED
from shuangjian.dashboards.selectors.trends_ranking import DRAWN, drawn_words
from shuangjian.dashboards.selectors.trends_scope import AREA_WORDS, CENTRE, TOWN, UNIT, Group, Scope
from shuangjian.dashboards.selectors.weeks import short_label
from shuangjian.intake.filing_counts import FilingCounts, filing_counts_by
from shuangjian.intake.models import Filing, FilingQuerySet

NOT_OWED, NOT_DUE, AHEAD = "不应报", "未到期", "未开始"
_FEWEST_WEEKS = 2  # a line needs two points
_KEYS = {TOWN: "institution__town", CENTRE: "institution__centre", UNIT: "institution"}


@dataclass(frozen=True)
class FilingWeek:
    """One week of the term. ``counts`` None: nobody owes a return. ``state`` "" once the week is due."""

    week: Week
    counts: FilingCounts | None
    state: str
    url: str


@dataclass(frozen=True)
class FilingArea:
    """One town, centre or unit over the weeks of the term that are due."""

    name: str
    below: str
    url: str
    counts: FilingCounts


@dataclass(frozen=True)
class FilingTrend:
    """Weeks of the term in their order, areas by their on-time rate, the lowest first, and all due weeks together."""

    weeks: Sequence[FilingWeek]
    areas: Sequence[FilingArea]
    total: FilingCounts
    word: str
    everywhere: str

    @property
    def due(self) -> list[FilingWeek]:
        return [each for each in self.weeks if each.counts and not each.state]


def filing_trend(scope: Scope) -> FilingTrend:
    """The scope's filings by week and by group; three queries."""
    filings = filings_of_scope(scope)
    due = filings.filter(due_at__lt=scope.now)
    by_week = filing_counts_by(due, scope.now, "week")
    still_open = filing_counts_by(filings.filter(due_at__gte=scope.now), scope.now, "week")
    weeks = [_week(scope, week, by_week, still_open) for week in scope.weeks]
    weeks += [FilingWeek(week, None, AHEAD, "") for week in scope.ahead]
    by_group = filing_counts_by(due, scope.now, _KEYS[scope.by])
    areas = [_area(scope, group, by_group.get(_key_of(group), FilingCounts())) for group in scope.groups()]
    owing = [area for area in areas if area.counts.expected]
    owing.sort(key=lambda area: (area.counts.on_time / area.counts.expected, -area.counts.missing))
    return FilingTrend(weeks, owing, added(by_week.values()), AREA_WORDS[scope.by], scope.everywhere)


def filings_of_scope(scope: Scope) -> FilingQuerySet:
    """What was owed in the weeks of the term that have begun, by units closed since too, as 填报情况 counts."""
    asked = scope.asked
    filings = Filing.objects.visible_to(scope.user).filter(week__in=[week.monday for week in scope.weeks])
    for kind, code in ((TOWN, asked.town), (CENTRE, asked.centre)):
        if code:
            area = {"isnull": True} if code == UNCONFIRMED else {"code": code}
            filings = filings.filter(**{f"institution__{kind}__{key}": value for key, value in area.items()})
    return filings.filter(institution__stages__contains=[asked.stage]) if asked.stage in Stage.values else filings


def week_chart(trend: FilingTrend) -> dict[str, Any] | None:
    """Lines of the three rates over the weeks that are due; None where there are fewer than two."""
    due = [(each.week, each.counts) for each in trend.due if each.counts]
    if len(due) < _FEWEST_WEEKS:
        return None
    return {
        "id": "filing",
        "kind": "line",
        "title": headline(trend),
        "unit": "%",
        "note": "占应报的比例，纵轴不从零起；只画已到期的周次",
        "columns": ["周次", "报送率", "按时率", "完整率"],
        "rows": [[short_label(week), c.filed_rate, c.on_time_rate, c.complete_rate] for week, c in due],
        "from_zero": False,
        "to": 100,
    }


def headline(trend: FilingTrend) -> str:
    """What the weeks say, in one line."""
    due = [(each.week, each.counts) for each in trend.due if each.counts]
    if not due:
        return "还没有到期的周报"
    worst, counts = min(due, key=lambda item: (item[1].on_time_rate or 0, item[0].monday))
    if counts.on_time == counts.expected:
        return f"{len(due)} 周都全部按时报送"
    return f"按时率最低的是{short_label(worst)}：{counts.on_time_rate}%，{len(due)} 周合计 {trend.total.on_time_rate}%"


def area_chart(trend: FilingTrend) -> dict[str, Any] | None:
    """Bars of the on-time rate, the lowest first; None where there are fewer than two areas."""
    if len(trend.areas) < _FEWEST_WEEKS:
        return None
    least = trend.areas[0]
    together = f"{trend.everywhere}合计 {trend.total.on_time_rate}%"
    return {
        "id": "areas",
        "kind": "bars",
        "title": f"{least.name}按时率最低：{least.counts.on_time_rate}%，{together}",
        "unit": "%",
        "note": f"按时报送占应报次数的比例，已到期各周合计{drawn_words(len(trend.areas))}",
        "columns": [trend.word, "按时率"],
        "rows": [[area.name, area.counts.on_time_rate, "", area.url] for area in trend.areas[:DRAWN]],
        "limit": {"value": trend.total.on_time_rate, "label": together},
        "to": 100,
    }


def _week(
    scope: Scope, week: Week, due: Mapping[Any, FilingCounts], still_open: Mapping[Any, FilingCounts]
) -> FilingWeek:
    counts = due.get(week.monday) or still_open.get(week.monday)
    if counts is None:
        return FilingWeek(week, None, NOT_OWED, "")
    area = "".join(f"&{kind}={getattr(scope.asked, kind)}" for kind in (TOWN, CENTRE) if getattr(scope.asked, kind))
    url = f"{reverse('filings')}?week={week.key}&state=all{area}#units"
    return FilingWeek(week, counts, "" if week.monday in due else NOT_DUE, url)


def _area(scope: Scope, group: Group, counts: FilingCounts) -> FilingArea:
    url = reverse("unit_filings", args=[group.code]) if group.kind == UNIT else scope.address_of(group, "trends_filing")
    return FilingArea(group.name, group.below, url, counts)


def _key_of(group: Group) -> int | None:
    unit = group.units[0]
    key: int | None = unit.pk if group.kind == UNIT else getattr(unit, f"{group.kind}_id")
    return key


def added(parts: Iterable[FilingCounts]) -> FilingCounts:
    """Counts of several together."""
    totals = FilingCounts().as_dict()
    for part in parts:
        for name, number in part.as_dict().items():
            totals[name] += number
    return FilingCounts(**totals)
