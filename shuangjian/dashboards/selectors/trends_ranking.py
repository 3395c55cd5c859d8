"""Ranking of towns, centres or units by a fair measure: a share of weeks, or findings per 100 class-days.

Never by raw counts: a large school files more, and who reports nothing would look best. Missing data come first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shuangjian.core.choices import Outcome
from shuangjian.core.weeks import Week
from shuangjian.dashboards.exposure import class_days
from shuangjian.dashboards.selectors.trends_scope import AREA_WORDS, UNIT, Group, Scope
from shuangjian.dashboards.selectors.trends_weeks import Standing, Standings, due_weeks, findings_by_unit, standings
from shuangjian.dashboards.selectors.weeks import short_label
from shuangjian.rules.declare import Source

SHARE, DENSITY = "share", "density"
MEASURES = {SHARE: "需要关注占比", DENSITY: "每百班日疑似问题"}
TERM, MONTH, WEEK = "term", "month", "week"
SPANS = {MONTH: "近 4 周", WEEK: "最近一周", TERM: "本学期至今"}
_MONTH_WEEKS = 4
_FEWEST_UNITS = 3
DRAWN = 40  # bars in one figure; the table has all
_ENOUGH = 0.5  # of the class-days owed must be filed, or a density says nothing


@dataclass(frozen=True)
class Rank:
    """One line of the ranking. ``owed``: unit-weeks due, ``days``: class-days filed of ``days_owed``.

    ``attention`` = ``suspected`` + ``warned`` + ``lacking``: each unit-week counts once, by the worst that it shows.
    """

    name: str
    below: str
    url: str
    grid_url: str
    units: int
    owed: int
    suspected: int
    warned: int
    lacking: int
    findings: int
    days: int
    days_owed: int

    @property
    def attention(self) -> int:
        return self.suspected + self.warned + self.lacking

    def share_of(self, count: int) -> float | None:
        """Per cent of the unit-weeks due, to one decimal; None where none was due."""
        return round(count * 100 / self.owed, 1) if self.owed else None

    @property
    def share(self) -> float | None:
        return self.share_of(self.attention)

    @property
    def lacking_share(self) -> float | None:
        return self.share_of(self.lacking)

    @property
    def density(self) -> float | None:
        """Findings per 100 class-days filed; None where less than half of the class-days owed are filed."""
        if not self.days or self.days < self.days_owed * _ENOUGH:
            return None
        return round(self.findings * 100 / self.days, 2)

    def value(self, measure: str) -> float | None:
        return self.density if measure == DENSITY else self.share


@dataclass(frozen=True)
class Ranking:
    """Lines, those without data first and then the worst, and the line of all together."""

    measure: str
    span: str
    weeks: Sequence[Week]
    lines: Sequence[Rank]
    total: Rank
    word: str


def ranking(scope: Scope, *, measure: str, span: str) -> Ranking:
    """The scope's groups ranked over the weeks of the span; a fixed number of queries."""
    of_register = scope.rule is not None and scope.rule.source is Source.REGISTER
    measure = SHARE if of_register or measure not in MEASURES else measure
    span = span if span in SPANS else MONTH
    weeks = _within(due_weeks(scope), span)
    stood = standings(scope, weeks)
    findings = findings_by_unit(scope, weeks) if weeks else {}
    days = class_days(scope.ids, [week.monday for week in weeks])
    count = _Counter(scope, weeks, stood, findings, days)
    lines = [count.rank(group) for group in scope.groups()]
    lines.sort(key=lambda line: _order(line, measure))
    whole = count.rank(Group(scope.everywhere, "", "", scope.units))
    return Ranking(measure, span, weeks, lines, whole, AREA_WORDS[scope.by])


def ranking_chart(found: Ranking) -> dict[str, Any] | None:
    """Bars in the order of the lines; None where nothing is due."""
    if not found.weeks or not found.lines:
        return None
    if found.measure == DENSITY:
        return _density_chart(found)
    return {
        "id": "ranking",
        "kind": "shares",
        "title": headline(found),
        "unit": "%",
        "note": f"占已到期“学校×周”的比例，{span_words(found)}；疑似问题以核查认定为准{drawn_words(len(found.lines))}",
        "columns": [found.word, "数据不足", "疑似违规", "预警"],
        "signs": ["nodata", "violation", "warning"],
        "rows": [
            [line.name, *(line.share_of(count) for count in (line.lacking, line.suspected, line.warned))]
            for line in found.lines[:DRAWN]
        ],
        "urls": [line.url for line in found.lines[:DRAWN]],
        "sums": [line.share for line in found.lines[:DRAWN]],
        "limit": _average(found),
    }


