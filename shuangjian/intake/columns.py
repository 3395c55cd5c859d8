"""Checks of payload columns: each takes a whole column and says which cells are wrong and how to mend them.

Form, sheet and API share them, so that the same mistake gives the same sentence at every door.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from shuangjian.core.errors import Problem
from shuangjian.core.weeks import Week

#: (index of the cell, what is wrong and how to mend it)
CellError = tuple[int, str]

# ASCII only and to the very end: PostgreSQL would not read a full-width digit.
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,9}", re.ASCII)
_FRACTION = re.compile(r"[+-]?\d{1,9}\.\d{1,9}", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_BEYOND = "超出范围的数"
_WORDS_OF_FLAGS = {"true": True, "是": True, "false": False, "否": False}
_BETWEEN_CODES = re.compile(r"[ \u3000、]+")


#: ``default`` of a later key: missing and null mean the same, not stated, and the checked row leaves the key out.
OMIT: Any = object()


@dataclass(frozen=True)
class CellCheck:
    """A check whose sentences about a cell depend on the cell alone.

    ``of_cell`` says what is wrong with one cell. A column is judged by its distinct values first: a district's week
    has hundreds of thousands of cells and a few hundred values. ``read`` gives what the text of a file's cell stands
    for; text that stands for no value of the column stays text, and the check says so. ``schema`` describes the cell
    to other programs (JSON Schema): it takes whatever the check takes, and refuses what can be said so.
    """

    of_cell: Callable[[Any], Iterator[str]]
    read: Callable[[str], Any] = str
    schema: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __call__(self, cells: Sequence[Any]) -> Iterator[CellError]:
        if not self._holds_for_all(cells):
            for index, cell in enumerate(cells):
                for message in self.of_cell(cell):
                    yield index, message

    def _holds_for_all(self, cells: Sequence[Any]) -> bool:
        try:
            if len(set(map(type, cells))) <= 1:
                distinct: Iterable[Any] = set(cells)
            else:  # 1 equals True and 1.0, but a check tells them apart
                distinct = [cell for _, cell in set(zip(map(type, cells), cells, strict=True))]
        except TypeError:  # lists and objects
            return False
        return not any(True for cell in distinct for _ in self.of_cell(cell))


@dataclass(frozen=True)
class Column:
    """One key of the rows of a section. ``default`` fills a missing optional cell.

    ``labels`` are the Chinese words of coded values, for sheets and comparisons of versions.
    """

    name: str
    label: str
    check: CellCheck
    is_required: bool = True
    default: Any = None
    labels: Mapping[str, str] = field(default_factory=dict)


def later(name: str, label: str, check: CellCheck, labels: Mapping[str, str] | None = None) -> Column:
    """An optional column without default: null and missing are the same, and neither is stored."""
    return Column(name, label, check, is_required=False, default=OMIT, labels=labels or {})


def shown(value: Any) -> str:
    """A cell as it stands in an error sentence, cut when it is long."""
    if value is None or isinstance(value, bool):  # 0 and 1 equal False and True, but are no such thing
        return {True: "true", False: "false", None: "空"}[value]
    if is_beyond(value):
        return _BEYOND
    text = f"“{value}”" if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else text[:37] + "…”"


def is_beyond(value: Any) -> bool:
    """Whether it is a number, or the text of one, that no computer's number holds: 1e309."""
    if isinstance(value, str):
        return _NUMBER.fullmatch(value) is not None and math.isinf(float(value))
    return isinstance(value, float) and not math.isfinite(value)


def whole_number(least: int, most: int, unit: str, hint: str = "") -> CellCheck:
    """Whole numbers in a range; text, fractions, true and false are refused, never rounded or guessed."""

    def of_cell(cell: Any) -> Iterator[str]:
        if type(cell) is not int or not least <= cell <= most:
            yield f"应为 {least}–{most} 的整数（{unit}），现为{shown(cell)}。{_how_to_type(cell)}{hint}"

    schema = {"type": "integer", "minimum": least, "maximum": most, "description": f"整数（{unit}）"}
    return CellCheck(of_cell, number_or_text, schema)


def number_or_text(written: str) -> int | float | str:
    """A written number as a number; anything else, full-width digits too, stays text and is refused as such.

    A fraction is a number that no count can be: it is refused in the words for the number, not for a text.
    """
    if _WHOLE.fullmatch(written):
        return int(written)
    return float(written) if _FRACTION.fullmatch(written) else written


def _flag_or_text(written: str) -> bool | str:
    return _WORDS_OF_FLAGS.get(written.lower(), written)


