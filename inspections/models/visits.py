"""检查: one visit to one institution, what was answered and photographed on it, and its versions."""

from __future__ import annotations

import uuid

import pghistory
from django.db import models
from django.db.models import Q

from inspections.choices import Decision, ResultCode, Verdict, VisitKind, VisitState
from inspections.models.checklists import ChecklistItem, ChecklistVersion
from inspections.models.querysets import VisitPartQuerySet, VisitQuerySet
from shuangjian.bureau.models import Department, Institution
from shuangjian.core.choices import Severity


@pghistory.track()
class Visit(models.Model):
    """检查. ``key`` comes from whoever opens it, so that the same visit sent twice is one. ``revision`` counts every
    change of what is not an answer; ``version`` the times it was handed in and filed (更正 makes the next).

    ``people_met`` is a list of {"name", "post"}, ``companions`` of {"name", "unit"}: persons without an account.
    """

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(max_length=30, unique=True, verbose_name="检查编号")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="visits")
    kind = models.CharField(max_length=12, choices=VisitKind.choices, verbose_name="检查方式")
    state = models.CharField(max_length=10, choices=VisitState.choices, default=VisitState.PLANNED, verbose_name="状态")
    planned_on = models.DateField(verbose_name="检查日期")
    purpose = models.CharField(max_length=200, blank=True, verbose_name="检查事由")
    departments = models.ManyToManyField(Department, blank=True, related_name="+", verbose_name="参与部门")
    companions = models.JSONField(default=list, blank=True, verbose_name="其他参与人员")
    complaint = models.ForeignKey(
        "evidence.Complaint", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="投诉线索"
    )
    follows = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="followed_by", verbose_name="回头看"
    )
    checklist = models.ForeignKey(
        ChecklistVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="检查表"
    )
    started_at = models.DateTimeField(null=True, blank=True, verbose_name="开始时间")
    device_started_at = models.DateTimeField(null=True, blank=True, verbose_name="设备时间")
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True, verbose_name="纬度")
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True, verbose_name="经度")
    accuracy_m = models.PositiveIntegerField(null=True, blank=True, verbose_name="定位精度（米）")
    distance_m = models.PositiveIntegerField(null=True, blank=True, verbose_name="距登记地点（米）")
    place_note = models.CharField(max_length=200, blank=True, verbose_name="位置说明")
    people_met = models.JSONField(default=list, blank=True, verbose_name="被检查单位人员")
    result = models.CharField(max_length=12, choices=ResultCode.choices, blank=True, verbose_name="检查结果")
    summary = models.TextField(blank=True, verbose_name="检查情况")
    revision = models.PositiveIntegerField(default=1)
    version = models.PositiveSmallIntegerField(default=1, verbose_name="版本")
    handed_in_at = models.DateTimeField(null=True, blank=True, verbose_name="提交时间")
    handed_in_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="提交人"
    )
    reviewed_at = models.DateTimeField(null=True, blank=True, verbose_name="审核时间")
    reviewed_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="审核人"
    )
    remark = models.CharField(max_length=400, blank=True, verbose_name="审核意见")
    created_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="登记人"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    INSTITUTION = "institution"
    OCCURRED_ON = "planned_on"
    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = "检查"
        ordering = ["-planned_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["planned", "cancelled"]) | Q(checklist__isnull=False, started_at__isnull=False),
                name="visit_started_has_checklist",
            ),
            models.CheckConstraint(
                condition=~Q(state="filed") | Q(reviewed_at__isnull=False), name="visit_filed_reviewed"
            ),
        ]
        indexes = [
            models.Index(fields=["institution", "-planned_on"]),
            models.Index(fields=["state", "planned_on"]),
            models.Index(fields=["changed_at", "id"]),
        ]

    def __str__(self) -> str:
        return self.number


class VisitInspector(models.Model):
    """检查人员 of a visit. Their scope holds its institution while the visit is open."""

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="inspectors")
    person = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="visits", verbose_name="检查人员"
    )
    is_lead = models.BooleanField(default=False, verbose_name="主办")

    class Meta:
        verbose_name = "检查人员"
        ordering = ["visit", "-is_lead", "pk"]
        constraints = [models.UniqueConstraint(fields=["visit", "person"], name="visit_inspector_once")]

    def __str__(self) -> str:
        return f"{self.visit_id} {self.person_id}"


