"""The days that a story of training institutions needs: lessons on no rest day, and rest days to break."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from shuangjian.bureau.calendar_models import RestDay

ONE_DAY = dt.timedelta(days=1)
#: How far the story reaches back and ahead of its present.
DAYS_BACK, DAYS_AHEAD = 84, 28


@dataclass(frozen=True)
class Days:
    """``today`` of the story, and the rest days about it: of any stage, and those that are rest days of every stage."""

    today: dt.date
    of_any: frozenset[dt.date]
    of_all: frozenset[dt.date]

    @classmethod
    def load(cls, today: dt.date) -> Days:
        span = (today - dt.timedelta(days=DAYS_BACK), today + dt.timedelta(days=DAYS_AHEAD))
        by_stage: dict[str, set[dt.date]] = {"primary": set(), "junior": set()}
        for stage, date in RestDay.objects.filter(date__range=span).values_list("stage", "date"):
            by_stage[stage].add(date)
        primary, junior = by_stage["primary"], by_stage["junior"]
        return cls(today, frozenset(primary | junior), frozenset(primary & junior))

    def lessons(self, weekday: int) -> list[dt.date]:
        """Days of this weekday (1 Monday … 5 Friday) that are rest days of no stage, past and ahead, in order."""
        return [day for day in self.all() if day.isoweekday() == weekday and day not in self.of_any]

    def all(self) -> list[dt.date]:
        first = self.today - dt.timedelta(days=DAYS_BACK)
        return [first + dt.timedelta(days=offset) for offset in range(DAYS_BACK + DAYS_AHEAD + 1)]

    def ago(self, days: int) -> dt.date:
        return self.today - dt.timedelta(days=days)

    def past_workdays(self) -> list[dt.date]:
        """Mondays to Fridays before today that are rest days of no stage, the latest first."""
        days = [day for day in self.all() if day < self.today and day.isoweekday() <= 5 and day not in self.of_any]
        return days[::-1]
