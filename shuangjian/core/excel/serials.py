"""Numbers of cells as people see them: dates, moments and times by the cell's number format."""

from __future__ import annotations

import datetime as dt
import re
from enum import Enum

_NOT_LETTERS = re.compile(r'"[^"]*"?|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|am/pm|a/p', re.IGNORECASE)
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_DAY_MS = 86_400_000
# A day of 1900 that never was (29 February) shifts every serial up to it by one.
_EPOCH_1900, _EPOCH_1904 = dt.datetime(1899, 12, 30), dt.datetime(1904, 1, 1)  # noqa: DTZ001 - what people typed
_FIRST_RIGHT_1900 = 61


class Format(Enum):
    """What a number format shows of a serial number."""

    NUMBER = 0
    DATE = 1
    TIME = 2
    MOMENT = 3
    ELAPSED = 4


# Formats with these numbers are not written out in the file. 27-36 and 50-58 are what Chinese Excel and WPS use for
# 年月日 and 时分; libraries from elsewhere take them for plain numbers.
_BUILT_IN = {
    **dict.fromkeys((14, 15, 16, 17, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58), Format.DATE),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 47, 55, 56), Format.TIME),
    22: Format.MOMENT,
    46: Format.ELAPSED,
}


def built_in(number: int) -> Format:
    return _BUILT_IN.get(number, Format.NUMBER)


def classify(code: str) -> Format:
    """What the format code shows, judged by its first section (that for positive numbers)."""
    letters = _NOT_LETTERS.sub("", code[:255]).split(";")[0].lower()
    if _ELAPSED.search(letters):
        return Format.ELAPSED
    if "general" in letters:
        return Format.NUMBER
    has_time = "h" in letters or "s" in letters
    has_date = "y" in letters or "d" in letters or ("m" in letters and not has_time)
    if has_date and has_time:
        return Format.MOMENT
    return Format.DATE if has_date else Format.TIME if has_time else Format.NUMBER


def number(text: str) -> int | float | None:
    """The number written so in XML: 1e309 is inf; None for what is no number."""
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else None


def from_serial(
    serial: int | float, shown: Format, *, is_1904: bool
) -> int | float | str | dt.date | dt.time | dt.datetime:
    """The date, time or moment that the cell shows, to the millisecond; an elapsed time of a day or more as text
    ("26:30:00"). The number itself where there is no such date (before 1900, after 9999, infinite)."""
    if shown is Format.NUMBER or not 0 <= serial < 2_958_466:
        return serial
    days, rest = divmod(round(serial * _DAY_MS), _DAY_MS)
    if shown is Format.ELAPSED and days:
        minutes, seconds = divmod(rest // 1_000, 60)
        return f"{days * 24 + minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
    if days == 0 and shown is not Format.DATE:
        return (_EPOCH_1904 + dt.timedelta(milliseconds=rest)).time()
    if not is_1904 and days == 0:
        return serial
    epoch = _EPOCH_1904 if is_1904 else _EPOCH_1900
    shift = 0 if is_1904 or days >= _FIRST_RIGHT_1900 - 1 else 1
    try:
        moment = epoch + dt.timedelta(days=days + shift, milliseconds=rest)
    except OverflowError:
        return serial
    return moment.date() if shown is Format.DATE and rest == 0 else moment


def from_iso(text: str) -> dt.date | dt.time | dt.datetime | str:
    """The date or moment of a cell of type "d"; the text itself when it is neither."""
    plain = text.removesuffix("Z")
    for read in (dt.date.fromisoformat, dt.datetime.fromisoformat, dt.time.fromisoformat):
        try:
            found: dt.date | dt.time | dt.datetime = read(plain)
        except ValueError:
            continue
        return (
            found if isinstance(found, dt.date) and not isinstance(found, dt.datetime) else found.replace(tzinfo=None)
        )
    return text
