"""TO-20, 23: checks of premises and fire safety, and the annual check. Guideline 二(四)2(4)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import (
    Case,
    CharField,
    DateField,
    Exists,
    F,
    Func,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, JSONObject, Least

from shuangjian.core.choices import Severity
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.rules.declare import Period, Source, rule
from shuangjian.rules.parameters import load_parameter
from shuangjian.rules.periods import BEGINNING
from shuangjian.rules.violations import violations
from training_orgs.models import AnnualCheck, SafetyCheck, TrainingOrg
from training_orgs.rules.in_force import (
    OPERATORS,
    DayAfter,
    begins,
    licensed,
    open_on,
    papers_in_force,
    profiles,
    today_of,
)

CHECK_MONTHS = load_parameter(__file__, "safety_check_months")
ANNUAL_CHECK_MONTHS = load_parameter(__file__, "annual_check_months")

Orgs = ScopedQuerySet[TrainingOrg]
_SELF = Value("self", output_field=CharField())


class _MonthsAfter(Func):
    """So many calendar months after a date; where that day does not exist, the month's last."""

    template = "(%(expressions)s)::int))::date"
    arg_joiner = " + make_interval(months => ("
    arity = 2
    output_field = DateField()


@rule(
    code="TO-20",
    title="场所安全核查未过或过期",
    clauses=["2.4.2.4"],
    about=TrainingOrg,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    parameters=[CHECK_MONTHS],
    severity=Severity.VIOLATION,
    departments=["JY", "XF", "ZJ"],
    kinds=OPERATORS,
    comparison="场所安全或消防核查没有、未通过或已过期",
    remedy="完成场所安全和消防核查，登记通过的结果后自动消除。",
    note="场所安全和消防各看最近一次核查，满 12 个月的对应日仍有效；仅线上的机构不要求场所；只判断持有有效许可的机构。",
)
def premises_not_safe(orgs: Orgs, now: dt.datetime) -> QuerySet[Any]:
    """持证机构的场所安全或消防核查缺失、未通过或超过有效期。"""
    # One pass over licences and checks of all institutions: their least and greatest dates stay what they are however
    # often the one multiplies the other.
    today = today_of(now)
    kinds = [str(kind) for kind in SafetyCheck.Kind]
    online = profiles(today).filter(institution=OuterRef("institution"), is_online_only=True)
    valid = papers_in_force(today, "institution__licences__")
    checked = (
        orgs.filter(~Exists(online), open_on(today))
        .values("institution")
        .annotate(
            licensed_on=Min("institution__licences__issued_on", filter=valid),
            **{kind: _latest(kind, today) for kind in kinds},
            **{f"{kind}_failed": _latest(kind, today, is_passed=False) for kind in kinds},
        )
        .filter(licensed_on__isnull=False)
        .annotate(**{f"{kind}_ruled_on": Greatest(kind, Value(BEGINNING, DateField())) for kind in kinds})
        .annotate(**{f"{kind}_until": _MonthsAfter(kind, CHECK_MONTHS.at(f"{kind}_ruled_on")) for kind in kinds})
        .annotate(**{f"{kind}_without": _without(kind, today) for kind in kinds})
        .annotate(since=Least(*(f"{kind}_without" for kind in kinds)))
    )
    return violations(
        checked.filter(since__isnull=False),
        institution="institution",
        about=_SELF,
        on=begins("since"),
        observed=Value(1),
        limit=Value(0),
        facts=JSONObject(
            premises_checked_on="premises", fire_checked_on="fire",
            premises_without="premises_without", fire_without="fire_without",
        ),
    )  # fmt: skip


def _latest(kind: str, today: dt.date, **more: Any) -> Max:
    """Date of the last check of that kind up to today; of one day there is only one."""
    checks = "institution__safety_checks__"
    wanted = {"kind": kind, "checked_on__lte": today, **more}
    return Max(f"{checks}checked_on", filter=Q(**{f"{checks}{key}": value for key, value in wanted.items()}))


def _without(kind: str, today: dt.date) -> Case:
    """Since when there is no valid check of that kind; NULL where there is one."""
    return Case(
        When(**{f"{kind}__isnull": True}, then="licensed_on"),
        When(**{f"{kind}_failed": F(kind)}, then=F(kind)),
        When(**{f"{kind}_until__lt": today}, then=DayAfter(f"{kind}_until")),
        output_field=DateField(),
    )


@rule(
    code="TO-23",
    title="未年检或年检不合格",
    clauses=["2.4.2.4"],
    about=TrainingOrg,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    parameters=[ANNUAL_CHECK_MONTHS],
    severity=Severity.VIOLATION,
    departments=["JY", "ZJ"],
    kinds=OPERATORS,
    comparison="上一年度年检没有结论或不合格",
    remedy="完成上一年度年检，登记合格结论后自动消除。",
    note="自 7 月 1 日起判断；只判断去年 12 月 31 日和现在都持有有效许可的机构；有几次结论的以最近一次为准。",
)
def annual_check_not_passed(orgs: Orgs, now: dt.datetime) -> QuerySet[Any]:
    """持证机构上一年度的年检没有结论，或最近一次结论不合格。"""
    today = today_of(now)
    new_year = dt.date(today.year, 1, 1)
    months = ANNUAL_CHECK_MONTHS.on(new_year)
    due = None if months is None else dt.date(today.year + int(months) // 12, int(months) % 12 + 1, 1)
    if due is None or today < due:
        orgs, due = orgs.none(), new_year
    year = today.year - 1
    last = AnnualCheck.objects.filter(institution=OuterRef("institution"), year=year, checked_on__lte=today)
    passed = Coalesce(Subquery(last.order_by("-checked_on").values("is_passed")[:1]), Value(False))
    lacking = orgs.filter(licensed(today), licensed(dt.date(year, 12, 31)), open_on(today))
    return violations(
        lacking.alias(is_passed=passed).filter(is_passed=False),
        institution="institution",
        about=_SELF,
        on=begins(Value(due, DateField())),
        observed=Value(1),
        limit=Value(0),
        facts=JSONObject(year=Value(year), has_check=Exists(last)),
    )
