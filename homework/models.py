"""Homework items as filed in the current weekly return of each school."""

from __future__ import annotations

from django.db import models
from django.db.models import F, FilteredRelation, Q

from homework.choices import ITEM_KINDS, MARKERS, PUPILS
from schools.models import SchoolClass
from shuangjian.core.querysets import ScopedQuerySet


class HomeworkItemQuerySet(ScopedQuerySet["HomeworkItem"]):
    def counting(self) -> HomeworkItemQuerySet:
        """Written items that count toward the day: of layered alternatives only the longest."""
        return self.filter(counts=True)

    def with_calendar(self) -> HomeworkItemQuerySet:
        """What the class's calendar says of the day is joined as ``unit_day``; NULL where it says nothing."""
        return self.annotate(unit_day=_unit_day())

    def on_school_days(self) -> HomeworkItemQuerySet:
        """Only items of days that the class's calendar calls school days; its row is joined as ``unit_day``."""
        return self.annotate(unit_day=_unit_day()).filter(unit_day__is_school_day=True)


def _unit_day() -> FilteredRelation:
    """A join and not a Subquery: Django repeats a Subquery in GROUP BY, which is six times slower."""
    unit_days = "school_class__school__institution__unit_days"
    return FilteredRelation(
        unit_days, condition=Q(**{f"{unit_days}__date": F("day"), f"{unit_days}__stage": F("school_class__stage")})
    )


class HomeworkItem(models.Model):
    """一项作业: one class, the day on which it is to be done, one subject, average completion time in minutes.

    ``counts`` is written by the submit's statement: true for a written item that is the longest of its layered
    alternatives (same class, day, subject and alternative key). NULL in one of the later columns: not stated.
    """

    # Without an index of its own: the one over class and day serves what looks for a class.
    school_class = models.ForeignKey(
        SchoolClass, on_delete=models.CASCADE, related_name="homework_items", db_index=False
    )
    week = models.DateField()
    day = models.DateField()
    subject = models.CharField(max_length=20)
    minutes = models.SmallIntegerField()
    is_written = models.BooleanField()
    is_optional = models.BooleanField()
    alternative = models.CharField(max_length=20, null=True)
    counts = models.BooleanField()
    kind = models.CharField(max_length=12, choices=ITEM_KINDS.items(), null=True)
    done_at_school = models.DecimalField(max_digits=5, decimal_places=4, null=True, help_text="share, 0–1")
    marked_by = models.CharField(max_length=8, choices=MARKERS.items(), null=True)
    asks_parents = models.BooleanField(null=True)
    published_on = models.DateField(null=True)
    publication = models.CharField(max_length=200, null=True, help_text="link, or number of a photo")

    INSTITUTION = "school_class__school__institution"
    OCCURRED_ON = "day"
    objects = HomeworkItemQuerySet.as_manager()

    class Meta:
        verbose_name = "作业"
        indexes = [
            models.Index(fields=["school_class", "day"]),
            # The district's items of a week, page by page; without it their list is looked for row by row.
            models.Index(fields=["week", "id"], name="homework_item_by_week"),
            # The few items that HW-09 and HW-10 look for among all of a town's.
            models.Index(
                fields=["school_class", "day"],
                name="homework_item_flagged",
                condition=Q(asks_parents=True) | Q(marked_by__in=[*PUPILS, "parent"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school_class_id} {self.day} {self.subject} {self.minutes}"
