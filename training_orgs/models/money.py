"""What parents prepay, what is taken for it, what goes back, and the custody account's ledger. Yuan, exact to fen."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q

from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import ScopedQuerySet
from training_orgs.choices import Channel, LedgerKind
from training_orgs.models.courses import Course, CourseSession

YUAN: dict[str, Any] = {"max_digits": 14, "decimal_places": 2}
HOURS: dict[str, Any] = {"max_digits": 7, "decimal_places": 2}


class FeeOrder(models.Model):
    """收费订单: one charge under one contract. ``refunded`` and ``consumed`` (yuan) follow the refunds paid and the
    hours taken; the database refuses more of them than was paid."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="fee_orders", db_index=False)
    contract_no = models.CharField(max_length=40, verbose_name="合同编号")
    pupil = models.CharField(max_length=40, verbose_name="学员代号", help_text="a pseudonym, never a name")
    paid_on = models.DateField(verbose_name="收费日期", help_text="of the first payment")
    amount = models.DecimalField(**YUAN, verbose_name="金额（元）")
    starts_on = models.DateField(verbose_name="服务起")
    ends_on = models.DateField(null=True, blank=True, verbose_name="服务止", help_text="last day; NULL: by the plan")
    channel = models.CharField(max_length=8, choices=Channel.choices, verbose_name="收费渠道")
    is_loan = models.BooleanField(default=False, verbose_name="培训贷")
    cancelled_on = models.DateField(null=True, blank=True, verbose_name="作废日期")
    refunded = models.DecimalField(**YUAN, default=0, verbose_name="已退费（元）")
    consumed = models.DecimalField(**YUAN, default=0, verbose_name="已消课（元）")

    INSTITUTION = "institution"
    OCCURRED_ON = "paid_on"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "收费订单"
        ordering = ["institution", "paid_on", "contract_no"]
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "contract_no"],
                name="fee_order_contract_once",
                violation_error_message="合同编号重复，请改正。",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="fee_order_span",
                violation_error_message="服务止早于服务起，请改正。",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0, refunded__gte=0, consumed__gte=0)
                & Q(amount__gte=F("refunded") + F("consumed")),
                name="fee_order_balance",
                violation_error_message="已消课与已退费之和超过了已收金额。",
            ),
        ]
        indexes = [models.Index(fields=["institution", "paid_on"]), models.Index(fields=["institution", "pupil"])]

    def __str__(self) -> str:
        return self.contract_no


