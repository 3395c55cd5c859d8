"""What a cell may hold, read alike from text, JSON and a worksheet; ``read`` raises ValueError, in Chinese."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from shuangjian.core.excel.writing import Kind as Shown
from training_orgs.identity import Hashed, parse_uscc

_SEPARATORS = re.compile(r"[、,，;；\n]+")
_YES = frozenset({"是", "yes", "true", "1", "y"})
_NO = frozenset({"否", "no", "false", "0", "n"})
_WEEKDAYS = {name: number for number, name in enumerate("一二三四五六日", start=1)} | {"天": 7}
_SLOT = re.compile(r"(?:周|星期|礼拜)([一二三四五六日天])\s*(\d{1,2})[:：](\d{2})\s*[-–—~至到]\s*(\d{1,2})[:：](\d{2})")
_TIME = re.compile(r"(\d{1,2})[:：](\d{2})(?::00)?", re.ASCII)
#: Commas are read where they divide thousands: 1,00 is neither one nor a hundred.
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_FIRST_DAY, _LAST_DAY = dt.date(1980, 1, 1), dt.date(2099, 12, 31)


def is_empty(raw: Any) -> bool:
    return raw is None or (isinstance(raw, str) and not raw.strip()) or (isinstance(raw, list | tuple) and not raw)


def as_text(raw: Any) -> str:
    """Text as it was typed: a worksheet's 123.0 is 123."""
    if isinstance(raw, str):
        text = raw.strip()
    elif isinstance(raw, bool) or not isinstance(raw, int | float | Decimal | dt.date | dt.time):
        raise ValueError("应填文字，请改正。")
    elif isinstance(raw, float) and raw.is_integer():
        text = str(int(raw))
    else:
        text = str(raw)
    if not text.isprintable() and any(ord(char) < 32 and char not in "\n\r\t" for char in text):
        raise ValueError("含有不能显示的字符，请重新输入。")
    return text


class Cell:
    """The base of all: ``shown`` is how a worksheet formats it, ``choices`` are what a form offers."""

    shown: Shown = Shown.TEXT
    choices: Mapping[str, str] = {}
    empty: Any = None
    is_list = False
    #: The JSON schema of a value.
    json: ClassVar[Mapping[str, Any]] = {"type": ["string", "null"]}

    def read(self, raw: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define read(raw).")


@dataclass(frozen=True)
class Text(Cell):
    longest: int
    is_long: bool = False
    is_nullable: bool = False

    @property
    def empty(self) -> Any:
        return None if self.is_nullable else ""

    def read(self, raw: Any) -> str:
        text = as_text(raw)
        if len(text) > self.longest:
            raise ValueError(f"有 {len(text)} 个字，最多 {self.longest} 个，请缩短。")
        return text


class Day(Cell):
    shown = Shown.DATE
    json: ClassVar[Mapping[str, Any]] = {"type": ["string", "null"], "format": "date"}

    def read(self, raw: Any) -> dt.date:
        if isinstance(raw, dt.datetime):
            day = raw.date()
        elif isinstance(raw, dt.date):
            day = raw
        else:
            text = as_text(raw)
            try:
                year, month, number = (int(part) for part in text.replace("/", "-").split("-"))
                day = dt.date(year, month, number)
            except ValueError:
                raise ValueError(f"“{text}”不是日期，请写作 2026-09-01。") from None
        if not _FIRST_DAY <= day <= _LAST_DAY:
            raise ValueError(f"“{day}”不在 {_FIRST_DAY} 到 {_LAST_DAY} 之间，请核对年份。")
        return day


@dataclass(frozen=True)
class Number(Cell):
    """A whole number (``places`` 0) or an exact decimal, from ``least`` to ``most``."""

    least: int | Decimal = 0
    most: int | Decimal = 999_999
    places: int = 0
    json: ClassVar[Mapping[str, Any]] = {"type": ["number", "string", "null"]}

    @property
    def shown(self) -> Shown:  # type: ignore[override]
        return Shown.DECIMAL if self.places else Shown.WHOLE

    def read(self, raw: Any) -> Any:
        number = self._number(raw)
        if number < self.least:
            if self.least == 0:
                raise ValueError(f"“{raw}”是负数，应为 0 或更大的数，请改正。")
            raise ValueError(f"“{raw}”太小，应不小于 {self.least}，请改正。")
        if number > self.most:
            raise ValueError(f"“{raw}”太大，应不大于 {self.most}，请核对。")
        if number != round(number, self.places):
            what = f"最多 {self.places} 位小数" if self.places else "应为整数"
            raise ValueError(f"“{raw}”{what}，请改正。")
        return round(number, self.places) if self.places else int(number)

    def _number(self, raw: Any) -> Decimal:
        if isinstance(raw, float):
            raw = round(raw, 6)  # what a worksheet keeps of 0.1 + 0.2
        text = as_text(raw).replace("，", ",")
        if "_" in text or ("," in text and _GROUPED.fullmatch(text) is None):
            raise ValueError(f"“{raw}”不是数，请填半角数字，不用逗号。")
        try:
            number = Decimal(text.replace(",", ""))
        except InvalidOperation:
            raise ValueError(f"“{raw}”不是数，请填半角数字。") from None
        if not number.is_finite():
            raise ValueError(f"“{raw}”不是数，请填半角数字。")
        return number


class Money(Number):
    """Yuan to the fen; nothing that one institution sells, keeps or moves at once costs a hundred million."""

    def __init__(self, least: int | Decimal = 0) -> None:
        super().__init__(least, Decimal("99999999.99"), 2)

    def read(self, raw: Any) -> Decimal:
        number = self._number(raw)
        if number < 0:
            raise ValueError(f"“{raw}”是负数，金额和价格不能小于 0，请改正。")
        if number < self.least:
            raise ValueError("金额应大于 0，请改正。")
        if number > self.most:
            raise ValueError(f"“{raw}”太大，请核对金额。")
        if number != round(number, 2):
            raise ValueError(f"“{raw}”超过两位小数，金额精确到分，请改正。")
        return round(number, 2)


class Flag(Cell):
    json: ClassVar[Mapping[str, Any]] = {"type": ["boolean", "string", "null"]}
    choices: Mapping[str, str] = {"是": "是", "否": "否"}

    def read(self, raw: Any) -> bool:
        if isinstance(raw, bool):
            return raw
        text = as_text(raw).lower()
        if text in _YES or text in _NO:
            return text in _YES
        raise ValueError(f"“{raw}”不在可填的值之内，请填 是 或 否。")


@dataclass(frozen=True)
class OneOf(Cell):
    """One of ``choices`` (value → label); either is accepted, and the words of ``also`` (word → value)."""

    choices: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)
    empty: Any = ""

    def read(self, raw: Any) -> str:
        text = as_text(raw)
        if text in self.choices:
            return text
        for value, label in self.choices.items():
            if text == label:
                return value
        if text in self.also:
            return self.also[text]
        words = "、".join(self.choices.values())
        raise ValueError(f"“{text}”不在可填的值之内，请填 {words} 之一。")


