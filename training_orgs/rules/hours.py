"""TO-14, 15: class hours of one subject in one charge, and one purchase split into several charges."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.aggregates import BoolOr, StringAgg
from django.db.models import Case, DecimalField, F, Func, Max, Min, Q, QuerySet, Sum, TextField, Value, When
from django.db.models.functions import Concat, JSONObject, Round

from shuangjian.core.choices import Severity
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.rules.declare import Period, Source, rule
from shuangjian.rules.expressions import Days, LastOfMonths
from shuangjian.rules.parameters import load_parameter
from shuangjian.rules.violations import violations
from training_orgs.models import ChargeHistory, FeeCharge
from training_orgs.rules.charges import DEPARTMENTS, ORDER, STANDARD_MINUTES
from training_orgs.rules.in_force import OPERATORS
from training_orgs.rules.spans import PREPAID_MONTHS

PREPAID_HOURS = load_parameter(__file__, "prepaid_hours")
SPLIT_DAYS = load_parameter(__file__, "split_days")

_NUMBER = DecimalField(max_digits=12, decimal_places=4)
_PUPIL = Concat(Value("pupil:"), Max("pupil"), Value("/"), Max("subject"))


@rule(
    code="TO-14",
    title="预收费超60课时",
    clauses=["2.4.2.3"],
    about=FeeCharge,
    period=Period.DAY,
    source=Source.REGISTER,
    unit="课时",
    parameters=[PREPAID_HOURS, STANDARD_MINUTES],
    severity=Severity.VIOLATION,
    departments=DEPARTMENTS,
    kinds=OPERATORS,
    comparison="一次性收费的单个科目课时数高于",
    remedy="退还超出课时的费用，按不超过标准的课时重新收费；如系填报有误，更正订单课时，更正后自动消除。",
    note="同一学员同一科目同一天的收费合并计算，赠送课时计入；按合同载明的课时判断，折合标准课时（按授课方式和分钟）一并显示；"
    "几个科目同在一个订单超限的记一条，取课时最多的科目。",
)
def too_many_hours_prepaid(charges: ScopedQuerySet[FeeCharge]) -> QuerySet[Any]:
    """一名学员一天内就单个科目所付课时（含赠送）高于标准。"""
    over: QuerySet[Any] = charges.annotate(cap=PREPAID_HOURS.at("paid_on")).filter(hours__gt=F("cap"))
    over = over.alias(offline=Value("offline"), online=Value("online"))
    contracts = over.values("institution", "contract_no", "paid_on", "cap").annotate(
        most=Max("hours"),
        subjects=StringAgg(_of_subject("hours"), delimiter="、", ordering="subject"),
        standard=StringAgg(_of_subject(_standard_hours()), delimiter="、", ordering="subject"),
    )
    return violations(
        contracts,
        institution="institution",
        about=ORDER,
        on="paid_on",
        observed="most",
        limit="cap",
        facts=JSONObject(hours="subjects", standard_hours="standard"),
    )


def _of_subject(number: Any) -> Concat:
    plain = Func(number, function="trim_scale", output_field=TextField())
    return Concat("subject", Value(" "), Func(plain, template="(%(expressions)s)::text"), output_field=TextField())


def _standard_hours() -> Any:
    """The charge's minutes in standard hours, offline and online each by their own, to two places."""
    offline, online = (STANDARD_MINUTES.at("paid_on", by=mode) for mode in ("offline", "online"))
    return Round(F("offline_minutes") / offline + F("online_minutes") / online, 2)


@rule(
    code="TO-15",
    title="拆分收费规避上限",
    clauses=["2.4.2.3"],
    about=ChargeHistory,
    period=Period.DAY,
    source=Source.REGISTER,
    unit="课时或天",
    parameters=[PREPAID_HOURS, PREPAID_MONTHS, SPLIT_DAYS],
    severity=Severity.WARNING,
    departments=DEPARTMENTS,
    kinds=OPERATORS,
    comparison="同一学员同一科目未上完的课时合计（或近期各次收费合计的时间跨度）高于",
    remedy="待前一订单课时上完后再收取下一期费用，退还超出部分；如系课消未录入或填报有误，补录或更正后自动消除。",
    note="收费当日计：未退费的各订单未上完的课时合计（当日上的课视为已上）；"
    "课时未超的，再看当日和之前 30 天内各次收费合计的时间跨度；"
    "当日的一次收费自身已超课时或超期的，由 TO-13、TO-14 记录，不重复记。",
)
def charge_split(history: ScopedQuerySet[ChargeHistory]) -> QuerySet[Any]:
    """收费当日，同一学员同一科目各订单未上完的课时合计超过单次上限，或近期各次收费合计的时间跨度超过 3 个月。"""
    months = PREPAID_MONTHS.at("paid_on")
    of_the_day = Q(line_paid_on=F("paid_on"))
    recent = Q(is_open=True, ends_on__isnull=False, since_charge__lte=SPLIT_DAYS.at("paid_on"))
    charges = (
        history.annotate(since_charge=Days("paid_on", "line_paid_on"))
        .values("institution", "pupil", "subject", "paid_on")
        .annotate(
            cap=Max(PREPAID_HOURS.at("paid_on")),
            months=Max(months),
            open_hours=Sum("left_hours", filter=Q(is_open=True)),
            charged=Sum("hours", filter=of_the_day),
            first=Min("starts_on", filter=recent),
            last=Max("ends_on", filter=recent),
            is_too_long_alone=BoolOr(of_the_day & Q(ends_on__gt=LastOfMonths("starts_on", months)), default=False),
        )
        .annotate(lawful=LastOfMonths("first", "months"))
    )
    too_many, too_long = Q(open_hours__gt=F("cap")), Q(last__gt=F("lawful"))
    return violations(
        charges.filter(too_many | too_long, charged__lte=F("cap"), is_too_long_alone=False),
        institution="institution",
        about=_PUPIL,
        on="paid_on",
        observed=Case(When(too_many, then=F("open_hours")), default=Days("last", "first") + 1, output_field=_NUMBER),
        limit=Case(When(too_many, then=F("cap")), default=Days("lawful", "first") + 1, output_field=_NUMBER),
        facts=JSONObject(open_hours="open_hours", starts_on="first", ends_on="last", lawful_until="lawful"),
    )
