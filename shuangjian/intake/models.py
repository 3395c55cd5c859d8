"""Filing 应报任务, the weekly return 周报 and its versions."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from shuangjian.bureau.models import Institution
from shuangjian.core.choices import FilingState
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.core.weeks import Week


class WeeklyReturn(models.Model):
    """周报 of one unit and week. Drafts live here as payload only; what was submitted stands in its versions.

    ``revision`` rises with each change of the draft or the state: an editor sends the one it started from, so that
    two people never overwrite each other silently.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        SUBMITTED = "submitted", "已提交"
        RETURNED = "returned", "已退回"
        APPROVED = "approved", "已审核"
        ACCEPTED = "accepted", "已接收"
        LOCKED = "locked", "已锁定"
        WITHDRAWN = "withdrawn", "已撤回"

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="weekly_returns")
    week = models.DateField(verbose_name="周次")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT, verbose_name="状态")
    revision = models.PositiveIntegerField(default=0)
    draft = models.JSONField(null=True, verbose_name="草稿")
    draft_saved_at = models.DateTimeField(null=True)
    draft_saved_by = models.CharField(max_length=150, blank=True)
    is_complete = models.BooleanField(
        default=False, help_text="every school day of the calendar as it is now has data or a tick"
    )
    sufficient_for = ArrayField(
        models.CharField(max_length=10),
        default=list,
        blank=True,
        help_text="codes of the rules that can lack data and find all they need in what stands, by today's calendar",
    )
    current_version = models.ForeignKey("ReturnVersion", null=True, on_delete=models.PROTECT, related_name="+")
    first_submitted_at = models.DateTimeField(null=True)
    remark = models.CharField(max_length=400, blank=True, verbose_name="退回、撤回或锁定原因")
    locked_at = models.DateTimeField(null=True)
    reopened_until = models.DateTimeField(null=True, help_text="a locked return may be corrected up to this instant")
    changed_at = models.DateTimeField()

    INSTITUTION = "institution"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "周报"
        ordering = ["-week", "institution"]
        constraints = [models.UniqueConstraint(fields=["institution", "week"], name="weekly_return_once")]
        indexes = [models.Index(fields=["week", "state"]), models.Index(fields=["changed_at", "id"])]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.week_key}"

    @property
    def week_key(self) -> str:
        return Week(self.week).key

    @property
    def is_judged(self) -> bool:
        """Submitted versions are judged in whatever state of review; drafts and withdrawn returns are not."""
        return self.state in JUDGED_STATES

    @property
    def content(self) -> dict[str, Any] | None:
        """What an editor goes on from: the draft, else what stands submitted or did last, else nothing."""
        if self.draft is not None:
            return dict(self.draft)
        return None if self.current_version is None else dict(self.current_version.payload)

    def is_locked_at(self, now: dt.datetime) -> bool:
        """Locked, and not reopened for a correction at ``now``."""
        return self.state == self.State.LOCKED and (self.reopened_until is None or self.reopened_until < now)


#: States in which a submitted version stands and is judged.
JUDGED_STATES: tuple[str, ...] = (
    WeeklyReturn.State.SUBMITTED,
    WeeklyReturn.State.RETURNED,
    WeeklyReturn.State.APPROVED,
    WeeklyReturn.State.ACCEPTED,
    WeeklyReturn.State.LOCKED,
)


class ReturnVersion(models.Model):
    """One submitted version, never changed afterwards. ``sha256`` is over the canonical JSON of the payload."""

    class Door(models.TextChoices):
        FORM = "form", "网页填报"
        API = "api", "接口"
        FILE = "file", "文件导入"

    weekly_return = models.ForeignKey(WeeklyReturn, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField(verbose_name="版本")
    payload = models.JSONField(verbose_name="内容")
    sha256 = models.CharField(max_length=64)
    door = models.CharField(max_length=4, choices=Door.choices)
    submitted_by = models.CharField(max_length=150)
    submitted_at = models.DateTimeField()
    note = models.CharField(max_length=400, blank=True, verbose_name="说明", help_text="why it was filed so")
    is_correction = models.BooleanField(default=False, help_text="submitted after the return had been locked")

    INSTITUTION = "weekly_return__institution"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "周报版本"
        ordering = ["weekly_return", "-number"]
        constraints = [models.UniqueConstraint(fields=["weekly_return", "number"], name="return_version_once")]

    def __str__(self) -> str:
        return f"{self.weekly_return_id} v{self.number}"


class ReturnEvent(models.Model):
    """One step in a return's life: who, when, from which state to which, and what was said. Never changed."""

    weekly_return = models.ForeignKey(WeeklyReturn, on_delete=models.CASCADE, related_name="events")
    act = models.CharField(max_length=30)
    from_state = models.CharField(max_length=10, blank=True)
    to_state = models.CharField(max_length=10)
    version = models.PositiveSmallIntegerField(null=True)
    actor = models.CharField(max_length=150)
    at = models.DateTimeField()
    note = models.CharField(max_length=400, blank=True)

    INSTITUTION = "weekly_return__institution"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "周报经过"
        ordering = ["weekly_return", "at", "id"]

    def __str__(self) -> str:
        return f"{self.weekly_return_id} {self.act}"


class ReopenRequest(models.Model):
    """申请更正: a school asks to correct a locked return; the bureau grants it until an instant, or refuses."""

    class State(models.TextChoices):
        PENDING = "pending", "待处理"
        GRANTED = "granted", "已同意"
        REFUSED = "refused", "未同意"

    weekly_return = models.ForeignKey(WeeklyReturn, on_delete=models.CASCADE, related_name="reopen_requests")
    reason = models.CharField(max_length=400)
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=400, blank=True)
    until = models.DateTimeField(null=True)

    INSTITUTION = "weekly_return__institution"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "更正申请"
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["weekly_return"], condition=Q(state="pending"), name="reopen_request_pending_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.weekly_return_id} {self.state}"


