"""Heat grid of a term: units × weeks by their outcome, or towns × weeks by the share of units that need attention.

Missing data is hatched and stands first. Weeks that owe nothing, are not due or have not begun stay empty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from shuangjian.core.choices import Outcome
from shuangjian.core.weeks import Week
from shuangjian.dashboards.selectors.trends_scope import AREA_WORDS, TOWN, UNIT, Group, Scope
from shuangjian.dashboards.selectors.trends_weeks import Standing, Standings, standings
from shuangjian.dashboards.selectors.weeks import short_label

NO_DATA_FIRST, WORST_FIRST, BY_NAME = "nodata", "worst", "name"
SORTS = {NO_DATA_FIRST: "数据不足在前", WORST_FIRST: "疑似问题在前", BY_NAME: "按名称"}
_MOSTLY = 0.5

#: Values of a cell: outcomes from the best to the worst; None is 数据不足; empty cells are negative.
COMPLIANT, EXEMPT, WARNED, SUSPECTED = 0, 1, 2, 3
NOT_OWED, NOT_DUE, AHEAD, NOT_APPLICABLE = -1, -2, -3, -4
_VALUES = {
    Outcome.COMPLIANT: COMPLIANT,
    Outcome.EXEMPT: EXEMPT,
    Outcome.WARNING: WARNED,
    Outcome.SUSPECTED_VIOLATION: SUSPECTED,
    Outcome.NOT_APPLICABLE: NOT_APPLICABLE,
}
#: Beside 疑似违规 and 预警 the same unit may lack data for other rules: ten more.
ALSO_LACKS = 10
_WORDS: dict[int | None, tuple[str, str]] = {
    None: ("缺", "数据不足"),
    COMPLIANT: ("", "合规"),
    EXEMPT: ("免", "豁免"),
    WARNED: ("预", "预警"),
    SUSPECTED: ("违", "疑似违规"),
    WARNED + ALSO_LACKS: ("预", "预警，另有数据不足"),
    SUSPECTED + ALSO_LACKS: ("违", "疑似违规，另有数据不足"),
    NOT_OWED: ("", "不应报"),
    NOT_DUE: ("", "未到期"),
    AHEAD: ("", "未开始"),
    NOT_APPLICABLE: ("", "不适用"),
}
#: As the script draws them: value, the cell's sign, its character, its words.
LEVELS = [
    {"value": value, "sign": sign, "mark": _WORDS[value][0], "word": _WORDS[value][1]}
    for value, sign in (
        (None, "nodata"),
        (SUSPECTED, "violation"),
        (WARNED, "warning"),
        (EXEMPT, "exempt"),
        (COMPLIANT, "compliant"),
        (SUSPECTED + ALSO_LACKS, "violation"),
        (WARNED + ALSO_LACKS, "warning"),
        (NOT_OWED, "empty"),
        (NOT_DUE, "empty"),
        (AHEAD, "empty"),
        (NOT_APPLICABLE, "empty"),
    )
]
_SIGNS = {level["value"]: level["sign"] for level in LEVELS}


@dataclass(frozen=True)
class Square:
    """One cell of the table: what stands in it, in words, how it looks, and where it leads."""

    value: float | None
    mark: str
    words: str
    sign: str
    url: str


@dataclass(frozen=True)
class HeatLine:
    """One row of the grid. ``lacking`` and ``worrying``: its unit-weeks without data and with open findings."""

    name: str
    below: str
    url: str
    lacking: int
    worrying: int
    suspected: int
    due: int
    squares: Sequence[Square]


@dataclass(frozen=True)
class HeatGrid:
    """All rows, sorted; the page shows some of them. ``is_areas``: cells are shares, not outcomes."""

    weeks: Sequence[Week]
    lines: Sequence[HeatLine]
    word: str
    is_areas: bool
    sort: str


def heat_grid(scope: Scope, *, sort: str) -> HeatGrid:
    """The scope's groups × the term's weeks; a fixed number of queries."""
    sort = sort if sort in SORTS else NO_DATA_FIRST
    stood = standings(scope, scope.weeks)
    make = _unit_line if scope.by == UNIT else _area_line
    lines = sorted((make(scope, group, stood) for group in scope.groups()), key=_ORDERS[sort])
    return HeatGrid([*scope.weeks, *scope.ahead], lines, AREA_WORDS[scope.by], scope.by != UNIT, sort)


def heat_chart(grid: HeatGrid, lines: Sequence[HeatLine]) -> dict[str, Any]:
    """The figure of these lines."""
    chart: dict[str, Any] = {
        "id": "heat",
        "kind": "heat",
        "title": headline(grid),
        "unit": "",
        "columns": [grid.word, *(short_label(week).strip("第周") for week in grid.weeks)],
        "column_words": [week.label for week in grid.weeks],
        "rows": [[line.name, *(square.value for square in line.squares)] for line in lines],
        "urls": [[square.url for square in line.squares] for line in lines],
        "row_urls": [line.url for line in lines],
    }
    if grid.is_areas:
        note = "每格：需要关注的学校占应报学校的百分比；斜纹：半数以上学校数据不足；空白：不应报、未到期；列为周次"
        return {**chart, "unit": "%", "note": note, "hatched": [[s.sign == "nodata" for s in x.squares] for x in lines]}
    note = "每格：该校该周的结果；左下白角：另有规则数据不足；空白：不应报、未到期或未开始；列为周次"
    return {**chart, "note": note, "levels": LEVELS}


def headline(grid: HeatGrid) -> str:
    """What the grid says, in one line."""
    if not any(line.due for line in grid.lines):
        return "本学期还没有到期的周报"
    dark = [line for line in grid.lines if line.lacking]
    if grid.is_areas:
        most = max(grid.lines, key=lambda line: (line.lacking / line.due if line.due else 0, line.worrying))
        if not most.lacking:
            return f"{len(grid.lines)} 个{grid.word}各周数据齐全"
        return f"{most.name}数据缺得最多：{most.due} 个学校周次中 {most.lacking} 个数据不足"
    often = sum(line.worrying >= _OFTEN for line in grid.lines)
    if dark:
        return f"{len(grid.lines)} 所学校中，{len(dark)} 所出现过数据不足，{often} 所至少 {_OFTEN} 周有疑似问题"
    return f"{len(grid.lines)} 所学校各周数据齐全，{often} 所至少 {_OFTEN} 周有疑似问题"


_OFTEN = 3
_ORDERS: dict[str, Callable[[HeatLine], Any]] = {
    NO_DATA_FIRST: lambda line: (-_rate(line.lacking, line.due), -_rate(line.suspected, line.due)),
    WORST_FIRST: lambda line: (-_rate(line.suspected, line.due), -_rate(line.worrying, line.due)),
    BY_NAME: lambda line: 0,  # as the groups come
}


def _rate(count: int, due: int) -> float:
    return count / due if due else 0.0


def _unit_line(scope: Scope, group: Group, stood: Standings) -> HeatLine:
    unit = group.units[0]
    page = reverse("unit", args=[unit.code])
    here = [(week, stood.get((unit.pk, week.monday))) for week in scope.weeks]
    squares = [_unit_square(standing, f"{page}?week={week.key}") for week, standing in here]
    squares += [_square(AHEAD, "") for _ in scope.ahead]
    known = [standing for _, standing in here if standing is not None]
    last = max((week for week, standing in here if standing and standing.is_due), default=None)
    return _line(group, f"{page}?week={last.key}" if last else page, known, squares)


def _unit_square(standing: Standing | None, url: str) -> Square:
    if standing is None or (not standing.is_owed and standing.shown is None):
        return _square(NOT_OWED, url)
    shown = standing.shown
    if shown is None:
        return _square(NOT_DUE, url)
    if shown == Outcome.INSUFFICIENT_DATA:
        return _square(None, url)
    value = _VALUES[shown]
    return _square(value + ALSO_LACKS if standing.is_worrying and standing.lacks_data else value, url)


def _square(value: int | None, url: str) -> Square:
    mark, words = _WORDS[value]
    return Square(value, mark, words, str(_SIGNS[value]), url)


def _area_line(scope: Scope, group: Group, stood: Standings) -> HeatLine:
    by_week = [
        (week, [stood[pk, week.monday] for pk in group.ids if (pk, week.monday) in stood]) for week in scope.weeks
    ]
    squares = [_area_square(scope, group, week, here) for week, here in by_week]
    squares += [_square(AHEAD, "") for _ in scope.ahead]
    everything = [standing for _, here in by_week for standing in here]
    return _line(group, scope.address_of(group, "trends_heat"), everything, squares)


def _area_square(scope: Scope, group: Group, week: Week, here: Sequence[Standing]) -> Square:
    url = _area_url(scope, group, week)
    counting = [standing for standing in here if standing.counts]
    if not counting:
        return _square(NOT_DUE if any(standing.is_owed for standing in here) else NOT_OWED, url)
    attention = sum(standing.needs_attention for standing in counting)
    lacking = sum(standing.lacks_data for standing in counting)
    share = round(attention * 100 / len(counting))
    words = f"{len(counting)} 所中 {attention} 所需要关注（{share}%），{lacking} 所数据不足"
    return Square(share, str(share), words, "nodata" if lacking > len(counting) * _MOSTLY else _tint(share), url)


def _area_url(scope: Scope, group: Group, week: Week) -> str:
    """The week's list of units; of a centre, whose units no list narrows to, the grid of its units."""
    if group.kind == TOWN and not scope.rule:
        return f"{reverse('units')}?week={week.key}&town={group.code}"
    return scope.address_of(group, "trends_heat")


def _tint(share: int) -> str:
    """tint-0 … tint-5, as the script colours shares."""
    return f"tint-{0 if not share else min(5, 1 + (share - 1) // 20)}"


def _line(group: Group, url: str, known: Sequence[Standing], squares: Sequence[Square]) -> HeatLine:
    return HeatLine(
        name=group.name,
        below=group.below,
        url=url,
        lacking=sum(standing.lacks_data for standing in known),
        worrying=sum(standing.is_worrying for standing in known),
        suspected=sum(standing.cell.outcome == Outcome.SUSPECTED_VIOLATION for standing in known),
        due=sum(standing.counts for standing in known),
        squares=squares,
    )
