"""What a person types into a homework cell, and the payload value it stands for: conversions of type only.

Whatever is not written the way a cell shows it stays text, and the checks refuse it with their own sentence.
"""

from __future__ import annotations

import datetime as dt
import re

_SHORT = re.compile(r"(\d{1,2})-(\d{1,2})", re.ASCII)
_NEAR = dt.timedelta(days=183)


def date_or_text(typed: str, near: dt.date) -> str:
    """``11-02`` as the form shows it becomes ``2026-11-02``, of the year that brings it nearest to ``near``."""
    match = _SHORT.fullmatch(typed)
    if match is None:
        return typed
    for year in (near.year, near.year - 1, near.year + 1):
        try:
            date = dt.date(year, int(match[1]), int(match[2]))
        except ValueError:
            continue
        if abs(date - near) <= _NEAR:
            return date.isoformat()
    return typed


def short_date(value: str, near: dt.date) -> str:
    """A stored date as a narrow cell shows it: without its year, where typing it again gives the same date."""
    date = dt.date.fromisoformat(value)
    short = f"{date.month}-{date.day:02d}"
    return short if date_or_text(short, near) == value else value