@pghistory.track()
class Answer(models.Model):
    """One item's answer. ``revision`` guards it alone: two inspectors may answer different items side by side.

    ``observation`` is what it became when the visit was filed; a correction withdraws or changes that one.
    """

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="answers")
    item = models.ForeignKey(ChecklistItem, on_delete=models.PROTECT, related_name="+", verbose_name="检查要点")
    verdict = models.CharField(max_length=8, choices=Verdict.choices, blank=True, verbose_name="结论")
    note = models.CharField(max_length=1000, blank=True, verbose_name="情况说明")
    decision = models.CharField(max_length=10, choices=Decision.choices, blank=True, verbose_name="处理")
    severity = models.PositiveSmallIntegerField(
        choices=Severity.choices, null=True, blank=True, verbose_name="预警等级"
    )
    requirement = models.CharField(max_length=400, blank=True, verbose_name="整改要求")
    due_on = models.DateField(null=True, blank=True, verbose_name="整改期限")
    observation = models.ForeignKey(
        "evidence.Observation", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    revision = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="填写人"
    )

    INSTITUTION = "visit__institution"
    objects = VisitPartQuerySet.as_manager()

    class Meta:
        verbose_name = "检查答案"
        ordering = ["visit", "item__order"]
        constraints = [models.UniqueConstraint(fields=["visit", "item"], name="answer_once")]

    def __str__(self) -> str:
        return f"{self.visit_id} {self.item_id} {self.verdict}"


class VisitPhoto(models.Model):
    """A photo of a visit, of one item or of the place (``item`` NULL). ``key`` comes from the phone: sent twice it is
    one photo. ``taken_at`` is the phone's clock, the file's ``uploaded_at`` the server's."""

    key = models.UUIDField(unique=True, editable=False)
    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="photos")
    item = models.ForeignKey(
        ChecklistItem, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="检查要点"
    )
    stored = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT, related_name="+", verbose_name="文件")
    caption = models.CharField(max_length=100, blank=True, verbose_name="说明")
    taken_at = models.DateTimeField(null=True, blank=True, verbose_name="拍摄时间")
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True, verbose_name="纬度")
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True, verbose_name="经度")
    removed_at = models.DateTimeField(null=True, blank=True, verbose_name="删除时间")

    INSTITUTION = "visit__institution"
    objects = VisitPartQuerySet.as_manager()

    class Meta:
        verbose_name = "检查照片"
        ordering = ["visit", "pk"]
        indexes = [models.Index(fields=["visit", "item"])]

    def __str__(self) -> str:
        return str(self.key)


class VisitVersion(models.Model):
    """The record as it was handed in: frozen with the hashes of its photos, whatever is corrected later."""

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField(verbose_name="版本")
    record = models.JSONField(verbose_name="检查记录")
    sha256 = models.CharField(max_length=64, verbose_name="校验值", help_text="of the record as canonical JSON")
    reason = models.CharField(max_length=400, blank=True, verbose_name="更正原因")
    handed_in_at = models.DateTimeField(verbose_name="提交时间")
    handed_in_by = models.ForeignKey(
        "accounts.User", null=True, on_delete=models.PROTECT, related_name="+", verbose_name="提交人"
    )
    filed_at = models.DateTimeField(null=True, blank=True, verbose_name="归档时间")
    reviewed_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="审核人"
    )
    remark = models.CharField(max_length=400, blank=True, verbose_name="审核意见")

    INSTITUTION = "visit__institution"
    objects = VisitPartQuerySet.as_manager()

    class Meta:
        verbose_name = "检查记录版本"
        ordering = ["visit", "-number", "-pk"]

    def __str__(self) -> str:
        return f"{self.visit_id} v{self.number}"


class VisitStep(models.Model):
    """One step in the life of a visit."""

    class Act(models.TextChoices):
        PLANNED = "planned", "安排检查"
        STARTED = "started", "开始检查"
        HANDED_IN = "handed_in", "提交审核"
        RETURNED = "returned", "审核退回"
        FILED = "filed", "审核归档"
        CORRECTED = "corrected", "更正"
        CANCELLED = "cancelled", "取消"

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="steps")
    act = models.CharField(max_length=12, choices=Act.choices)
    actor = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    actor_label = models.CharField(max_length=150)
    at = models.DateTimeField()
    note = models.CharField(max_length=400, blank=True)

    INSTITUTION = "visit__institution"
    objects = VisitPartQuerySet.as_manager()

    class Meta:
        verbose_name = "检查过程"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.visit_id} {self.act} {self.at}"
