"""班日: one class on one school day of its stage, the denominator of findings that classes cause."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Count, F

from schools.classes import ClassFacts, school_year
from schools.models import SchoolClass
from shuangjian.bureau.models import UnitDay
from shuangjian.core.weeks import Week


def class_days(institution_ids: Sequence[int], mondays: Sequence[dt.date]) -> dict[tuple[int, dt.date], int]:
    """Class-days of these schools by (institution id, Monday), by the calendar and classes as they are now.

    A class that opened or closed within a week counts for the whole of it. Two queries: PostgreSQL, asked for both in
    one, takes the days of a week's first date for a single row and walks them once a school.
    """
    weeks = {monday: Week(monday) for monday in mondays}
    years = {monday: school_year(week) for monday, week in weeks.items()}
    groups = _alike(institution_ids, set(years.values()))
    # One day stands for its week: the number of school days is repeated on each.
    days = UnitDay.objects.filter(
        institution_id__in=institution_ids, week__in=list(weeks), date=F("week_first_on")
    ).order_by()
    result: dict[tuple[int, dt.date], int] = {}
    for pk, stage, monday, school_days in days.values_list("institution_id", "stage", "week", "week_school_days"):
        alike = groups.get((pk, stage, years[monday]), ())
        classes = sum(count for facts, count in alike if facts.exists_in(weeks[monday]))
        if classes:
            result[pk, monday] = result.get((pk, monday), 0) + classes * school_days
    return result


def _alike(institution_ids: Sequence[int], years: set[int]) -> dict[tuple[int, str, int], list[tuple[ClassFacts, int]]]:
    """Classes of the same dates with their number, by (school, stage, school year)."""
    alike = ("school_id", "stage", "school_year", "opened_on", "closed_on")
    rows = SchoolClass.objects.filter(school_id__in=institution_ids, school_year__in=years).order_by().values(*alike)
    groups: dict[tuple[int, str, int], list[tuple[ClassFacts, int]]] = {}
    for row in rows.annotate(classes=Count("pk")):
        facts = ClassFacts(0, 0, row["stage"], row["opened_on"], row["closed_on"])
        groups.setdefault((row["school_id"], row["stage"], row["school_year"]), []).append((facts, row["classes"]))
    return groups
