"""预警: the human side. An alert groups the findings of one rule, unit and period, and has a life of its own."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, OuterRef, Q

from shuangjian.alerts.rectification_models import Rectification, RectificationStep
from shuangjian.bureau.models import Institution
from shuangjian.core.choices import Severity
from shuangjian.rules.models import Finding
from shuangjian.rules.scoping import ABOUT_A_PUPIL, RuledQuerySet

__all__ = ["Alert", "AlertEvent", "Rectification", "RectificationStep"]


class AlertQuerySet(RuledQuerySet["Alert"]):
    def about_no_pupil(self) -> AlertQuerySet:
        pupils = Finding.objects.filter(
            rule=OuterRef("rule"), institution=OuterRef("institution"), period=OuterRef("period")
        )
        return self.filter(~Exists(pupils.filter(about__startswith=ABOUT_A_PUPIL)))

    def unclosed(self) -> AlertQuerySet:
        return self.filter(closed_at__isnull=True)


class Alert(models.Model):
    """预警. ``period`` is 2026-W45, 2026-11, 2026-2027-1, 2026-2027 or standing; ``episode`` counts from 1.

    At most one unclosed alert a (rule, institution, period): a partial unique index holds it whatever the code does.
    """

    class State(models.TextChoices):
        OPEN = "open", "待签收"
        ACKNOWLEDGED = "acknowledged", "已签收"
        CLOSED = "closed", "已办结"

    class Closing(models.TextChoices):
        BY_ITSELF = "by_itself", "问题消除，自动办结"
        BY_PERSON = "by_person", "人工办结"
        DISMISSED = "dismissed", "排除（误报）"

    rule = models.CharField(max_length=12)
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="alerts")
    period = models.CharField(max_length=11)
    episode = models.PositiveSmallIntegerField(default=1)
    severity = models.SmallIntegerField(choices=Severity.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    open_findings = models.IntegerField()
    total_findings = models.IntegerField()
    first_on = models.DateField()
    last_on = models.DateField()
    is_trial = models.BooleanField(default=False)
    raised_at = models.DateTimeField()
    due_on = models.DateField(verbose_name="整改期限")
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    closing_proposed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    closing = models.CharField(max_length=10, choices=Closing.choices, blank=True)
    reason = models.CharField(max_length=400, blank=True)
    changed_at = models.DateTimeField()

    INSTITUTION = "institution"
    objects = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = "预警"
        ordering = ["-severity", "due_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "institution", "period"], name="alert_one_unclosed", condition=Q(closed_at__isnull=True)
            ),
            models.UniqueConstraint(fields=["rule", "institution", "period", "episode"], name="alert_episode_once"),
        ]
        indexes = [
            models.Index(fields=["institution", "period"]),
            models.Index(fields=["changed_at", "id"]),
            models.Index(fields=["-severity", "due_on"], name="alert_unclosed", condition=Q(closed_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.institution_id} {self.period} #{self.episode}"


class AlertEventQuerySet(RuledQuerySet["AlertEvent"]):
    PREFIX = "alert__"


class AlertEvent(models.Model):
    """One step in the life of an alert; with the alert's columns, its whole history."""

    class Act(models.TextChoices):
        RAISED = "raised", "产生"
        REOPENED = "reopened", "重新打开"
        ACKNOWLEDGED = "acknowledged", "签收"
        CLOSING_PROPOSED = "closing_proposed", "问题已消除，建议办结"
        CLOSED = "closed", "办结"
        DISMISSED = "dismissed", "排除（误报）"

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="events")
    act = models.CharField(max_length=20, choices=Act.choices)
    actor = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    actor_label = models.CharField(max_length=150)
    at = models.DateTimeField()
    note = models.CharField(max_length=400, blank=True)

    INSTITUTION = "alert__institution"
    objects = AlertEventQuerySet.as_manager()

    class Meta:
        verbose_name = "预警过程"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.alert_id} {self.act} {self.at}"
