"""Observations, which the rules that people judge filter, and complaints with their reply clock."""

from __future__ import annotations

import pghistory
from django.db import models
from django.db.models import Q

from shuangjian.bureau.models import Institution, Town
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.evidence.choices import ComplaintChannel, ComplaintState, Source, State, Topic


@pghistory.track()
class Complaint(models.Model):
    """投诉举报. ``institution`` NULL while nobody knows whom it is about. The complainant is the bureau's to see."""

    number = models.CharField(max_length=30, unique=True, verbose_name="登记号")
    channel = models.CharField(max_length=10, choices=ComplaintChannel.choices, verbose_name="受理渠道")
    channel_no = models.CharField(max_length=40, blank=True, verbose_name="渠道工单号")
    received_on = models.DateField(verbose_name="受理日期")
    institution = models.ForeignKey(
        Institution,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="complaints",
        verbose_name="被投诉单位",
    )
    named = models.CharField(max_length=120, blank=True, verbose_name="投诉人所称单位或地点")
    town = models.ForeignKey(
        Town, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="镇街"
    )
    topic = models.CharField(max_length=16, choices=Topic.choices, verbose_name="事项")
    text = models.TextField(verbose_name="内容")
    complainant_name = models.CharField(max_length=40, blank=True, verbose_name="投诉人")
    complainant_phone = models.CharField(max_length=30, blank=True, verbose_name="联系方式")
    state = models.CharField(
        max_length=10, choices=ComplaintState.choices, default=ComplaintState.CLUE, verbose_name="状态"
    )
    is_confirmed = models.BooleanField(null=True, blank=True, verbose_name="查实", help_text="NULL: not decided")
    reply_due_on = models.DateField(verbose_name="答复期限")
    replied_on = models.DateField(null=True, blank=True, verbose_name="答复日期")
    reply = models.TextField(blank=True, verbose_name="答复内容")
    duplicate_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="duplicates", verbose_name="重复于"
    )
    registered_at = models.DateTimeField(auto_now_add=True)

    INSTITUTION = "institution"
    OCCURRED_ON = "received_on"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "投诉举报"
        ordering = ["-received_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "channel_no"],
                condition=~Q(channel_no=""),
                name="complaint_channel_no_once",
                violation_error_message="这个渠道工单号已登记，请核对。",
            ),
        ]
        indexes = [models.Index(fields=["institution", "received_on"])]

    def __str__(self) -> str:
        return self.number


@pghistory.track()
class Observation(models.Model):
    """核查情况: what people found at an institution. ``kind`` is a registered code (such as ``ad``, ``privacy``) that
    one rule filters; ``about`` as in findings. Only 查实 counts, from ``occurred_on`` on."""

    number = models.CharField(max_length=30, unique=True, verbose_name="编号")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="observations")
    kind = models.CharField(max_length=30, verbose_name="事项")
    about = models.CharField(max_length=80, blank=True, verbose_name="涉及对象", help_text="such as course:C-01")
    occurred_on = models.DateField(verbose_name="发生日期")
    source = models.CharField(max_length=10, choices=Source.choices, verbose_name="来源")
    state = models.CharField(max_length=10, choices=State.choices, default=State.CLUE, verbose_name="状态")
    text = models.TextField(verbose_name="情况")
    confirmed_on = models.DateField(null=True, blank=True, verbose_name="查实日期")
    due_on = models.DateField(null=True, blank=True, verbose_name="整改期限")
    rectified_on = models.DateField(null=True, blank=True, verbose_name="整改完成日期")
    severity = models.PositiveSmallIntegerField(null=True, blank=True, verbose_name="预警等级")
    complaint = models.ForeignKey(
        Complaint, null=True, blank=True, on_delete=models.PROTECT, related_name="observations", verbose_name="投诉"
    )
    decided_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="认定人"
    )
    registered_at = models.DateTimeField(auto_now_add=True)

    INSTITUTION = "institution"
    OCCURRED_ON = "occurred_on"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "核查情况"
        ordering = ["-occurred_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="confirmed", confirmed_on__isnull=False) | ~Q(state="confirmed"),
                name="observation_confirmed_dated",
            ),
        ]
        indexes = [models.Index(fields=["institution", "kind", "occurred_on"])]

    def __str__(self) -> str:
        return self.number
