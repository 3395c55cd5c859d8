"""Homework items as filed in the current weekly return of each school."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from homework.choices import ITEM_KINDS, MARKERS, PUPILS, VARIED_KINDS
from schools.models import SchoolClass
from shuangjian.core.querysets import ScopedQuerySet


class HomeworkItemQuerySet(ScopedQuerySet["HomeworkItem"]):
    def counting(self) -> HomeworkItemQuerySet:
        """Written items that count toward the day: of layered alternatives only the longest."""
        return self.filter(counts=True)


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
            # What the daily bounds ask for stands in the index itself: minutes are summed without the table.
            models.Index(fields=["school_class", "day"], name="homework_item_by_class", include=["minutes", "counts"]),
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


ClassDayQuerySet = ScopedQuerySet["ClassDay"]


class ClassDay(models.Model):
    """What a class's items of one day come to, and what its calendar says of the day (NULL where it says nothing).

    A class has a row for each day on which it has any item. Minutes are those of written items that count, NULL where
    there are none. No table holds the rows: an evaluation derives them (``rules.derived``).
    """

    pk = models.CompositePrimaryKey("school_class", "day")
    school_class = models.ForeignKey(SchoolClass, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    day = models.DateField()
    monday = models.DateField(help_text="of the day's week")
    minutes = models.BigIntegerField(null=True)
    stated_minutes = models.BigIntegerField(null=True, help_text="of items whose share done at school is stated")
    done_minutes = models.DecimalField(max_digits=20, decimal_places=4, null=True, help_text="of these, done at school")
    is_published = models.BooleanField(help_text="in time: each item, or one of them with a link or a photo")
    breaks_monotony = models.BooleanField(help_text="an item is varied, or of unknown kind, which proves nothing")
    is_school_day = models.BooleanField(null=True)
    week_school_days = models.SmallIntegerField(null=True)
    week_first_on = models.DateField(null=True)

    INSTITUTION = "school_class__school__institution"
    OCCURRED_ON = "day"
    #: Of these institutions, from the first date to the last. The calendar is joined to the days, not to the items.
    #: The classes are asked for as an array: the index then gives their items class by class and day by day, and they
    #: are grouped as they come; joined, all of them would be hashed.
    ROWS = f"""
SELECT t.school_class_id, t.day, date_trunc('week', t.day::timestamp)::date AS monday,
  t.minutes, t.stated_minutes, t.done_minutes, t.all_in_time OR t.one_for_all AS is_published, t.breaks_monotony,
  u.is_school_day, u.week_school_days, u.week_first_on
FROM (
  SELECT i.school_class_id, i.day,
    sum(i.minutes) FILTER (WHERE i.counts) AS minutes,
    sum(i.minutes) FILTER (WHERE i.counts AND i.done_at_school IS NOT NULL) AS stated_minutes,
    sum(i.minutes * i.done_at_school) FILTER (WHERE i.counts) AS done_minutes,
    bool_and(i.published_on IS NOT NULL AND i.published_on <= i.day) AS all_in_time,
    bool_or(i.publication IS NOT NULL AND i.published_on <= i.day) AS one_for_all,
    bool_or(i.kind IS NULL OR i.kind IN ({", ".join(f"'{kind}'" for kind in VARIED_KINDS)})
      OR i.alternative IS NOT NULL) AS breaks_monotony
  FROM homework_homeworkitem i
  WHERE i.school_class_id = ANY(ARRAY(SELECT id FROM schools_schoolclass WHERE school_id = ANY(%s)))
    AND i.day BETWEEN %s AND %s
  GROUP BY i.school_class_id, i.day) t
JOIN schools_schoolclass c ON c.id = t.school_class_id
LEFT JOIN bureau_unitday u ON u.institution_id = c.school_id AND u.stage = c.stage AND u.date = t.day
"""  # noqa: S608 - built of constants only
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "班级日"
        managed = False
        db_table = "homework_classday"

    def __str__(self) -> str:
        return f"{self.school_class_id} {self.day} {self.minutes}"