def _date_or_text(written: str) -> str:
    """Spreadsheets save dates as 2026/11/2."""
    year, _, rest = written.partition("/")
    month, slash, day = rest.partition("/")
    return f"{year}-{month:0>2}-{day:0>2}" if slash else written


def _clock_or_text(written: str) -> str:
    """Spreadsheets save 08:20 as 8:20."""
    return f"0{written}" if written[1:2] == ":" else written


def _codes(written: str) -> list[str]:
    return [code for code in _BETWEEN_CODES.split(written) if code]


def _how_to_type(cell: Any) -> str:
    """How to mend a number that was typed as text; "" where nothing can be said."""
    if not isinstance(cell, str):
        return ""
    plain = unicodedata.normalize("NFKC", cell).strip()
    if plain.isascii() and plain.isdigit():
        return "请改用半角数字。"
    return "请只填数字，不带单位。" if plain[:1].isdigit() and plain[-1:] in "分钟人天时个" else ""


def _share(cell: Any) -> Iterator[str]:
    is_number = isinstance(cell, int | float) and not isinstance(cell, bool)
    if not is_number or not 0 <= cell <= 1 or round(cell, 4) != cell:
        yield f"应在 0 与 1 之间（即 0%–100%，最多四位小数），现为{shown(cell)}。{_how_to_type(cell)}"


def _flag(cell: Any) -> Iterator[str]:
    if not isinstance(cell, bool):
        yield f"应为“是”或“否”（接口用 true 或 false），现为{shown(cell)}。"


#: A share between 0 and 1, both included, of at most four decimals: 0.9 is 90 %.
share = CellCheck(
    _share,
    number_or_text,
    {"type": "number", "minimum": 0, "maximum": 1, "description": "0–1，最多四位小数；0.9 即 90%"},
)
#: true or false.
flag = CellCheck(_flag, _flag_or_text, {"type": "boolean"})


def text(longest: int) -> CellCheck:
    """Text of 1 to ``longest`` characters without leading or trailing blanks and control characters."""

    def of_cell(cell: Any) -> Iterator[str]:
        if not isinstance(cell, str) or not 1 <= len(cell) <= longest or cell != cell.strip() or not cell.isprintable():
            yield f"应为 1–{longest} 个字的文字（首尾无空格，不含换行和不可见字符），现为{shown(cell)}。"

    return CellCheck(of_cell, schema={"type": "string", "minLength": 1, "maxLength": longest})


def optional_text(longest: int) -> CellCheck:
    """As ``text``, or null."""
    inner = text(longest)

    def of_cell(cell: Any) -> Iterator[str]:
        if cell is not None:
            yield from inner.of_cell(cell)

    return CellCheck(of_cell, schema={**inner.schema, "type": ["string", "null"]})


def one_of(choices: Iterable[str], labels: str = "") -> CellCheck:
    """One of a closed list; a mapping gives the labels too."""
    known = set(choices)
    schema: dict[str, Any] = {"type": "string", "enum": list(choices)}
    if isinstance(choices, Mapping):
        labels = labels or "、".join(f"{code}（{label}）" for code, label in choices.items())
        schema["description"] = labels

    def of_cell(cell: Any) -> Iterator[str]:
        if not isinstance(cell, str) or cell not in known:
            yield f"应为 {labels or '、'.join(sorted(known))} 之一，现为{shown(cell)}。"

    return CellCheck(of_cell, schema=schema)


def some_of(choices: Mapping[str, str]) -> CellCheck:
    """A list of one or more different codes of a closed list."""
    labels = "、".join(f"{code}（{label}）" for code, label in choices.items())

    def of_cell(cell: Any) -> Iterator[str]:
        if not isinstance(cell, list) or not cell:
            yield f"应为列表，可选一项或多项：{labels}；现为{shown(cell)}。"
            return
        for value in cell:
            if not isinstance(value, str) or value not in choices:
                yield f"只能从 {labels} 中选择，现有{shown(value)}。"
        if len(cell) != len({str(value) for value in cell}):
            yield "有重复的选项，请删去重复的一项。"

    items = {"type": "string", "enum": list(choices)}
    schema = {"type": "array", "minItems": 1, "uniqueItems": True, "items": items, "description": labels}
    return CellCheck(of_cell, _codes, schema)


