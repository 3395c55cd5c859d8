"""Checks of payload columns: each takes a whole column and says which cells are wrong and how to mend them.

Form, sheet and API share them, so that the same mistake gives the same sentence at every door.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shuangjian.core.errors import Problem
from shuangjian.core.weeks import Week

#: (index of the cell, what is wrong and how to mend it)
CellError = tuple[int, str]
Check = Callable[[Sequence[Any]], Iterable[CellError]]

# ASCII only and to the very end: PostgreSQL would not read a full-width digit.
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


#: ``default`` of a later key: missing and null mean the same, not stated, and the checked row leaves the key out.
OMIT: Any = object()


@dataclass(frozen=True)
class Column:
    """One key of the rows of a section. ``default`` fills a missing optional cell.

    ``labels`` are the Chinese words of coded values, for sheets and comparisons of versions.
    """

    name: str
    label: str
    check: Check
    is_required: bool = True
    default: Any = None
    labels: Mapping[str, str] = field(default_factory=dict)


def later(name: str, label: str, check: Check, labels: Mapping[str, str] | None = None) -> Column:
    """An optional column without default: null and missing are the same, and neither is stored."""
    return Column(name, label, check, is_required=False, default=OMIT, labels=labels or {})


def shown(value: Any) -> str:
    """A cell as it stands in an error sentence, cut when it is long."""
    if value is None or isinstance(value, bool):  # 0 and 1 equal False and True, but are no such thing
        return {True: "true", False: "false", None: "空"}[value]
    text = f"“{value}”" if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else text[:37] + "…”"


def whole_number(least: int, most: int, unit: str, hint: str = "") -> Check:
    """Whole numbers in a range; text, fractions, true and false are refused, never rounded or guessed."""

    def check(cells: Sequence[Any]) -> Iterator[CellError]:
        for index, cell in enumerate(cells):
            if type(cell) is not int or not least <= cell <= most:
                yield index, f"应为 {least}–{most} 的整数（{unit}），现为{shown(cell)}。{_how_to_type(cell)}{hint}"

    return check


def _how_to_type(cell: Any) -> str:
    """How to mend a number that was typed as text; "" where nothing can be said."""
    if not isinstance(cell, str):
        return ""
    plain = unicodedata.normalize("NFKC", cell).strip()
    if plain.isascii() and plain.isdigit():
        return "请改用半角数字。"
    return "请只填数字，不带单位。" if plain[:1].isdigit() and plain[-1:] in "分钟人天时个" else ""


def share(cells: Sequence[Any]) -> Iterator[CellError]:
    """A share between 0 and 1, both included, of at most four decimals: 0.9 is 90 %."""
    for index, cell in enumerate(cells):
        is_number = isinstance(cell, int | float) and not isinstance(cell, bool)
        if not is_number or not 0 <= cell <= 1 or round(cell, 4) != cell:
            yield index, f"应在 0 与 1 之间（即 0%–100%，最多四位小数），现为{shown(cell)}。{_how_to_type(cell)}"


def flag(cells: Sequence[Any]) -> Iterator[CellError]:
    """true or false."""
    for index, cell in enumerate(cells):
        if not isinstance(cell, bool):
            yield index, f"应为 true 或 false，现为{shown(cell)}。"


def text(longest: int) -> Check:
    """Text of 1 to ``longest`` characters without leading or trailing blanks and control characters."""

    def check(cells: Sequence[Any]) -> Iterator[CellError]:
        for index, cell in enumerate(cells):
            if (
                not isinstance(cell, str)
                or not 1 <= len(cell) <= longest
                or cell != cell.strip()
                or not cell.isprintable()
            ):
                yield index, f"应为 1–{longest} 个字的文字（首尾无空格），现为{shown(cell)}。"

    return check


def optional_text(longest: int) -> Check:
    """As ``text``, or null."""
    inner = text(longest)

    def check(cells: Sequence[Any]) -> Iterator[CellError]:
        for index, cell in enumerate(cells):
            if cell is not None:
                yield from ((index, message) for _, message in inner([cell]))

    return check


def one_of(choices: Iterable[str], labels: str = "") -> Check:
    """One of a closed list; a mapping gives the labels too."""
    known = set(choices)
    if isinstance(choices, Mapping):
        labels = labels or "、".join(f"{code}（{label}）" for code, label in choices.items())

    def check(cells: Sequence[Any]) -> Iterator[CellError]:
        for index, cell in enumerate(cells):
            if not isinstance(cell, str) or cell not in known:
                yield index, f"应为 {labels or '、'.join(sorted(known))} 之一，现为{shown(cell)}。"

    return check


def some_of(choices: Mapping[str, str]) -> Check:
    """A list of one or more different codes of a closed list."""
    labels = "、".join(f"{code}（{label}）" for code, label in choices.items())

    def check(cells: Sequence[Any]) -> Iterator[CellError]:
        for index, cell in enumerate(cells):
            if not isinstance(cell, list) or not cell:
                yield index, f"应为列表，可选一项或多项：{labels}；现为{shown(cell)}。"
                continue
            for value in cell:
                if not isinstance(value, str) or value not in choices:
                    yield index, f"只能从 {labels} 中选择，现有{shown(value)}。"
            if len(cell) != len({str(value) for value in cell}):
                yield index, "有重复的选项，请删去重复的一项。"

    return check


def clock_time(earliest: str, latest: str) -> Check:
    """A time of day as "08:20", between two of them, both included."""

    def check(cells: Sequence[Any]) -> Iterator[CellError]:
        for index, cell in enumerate(cells):
            if not isinstance(cell, str) or _CLOCK.fullmatch(cell) is None:
                yield index, f'应为 24 小时制时刻，如 "08:20"，现为{shown(cell)}。'
            elif not earliest <= cell <= latest:
                yield index, f"{cell} 不合常理，应在 {earliest} 与 {latest} 之间，请核对。"

    return check


def day_of(week: Week) -> Check:
    """A date of the week, as "2026-11-02"."""
    known = {day.isoformat() for day in week.days}

    def check(cells: Sequence[Any]) -> Iterator[CellError]:
        for index, cell in enumerate(cells):
            if not isinstance(cell, str) or not _is_date(cell):
                yield index, f'应为日期，如 "{week.monday}"，现为{shown(cell)}。'
            elif cell not in known:
                yield (
                    index,
                    f"{cell} 不在本周（{week.key}，{week.monday} 至 {week.sunday}）内，"
                    "请改为本周日期或填到所在周的周报。",
                )

    return check


def date_between(earliest: dt.date, latest: dt.date) -> Check:
    """A date, as "2026-11-02", between two of them, both included."""

    def check(cells: Sequence[Any]) -> Iterator[CellError]:
        for index, cell in enumerate(cells):
            if not isinstance(cell, str) or not _is_date(cell):
                yield index, f'应为日期，如 "{latest}"，现为{shown(cell)}。'
            elif not str(earliest) <= cell <= str(latest):
                yield index, f"{cell} 不合常理，应在 {earliest} 与 {latest} 之间，请核对。"

    return check


def _is_date(value: str) -> bool:
    try:
        return dt.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def check_rows(key: str, rows: Any, columns: Sequence[Column]) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Check the rows of one payload key column by column.

    Returns rows with defaults filled in, and the problems with their paths (``homework[3].minutes``). When there are
    problems the rows are of no use.
    """
    if rows is None:
        return [], []
    if not isinstance(rows, list):
        return [], [Problem(key, "应为列表（[…]），每行一个对象。")]
    problems = [
        Problem(f"{key}[{index}]", f"应为对象（{{…}}），现为{shown(row)}。")
        for index, row in enumerate(rows)
        if not isinstance(row, dict)
    ]
    if problems:
        return [], problems
    known = {column.name for column in columns}
    for index, row in enumerate(rows):
        for name in row.keys() - known:
            names = "、".join(column.name for column in columns)
            problems.append(Problem(f"{key}[{index}].{name}", f"没有这个字段，请删除；可用字段：{names}。", "unknown"))
    for column in columns:
        problems += _check_column(key, rows, column)
    return [_filled(row, columns) for row in rows], problems