@dataclass(frozen=True)
class Many(Cell):
    """Several of ``choices``, as a list or divided by 、; in the order of the choices, each once."""

    one: OneOf
    empty: Any = ()
    is_list = True
    json: ClassVar[Mapping[str, Any]] = {"type": ["array", "string", "null"], "items": {"type": "string"}}

    @property
    def choices(self) -> Mapping[str, str]:  # type: ignore[override]
        return self.one.choices

    def read(self, raw: Any) -> tuple[str, ...]:
        found = {self.one.read(part) for part in parts(raw)}
        return tuple(value for value in self.one.choices if value in found)


@dataclass(frozen=True)
class Words(Cell):
    """Several texts, as a list or divided by 、, each once."""

    longest: int
    empty: Any = ()
    is_list = True
    json: ClassVar[Mapping[str, Any]] = {"type": ["array", "string", "null"], "items": {"type": "string"}}

    def read(self, raw: Any) -> tuple[str, ...]:
        words = tuple(dict.fromkeys(as_text(part) for part in parts(raw)))
        for word in words:
            if len(word) > self.longest:
                raise ValueError(f"“{word}”有 {len(word)} 个字，最多 {self.longest} 个，请缩短。")
        return words


class Slots(Cell):
    """Weekly slots: "周六 09:00-10:30", several divided by 、 or ；; read as (weekday, start, end) in minutes."""

    empty: Any = ()
    is_list = True
    json: ClassVar[Mapping[str, Any]] = {"type": ["array", "string", "null"], "items": {"type": "string"}}

    def read(self, raw: Any) -> tuple[tuple[int, int, int], ...]:
        slots = []
        for part in parts(raw):
            text = as_text(part)
            match = _SLOT.fullmatch(text)
            if match is None:
                raise ValueError(f"“{text}”不是每周课时段，请写作 周六 09:00-10:30，多个时段用、隔开。")
            start, end = (clock_minutes(match[at], match[at + 1], text) for at in (2, 4))
            if end <= start:
                raise ValueError(f"“{text}”的结束时间应晚于开始时间，请改正。")
            slots.append((_WEEKDAYS[match[1]], start, end))
        return without_overlap(sorted(slots))


class TimeOfDay(Cell):
    """Minutes after midnight, written 18:30."""

    shown = Shown.TIME

    def read(self, raw: Any) -> int:
        if isinstance(raw, dt.time):
            return raw.hour * 60 + raw.minute
        text = as_text(raw)
        match = _TIME.fullmatch(text)
        if match is None:
            raise ValueError(f"“{text}”不是时间，请写作 18:30。")
        return clock_minutes(match[1], match[2], text)


class Uscc(Cell):
    def read(self, raw: Any) -> str:
        return parse_uscc(as_text(raw))


class IdentityNumber(Cell):
    """Hashed as soon as it is read: the number goes no further."""

    def read(self, raw: Any) -> Hashed:
        return raw if isinstance(raw, Hashed) else Hashed.of(as_text(raw))


class Currency(Cell):
    """Everything is in yuan: another currency is refused instead of being taken for it."""

    empty: Any = "CNY"
    _names = frozenset({"元", "CNY", "RMB", "人民币", "人民币元"})

    def read(self, raw: Any) -> str:
        text = as_text(raw)
        if text.upper() not in self._names:
            raise ValueError(f"“{text}”不是人民币，金额只按元登记；请按合同折算成元，币种填“元”或留空。")
        return "CNY"


def parts(raw: Any) -> Sequence[Any]:
    """The members of a list cell, given as a list or as text with separators."""
    if isinstance(raw, list | tuple):
        return [each for each in raw if not is_empty(each)]
    return [part.strip() for part in _SEPARATORS.split(as_text(raw)) if part.strip()]


def clock_minutes(hours: str, minutes: str, text: str) -> int:
    """Minutes after midnight, 24:00 included; ValueError names ``text``."""
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > 1440:
        raise ValueError(f"“{text}”不是一天之内的时间，请写作 18:30。")
    return total


def without_overlap(slots: list[tuple[int, int, int]]) -> tuple[tuple[int, int, int], ...]:
    for before, after in zip(slots, slots[1:], strict=False):
        if before[0] == after[0] and after[1] < before[2]:
            raise ValueError("同一天的两个时段重叠，请改正。")
    return tuple(slots)
