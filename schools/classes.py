"""Which classes a school has in a week: the reads that sections and pages share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from schools.models import SchoolClass
from shuangjian.bureau.models import Institution
from shuangjian.core.weeks import Week


@dataclass(frozen=True)
class ClassFacts:
    """What checks need to know of a class."""

    id: int
    grade: int
    stage: str
    opened_on: dt.date | None = None
    closed_on: dt.date | None = None

    def exists_on(self, day: dt.date) -> bool:
        """Whether the class is in use on ``day``: from its opening on, up to the day before it was closed."""
        return (self.opened_on is None or self.opened_on <= day) and (self.closed_on is None or day < self.closed_on)

    def exists_in(self, week: Week) -> bool:
        """Whether the class is in use on at least one day of the week."""
        return (self.opened_on is None or self.opened_on <= week.sunday) and (
            self.closed_on is None or week.monday < self.closed_on
        )


def school_year(week: Week) -> int:
    """The year in which the week's school year began: weeks belong to the year of their Thursday, September on."""
    thursday = week.days[3]
    return thursday.year if thursday.month >= 9 else thursday.year - 1


def classes_in_week(institution: Institution, week: Week) -> dict[str, ClassFacts]:
    """Classes of the school that exist in the week, by code and in its order; one query."""
    return classes_in_weeks([(institution, week)])[0]


def classes_in_weeks(asked: Sequence[tuple[Institution, Week]]) -> list[dict[str, ClassFacts]]:
    """As ``classes_in_week``, for many schools and weeks at once and in their order; one query."""
    mondays = [week.monday for _, week in asked]
    classes = SchoolClass.objects.filter(
        Q(opened_on__isnull=True) | Q(opened_on__lte=max(mondays) + dt.timedelta(days=6)),
        Q(closed_on__isnull=True) | Q(closed_on__gt=min(mondays)),
        school_id__in={institution.pk for institution, _ in asked},
        school_year__in={school_year(week) for _, week in asked},
    )
    by_school: dict[tuple[int, int], dict[str, ClassFacts]] = {}
    rows = classes.order_by("code").values_list(
        "school_id", "school_year", "code", "pk", "grade", "stage", "opened_on", "closed_on"
    )
    for school_id, year, code, *facts in rows:
        by_school.setdefault((school_id, year), {})[code] = ClassFacts(*facts)
    return [
        {
            code: facts
            for code, facts in by_school.get((institution.pk, school_year(week)), {}).items()
            if facts.exists_in(week)
        }
        for institution, week in asked
    ]