def _filled(row: Mapping[str, Any], columns: Sequence[Column]) -> dict[str, Any]:
    """The row with its defaults, keys in the columns' order; a later key that is not stated stays away."""
    cells = ((column, row.get(column.name, column.default)) for column in columns)
    return {column.name: value for column, value in cells if column.default is not OMIT or value not in (OMIT, None)}


def _check_column(key: str, rows: list[dict[str, Any]], column: Column) -> Iterator[Problem]:
    may_be_null = column.default is OMIT
    present = [
        index for index, row in enumerate(rows) if column.name in row and not (may_be_null and row[column.name] is None)
    ]
    if column.is_required and len(present) < len(rows):
        for index, row in enumerate(rows):
            if column.name not in row:
                yield Problem(f"{key}[{index}].{column.name}", f"缺少“{column.label}”，请填写。", "required")
    for position, message in column.check([rows[index][column.name] for index in present]):
        yield Problem(f"{key}[{present[position]}].{column.name}", f"“{column.label}”{message}")


def repeated(key: str, rows: Sequence[dict[str, Any]], by: Sequence[str], what: str) -> Iterator[Problem]:
    """Rows that say the same thing twice, by the given keys; each points back at the first."""
    first: dict[tuple[Any, ...], int] = {}
    for index, row in enumerate(rows):
        identity = tuple(row.get(name) for name in by)
        if identity in first:
            yield Problem(f"{key}[{index}]", f"与 {key}[{first[identity]}] 重复（{what}），请删除一行。", "duplicate")
        else:
            first[identity] = index
