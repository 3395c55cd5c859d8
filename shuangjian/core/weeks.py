"""ISO weeks, Monday to Sunday in Asia/Shanghai; stored as the date of their Monday, written as 2026-W45."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

_KEY = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)


@dataclass(frozen=True, order=True)
class Week:
    """One ISO week.

    ``monday`` is what tables store; ``key`` is what URLs, payloads and periods say.
    """

    monday: dt.date

    def __post_init__(self) -> None:
        if self.monday.isoweekday() != 1:
            raise ValueError(f"{self.monday} is not a Monday: build weeks with Week.of(date) or Week.parse(key).")

    @classmethod
    def of(cls, day: dt.date) -> Week:
        """The week in which ``day`` lies."""
        return cls(day - dt.timedelta(days=day.isoweekday() - 1))

    @classmethod
    def parse(cls, key: str) -> Week:
        """The week written as ``2026-W45``; ValueError when there is no such week."""
        match = _KEY.fullmatch(key)
        if match is None:
            raise ValueError(f"“{key}”不是周次，应写作 2026-W45（年份-W两位周数）。")
        try:
            return cls(dt.date.fromisocalendar(int(match[1]), int(match[2]), 1))
        except ValueError:
            raise ValueError(f"{match[1]} 年没有第 {int(match[2])} 周，请检查周次“{key}”。") from None

    @property
    def sunday(self) -> dt.date:
        return self.monday + dt.timedelta(days=6)

    @property
    def key(self) -> str:
        year, number, _ = self.monday.isocalendar()
        return f"{year}-W{number:02d}"

    @property
    def label(self) -> str:
        """As people read it: 2026年第48周（11.23–11.29）."""
        year, number, _ = self.monday.isocalendar()
        first, last = self.monday, self.sunday
        return f"{year}年第{number}周（{first.month}.{first.day}–{last.month}.{last.day}）"

    @property
    def days(self) -> list[dt.date]:
        return [self.monday + dt.timedelta(days=n) for n in range(7)]

    def plus(self, weeks: int) -> Week:
        """The week ``weeks`` later (earlier when negative)."""
        return Week(self.monday + dt.timedelta(weeks=weeks))

    @property
    def next_key(self) -> str:
        return self.plus(1).key

    @property
    def previous_key(self) -> str:
        return self.plus(-1).key

    def __contains__(self, day: dt.date) -> bool:
        return self.monday <= day <= self.sunday

    def __str__(self) -> str:
        return self.key
