"""From cells to payload values and back, by the column's kind alone; what cannot be converted stays as it stands."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from shuangjian.intake.columns import number_or_text
from shuangjian.intake.workbook.tables import NO, YES, Kind, TableColumn

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::00)?", re.ASCII)
# A date as Excel shows it, with the weekday that our dropdowns put behind it.
_DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:（[^）]*）)?", re.ASCII)
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)(%?)", re.ASCII)
_SEPARATORS = re.compile(r"[、，,;；/\n]+")
_MOST_EXACT = 10**15  # beyond it a float no longer tells whole numbers apart


def payload_value(column: TableColumn, value: Any) -> tuple[Any, bool]:
    """(the payload value, whether the cell was what the column holds); text is stripped as the web form strips it."""
    value = value.strip() if isinstance(value, str) else value
    converted = _READERS[column.kind](column, value)
    return (value, False) if converted is None else (converted, True)


def cell_value(column: TableColumn, value: Any) -> Any:
    """How a payload value stands in its cell."""
    if column.kind is Kind.FLAG:
        return YES if value else NO
    if column.kind is Kind.CHOICE:
        return column.options.get(value, value)
    if column.kind is Kind.CHOICES:
        return "、".join(column.options.get(code, code) for code in value)
    if column.kind is Kind.DATE:
        return dt.date.fromisoformat(value)
    if column.kind is Kind.CLOCK:
        return dt.time.fromisoformat(value)
    return value


def _whole(_: TableColumn, value: Any) -> Any:
    if isinstance(value, str):
        number = number_or_text(value.strip())
        return number if isinstance(number, int) else None
    return _plain_number(value) if type(value) is int or (isinstance(value, float) and value.is_integer()) else None


def _plain_number(value: float) -> float | int:
    """7.0 as 7, since a workbook knows no whole numbers."""
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < _MOST_EXACT
    return int(value) if is_whole else value


def _clock(_: TableColumn, value: Any) -> Any:
    if isinstance(value, dt.datetime) and value.year < 1901:  # a bare time in a cell that is formatted as a date
        value = value.time()
    if isinstance(value, dt.time):
        rounded = dt.datetime.combine(dt.date.min, value) + dt.timedelta(milliseconds=500)
        return f"{rounded:%H:%M}" if rounded.second == 0 else None
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    return f"{int(match[1]):02d}:{match[2]}" if match else None


def _date(_: TableColumn, value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else None
    if isinstance(value, dt.date):
        return value.isoformat()
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    try:
        return dt.date(int(match[1]), int(match[2]), int(match[3])).isoformat() if match else None
    except ValueError:
        return None


def _percent(_: TableColumn, value: Any) -> Any:
    if isinstance(value, str):
        match = _PERCENT.fullmatch(value)
        if match is None:
            return None
        value = float(Decimal(match[1]) / 100 if match[2] else Decimal(match[1]))
    return _plain_number(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _flag(_: TableColumn, value: Any) -> Any:
    return value if isinstance(value, bool) else {YES: True, NO: False}.get(value if isinstance(value, str) else "")


def _choice(column: TableColumn, value: Any) -> Any:
    if isinstance(value, dt.date):  # Excel makes a date of a class code (2026-03-01)
        value = f"{value:%Y-%m-%d}"
    return _code(column, value) if isinstance(value, str) else None


def _choices(column: TableColumn, value: Any) -> Any:
    if not isinstance(value, str):
        return None
    words = [word.strip() for word in _SEPARATORS.split(value) if word.strip()]
    return [_code(column, word) or word for word in words]


def _code(column: TableColumn, word: str) -> str | None:
    if word in column.options:
        return word
    return _codes(tuple(column.options.items())).get(_squeezed(word))


@lru_cache(maxsize=64)
def _codes(options: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """Squeezed word → code; words that become the same when squeezed name nothing."""
    words = [_squeezed(word) for _, word in options]
    return {word: code for (code, _), word in zip(options, words, strict=True) if words.count(word) == 1}


def _squeezed(word: str) -> str:
    """三年级(1)班, 三年级1班 and 三（1）班 are the same to anyone who reads them."""
    return re.sub(r"[()\s]|年级", "", unicodedata.normalize("NFKC", word))


def _text(_: TableColumn, value: Any) -> Any:
    if isinstance(value, str):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return str(_plain_number(value)) if is_number else None


_READERS: Mapping[Kind, Callable[[TableColumn, Any], Any]] = {
    Kind.WHOLE: _whole,
    Kind.CLOCK: _clock,
    Kind.DATE: _date,
    Kind.PERCENT: _percent,
    Kind.FLAG: _flag,
    Kind.CHOICE: _choice,
    Kind.CHOICES: _choices,
    Kind.TEXT: _text,
}
