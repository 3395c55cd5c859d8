"""TO-12, 18, 19: what a training institution asks for its lessons, and how it is paid. Guideline 二(四)2(3)."""

from __future__ import annotations

from typing import Any

from django.db.models import DecimalField, F, QuerySet, Sum, Value, Window
from django.db.models.functions import Cast, JSONObject, Round, RowNumber

from shuangjian.core.choices import Severity
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.rules.declare import Period, Source, code, rule
from shuangjian.rules.parameters import load_parameter
from shuangjian.rules.periods import BEGINNING
from shuangjian.rules.violations import violations
from training_orgs.models import FeeOrder, LinePrice
from training_orgs.rules.in_force import OPERATORS

PRICE_FLOAT = load_parameter(__file__, "price_float")
STANDARD_MINUTES = load_parameter(__file__, "standard_minutes")
ONCE_AMOUNT = load_parameter(__file__, "once_amount")

DEPARTMENTS = ["JY", "ZF", "FG", "SC", "XW", "GA", "ZJ"]
ORDER = code("order", "contract_no")
_EXACT = DecimalField(max_digits=30, decimal_places=10)


@rule(
    code="TO-12",
    title="超政府指导价",
    clauses=["2.4.2.3"],
    about=LinePrice,
    period=Period.DAY,
    source=Source.REGISTER,
    unit="元",
    parameters=[PRICE_FLOAT, STANDARD_MINUTES],
    severity=Severity.VIOLATION,
    departments=DEPARTMENTS,
    kinds=OPERATORS,
    comparison="每标准课时的价格高于政府指导价加允许的上浮",
    remedy="按政府指导价收费并退还多收部分；如系填报有误，更正订单的课时或金额，更正后自动消除。",
    note="只看义务教育阶段学科类课程，按收费当日的指导价、授课方式和班型判断；赠送课时计入课时；"
    "没有对应指导价的不作判断；一个订单记一条，取超出比例最大的一行。",
)
def price_over_guide(lines: ScopedQuerySet[LinePrice]) -> QuerySet[Any]:
    """义务教育阶段学科类课程每标准课时的价格高于政府指导价加允许的上浮。"""
    priced: QuerySet[Any] = lines.annotate(
        standard=STANDARD_MINUTES.at("paid_on", by="mode"), bound=F("guide") * (1 + PRICE_FLOAT.at("paid_on"))
    ).annotate(price=Cast(F("amount") * F("standard"), _EXACT) / F("minutes"))
    # Compared by multiplication: a quotient is rounded.
    over: QuerySet[Any] = priced.annotate(asked=F("amount") * F("standard"), allowed=F("bound") * F("minutes"))
    over = over.filter(asked__gt=F("allowed")).annotate(
        nth=Window(
            RowNumber(),
            partition_by=[F("institution"), F("contract_no")],
            order_by=[Round(F("price") / F("bound"), 10).desc(), F("position").asc()],
        )
    )
    return violations(
        over.filter(nth=1),
        institution="institution",
        about=ORDER,
        on="paid_on",
        observed="price",
        limit="bound",
        facts=JSONObject(course="course_no", line="position", guide_price="guide"),
    )


@rule(
    code="TO-18",
    title="培训贷",
    clauses=["2.4.2.3"],
    about=FeeOrder,
    period=Period.DAY,
    source=Source.REGISTER,
    unit="是否",
    severity=Severity.CRITICAL,
    departments=DEPARTMENTS,
    kinds=OPERATORS,
    comparison="以培训贷款方式缴纳培训费",
    remedy="停止以培训贷方式收费，解除贷款合同并退还费用；如系填报有误，更正订单的缴费方式，更正后自动消除。",
    note="指引要求加强对培训领域贷款的监管；不得使用培训贷缴费依据教育部等六部门关于加强校外培训机构预收费监管的通知。",
)
def paid_by_loan(orders: ScopedQuerySet[FeeOrder]) -> QuerySet[Any]:
    """收费订单以培训贷款方式缴纳。"""
    return violations(
        orders.filter(is_loan=True, cancelled_on=None, paid_on__gte=BEGINNING),
        institution="institution",
        about=ORDER,
        on="paid_on",
        observed=Value(1),
        limit=Value(0),
    )


@rule(
    code="TO-19",
    title="一次性收费超5000元",
    clauses=["2.4.2.3"],
    about=FeeOrder,
    period=Period.DAY,
    source=Source.REGISTER,
    unit="元",
    parameters=[ONCE_AMOUNT],
    severity=Severity.NOTICE,
    departments=DEPARTMENTS,
    kinds=OPERATORS,
    comparison="订单中非学科类培训的金额高于",
    remedy="把一次性收费降到标准以内，退还多收部分；如系填报有误，更正订单金额，更正后自动消除。",
    note="只计订单中非学科类课程的金额；国家规定自2022年12月29日起。",
)
def more_than_once_amount(orders: ScopedQuerySet[FeeOrder]) -> QuerySet[Any]:
    """一个订单中非学科类课程的金额合计高于标准。"""
    totals = (
        orders.filter(cancelled_on=None, lines__course__is_subject=False)
        .values("id", "contract_no", "paid_on")
        .annotate(total=Sum("lines__amount"), cap=ONCE_AMOUNT.at("paid_on"))
    )
    return violations(
        totals.filter(total__gt=F("cap")),
        institution="institution",
        about=ORDER,
        on="paid_on",
        observed="total",
        limit="cap",
    )