class ImportBatch(models.Model):
    """导入批次: an uploaded workbook that passed its checks, kept between preview and confirmation.

    ``payload`` is what the file says, checked; ``base_revision`` the revision of the return that the person saw, so
    that a confirmation never overwrites what somebody else saved meanwhile.
    """

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="import_batches")
    week = models.DateField()
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    payload = models.JSONField()
    base_revision = models.PositiveIntegerField()
    uploaded_by = models.CharField(max_length=150)
    uploaded_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    INSTITUTION = "institution"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "导入批次"
        ordering = ["-uploaded_at"]
        indexes = [models.Index(fields=["uploaded_at"])]

    def __str__(self) -> str:
        return f"{self.institution_id} {Week(self.week).key} {self.file_name}"


class ClassDraft(models.Model):
    """班级填报: one class's part of a week, filled in by its teacher and merged into the return by the school.

    ``payload`` holds the rows of the keys that name a class, of this class only. ``revision`` as in WeeklyReturn.
    """

    class State(models.TextChoices):
        FILLING = "filling", "填写中"
        HANDED_IN = "handed_in", "已交"
        MERGED = "merged", "已并入"

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="class_drafts")
    week = models.DateField()
    class_code = models.CharField(max_length=10)
    payload = models.JSONField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.FILLING)
    revision = models.PositiveIntegerField(default=0)
    saved_by = models.CharField(max_length=150)
    saved_at = models.DateTimeField()
    merged_at = models.DateTimeField(null=True)

    INSTITUTION = "institution"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "班级填报"
        ordering = ["-week", "class_code"]
        constraints = [models.UniqueConstraint(fields=["institution", "week", "class_code"], name="class_draft_once")]

    def __str__(self) -> str:
        return f"{self.institution_id} {Week(self.week).key} {self.class_code}"


class FilingQuerySet(ScopedQuerySet["Filing"]):
    def unfiled(self) -> FilingQuerySet:
        return self.filter(is_filed=False)

    def due_before(self, instant: dt.datetime) -> FilingQuerySet:
        return self.filter(due_at__lt=instant)


class Filing(models.Model):
    """应报任务: a unit owes the return of a week in which it has a school day. Made when the week starts.

    ``is_filed`` tells that a submitted return stands now, in whatever state of review; ``first_submitted_at`` decides
    on time or late and stays when the return is withdrawn.
    """

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="filings")
    week = models.DateField(verbose_name="周次")
    school_days = models.PositiveSmallIntegerField(verbose_name="上课日数")
    due_at = models.DateTimeField(verbose_name="截止时间")
    is_filed = models.BooleanField(default=False)
    first_submitted_at = models.DateTimeField(null=True)
    due_seen_at = models.DateTimeField(null=True, help_text="when RP was asked for after the due instant")

    INSTITUTION = "institution"
    OCCURRED_ON = "week"
    objects = FilingQuerySet.as_manager()

    class Meta:
        verbose_name = "应报任务"
        ordering = ["-week", "institution"]
        constraints = [models.UniqueConstraint(fields=["institution", "week"], name="filing_once")]
        indexes = [
            models.Index(fields=["week", "institution"]),
            models.Index(fields=["due_at"], name="filing_unfiled", condition=Q(is_filed=False)),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id} {Week(self.week).key}"

    def state_at(self, now: dt.datetime) -> FilingState:
        """What a reader sees at ``now``; returned and withdrawn returns are told apart by the page that has them."""
        if self.first_submitted_at is not None and self.is_filed:
            return FilingState.ON_TIME if self.first_submitted_at <= self.due_at else FilingState.LATE
        if self.first_submitted_at is not None:
            return FilingState.WITHDRAWN
        return FilingState.PENDING if now <= self.due_at else FilingState.MISSING
