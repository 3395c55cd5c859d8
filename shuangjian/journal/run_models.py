"""比对记录: what one cause had judged again, part by part, with what became of it.

An ``EvaluationRequest`` is work and goes seven days after it is done; these rows are the log of it and stay.
"""

from __future__ import annotations

from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from shuangjian.core.querysets import Principal, ScopedQuerySet


class RunPartQuerySet(ScopedQuerySet["RunPart"]):
    def visible_to(self, principal: Principal | None) -> Self:
        """Parts of which every unit lies inside the jurisdiction, since a part counts all its units together.

        A system administrator, who watches the machinery, sees every part: figures only, no unit's data.
        """
        jurisdiction = getattr(principal, "jurisdiction", None)
        if jurisdiction is None or principal is None:
            return self.none()
        is_administrator = getattr(principal, "role_kind", "") == "sysadmin" and getattr(principal, "may_act", False)
        inside = principal.jurisdiction("")
        if is_administrator or inside == Q():
            return self.all()
        institutions: Any = RunPart._meta.get_field("institution").related_model
        own, others = institutions._default_manager.filter(inside), institutions._default_manager.exclude(inside)
        of_town = {"town": OuterRef("town")}
        return self.filter(
            Q(principal.jurisdiction("institution"), institution__isnull=False)
            | Q(Exists(own.filter(**of_town)), ~Exists(others.filter(**of_town)), town__isnull=False)
            | Q(
                Exists(own.filter(town__isnull=True)),
                ~Exists(others.filter(town__isnull=True)),
                institution__isnull=True,
                town__isnull=True,
            )
        )


class RunQuerySet(ScopedQuerySet["Run"]):
    def visible_to(self, principal: Principal | None) -> Self:
        """Runs of which at least one part is visible; who sees everything also sees what was not yet divided."""
        parts = RunPart.objects.visible_to(principal)
        if parts.query.is_empty():
            return self.none()
        if not parts.query.where:
            return self.all()
        return self.filter(Exists(parts.filter(run=OuterRef("pk"))))

    def running(self) -> Self:
        """Not finished: waiting for a worker, or being judged."""
        return self.filter(finished_at__isnull=True)


class Run(models.Model):
    """比对: one cause, from the request to the last of its parts. ``rules`` NULL: every rule."""

    class Kind(models.TextChoices):
        SWEEP = "sweep", "每晚核对"
        MANUAL = "manual", "人工核对"
        CALENDAR = "calendar", "校历变更"
        STANDARD = "standard", "标准值调整"
        MODE = "mode", "规则模式"
        EXEMPTION = "exemption", "豁免"
        LIST = "list", "名单变更"
        OTHER = "other", "其他"

    kind = models.CharField(max_length=10, choices=Kind.choices, verbose_name="原因类型")
    cause = models.CharField(max_length=200, verbose_name="原因")
    asked_by = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    asked_by_label = models.CharField(max_length=150, verbose_name="提出人")
    is_district = models.BooleanField(default=False, verbose_name="全区")
    rules = ArrayField(models.CharField(max_length=12), null=True, blank=True, verbose_name="规则")
    since = models.DateField(verbose_name="自")
    until = models.DateField(verbose_name="至")
    requested_at = models.DateTimeField(verbose_name="提出时间")
    started_at = models.DateTimeField(null=True, verbose_name="开始时间")
    finished_at = models.DateTimeField(null=True, verbose_name="完成时间")

    INSTITUTION = "parts__institution"
    objects = RunQuerySet.as_manager()

    class Meta:
        verbose_name = "比对记录"
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(since__lte=F("until")), name="run_range")]
        indexes = [
            models.Index(fields=["kind", "-id"], name="run_kind"),
            models.Index(fields=["id"], name="run_unfinished", condition=Q(finished_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.cause}"


class RunPart(models.Model):
    """One town, one institution, or (both NULL) the institutions whose town is unconfirmed, in one run.

    ``violations`` = added + changed + unchanged. ``by_rule`` has the same counts by rule code. ``is_shared``: the
    same evaluation also answered other requests of this scope, so its counts stand in each of their runs.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "等待"
        RUNNING = "running", "比对中"
        DONE = "done", "完成"
        PARKED = "parked", "有规则出错"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="parts")
    town = models.ForeignKey("bureau.Town", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    institution = models.ForeignKey(
        "bureau.Institution", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING, verbose_name="状态")
    units = models.IntegerField(default=1, verbose_name="单位数")
    judged = models.IntegerField(default=0, verbose_name="已比对单位数")
    violations = models.IntegerField(default=0, verbose_name="现有")
    added = models.IntegerField(default=0, verbose_name="新增")
    cleared = models.IntegerField(default=0, verbose_name="消除")
    unchanged = models.IntegerField(default=0, verbose_name="不变")
    changed = models.IntegerField(default=0, verbose_name="变化")
    stale = models.IntegerField(default=0, verbose_name="数据不足保留")
    by_rule = models.JSONField(default=dict)
    is_shared = models.BooleanField(default=False)
    error = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    INSTITUTION = "institution"
    objects = RunPartQuerySet.as_manager()

    class Meta:
        verbose_name = "比对记录分项"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "town", "institution"], name="run_part_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=Q(town__isnull=True) | Q(institution__isnull=True), name="run_part_one_scope"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.town_id or self.institution_id or 'unassigned'} {self.state}"