class FeeLine(models.Model):
    """订单明细: hours of one course. ``hours``: nominal, each of ``lesson_minutes``; ``gift_hours`` come on top."""

    order = models.ForeignKey(FeeOrder, on_delete=models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveSmallIntegerField(verbose_name="序号", help_text="from 1 within the order")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="fee_lines", verbose_name="课程")
    subject = models.CharField(max_length=20, verbose_name="科目")
    hours = models.DecimalField(**HOURS, verbose_name="课时")
    gift_hours = models.DecimalField(**HOURS, default=0, verbose_name="赠送课时")
    lesson_minutes = models.PositiveSmallIntegerField(verbose_name="每课时分钟")
    amount = models.DecimalField(**YUAN, verbose_name="金额（元）")

    INSTITUTION = "order__institution"
    OCCURRED_ON = "order__paid_on"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "订单明细"
        ordering = ["order", "position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="fee_line_once"),
            models.CheckConstraint(
                condition=Q(hours__gte=0, gift_hours__gte=0, amount__gte=0, lesson_minutes__gt=0),
                name="fee_line_not_negative",
                violation_error_message="课时、价格不能是负数，请改正。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.position}"


class Consumption(models.Model):
    """课消 (一课一消): hours and yuan of one order line taken on one day. Silence of 15 working days confirms it."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="consumptions", db_index=False)
    line = models.ForeignKey(FeeLine, on_delete=models.CASCADE, related_name="consumptions", db_index=False)
    session = models.ForeignKey(
        CourseSession, null=True, blank=True, on_delete=models.SET_NULL, related_name="consumptions", db_index=False
    )
    day = models.DateField(verbose_name="日期")
    hours = models.DecimalField(**HOURS, verbose_name="课时")
    amount = models.DecimalField(**YUAN, verbose_name="金额（元）")
    confirmed_on = models.DateField(null=True, blank=True, verbose_name="家长确认日期")

    INSTITUTION = "institution"
    OCCURRED_ON = "day"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "课消"
        ordering = ["institution", "day"]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "day", "session"], name="consumption_once", nulls_distinct=False, include=["hours"]
            ),
            models.CheckConstraint(condition=Q(hours__gt=0, amount__gte=0), name="consumption_not_negative"),
        ]
        indexes = [models.Index(fields=["institution", "day"])]

    def __str__(self) -> str:
        return f"{self.line_id} {self.day}"


class Refund(models.Model):
    """退费: asked for, answered or not, paid or not."""

    class Answer(models.TextChoices):
        APPROVED = "approved", "同意"
        REFUSED = "refused", "不同意"

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="refunds", db_index=False)
    order = models.ForeignKey(FeeOrder, on_delete=models.CASCADE, related_name="refunds", verbose_name="订单")
    number = models.CharField(max_length=40, verbose_name="退费编号")
    requested_on = models.DateField(verbose_name="申请日期")
    amount = models.DecimalField(**YUAN, verbose_name="申请金额（元）")
    answered_on = models.DateField(null=True, blank=True, verbose_name="答复日期")
    answer = models.CharField(max_length=8, choices=Answer.choices, blank=True, verbose_name="答复")
    reason = models.CharField(max_length=200, blank=True, verbose_name="理由")
    paid_on = models.DateField(null=True, blank=True, verbose_name="退款日期")
    paid_amount = models.DecimalField(**YUAN, null=True, blank=True, verbose_name="退款金额（元）")
    withdrawn_on = models.DateField(null=True, blank=True, verbose_name="撤回日期")

    INSTITUTION = "institution"
    OCCURRED_ON = ""
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "退费"
        ordering = ["institution", "requested_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "number"],
                name="refund_number_once",
                violation_error_message="退费编号重复，请改正。",
            ),
            models.CheckConstraint(
                condition=Q(answered_on__isnull=True, answer="") | (Q(answered_on__isnull=False) & ~Q(answer="")),
                name="refund_answer_dated",
            ),
            models.CheckConstraint(
                condition=Q(paid_on__isnull=True, paid_amount__isnull=True)
                | Q(paid_on__isnull=False, paid_amount__gt=0),
                name="refund_paid_dated",
            ),
        ]
        indexes = [models.Index(fields=["institution", "requested_on"])]

    def __str__(self) -> str:
        return self.number


class LedgerEntry(models.Model):
    """监管账户流水: one movement. Payments add, releases and refunds take; ``balance`` is what stands after it, by
    day and sequence, and never below zero."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="ledger", db_index=False)
    reference = models.CharField(max_length=40, verbose_name="流水号")
    day = models.DateField(verbose_name="日期")
    sequence = models.PositiveIntegerField(verbose_name="序号", help_text="order within the institution and day")
    kind = models.CharField(max_length=8, choices=LedgerKind.choices, verbose_name="类型")
    order = models.ForeignKey(
        FeeOrder, null=True, blank=True, on_delete=models.PROTECT, related_name="ledger", verbose_name="订单"
    )
    amount = models.DecimalField(**YUAN, verbose_name="金额（元）")
    balance = models.DecimalField(**YUAN, verbose_name="余额（元）")

    INSTITUTION = "institution"
    OCCURRED_ON = "day"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "监管账户流水"
        ordering = ["institution", "day", "sequence"]
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "reference"],
                name="ledger_reference_once",
                violation_error_message="流水号重复，请改正。",
            ),
            models.UniqueConstraint(fields=["institution", "day", "sequence"], name="ledger_sequence_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, balance__gte=0),
                name="ledger_not_negative",
                violation_error_message="监管账户余额不足，这笔支出不能入账。",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class DailyBalance(models.Model):
    """每日对账: what orders, class log and ledger say at the end of a day on which one of them moved; cumulative yuan.

    ``paid``, ``consumed``, ``refunded``: of the orders charged through the custody account. ``ledger``: its balance.
    Derived, set-based, by the money services, from the first changed day on. They agree where
    ledger = paid − consumed − refunded.
    """

    institution = models.ForeignKey(
        Institution, on_delete=models.CASCADE, related_name="daily_balances", db_index=False
    )
    day = models.DateField(verbose_name="日期")
    paid = models.DecimalField(**YUAN, verbose_name="累计收费（元）")
    consumed = models.DecimalField(**YUAN, verbose_name="累计消课（元）")
    refunded = models.DecimalField(**YUAN, verbose_name="累计退费（元）")
    ledger = models.DecimalField(**YUAN, verbose_name="监管账户余额（元）")
    #: What stands unconsumed of all open orders, whatever way they were paid: what a reserve must reach.
    unconsumed = models.DecimalField(**YUAN, verbose_name="未消课余额（元）")

    INSTITUTION = "institution"
    OCCURRED_ON = "day"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "每日对账"
        ordering = ["institution", "day"]
        constraints = [models.UniqueConstraint(fields=["institution", "day"], name="daily_balance_once")]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.day}"
