"""Courses, their weekly slots, the dated sessions that follow from them, and what experts say of a course."""

from __future__ import annotations

import pghistory
from django.db import models
from django.db.models import Case, F, Q, Value, When

from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import ScopedQuerySet
from training_orgs.choices import Category, CourseStage, Identified, Mode
from training_orgs.models.people import Staff


@pghistory.track()
class Course(models.Model):
    """课程. ``is_subject`` is what judges by: what experts have identified, else what was filed."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="courses")
    number = models.CharField(max_length=30, verbose_name="课程编号")
    title = models.CharField(max_length=80, verbose_name="课程名称")
    text = models.TextField(blank=True, verbose_name="课程介绍")
    category = models.CharField(max_length=8, choices=Category.choices, verbose_name="申报类别")
    subject = models.CharField(max_length=20, verbose_name="科目")
    stage = models.CharField(max_length=10, choices=CourseStage.choices, verbose_name="学段")
    mode = models.CharField(max_length=8, choices=Mode.choices, verbose_name="授课方式")
    class_size = models.PositiveSmallIntegerField(null=True, blank=True, verbose_name="班型（人）")
    lesson_minutes = models.PositiveSmallIntegerField(verbose_name="每课时分钟")
    price = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True, verbose_name="每课时价格（元）")
    is_full_time = models.BooleanField(default=False, verbose_name="全日制")
    starts_on = models.DateField(verbose_name="开课日期")
    ends_on = models.DateField(null=True, blank=True, verbose_name="结课日期")
    published_on = models.DateField(null=True, blank=True, verbose_name="发布日期", help_text="NULL: a draft")
    identified = models.CharField(max_length=12, choices=Identified.choices, blank=True, verbose_name="学科鉴别")
    is_subject = models.GeneratedField(
        expression=Case(
            When(identified="subject", then=Value(True)),
            When(identified="non_subject", then=Value(False)),
            default=Q(category="subject"),
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    INSTITUTION = "institution"
    OCCURRED_ON = ""
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "课程"
        ordering = ["institution", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "number"],
                name="course_number_once",
                violation_error_message="课程编号重复，请改正。",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="course_range",
                violation_error_message="结课日期早于开课日期，请改正。",
            ),
            models.CheckConstraint(
                condition=Q(price__isnull=True) | Q(price__gte=0),
                name="course_price",
                violation_error_message="价格不能是负数，请改正。",
            ),
            models.CheckConstraint(condition=Q(lesson_minutes__gt=0), name="course_lesson_minutes"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


@pghistory.track()
class CourseTeacher(models.Model):
    """Who teaches a course, from one day to another."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="teachers")
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="taught")
    valid_from = models.DateField(verbose_name="起")
    valid_until = models.DateField(null=True, blank=True, verbose_name="止")

    INSTITUTION = "course__institution"
    OCCURRED_ON = ""
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "任课教师"
        constraints = [
            models.UniqueConstraint(fields=["course", "staff", "valid_from"], name="course_teacher_once"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")), name="course_teacher_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course_id} {self.staff_id}"


class CourseSlot(models.Model):
    """每周课时段: weekday 1 (Monday) to 7, minutes after midnight; expands to sessions between the course's dates."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="slots")
    weekday = models.PositiveSmallIntegerField(verbose_name="星期")
    starts_at = models.PositiveSmallIntegerField(verbose_name="开始", help_text="minutes after midnight")
    ends_at = models.PositiveSmallIntegerField(verbose_name="结束", help_text="minutes after midnight")

    INSTITUTION = "course__institution"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "每周课时段"
        ordering = ["course", "weekday", "starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["course", "weekday", "starts_at"], name="course_slot_once"),
            models.CheckConstraint(
                condition=Q(weekday__gte=1, weekday__lte=7, ends_at__gt=F("starts_at"), ends_at__lte=1440),
                name="course_slot_times",
                violation_error_message="结束时间应晚于开始时间。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course_id} {self.weekday} {self.starts_at}"


class CourseSession(models.Model):
    """场次: one lesson of a course on one day; a cancelled one never counts. ``starts_at``/``ends_at``: minutes after
    midnight."""

    institution = models.ForeignKey(
        Institution, on_delete=models.CASCADE, related_name="course_sessions", db_index=False
    )
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="sessions", db_index=False)
    day = models.DateField(verbose_name="日期")
    starts_at = models.PositiveSmallIntegerField(verbose_name="开始")
    ends_at = models.PositiveSmallIntegerField(verbose_name="结束")
    is_cancelled = models.BooleanField(default=False, verbose_name="已取消")

    INSTITUTION = "institution"
    OCCURRED_ON = "day"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "场次"
        ordering = ["day", "starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["course", "day", "starts_at"], name="course_session_once"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), ends_at__lte=1440),
                name="course_session_times",
                violation_error_message="结束时间应晚于开始时间。",
            ),
        ]
        indexes = [
            models.Index(fields=["institution", "day"]),
            # Rule TO-06 looks at what ends after the earliest bound: a handful of two million.
            models.Index(
                fields=["institution", "day"], name="course_session_late", condition=Q(ends_at__gt=20 * 60 + 30)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course_id} {self.day} {self.starts_at}"


@pghistory.track()
class Identification(models.Model):
    """学科鉴别: an expert panel's decision on a course, or on the operator as a whole (``course`` NULL)."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="identifications")
    course = models.ForeignKey(
        Course, null=True, blank=True, on_delete=models.CASCADE, related_name="identifications", verbose_name="课程"
    )
    result = models.CharField(max_length=12, choices=Identified.choices, verbose_name="结论")
    decided_on = models.DateField(verbose_name="结论日期")
    decision_no = models.CharField(max_length=40, verbose_name="文号")
    experts = models.CharField(max_length=200, verbose_name="专家组成员")
    conflict_statement = models.TextField(verbose_name="利益冲突声明")
    reasons = models.TextField(blank=True, verbose_name="鉴别意见（目的、内容、方式、评价）")

    INSTITUTION = "institution"
    OCCURRED_ON = ""
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "学科鉴别"
        ordering = ["institution", "decided_on"]
        constraints = [models.UniqueConstraint(fields=["institution", "decision_no"], name="identification_once")]

    def __str__(self) -> str:
        return f"{self.decision_no} {self.get_result_display()}"
