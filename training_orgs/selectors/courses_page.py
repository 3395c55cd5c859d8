"""The courses of one institution: identification, the sessions of a week, and what the radar sees. Constant queries."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Prefetch, Q

from shuangjian.bureau.models import Institution
from shuangjian.core.weeks import Week
from training_orgs.models import Course, CourseSession, CourseSlot, Identification
from training_orgs.selectors.clashes import CourseClashes, clashes_of

#: How far ahead the radar looks on an institution's own page, days.
AHEAD = 180
_DAYS = "一二三四五六日"


@dataclass(frozen=True)
class CourseRow:
    """One course with its last identification, weekly slots, sessions to come, and its clashes."""

    course: Course
    identification: Identification | None
    slots: str
    coming: int
    clashes: CourseClashes | None

    @property
    def nature(self) -> str:
        return "学科类" if self.course.is_subject else "非学科类"


@dataclass(frozen=True)
class DayOfWeek:
    day: dt.date
    sessions: list[CourseSession]


def courses_page(unit: Institution, week: Week, today: dt.date) -> dict[str, Any]:
    """Context of the page: courses (those with clashes first), the week's sessions, clashes from today on."""
    found = clashes_of(CourseSession.objects.filter(institution=unit), today, today + dt.timedelta(days=AHEAD))
    clashes = {each.course.pk: each for each in found}
    courses = (
        Course.objects.filter(institution=unit)
        .annotate(coming=Count("sessions", filter=Q(sessions__day__gte=today, sessions__is_cancelled=False)))
        .prefetch_related("slots", Prefetch("identifications", Identification.objects.order_by("-decided_on", "-pk")))
        .order_by("number")
    )
    rows = [_row(course, clashes.get(course.pk)) for course in courses]
    rows.sort(key=lambda row: -(row.clashes.worst if row.clashes else 0))
    return {
        "rows": rows,
        "found": found,
        "week_days": _week(unit, week),
        "shown_week": week,
        "ahead": AHEAD,
        "heading": _heading(unit, rows, found),
    }


def _row(course: Any, clashes: CourseClashes | None) -> CourseRow:
    identification = next(iter(course.identifications.all()), None)
    slots = "、".join(_slot(slot) for slot in course.slots.all())
    return CourseRow(course, identification, slots, course.coming, clashes)


def _slot(slot: CourseSlot) -> str:
    return f"周{_DAYS[slot.weekday - 1]} {_clock(slot.starts_at)}–{_clock(slot.ends_at)}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _week(unit: Institution, week: Week) -> list[DayOfWeek]:
    by_day: dict[dt.date, list[CourseSession]] = defaultdict(list)
    sessions = CourseSession.objects.filter(institution=unit, day__range=(week.monday, week.sunday))
    for session in sessions.select_related("course").order_by("day", "starts_at", "course__number"):
        by_day[session.day].append(session)
    days = (week.monday + dt.timedelta(days=n) for n in range(7))
    return [DayOfWeek(day, by_day.get(day, [])) for day in days]


def _heading(unit: Institution, rows: list[CourseRow], found: list[CourseClashes]) -> str:
    if not rows:
        return f"{unit.name}还没有登记课程"
    words = f"{len(found)} 门的排课与规定冲突" if found else "排课没有冲突"
    return f"{unit.name} {len(rows)} 门课程，{words}"
