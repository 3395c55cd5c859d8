"""名单: which criteria, which decisions by whom, and from when until when an institution stood on a list."""

from __future__ import annotations

import datetime as dt
from typing import Self

import pghistory
import pgtrigger
from django.db import models
from django.db.models import F, Q

from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import Principal, ScopedQuerySet, power_of


class ListKind(models.TextChoices):
    BLACK = "black", "黑名单"
    WHITE = "white", "白名单"
    WARNING = "warning", "预警名单"


@pghistory.track()
class ListCriteria(models.Model):
    """列入标准 of one list, by version: never changed once a decision cites it."""

    kind = models.CharField(max_length=8, choices=ListKind.choices, verbose_name="名单")
    version = models.CharField(max_length=20, verbose_name="版本")
    text = models.TextField(verbose_name="标准")
    valid_from = models.DateField(verbose_name="施行日期")
    reference = models.CharField(max_length=200, verbose_name="文件依据")

    class Meta:
        verbose_name = "列入标准"
        ordering = ["kind", "-valid_from"]
        constraints = [models.UniqueConstraint(fields=["kind", "version"], name="list_criteria_once")]
        triggers = [
            pgtrigger.Trigger(
                name="list_criteria_cited",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func="""
                IF EXISTS (SELECT FROM lists_listdecision WHERE criteria_id = OLD.id) THEN
                    RAISE EXCEPTION 'list criteria % are cited by a decision and stay as they are', OLD.id;
                END IF;
                RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.version}"


class ListDecisionQuerySet(ScopedQuerySet["ListDecision"]):
    def visible_to(self, principal: Principal | None) -> Self:
        """What is proposed, rejected or withdrawn is the bureau's own business until a second person has decided."""
        rows = super().visible_to(principal)
        return rows if power_of(principal) == "bureau" else rows.filter(state="approved")


class ListEntryQuerySet(ScopedQuerySet["ListEntry"]):
    def standing_on(self, day: dt.date) -> ListEntryQuerySet:
        """Entries of institutions that stood on the list on that day."""
        return self.filter(Q(left_on__isnull=True) | Q(left_on__gt=day), entered_on__lte=day)


@pghistory.track()
class ListDecision(models.Model):
    """列入 or 移出: proposed by one person, reviewed by another; takes effect only when approved."""

    class Act(models.TextChoices):
        ENTRY = "entry", "列入"
        EXIT = "exit", "移出"

    class State(models.TextChoices):
        PROPOSED = "proposed", "待复核"
        APPROVED = "approved", "已决定"
        REJECTED = "rejected", "不予决定"
        WITHDRAWN = "withdrawn", "已撤回"

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="list_decisions")
    kind = models.CharField(max_length=8, choices=ListKind.choices, verbose_name="名单")
    act = models.CharField(max_length=5, choices=Act.choices, verbose_name="决定")
    criteria = models.ForeignKey(ListCriteria, on_delete=models.PROTECT, related_name="+", verbose_name="列入标准")
    decision_no = models.CharField(max_length=40, verbose_name="文号")
    effective_on = models.DateField(verbose_name="生效日期")
    reason = models.TextField(verbose_name="理由")
    state = models.CharField(max_length=9, choices=State.choices, default=State.PROPOSED, verbose_name="状态")
    proposed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name="提出人")
    proposed_at = models.DateTimeField(verbose_name="提出时间")
    reviewed_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="复核人"
    )
    reviewed_at = models.DateTimeField(null=True, blank=True, verbose_name="复核时间")
    review_note = models.CharField(max_length=400, blank=True, verbose_name="复核意见")
    published_on = models.DateField(null=True, blank=True, verbose_name="公布日期")

    INSTITUTION = "institution"
    OCCURRED_ON = ""
    objects = ListDecisionQuerySet.as_manager()

    class Meta:
        verbose_name = "名单决定"
        ordering = ["-proposed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["decision_no", "institution", "kind", "act"],
                name="list_decision_once",
                violation_error_message="这个文号已用于同一单位的同一决定，请核对。",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("proposed_by")),
                name="list_decision_two_people",
                violation_error_message="提出人不能复核自己的决定，请由另一人复核。",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["approved", "rejected"], reviewed_by__isnull=False, reviewed_at__isnull=False)
                | Q(state__in=["proposed", "withdrawn"], reviewed_by__isnull=True, reviewed_at__isnull=True),
                name="list_decision_reviewed",
                violation_error_message="名单决定须经另一人复核后才生效。",
            ),
            models.CheckConstraint(
                condition=Q(published_on__isnull=True) | Q(state="approved"),
                name="list_decision_published",
                violation_error_message="只有已决定的名单决定才能公布。",
            ),
            models.UniqueConstraint(
                fields=["institution", "kind"], condition=Q(state="proposed"), name="list_decision_one_pending"
            ),
        ]

    def __str__(self) -> str:
        return self.decision_no


