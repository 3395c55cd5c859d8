"""Advertisements, and the dated data that courses, fees and texts are held against: guide prices and word lists."""

from __future__ import annotations

import pghistory
from django.db import models
from django.db.models import F, Q

from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import ScopedQuerySet
from training_orgs.choices import Mode


@pghistory.track()
class Advertisement(models.Model):
    """广告: where it was seen, in what medium, what it says. A word-list hit is a hint; a person decides."""

    class Place(models.TextChoices):
        MAINSTREAM_MEDIA = "mainstream_media", "主流媒体"
        NEW_MEDIA = "new_media", "新媒体"
        PUBLIC_PLACE = "public_place", "公共场所"
        HOUSING_ESTATE = "housing_estate", "居民区广告牌"
        SCHOOL = "school", "中小学校、幼儿园"
        TEACHING_MATERIAL = "teaching_material", "教材教辅"
        SCHOOL_BUS = "school_bus", "校服校车"
        OWN_PREMISES = "own_premises", "本机构场所"
        OTHER = "other", "其他"

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="advertisements")
    number = models.CharField(max_length=30, verbose_name="编号")
    place = models.CharField(max_length=20, choices=Place.choices, verbose_name="发布位置")
    medium = models.CharField(max_length=60, blank=True, verbose_name="媒介")
    seen_on = models.DateField(verbose_name="发现日期")
    text = models.TextField(verbose_name="广告内容")
    picture = models.ForeignKey(
        "files.StoredFile", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="图片"
    )
    removed_on = models.DateField(null=True, blank=True, verbose_name="撤除日期")

    INSTITUTION = "institution"
    OCCURRED_ON = "seen_on"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "广告"
        ordering = ["-seen_on"]
        constraints = [models.UniqueConstraint(fields=["institution", "number"], name="advertisement_once")]

    def __str__(self) -> str:
        return self.number


@pghistory.track()
class GuidePrice(models.Model):
    """政府指导价: yuan per standard class hour, by mode and class size, from one day to another."""

    mode = models.CharField(max_length=8, choices=Mode.choices, verbose_name="授课方式")
    size_from = models.PositiveSmallIntegerField(verbose_name="班型自（人）")
    size_to = models.PositiveSmallIntegerField(null=True, blank=True, verbose_name="班型至（人）")
    price = models.DecimalField(max_digits=10, decimal_places=2, verbose_name="基准价（元/标准课时）")
    valid_from = models.DateField(verbose_name="施行日期")
    valid_until = models.DateField(null=True, blank=True, verbose_name="废止日期")
    reference = models.CharField(max_length=200, verbose_name="文件依据")

    class Meta:
        verbose_name = "政府指导价"
        ordering = ["mode", "size_from", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["mode", "size_from", "valid_from"], name="guide_price_once"),
            models.CheckConstraint(condition=Q(price__gte=0), name="guide_price_not_negative"),
            models.CheckConstraint(
                condition=Q(size_to__isnull=True) | Q(size_to__gte=F("size_from")), name="guide_price_sizes"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mode} {self.size_from}+ {self.price}"


@pghistory.track()
class ListedWord(models.Model):
    """词表: one word of a list, or an exception beside it, from one day to another."""

    class List(models.TextChoices):
        ADVERTISEMENT = "advertisement", "广告用语"
        SUBJECT = "subject", "学科类用语"
        PRESCHOOL = "preschool", "学龄前学科用语"

    list = models.CharField(max_length=14, choices=List.choices, verbose_name="词表")
    word = models.CharField(max_length=30, verbose_name="词语")
    is_exception = models.BooleanField(default=False, verbose_name="例外")
    in_course_text_only = models.BooleanField(default=False, verbose_name="只看课程介绍")
    valid_from = models.DateField(verbose_name="起")
    valid_until = models.DateField(null=True, blank=True, verbose_name="止")
    reference = models.CharField(max_length=200, blank=True, verbose_name="依据")

    class Meta:
        verbose_name = "词表"
        ordering = ["list", "word", "valid_from"]
        constraints = [models.UniqueConstraint(fields=["list", "word", "valid_from"], name="listed_word_once")]

    def __str__(self) -> str:
        return self.word


@pghistory.track()
class SubjectBaseline(models.Model):
    """学科类机构数量基线: how many subject licences a town (NULL: the district) had on 1 September 2021."""

    town = models.OneToOneField(
        "bureau.Town", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="镇街"
    )
    licences = models.PositiveIntegerField(verbose_name="学科类机构数")
    reference = models.CharField(max_length=200, verbose_name="数据来源")

    class Meta:
        verbose_name = "学科类机构数量基线"

    def __str__(self) -> str:
        return f"{self.town_id} {self.licences}"
