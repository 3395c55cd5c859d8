"""Which classes a school has in a week: the reads that sections and pages share."""

from __future__ import annotations

import datetime as dt
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


def school_year(week: Week) -> int:
    """The year in which the week's school year began: weeks belong to the year of their Thursday, September on."""
    thursday = week.days[3]
    return thursday.year if thursday.month >= 9 else thursday.year - 1


def classes_in_week(institution: Institution, week: Week) -> dict[str, ClassFacts]:
    """Classes of the school that exist in the week, by code and in its order; one query."""
    classes = SchoolClass.objects.filter(
        Q(opened_on__isnull=True) | Q(opened_on__lte=week.sunday),
        Q(closed_on__isnull=True) | Q(closed_on__gt=week.monday),
        school_id=institution.pk,
        school_year=school_year(week),
    )
    return {
        code: ClassFacts(*facts)
        for code, *facts in classes.order_by("code").values_list(
            "code", "pk", "grade", "stage", "opened_on", "closed_on"
        )
    }
