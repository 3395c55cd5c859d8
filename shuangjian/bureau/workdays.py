"""Workdays for due instants and time limits: Monday to Friday less statutory holidays, plus swapped workdays.

Terms and breaks play no part here, and neither do closures of a town or a school.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from shuangjian.bureau.calendar_models import CalendarDay

# Longer than any run of days off that the State Council has ever set, with the swapped days around it.
_LONGEST_HOLIDAY_DAYS = 20


@dataclass(frozen=True)
class WorkdayCalendar:
    """The statutory days from ``since`` to ``until``, read once, for loops over many dates.

    Asking beyond the range is a ValueError: a holiday that was not read must never pass for a workday.
    """

    since: dt.date
    until: dt.date
    statutory: Mapping[dt.date, str]

    @classmethod
    def load(cls, since: dt.date, until: dt.date) -> WorkdayCalendar:
        """One query: the district's holidays and swapped workdays that hold for every stage."""
        rows = CalendarDay.objects.filter(
            level=CalendarDay.Level.DISTRICT,
            stage__isnull=True,
            kind__in=[CalendarDay.Kind.HOLIDAY, CalendarDay.Kind.WORKDAY],
            date__range=(since, until),
        )
        return cls(since, until, dict(rows.values_list("date", "kind")))

    def is_workday(self, day: dt.date) -> bool:
        """Whether ``day`` is a workday."""
        if not self.since <= day <= self.until:
            raise ValueError(f"{day} is outside the loaded calendar {self.since}–{self.until}: load a wider range.")
        kind = self.statutory.get(day)
        return kind == CalendarDay.Kind.WORKDAY if kind else day.isoweekday() <= 5

    def first_on_or_after(self, day: dt.date) -> dt.date:
        """``day`` itself when it is a workday, else the next one."""
        while not self.is_workday(day):
            day += dt.timedelta(days=1)
        return day

    def add(self, day: dt.date, count: int) -> dt.date:
        """The last of ``count`` workdays after ``day``, which is day 0 whatever it is; ``count`` 0 gives ``day``."""
        for _ in range(count):
            day = self.first_on_or_after(day + dt.timedelta(days=1))
        return day


def is_workday(day: dt.date) -> bool:
    """Whether ``day`` is a workday; one query. In loops use WorkdayCalendar.load."""
    return WorkdayCalendar.load(day, day).is_workday(day)


def first_workday_on_or_after(day: dt.date) -> dt.date:
    """``day`` itself when it is a workday, else the next one; one query."""
    return WorkdayCalendar.load(day, day + dt.timedelta(days=_LONGEST_HOLIDAY_DAYS)).first_on_or_after(day)


def add_workdays(day: dt.date, count: int) -> dt.date:
    """The last of ``count`` workdays after ``day`` (day 0); one query."""
    # Five workdays take a week; the holidays among them are few, and doubling covers them at any length.
    reach = dt.timedelta(days=count * 2 + _LONGEST_HOLIDAY_DAYS)
    return WorkdayCalendar.load(day, day + reach).add(day, count)
