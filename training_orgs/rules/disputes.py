"""TO-11: complaints of fees and refund requests that pile up. Guideline 二(四)2(3)."""

from __future__ import annotations

from typing import Any

from django.db.models import DecimalField, F, QuerySet, Value
from django.db.models.functions import Cast, Greatest, JSONObject

from shuangjian.core.choices import Severity
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.rules.declare import Period, Source, rule
from shuangjian.rules.parameters import load_parameter
from shuangjian.rules.violations import violations
from training_orgs.models import DisputeDay
from training_orgs.rules.in_force import OPERATORS

SURGE_EVENTS = load_parameter(__file__, "surge_events")
SURGE_RATIO = load_parameter(__file__, "surge_ratio")

#: Days of the window, and of the base before it; the view of migration 0004 counts by them.
WINDOW_DAYS, BASE_DAYS = 30, 56
_EXACT = DecimalField(max_digits=20, decimal_places=8)


@rule(
    code="TO-11",
    title="退费纠纷激增",
    clauses=["2.4.2.3"],
    about=DisputeDay,
    period=Period.DAY,
    source=Source.REGISTER,
    unit="件",
    parameters=[SURGE_EVENTS, SURGE_RATIO],
    severity=Severity.WARNING,
    departments=["JY", "ZF", "FG", "SC", "XW", "GA", "ZJ"],
    kinds=OPERATORS,
    comparison="30 天内费用投诉和退费申请合计达到",
    at_the_limit="恰好达到即为激增",
    remedy="紧急：当天联系机构，核对预收费余额和监管账户，督促退费；投诉查不属实、重复或退费申请撤回的，登记后自动消除。",
    note="计退费纠纷、预收费、关门停业三类投诉和退费申请；线索也计入（早期预警），重复的和未查实的不计，撤回的申请不计，作废订单的申请照计；"
    "与此前 56 天折算为 30 天的件数比较，此前没有的只看最低件数；只在达到的那一天记一条，前一天已达到的不重复记。",
)
def disputes_surge(days: ScopedQuerySet[DisputeDay]) -> QuerySet[Any]:
    """机构 30 天内的费用投诉和退费申请合计达到最低件数，且达到此前 56 天同长度均数的规定倍数。"""
    bounded = days.annotate(
        least=SURGE_EVENTS.at("day"),
        # As products: a quotient would be rounded before it is compared.
        ratio=SURGE_RATIO.at("day") * Value(WINDOW_DAYS),
    )
    reached = bounded.filter(recent__gte=F("least")).annotate(
        asked=F("recent") * Value(BASE_DAYS), allowed=F("base") * F("ratio")
    )
    surges = reached.filter(asked__gte=F("allowed")).annotate(
        asked_before=F("recent_before") * Value(BASE_DAYS), allowed_before=F("base_before") * F("ratio")
    )
    new = surges.exclude(recent_before__gte=F("least"), asked_before__gte=F("allowed_before"))
    return violations(
        new,
        institution="institution",
        about=Value("self"),
        on="day",
        observed="recent",
        limit=Greatest(F("least"), Cast(F("allowed"), _EXACT) / Value(BASE_DAYS), output_field=_EXACT),
        facts=JSONObject(days_before=Value(BASE_DAYS), base="base"),
    )