def headline(found: Ranking) -> str:
    """What the ranking says, in one line."""
    if not found.weeks:
        return "还没有到期的周报"
    unknown = [line for line in found.lines if line.value(found.measure) is None]
    known = [line for line in found.lines if line.value(found.measure) is not None]
    if not known:
        return f"{len(unknown)} 个{found.word}都数据不足"
    # A town of one or two schools is shown where it stands, but says too little to be named first.
    most = next((line for line in known if line.units >= _FEWEST_UNITS), known[0])
    average = found.total.value(found.measure)
    if not most.value(found.measure):
        return f"{span_words(found)}没有{found.word}需要关注"
    if len(found.lines) == 1:
        return f"{most.name}{_figure(most, found.measure)}"
    return f"{most.name}最高：{_figure(most, found.measure)}，{found.total.name}平均 {_number(average)}{_unit(found)}"


def span_words(found: Ranking) -> str:
    """第36周至第47周, or the one week."""
    first, last = short_label(found.weeks[0]), short_label(found.weeks[-1])
    return first if first == last else f"{first}至{last}"


def drawn_words(count: int) -> str:
    """Says that a figure is cut to its first bars; "" where it is not."""
    return f"；只画前 {DRAWN} 个，其余见下表" if count > DRAWN else ""


def _figure(line: Rank, measure: str) -> str:
    if measure == DENSITY:
        return f"每百班日 {_number(line.density)} 条疑似问题"
    return f"{_number(line.share)}% 的学校周次需要关注" if line.owed != 1 else "需要关注"


def _unit(found: Ranking) -> str:
    return " 条" if found.measure == DENSITY else "%"


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:g}"


def _average(found: Ranking) -> dict[str, Any] | None:
    value = found.total.value(found.measure)
    if value is None or len(found.lines) < 2:
        return None
    return {"value": value, "label": f"{found.total.name}平均 {_number(value)}"}


def _density_chart(found: Ranking) -> dict[str, Any]:
    return {
        "id": "ranking",
        "kind": "bars",
        "title": headline(found),
        "unit": "条/百班日",
        "note": f"每 100 个已报班日的疑似问题，{span_words(found)}；已报不足应报一半的列为数据不足，排在最前"
        + drawn_words(len(found.lines)),
        "columns": [found.word, "每百班日疑似问题"],
        "rows": [[line.name, line.density, "", line.url] for line in found.lines[:DRAWN]],
        "limit": _average(found),
    }


def _order(line: Rank, measure: str) -> tuple[Any, ...]:
    value = line.value(measure)
    return value is not None, -(value or 0), -(line.lacking_share or 0)


def _within(due: Sequence[Week], span: str) -> list[Week]:
    return list(due[{TERM: 0, MONTH: -_MONTH_WEEKS, WEEK: -1}[span] :])


@dataclass(frozen=True)
class _Counter:
    scope: Scope
    weeks: Sequence[Week]
    stood: Standings
    findings: Mapping[int, int]
    days: Mapping[tuple[int, dt.date], int]

    def rank(self, group: Group) -> Rank:
        keys = [(pk, week.monday) for pk in group.ids for week in self.weeks]
        here = [(key, self.stood[key]) for key in keys if key in self.stood]
        counting = [standing for _, standing in here if standing.counts]
        url = self._address(group, "trends")
        return Rank(
            name=group.name,
            below=group.below,
            url=url,
            grid_url=self.scope.asked.address("trends_heat", **{group.kind: group.code, "by": ""})
            if group.kind not in ("", UNIT)
            else url,
            units=len(group.units),
            owed=len(counting),
            suspected=_number_of(counting, Outcome.SUSPECTED_VIOLATION),
            warned=_number_of(counting, Outcome.WARNING),
            lacking=sum(standing.lacks_data and not standing.is_worrying for standing in counting),
            findings=sum(self.findings.get(pk, 0) for pk in group.ids),
            days=sum(self.days.get(key, 0) for key, standing in here if standing.is_filed),
            days_owed=sum(self.days.get(key, 0) for key, standing in here if standing.is_due),
        )

    def _address(self, group: Group, name: str) -> str:
        if not group.kind:
            return ""
        url = self.scope.address_of(group, name)
        return f"{url}?week={self.weeks[-1].key}" if group.kind == UNIT and self.weeks else url


def _number_of(counting: Sequence[Standing], outcome: Outcome) -> int:
    return sum(standing.cell.outcome == outcome for standing in counting)