@pghistory.track()
class ListEntry(models.Model):
    """From ``entered_on`` to ``left_on`` (first day off it; NULL: still on) the institution stands on the list."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="list_entries")
    kind = models.CharField(max_length=8, choices=ListKind.choices, verbose_name="名单")
    entered_on = models.DateField(verbose_name="列入日期")
    left_on = models.DateField(null=True, blank=True, verbose_name="移出日期")
    entry = models.OneToOneField(ListDecision, on_delete=models.PROTECT, related_name="opened", verbose_name="列入决定")
    exit = models.OneToOneField(
        ListDecision, null=True, blank=True, on_delete=models.PROTECT, related_name="ended", verbose_name="移出决定"
    )

    INSTITUTION = "institution"
    OCCURRED_ON = ""
    objects = ListEntryQuerySet.as_manager()

    class Meta:
        verbose_name = "名单记录"
        ordering = ["-entered_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "kind"], condition=Q(left_on__isnull=True), name="list_entry_open_once"
            ),
            models.CheckConstraint(
                condition=Q(left_on__isnull=True) | Q(left_on__gte=F("entered_on")), name="list_entry_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.get_kind_display()} {self.entered_on}"


@pghistory.track()
class ListAppeal(models.Model):
    """申诉 against a decision, and what came of it."""

    class Result(models.TextChoices):
        UPHELD = "upheld", "维持"
        OVERTURNED = "overturned", "撤销"

    decision = models.ForeignKey(ListDecision, on_delete=models.PROTECT, related_name="appeals")
    filed_on = models.DateField(verbose_name="申诉日期")
    text = models.TextField(verbose_name="申诉内容")
    result = models.CharField(max_length=10, choices=Result.choices, blank=True, verbose_name="结果")
    decided_on = models.DateField(null=True, blank=True, verbose_name="答复日期")
    answer = models.TextField(blank=True, verbose_name="答复")
    decided_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="答复人"
    )

    outcome = models.OneToOneField(
        ListDecision,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="undoes",
        verbose_name="撤销后的决定",
    )

    INSTITUTION = "decision__institution"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "名单申诉"
        ordering = ["-filed_on", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["decision"], condition=Q(result=""), name="list_appeal_one_pending"),
            models.CheckConstraint(
                condition=Q(result="", decided_by__isnull=True, decided_on__isnull=True)
                | (~Q(result="") & Q(decided_by__isnull=False, decided_on__isnull=False)),
                name="list_appeal_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision} {self.filed_on}"


class ListDate(models.Model):
    """年度名单日: by this day of the year every licensed institution is to stand on a list (rule TO-34)."""

    year = models.PositiveSmallIntegerField(unique=True, verbose_name="年度")
    on = models.DateField(verbose_name="日期")
    reference = models.CharField(max_length=200, verbose_name="依据")

    class Meta:
        verbose_name = "年度名单日"
        ordering = ["-year"]

    def __str__(self) -> str:
        return f"{self.year} {self.on}"
