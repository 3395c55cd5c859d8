"""The calendar as the storyteller knows it: teaching weeks, terms, and when a week's return is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shuangjian.bureau.models import CalendarDay, UnitDay
from shuangjian.core import clock
from shuangjian.core.errors import Refused
from shuangjian.core.weeks import Week
from shuangjian.rules.periods import TermDates, all_terms

_DUE = 18 * 60  # 18:00, as the guideline's portal ships it

Days = Mapping[str, Sequence[dt.date]]


@dataclass(frozen=True)
class Calendar:
    """Terms of both stages and the district's statutory days, read once."""

    terms: Sequence[TermDates]
    statutory: Mapping[dt.date, str]

    @classmethod
    def load(cls) -> Calendar:
        """Two queries."""
        rows = CalendarDay.objects.filter(level=CalendarDay.Level.DISTRICT, stage__isnull=True)
        return cls(all_terms(), dict(rows.filter(kind__in=["holiday", "workday"]).values_list("date", "kind")))

    def is_workday(self, day: dt.date) -> bool:
        """Monday to Friday less holidays, and swapped workdays."""
        return self.statutory.get(day, "workday" if day.isoweekday() <= 5 else "") == "workday"

    def teaching_weeks(self, count: int, before: Week) -> list[Week]:
        """The last ``count`` weeks before that one in which some stage has a school day. Refused if too few."""
        weeks: list[Week] = []
        week, first = before.plus(-1), min((term.starts_on for term in self.terms), default=before.monday)
        while len(weeks) < count and week.sunday >= first:
            if any(self._is_taught(day) for day in week.days):
                weeks.append(week)
            week = week.plus(-1)
        if len(weeks) < count:
            raise Refused(
                f"校历中 {before.monday} 之前只有 {len(weeks)} 个教学周，不够 {count} 周；"
                "请减少周数，或先导入更早的学期和节假日（import_terms、import_calendar）。"
            )
        return weeks[::-1]

    def _is_taught(self, day: dt.date) -> bool:
        return self.is_workday(day) and any(term.starts_on <= day <= term.ends_on for term in self.terms)

    def due(self, week: Week) -> dt.datetime:
        """18:00 of the first workday on or after the next Monday."""
        day = week.plus(1).monday
        while not self.is_workday(day):
            day += dt.timedelta(days=1)
        return clock.at(day, _DUE)

    def term_of(self, stage: str, days: Sequence[dt.date]) -> str:
        """The key of the term that holds the first of these school days of a week."""
        for term in self.terms:
            if days and term.stage == stage and term.starts_on <= days[0] <= term.ends_on:
                return term.key
        return ""


def school_days(week: Week) -> dict[int, Days]:
    """The school days of every unit in the week, by stage; one query."""
    days: dict[int, dict[str, list[dt.date]]] = {}
    rows = UnitDay.objects.filter(week=week.monday, is_school_day=True).order_by("institution_id", "stage", "date")
    for institution_id, stage, date in rows.values_list("institution_id", "stage", "date"):
        days.setdefault(institution_id, {}).setdefault(stage, []).append(date)
    return dict(days)