def clock_time(earliest: str, latest: str) -> CellCheck:
    """A time of day as "08:20", between two of them, both included."""

    def of_cell(cell: Any) -> Iterator[str]:
        if not isinstance(cell, str) or _CLOCK.fullmatch(cell) is None:
            yield f'应为 24 小时制时刻，如 "08:20"，现为{shown(cell)}。'
        elif not earliest <= cell <= latest:
            yield f"{cell} 不合常理，应在 {earliest} 与 {latest} 之间，请核对。"

    schema = {
        "type": "string",
        "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$",
        "description": f"24 小时制时刻，{earliest}–{latest}",
        "examples": ["08:20"],
    }
    return CellCheck(of_cell, _clock_or_text, schema)


def day_of(week: Week) -> CellCheck:
    """A date of the week, as "2026-11-02"."""
    known = {day.isoformat() for day in week.days}

    def of_cell(cell: Any) -> Iterator[str]:
        if not isinstance(cell, str) or not _is_date(cell):
            yield f'应为日期，如 "{week.monday}"，现为{shown(cell)}。'
        elif cell not in known:
            yield (
                f"{cell} 不在本周（{week.key}，{week.monday} 至 {week.sunday}）内，请改为本周日期或填到所在周的周报。"
            )

    return CellCheck(of_cell, _date_or_text, {"type": "string", "format": "date", "description": "该周内的日期"})


def date_between(earliest: dt.date, latest: dt.date) -> CellCheck:
    """A date, as "2026-11-02", between two of them, both included."""

    def of_cell(cell: Any) -> Iterator[str]:
        if not isinstance(cell, str) or not _is_date(cell):
            yield f'应为日期，如 "{latest}"，现为{shown(cell)}。'
        elif not str(earliest) <= cell <= str(latest):
            yield f"{cell} 不合常理，应在 {earliest} 与 {latest} 之间，请核对。"

    schema = {"type": "string", "format": "date", "description": f"{earliest} 起"}
    return CellCheck(of_cell, _date_or_text, schema)


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
        if not row.keys() <= known:
            for name in row.keys() - known:
                names = "、".join(column.name for column in columns)
                message = f"没有这个字段，请删除；可用字段：{names}。"
                problems.append(Problem(f"{key}[{index}].{name}", message, "unknown"))
    for column in columns:
        problems += _check_column(key, rows, column)
    return _filled(rows, columns), problems


def _filled(rows: list[dict[str, Any]], columns: Sequence[Column]) -> list[dict[str, Any]]:
    """The rows with their defaults, keys in the columns' order; a later key that is not stated stays away."""
    names, stated = [], []
    is_patchy = False
    for column in columns:
        name, default = column.name, column.default
        cells = [row.get(name, default) for row in rows]
        if default is OMIT and None in cells:
            cells = [OMIT if cell is None else cell for cell in cells]
        if OMIT in cells:
            if all(cell is OMIT for cell in cells):
                continue
            is_patchy = True
        names.append(name)
        stated.append(cells)
    if not is_patchy:
        return [dict(zip(names, row, strict=True)) for row in zip(*stated, strict=True)]
    return [
        {name: cell for name, cell in zip(names, row, strict=True) if cell is not OMIT}
        for row in zip(*stated, strict=True)
    ]


def _check_column(key: str, rows: list[dict[str, Any]], column: Column) -> Iterator[Problem]:
    may_be_null = column.default is OMIT
    cells = [row.get(column.name, OMIT) for row in rows]
    present: Sequence[int] = range(len(cells))
    if OMIT in cells or (may_be_null and None in cells):
        present = [i for i, cell in enumerate(cells) if cell is not OMIT and not (may_be_null and cell is None)]
        if column.is_required:
            for index, cell in enumerate(cells):
                if cell is OMIT:
                    yield Problem(f"{key}[{index}].{column.name}", f"缺少“{column.label}”，请填写。", "required")
        cells = [cells[index] for index in present]
    for position, message in column.check(cells):
        yield Problem(f"{key}[{present[position]}].{column.name}", f"“{column.label}”{message}")


def repeated(key: str, rows: Sequence[dict[str, Any]], by: Sequence[str], what: str) -> Iterator[Problem]:
    """Rows that say the same thing twice, by the given keys; each points back at the first."""
    try:
        identities: list[Any] = list(map(itemgetter(*by), rows))
    except KeyError:  # a later key that is not stated is a value of its own
        identities = [tuple(row.get(name) for name in by) for row in rows]
    if len(set(identities)) == len(rows):
        return
    first: dict[Any, int] = {}
    for index, identity in enumerate(identities):
        if identity in first:
            yield Problem(f"{key}[{index}]", f"与 {key}[{first[identity]}] 重复（{what}），请删除一行。", "duplicate")
        else:
            first[identity] = index
