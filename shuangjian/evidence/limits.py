"""答复时限: workdays to reply to a complaint, by channel and date; the sources stand in data/reply_limits.csv."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from shuangjian.bureau.tables import read_table
from shuangjian.bureau.workdays import WorkdayCalendar
from shuangjian.evidence.choices import ComplaintChannel

_DATA = Path(__file__).parent / "data" / "reply_limits.csv"
_COLUMNS = ("channel", "valid_from", "workdays", "is_open", "reference")
#: Calendar days that surely hold the longest limit, Spring Festival included.
_REACH = dt.timedelta(days=60)


@dataclass(frozen=True)
class ReplyLimit:
    """Workdays to reply from a date on; ``is_open`` (†): no document sets the number for everybody."""

    channel: str
    valid_from: dt.date
    workdays: int
    is_open: bool
    reference: str


@cache
def reply_limits() -> tuple[ReplyLimit, ...]:
    """Every dated limit, newest first. ValueError when a channel of the choices has none: it would have no clock."""
    limits = [
        ReplyLimit(
            line.get("channel"),
            dt.date.fromisoformat(line.get("valid_from")),
            int(line.get("workdays")),
            bool(line.get("is_open")),
            line.get("reference"),
        )
        for line in read_table(_DATA, _COLUMNS)
    ]
    without = set(ComplaintChannel.values) - {limit.channel for limit in limits}
    if without:
        raise ValueError(f"{_DATA} has no reply limit for {', '.join(sorted(without))}: add a line for each.")
    return tuple(sorted(limits, key=lambda limit: limit.valid_from, reverse=True))


def reply_limit(channel: str, day: dt.date) -> ReplyLimit:
    """The limit in force on ``day``; before the first date the first one holds."""
    of_channel = [limit for limit in reply_limits() if limit.channel == channel]
    return next((limit for limit in of_channel if limit.valid_from <= day), of_channel[-1])


def reply_due_dates(received: Iterable[tuple[str, dt.date]]) -> dict[tuple[str, dt.date], dt.date]:
    """Last day to reply, by (channel, day of receipt); the day of receipt is day 0. One query for all of them."""
    keys = set(received)
    if not keys:
        return {}
    days = [day for _, day in keys]
    calendar = WorkdayCalendar.load(min(days), max(days) + _REACH)
    return {(channel, day): calendar.add(day, reply_limit(channel, day).workdays) for channel, day in keys}
