"""整改事项: what an institution must put right by a day, and who checked that it did. Hangs on an alert."""

from __future__ import annotations

import pghistory
from django.db import models
from django.db.models import Q

from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import ScopedQuerySet


@pghistory.track()
class Rectification(models.Model):
    """整改事项. ``observation`` is what it puts right, NULL where an officer opened it on an alert.

    ``alert`` is NULL until the rule has raised it: what TO-33 judges has none before its last day. A returned item
    keeps its deadline. ``rectified_on`` is the day the institution says it was done.
    """

    class State(models.TextChoices):
        OPEN = "open", "整改中"
        HANDED_IN = "handed_in", "待复查"
        RETURNED = "returned", "复查未通过"
        PASSED = "passed", "整改完成"
        CANCELLED = "cancelled", "已撤销"

    #: States in which the institution still has to do something.
    WAITING = (State.OPEN, State.RETURNED)

    number = models.CharField(max_length=30, unique=True, verbose_name="整改编号")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="rectifications")
    alert = models.ForeignKey(
        "alerts.Alert", null=True, blank=True, on_delete=models.SET_NULL, related_name="rectifications"
    )
    observation = models.ForeignKey(
        "evidence.Observation", null=True, blank=True, on_delete=models.PROTECT, related_name="rectifications"
    )
    requirement = models.CharField(max_length=400, verbose_name="整改要求")
    due_on = models.DateField(verbose_name="整改期限", help_text="last day on time")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN, verbose_name="状态")
    ordered_at = models.DateTimeField(verbose_name="下达时间")
    ordered_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="下达人"
    )
    handed_in_at = models.DateTimeField(null=True, blank=True, verbose_name="提交时间")
    handed_in_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="提交人"
    )
    account = models.TextField(blank=True, verbose_name="整改情况")
    rectified_on = models.DateField(null=True, blank=True, verbose_name="整改完成日期")
    rechecked_at = models.DateTimeField(null=True, blank=True, verbose_name="复查时间")
    rechecked_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="复查人"
    )
    remark = models.CharField(max_length=400, blank=True, verbose_name="复查意见")
    revision = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(auto_now=True)

    INSTITUTION = "institution"
    OCCURRED_ON = "due_on"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "整改事项"
        ordering = ["due_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["observation"], name="rectification_observation_once", condition=~Q(state="cancelled")
            ),
            models.CheckConstraint(
                condition=Q(rechecked_by__isnull=True)
                | Q(handed_in_by__isnull=True)
                | ~Q(rechecked_by=models.F("handed_in_by")),
                name="rectification_two_people",
                violation_error_message="复查人不能是提交整改的人。",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["handed_in", "passed"]) | Q(handed_in_at__isnull=False),
                name="rectification_handed_in_dated",
            ),
        ]
        indexes = [
            models.Index(fields=["institution", "due_on"]),
            models.Index(fields=["due_on"], name="rectification_waiting", condition=Q(state__in=["open", "returned"])),
            models.Index(fields=["changed_at", "id"]),
        ]

    def __str__(self) -> str:
        return self.number


class RectificationStep(models.Model):
    """One step in the life of a rectification."""

    class Act(models.TextChoices):
        ORDERED = "ordered", "下达整改"
        HANDED_IN = "handed_in", "提交整改"
        RETURNED = "returned", "复查未通过"
        PASSED = "passed", "复查通过"
        CHANGED = "changed", "变更要求"
        CANCELLED = "cancelled", "撤销"

    rectification = models.ForeignKey(Rectification, on_delete=models.CASCADE, related_name="steps")
    act = models.CharField(max_length=12, choices=Act.choices)
    actor = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    actor_label = models.CharField(max_length=150)
    at = models.DateTimeField()
    note = models.CharField(max_length=400, blank=True)

    INSTITUTION = "rectification__institution"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "整改过程"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.rectification_id} {self.act} {self.at}"
