"""TO-08: refunds are answered and paid in time. Guideline 二(四)2(1)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Case, DateField, F, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Greatest, JSONObject

from shuangjian.core.choices import Severity
from shuangjian.core.clock import local
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.rules.declare import Period, Source, code, rule
from shuangjian.rules.expressions import WorkdaysAfter
from shuangjian.rules.parameters import load_parameter
from shuangjian.rules.periods import BEGINNING
from shuangjian.rules.violations import violations
from training_orgs.models import Refund
from training_orgs.rules.in_force import OPERATORS

ANSWER_WORKDAYS = load_parameter(__file__, "refund_answer_workdays")
PAYMENT_WORKDAYS = load_parameter(__file__, "refund_payment_workdays")


@rule(
    code="TO-08",
    title="应退未退",
    clauses=["2.4.2.1"],
    about=Refund,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    parameters=[ANSWER_WORKDAYS, PAYMENT_WORKDAYS],
    severity=Severity.VIOLATION,
    departments=["JY", "SC", "ZJ"],
    kinds=OPERATORS,
    comparison="退费申请逾期未答复或逾期未退款",
    remedy="答复并退还费用，登记退款日期和金额后自动消除；家长撤回申请的，登记撤回日期。",
    note="申请当日为第 0 天，期限最后一天仍为按时；逾期未答复、逾期拒绝或"
    "拒绝而未写明理由的，视为在答复期限最后一天同意；"
    "期限内写明理由拒绝的不要求退款，系统为其登记一条线索，由人核查。",
)
def refund_overdue(refunds: ScopedQuerySet[Refund], now: dt.datetime) -> QuerySet[Any]:
    """退费申请在答复期限内没有答复，或同意（含视为同意）后在付款期限内没有退款。"""
    today = local(now).date()
    due = refunds.filter(paid_on=None, withdrawn_on=None).annotate(
        answer_due=WorkdaysAfter("requested_on", ANSWER_WORKDAYS.at("requested_on"))
    )
    in_time = Q(answered_on__lte=F("answer_due"))
    approved = in_time & Q(answer=Refund.Answer.APPROVED)
    refused = in_time & Q(answer=Refund.Answer.REFUSED) & ~Q(reason="")
    owed = (
        due.exclude(refused)
        .annotate(base=Case(When(approved, then="answered_on"), default="answer_due", output_field=DateField()))
        .annotate(pay_due=WorkdaysAfter("base", PAYMENT_WORKDAYS.at("base")))
        # Silence is overdue before the payment is: of both legs the earlier date.
        .annotate(last_lawful=Case(When(answered_on=None, then="answer_due"), default="pay_due"))
    )
    return violations(
        owed.filter(last_lawful__lt=today),
        institution="institution",
        about=code("refund", "number"),
        on=Greatest(
            Cast(F("last_lawful") + Value(dt.timedelta(days=1)), DateField()),
            Value(BEGINNING, DateField()),
            F("institution__opened_on"),
        ),
        observed=Value(1),
        limit=Value(0),
        facts=JSONObject(requested_on="requested_on", answer_due="answer_due", pay_due="pay_due"),
    )
