"""The seven days of a week as a form shows them: which are school days of a stage, and why the others are not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from shuangjian.bureau.models import Break, CalendarDay, Institution, UnitDay
from shuangjian.core.weeks import Week

_WEEKDAYS = "一二三四五六日"
_LEVELS = ("institution", "town", "district")  # the narrowest exception wins, as in the unit's calendar
_SHOWN = {"holiday": "放假", "workday": "调休上课", "closed": "停课", "school": "上课"}


@dataclass(frozen=True)
class FormDay:
    """One column of a form. ``note`` says why the day is off, or why a weekend day is not (调休上课)."""

    date: dt.date
    is_school_day: bool
    note: str = ""

    @property
    def number(self) -> int:
        """1 for Monday to 7 for Sunday: the part of a cell's name that tells its day."""
        return self.date.isoweekday()

    @property
    def iso(self) -> str:
        return self.date.isoformat()

    @property
    def name(self) -> str:
        return f"周{_WEEKDAYS[self.number - 1]}"

    @property
    def short(self) -> str:
        return f"{self.date.month}-{self.date.day:02d}"

    @property
    def label(self) -> str:
        """11-25（周三）."""
        return f"{self.short}（{self.name}）"


def week_days(institution: Institution, week: Week) -> dict[str, list[FormDay]]:
    """Monday to Sunday for each stage of the unit; three queries."""
    known = {
        (stage, date): is_school_day
        for stage, date, is_school_day in UnitDay.objects.filter(institution=institution, week=week.monday).values_list(
            "stage", "date", "is_school_day"
        )
    }
    exceptions = list(
        CalendarDay.objects.filter(
            Q(level="district") | Q(town=institution.town_id, town__isnull=False) | Q(institution=institution),
            date__range=(week.monday, week.sunday),
        )
    )
    breaks = list(Break.objects.filter(starts_on__lte=week.sunday, ends_on__gte=week.monday))
    return {
        stage: [
            FormDay(date, known.get((stage, date), False), _note(stage, date, known, exceptions, breaks))
            for date in week.days
        ]
        for stage in institution.stages
    }


def _note(
    stage: str,
    date: dt.date,
    known: Mapping[tuple[str, dt.date], bool],
    exceptions: Iterable[CalendarDay],
    breaks: Iterable[Break],
) -> str:
    if (stage, date) not in known:
        return "校历未定"
    holiday = next((b for b in breaks if b.stage == stage and b.starts_on <= date <= b.ends_on), None)
    if holiday is not None:
        return holiday.name.rstrip("0123456789")
    exception = min(
        (e for e in exceptions if e.date == date and e.stage in (None, stage)),
        key=lambda e: (_LEVELS.index(e.level), e.stage is None),
        default=None,
    )
    is_weekend = date.isoweekday() > 5
    if exception is None:
        return "周末" if is_weekend else ""
    if known[stage, date]:
        return _SHOWN[exception.kind] if is_weekend else ""
    if exception.kind == "holiday":
        return f"{exception.reason}放假"
    return f"停课（{exception.reason}）"
