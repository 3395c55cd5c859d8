"""Findings, and what the bureau may decide about rules: parameters, modes, exemptions, dismissals."""

from __future__ import annotations

import pghistory
from django.db import models
from django.db.models import F, Q

from shuangjian.bureau.models import Institution
from shuangjian.core.choices import Severity
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.rules.scoping import ABOUT_A_PUPIL, RuledQuerySet


class FindingQuerySet(RuledQuerySet["Finding"]):
    def about_no_pupil(self) -> FindingQuerySet:
        return self.exclude(about__startswith=ABOUT_A_PUPIL)

    def open(self) -> FindingQuerySet:
        """Findings that the last evaluation of their scope still saw, or could not look at again (stale)."""
        return self.filter(cleared_at__isnull=True)

    def undismissed(self) -> FindingQuerySet:
        """Without those that a person dismissed as a false alarm at the very figures they show now."""
        dismissed = Dismissal.objects.filter(
            finding=models.OuterRef("pk"), observed=models.OuterRef("observed"), limit=models.OuterRef("limit")
        )
        return self.filter(~models.Exists(dismissed))


class Finding(models.Model):
    """疑似问题: what a rule saw. The engine alone writes it.

    ``observed`` and ``limit`` are in the rule's unit (a time of day is minutes after midnight, a flag is 1 > 0).
    ``return_version`` is the id of the intake version that was judged, a plain number because intake stands higher.
    ``opened_at`` is when it first appeared, or appeared again after a clear.
    """

    rule = models.CharField(max_length=12)
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="findings")
    about = models.CharField(max_length=80)
    occurred_on = models.DateField()
    period = models.CharField(max_length=11)
    severity = models.SmallIntegerField(choices=Severity.choices)
    observed = models.DecimalField(max_digits=18, decimal_places=4)
    limit = models.DecimalField(max_digits=18, decimal_places=4)
    facts = models.JSONField(default=dict)
    return_version = models.BigIntegerField(null=True)
    parameters_version = models.CharField(max_length=16)
    calendar_version = models.IntegerField()
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)
    is_stale = models.BooleanField(default=False)
    is_trial = models.BooleanField(default=False)
    is_exempt = models.BooleanField(default=False)

    INSTITUTION = "institution"
    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = "疑似问题"
        ordering = ["-occurred_on", "-severity", "id"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "institution", "about", "occurred_on"], name="finding_once"),
        ]
        indexes = [
            models.Index(
                fields=["institution", "rule", "occurred_on"], name="finding_open", condition=Q(cleared_at__isnull=True)
            ),
            models.Index(fields=["period", "institution", "rule"], name="finding_of_period"),
            models.Index(fields=["changed_at", "id"], name="finding_changed"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.institution_id} {self.about} {self.occurred_on}"


class Dismissal(models.Model):
    """排除（误报): a person's decision about one finding at the figures it had. New figures need a new decision."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="dismissals")
    observed = models.DecimalField(max_digits=18, decimal_places=4)
    limit = models.DecimalField(max_digits=18, decimal_places=4)
    reason = models.CharField(max_length=400)
    actor = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = "排除"
        indexes = [models.Index(fields=["finding", "observed", "limit"])]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.reason}"


@pghistory.track()
class ParameterOverride(models.Model):
    """标准值调整: the bureau's dated value for a parameter that the guideline leaves open; two people decide it."""

    parameter = models.CharField(max_length=60)
    key = models.CharField(max_length=20, blank=True, help_text="which value of a parameter by grade or stage")
    value = models.DecimalField(max_digits=12, decimal_places=4)
    effective_from = models.DateField()
    reason = models.CharField(max_length=400)
    reference = models.CharField(max_length=200)
    proposed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "标准值调整"
        ordering = ["parameter", "effective_from"]
        constraints = [
            models.UniqueConstraint(fields=["parameter", "key", "effective_from"], name="parameter_override_once"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("proposed_by")),
                name="parameter_override_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.parameter} {self.key} {self.value} {self.effective_from}"


@pghistory.track()
class RuleMode(models.Model):
    """规则模式 from a date on, for one unit or (institution NULL) for all."""

    class Mode(models.TextChoices):
        OFF = "off", "关闭"
        TRIAL = "trial", "试运行"
        FORMAL = "formal", "正式"

    rule = models.CharField(max_length=12)
    institution = models.ForeignKey(Institution, null=True, on_delete=models.CASCADE, related_name="+")
    mode = models.CharField(max_length=8, choices=Mode.choices)
    effective_from = models.DateField()
    reason = models.CharField(max_length=400)

    class Meta:
        verbose_name = "规则模式"
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "institution", "effective_from"], name="rule_mode_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.mode} {self.effective_from}"


@pghistory.track()
class Exemption(models.Model):
    """豁免: a soft rule ("一般") does not raise alerts for a unit on these days; the finding stays."""

    rule = models.CharField(max_length=12)
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="exemptions")
    starts_on = models.DateField()
    ends_on = models.DateField()
    reason = models.CharField(max_length=400)
    approved_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()

    INSTITUTION = "institution"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "豁免"
        constraints = [models.CheckConstraint(condition=Q(starts_on__lte=F("ends_on")), name="exemption_range")]

    def __str__(self) -> str:
        return f"{self.rule} {self.institution_id} {self.starts_on}–{self.ends_on}"


class Evaluation(models.Model):
    """评估记录: one committed evaluation, with its cause and its receipt.

    ``violations`` = added + changed + unchanged; cleared and stale ones were not seen any more.
    """

    scope = models.CharField(max_length=40)
    rules = models.CharField(max_length=200)
    since = models.DateField()
    until = models.DateField()
    cause = models.TextField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    violations = models.IntegerField()
    added = models.IntegerField()
    changed = models.IntegerField()
    unchanged = models.IntegerField(default=0)
    cleared = models.IntegerField()
    stale = models.IntegerField(default=0)
    parameters_version = models.CharField(max_length=16)
    calendar_version = models.IntegerField()

    class Meta:
        verbose_name = "评估记录"
        ordering = ["-id"]
        indexes = [models.Index(fields=["finished_at"])]

    def __str__(self) -> str:
        return f"{self.scope} {self.since}–{self.until} +{self.added} −{self.cleared}"


class Heartbeat(models.Model):
    """心跳: one row, touched by each drain, so that silence of beat or worker is noticed."""

    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = "心跳"

    def __str__(self) -> str:
        return str(self.seen_at)
