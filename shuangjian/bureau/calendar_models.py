"""The school calendar: terms and breaks as ranges, overrides as days, and UnitDay, what follows from them."""

from __future__ import annotations

import pghistory
from django.db import models
from django.db.models import F, Q

from shuangjian.core.choices import Stage


class Certainty(models.TextChoices):
    OFFICIAL = "official", "正式"
    PROVISIONAL = "provisional", "暂定"


@pghistory.track()
class Term(models.Model):
    """学期 of one stage, first and last day included. ``key`` is 2026-2027-1 for the autumn term."""

    key = models.CharField(max_length=11, verbose_name="学期")
    stage = models.CharField(max_length=8, choices=Stage.choices, verbose_name="学段")
    starts_on = models.DateField(verbose_name="开始")
    ends_on = models.DateField(verbose_name="结束")
    certainty = models.CharField(max_length=11, choices=Certainty.choices, verbose_name="确定性")

    class Meta:
        verbose_name = "学期"
        ordering = ["starts_on", "stage"]
        constraints = [
            models.UniqueConstraint(fields=["key", "stage"], name="term_key_stage"),
            models.CheckConstraint(condition=Q(starts_on__lte=F("ends_on")), name="term_range"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.get_stage_display()}"


@pghistory.track()
class Break(models.Model):
    """寒假 or 暑假 of one stage, first and last day included."""

    name = models.CharField(max_length=20, verbose_name="名称")
    stage = models.CharField(max_length=8, choices=Stage.choices, verbose_name="学段")
    starts_on = models.DateField(verbose_name="开始")
    ends_on = models.DateField(verbose_name="结束")
    certainty = models.CharField(max_length=11, choices=Certainty.choices, verbose_name="确定性")

    class Meta:
        verbose_name = "假期"
        ordering = ["starts_on", "stage"]
        constraints = [
            models.UniqueConstraint(fields=["name", "stage"], name="break_name_stage"),
            models.CheckConstraint(condition=Q(starts_on__lte=F("ends_on")), name="break_range"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.get_stage_display()}"


@pghistory.track()
class CalendarDay(models.Model):
    """校历例外: says of one day, for the district, a town or an institution, and for all stages or one, what it is.

    Only exceptions are rows; an ordinary weekday has none. The narrowest one wins.
    """

    class Kind(models.TextChoices):
        HOLIDAY = "holiday", "放假"
        WORKDAY = "workday", "调休上班"
        CLOSED = "closed", "停课"
        SCHOOL = "school", "上课"

    class Level(models.TextChoices):
        DISTRICT = "district", "全区"
        TOWN = "town", "镇街"
        INSTITUTION = "institution", "单位"

    date = models.DateField(verbose_name="日期")
    kind = models.CharField(max_length=8, choices=Kind.choices, verbose_name="类型")
    level = models.CharField(max_length=11, choices=Level.choices, default=Level.DISTRICT, verbose_name="范围")
    town = models.ForeignKey("bureau.Town", null=True, blank=True, on_delete=models.PROTECT, verbose_name="镇街")
    institution = models.ForeignKey(
        "bureau.Institution", null=True, blank=True, on_delete=models.PROTECT, verbose_name="单位"
    )
    stage = models.CharField(max_length=8, choices=Stage.choices, null=True, blank=True, verbose_name="学段")
    reason = models.CharField(max_length=80, verbose_name="事由")
    certainty = models.CharField(max_length=11, choices=Certainty.choices, verbose_name="确定性")

    class Meta:
        verbose_name = "校历例外"
        ordering = ["date", "level"]
        constraints = [
            models.UniqueConstraint(
                fields=["date", "level", "town", "institution", "stage"],
                name="calendar_day_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(level="district", town__isnull=True, institution__isnull=True)
                | Q(level="town", town__isnull=False, institution__isnull=True)
                | Q(level="institution", town__isnull=True, institution__isnull=False),
                name="calendar_day_level",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.get_kind_display()}"


class CalendarVersion(models.Model):
    """校历版本: one row a change. Findings keep its number, so that what was judged can be explained later."""

    cause = models.CharField(max_length=200, verbose_name="事由")
    made_at = models.DateTimeField(verbose_name="时间")

    class Meta:
        verbose_name = "校历版本"

    def __str__(self) -> str:
        return f"v{self.pk} {self.cause}"


class UnitDay(models.Model):
    """What the calendar says of one day for one stage of one institution; derived, never edited.

    A row exists for each day inside a term or a break of the stage, in a year with a calendar. No row: nobody knows
    whether it was a school day, so school rules say 数据不足. ``week`` is the Monday; ``week_school_days`` and
    ``week_first_on`` (NULL when the week has none) are repeated on each day of the week, so that a weekly rule joins
    once and never groups the calendar itself.
    """

    institution = models.ForeignKey("bureau.Institution", on_delete=models.CASCADE, related_name="unit_days")
    stage = models.CharField(max_length=8, choices=Stage.choices)
    date = models.DateField()
    week = models.DateField()
    is_school_day = models.BooleanField()
    week_school_days = models.SmallIntegerField()
    week_first_on = models.DateField(null=True)
    is_provisional = models.BooleanField()
    calendar_version = models.IntegerField()

    INSTITUTION = "institution"

    class Meta:
        verbose_name = "单位校历"
        constraints = [models.UniqueConstraint(fields=["institution", "stage", "date"], name="unit_day_once")]
        indexes = [models.Index(fields=["week", "institution"])]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.stage} {self.date}"


class DistrictDay(models.Model):
    """One date as the State Council's calendar has it, for the whole district; derived with UnitDay, never edited.

    ``workdays`` counts the workdays up to and including the date, so that the end of n workdays after day 0 is the
    first date whose count is that of day 0 plus n. In a year without calendar (``is_known`` false) Monday to Friday
    are workdays.
    """

    date = models.DateField(primary_key=True)
    is_workday = models.BooleanField()
    workdays = models.IntegerField()
    is_known = models.BooleanField()

    class Meta:
        verbose_name = "工作日历"
        constraints = [
            models.UniqueConstraint(fields=["workdays"], condition=Q(is_workday=True), name="district_day_by_workdays")
        ]

    def __str__(self) -> str:
        return str(self.date)


class RestDay(models.Model):
    """休息日 for training of one stage: a statutory holiday, a day of its winter or summer break, or a Saturday or
    Sunday that is not a swapped workday; a swapped workday never lifts a break. Derived with UnitDay, never edited.

    Only years with a calendar have rows: in others nobody knows.
    """

    class Reason(models.TextChoices):
        HOLIDAY = "holiday", "法定节假日"
        BREAK = "break", "寒暑假"
        WEEKEND = "weekend", "休息日"

    stage = models.CharField(max_length=8, choices=Stage.choices)
    date = models.DateField()
    reason = models.CharField(max_length=8, choices=Reason.choices)

    class Meta:
        verbose_name = "培训休息日"
        constraints = [models.UniqueConstraint(fields=["stage", "date"], name="rest_day_once")]

    def __str__(self) -> str:
        return f"{self.date} {self.get_reason_display()}"
