"""Schools, their classes, and the school day as filed in the weekly return."""

from __future__ import annotations

import pghistory
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, F, FilteredRelation, Q, Value, When

from shuangjian.bureau.models import Institution
from shuangjian.core.choices import Stage
from shuangjian.core.querysets import ScopedQuerySet


@pghistory.track()
class School(models.Model):
    """学校. Town, stages and status stand on its Institution; rules apply by grade, never by this type."""

    class Nature(models.TextChoices):
        PUBLIC = "公办", "公办"
        PRIVATE = "民办", "民办"

    class Type(models.IntegerChoices):
        PRIMARY = 1, "小学"
        JUNIOR = 2, "初中"
        NINE_YEAR = 3, "九年一贯"
        COMPLETE_SECONDARY = 4, "完全中学"
        TWELVE_YEAR = 5, "十二年一贯"

    institution = models.OneToOneField(Institution, primary_key=True, on_delete=models.CASCADE, related_name="school")
    nature = models.CharField(max_length=4, choices=Nature.choices, verbose_name="办学性质")
    type = models.PositiveSmallIntegerField(choices=Type.choices, verbose_name="学校类型")

    INSTITUTION = "institution"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "学校"
        ordering = ["institution__pinyin"]

    def __str__(self) -> str:
        return self.institution.name


@pghistory.track()
class SchoolClass(models.Model):
    """班级. ``code`` is 2026-07-03 (school year, grade, number): an old record keeps the grade it was made in."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="classes", verbose_name="学校")
    code = models.CharField(max_length=10, verbose_name="班级代码")
    school_year = models.PositiveSmallIntegerField(verbose_name="学年")
    grade = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(9)], verbose_name="年级"
    )
    number = models.PositiveSmallIntegerField(verbose_name="班号")
    pupils = models.PositiveSmallIntegerField(verbose_name="学生数")
    stage = models.GeneratedField(
        expression=Case(When(grade__lte=6, then=Value(Stage.PRIMARY.value)), default=Value(Stage.JUNIOR.value)),
        output_field=models.CharField(max_length=8, choices=Stage.choices),
        db_persist=True,
    )
    opened_on = models.DateField(null=True, blank=True, verbose_name="启用日期")
    closed_on = models.DateField(null=True, blank=True, verbose_name="停用日期")

    INSTITUTION = "school__institution"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "班级"
        ordering = ["school", "code"]
        constraints = [models.UniqueConstraint(fields=["school", "code"], name="class_code_once")]

    def __str__(self) -> str:
        return self.code


class SchoolDayQuerySet(ScopedQuerySet["SchoolDay"]):
    def on_school_days(self) -> SchoolDayQuerySet:
        """Only days that the unit's calendar, as it is now, calls school days; the calendar row is ``unit_day``."""
        return self.annotate(
            unit_day=FilteredRelation(
                "school__institution__unit_days",
                condition=Q(
                    school__institution__unit_days__date=F("day"), school__institution__unit_days__stage=F("stage")
                ),
            )
        ).filter(unit_day__is_school_day=True)


class SchoolDay(models.Model):
    """作息: the first lesson of one stage on one day, minutes after midnight, from the current weekly return."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="school_days")
    week = models.DateField()
    stage = models.CharField(max_length=8, choices=Stage.choices)
    day = models.DateField()
    first_lesson = models.SmallIntegerField(help_text="minutes after midnight")
    arrival = models.SmallIntegerField(null=True, help_text="minutes after midnight; NULL: not stated")

    INSTITUTION = "school__institution"
    OCCURRED_ON = "day"
    objects = SchoolDayQuerySet.as_manager()

    class Meta:
        verbose_name = "作息"
        constraints = [models.UniqueConstraint(fields=["school", "stage", "day"], name="school_day_once")]
        indexes = [models.Index(fields=["school", "week"])]

    def __str__(self) -> str:
        return f"{self.school_id} {self.stage} {self.day}"
