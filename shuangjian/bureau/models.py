"""Who is supervised and by whom: towns, guidance centres, departments, institutions. The calendar is in calendar.py."""

from __future__ import annotations

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from shuangjian.bureau.calendar_models import (
    Break,
    CalendarDay,
    CalendarVersion,
    Certainty,
    DistrictDay,
    RestDay,
    Term,
    UnitDay,
)
from shuangjian.core import clock
from shuangjian.core.choices import Stage
from shuangjian.core.querysets import ScopedQuerySet

__all__ = [
    "Break",
    "CalendarDay",
    "CalendarVersion",
    "Certainty",
    "Department",
    "DistrictDay",
    "GuidanceCentre",
    "Institution",
    "RestDay",
    "Term",
    "Town",
    "UnitDay",
]


class Town(models.Model):
    """镇街: one of the 16 streets and towns of the district."""

    code = models.CharField(max_length=12, unique=True, verbose_name="区划代码")
    name = models.CharField(max_length=40, unique=True, verbose_name="名称")
    kind = models.CharField(max_length=8, choices=[("街道", "街道"), ("镇", "镇")], verbose_name="类别")
    pinyin = models.CharField(max_length=120, verbose_name="拼音排序键")

    class Meta:
        verbose_name = "镇街"
        ordering = ["pinyin"]

    def __str__(self) -> str:
        return self.name


class GuidanceCentre(models.Model):
    """教育指导中心: the bureau's branch for one or more towns."""

    code = models.CharField(max_length=12, unique=True, verbose_name="代码")
    name = models.CharField(max_length=40, unique=True, verbose_name="名称")
    pinyin = models.CharField(max_length=120, verbose_name="拼音排序键")

    class Meta:
        verbose_name = "教育指导中心"
        ordering = ["pinyin"]

    def __str__(self) -> str:
        return self.name


class Department(models.Model):
    """责任单位: one of the units that clause 三(二) of the guideline gives duties to."""

    code = models.CharField(max_length=4, unique=True, verbose_name="代码")
    name = models.CharField(max_length=40, unique=True, verbose_name="名称")
    clause = models.CharField(max_length=12, verbose_name="职责条款")
    order = models.PositiveSmallIntegerField(verbose_name="顺序")

    class Meta:
        verbose_name = "责任单位"
        ordering = ["order"]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Institution(models.Model):
    """监管对象: the keystone. Schools, training institutions, suspected sites and public bodies are kinds of it."""

    class Kind(models.TextChoices):
        SCHOOL = "school", "学校"
        TRAINING_ORG = "training_org", "校外培训机构"
        SUSPECTED_SITE = "suspected_site", "疑似无证点"
        PUBLIC_BODY = "public_body", "公共机构"

    class Status(models.TextChoices):
        ACTIVE = "active", "正常"
        SUSPENDED = "suspended", "停办"
        CLOSED = "closed", "已撤销"

    code = models.CharField(max_length=18, unique=True, verbose_name="代码")
    name = models.CharField(max_length=80, verbose_name="名称")
    pinyin = models.CharField(max_length=240, verbose_name="拼音排序键")
    kind = models.CharField(max_length=16, choices=Kind.choices, verbose_name="类型")
    category = models.CharField(max_length=16, blank=True, verbose_name="类别")
    stages = ArrayField(
        models.CharField(max_length=8, choices=Stage.choices), default=list, blank=True, verbose_name="学段"
    )
    town = models.ForeignKey(Town, null=True, blank=True, on_delete=models.PROTECT, verbose_name="镇街")
    town_candidates = models.CharField(max_length=80, blank=True, verbose_name="待核实镇街")
    centre = models.ForeignKey(
        GuidanceCentre, null=True, blank=True, on_delete=models.PROTECT, verbose_name="教育指导中心"
    )
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True, verbose_name="纬度")
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True, verbose_name="经度")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE, verbose_name="状态")
    opened_on = models.DateField(null=True, blank=True, verbose_name="开办日期")
    closed_on = models.DateField(null=True, blank=True, verbose_name="撤销日期")
    went_live_on = models.DateField(null=True, blank=True, verbose_name="启用日期")
    registered_on = models.DateField(default=clock.today, verbose_name="建档日期")
    is_fictional = models.BooleanField(default=False, verbose_name="演示数据")
    source = models.CharField(max_length=200, blank=True, verbose_name="数据来源")

    INSTITUTION = ""
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "监管对象"
        ordering = ["pinyin", "code"]
        indexes = [models.Index(fields=["town", "kind"]), models.Index(fields=["centre", "kind"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(town__isnull=True) | Q(town_candidates=""), name="institution_town_or_candidates"
            ),
        ]

    def __str__(self) -> str:
        return self.name
