"""TO-07, 13, 16: the days that an order pays for, against rest days, three months and the teaching plan."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, JSONObject

from shuangjian.core.choices import Severity
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.rules.declare import Period, Source, rule
from shuangjian.rules.expressions import Days, LastOfMonths, MonthsBefore, Pair
from shuangjian.rules.parameters import load_parameter
from shuangjian.rules.periods import BEGINNING
from shuangjian.rules.violations import violations
from training_orgs.models import OrderPlan, OrderSpan, RestLesson
from training_orgs.rules.charges import DEPARTMENTS, ORDER
from training_orgs.rules.in_force import OPERATORS

PREPAID_MONTHS = load_parameter(__file__, "prepaid_months")
EARLY_MONTHS = load_parameter(__file__, "early_months")


@rule(
    code="TO-07",
    title="销售休息时间课程课时包",
    clauses=["2.4.2.1"],
    about=RestLesson,
    period=Period.DAY,
    source=Source.REGISTER,
    unit="次",
    severity=Severity.VIOLATION,
    departments=["JY", "SC", "ZJ"],
    kinds=OPERATORS,
    comparison="所售课程在休息日、节假日或寒暑假上课的次数多于",
    remedy="不得销售周末、节假日和寒暑假的学科类课程，家长要求退费的坚决退费；调整排课或作废订单后自动消除。",
    note="只看义务教育阶段学科类课程、2021年9月1日起收取的费用；同一课程同一天记一次；调休上班的周末不是休息日。",
)
def rest_time_sold(lessons: ScopedQuerySet[RestLesson]) -> QuerySet[Any]:
    """订单所付期间内，义务教育阶段学科类课程有安排在休息日、节假日或寒暑假的场次。"""
    orders = lessons.filter(paid_on__gte=BEGINNING).values("institution", "contract_no", "paid_on")
    sold = orders.annotate(sessions=Count(Pair("course_id", "day"), distinct=True))
    return violations(sold, institution="institution", about=ORDER, on="paid_on", observed="sessions", limit=Value(0))


@rule(
    code="TO-13",
    title="预收费超3个月",
    clauses=["2.4.2.3"],
    about=OrderSpan,
    period=Period.DAY,
    source=Source.REGISTER,
    unit="天",
    parameters=[PREPAID_MONTHS],
    severity=Severity.VIOLATION,
    departments=DEPARTMENTS,
    kinds=OPERATORS,
    comparison="一次性收费的时间跨度超过 3 个月，即多于",
    remedy="退还超出期间的费用，按不超过 3 个月重新收费；如系填报有误，更正订单的服务起止，更正后自动消除。",
    note="各类课程都适用，起止两天都算；没有填写服务止的，到其课程最后一次排课为止；都没有的为数据不足。",
)
def prepaid_too_long(orders: ScopedQuerySet[OrderSpan]) -> QuerySet[Any]:
    """订单所付期间超过 3 个月（起止两天都算，按日历月）。"""
    spans = orders.annotate(lawful=LastOfMonths("starts_on", PREPAID_MONTHS.at("paid_on")))
    return violations(
        spans.filter(ends_on__gt=F("lawful")),
        institution="institution",
        about=ORDER,
        on="paid_on",
        observed=Days("ends_on", "starts_on") + 1,
        limit=Days("lawful", "starts_on") + 1,
        facts=JSONObject(starts_on="starts_on", ends_on="ends_on", lawful_until="lawful"),
    )


@rule(
    code="TO-16",
    title="提前收费",
    clauses=["2.4.2.3"],
    about=OrderPlan,
    period=Period.DAY,
    source=Source.REGISTER,
    unit="天",
    parameters=[EARLY_MONTHS],
    severity=Severity.VIOLATION,
    departments=DEPARTMENTS,
    kinds=OPERATORS,
    comparison="收费早于首次上课的天数多于",
    remedy="不早于首次上课前 1 个月收费，已提前收取的按家长意愿退还；如系未录入排课或填报有误，补录或更正后自动消除。",
    note="从所付期间内的首次上课日往回按日历月计；"
    "所付期间内没有任何排课也视为收费与教学安排不一致，此时记为 1、标准为 0。",
)
def paid_too_early(orders: ScopedQuerySet[OrderPlan]) -> QuerySet[Any]:
    """收费比所付期间的首次上课早 1 个月以上，或所付期间内没有排课。"""
    plans = (
        orders.filter(paid_on__gte=BEGINNING)
        .annotate(first=Coalesce("first_on", "starts_on"))
        .annotate(bound=MonthsBefore("first", EARLY_MONTHS.at("paid_on")))
    )
    too_early = Q(paid_on__lt=F("bound"))
    return violations(
        plans.filter(too_early | Q(first_on=None)),
        institution="institution",
        about=ORDER,
        on="paid_on",
        observed=Case(When(too_early, then=Days("first", "paid_on")), default=Value(1)),
        limit=Case(When(too_early, then=Days("first", "bound")), default=Value(0)),
        facts=JSONObject(first_lesson="first_on", starts_on="starts_on"),
    )
