"""TO-24, 34: who operates while black-listed, and whom the bureau has put on no list. Guideline 二(四)2(4)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat

from shuangjian.core.choices import Severity
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.lists.models import ListDate, ListEntry
from shuangjian.rules.declare import Period, Source, rule
from shuangjian.rules.periods import BEGINNING
from shuangjian.rules.violations import violations
from training_orgs.models import BlackListedDay, ToBeListed
from training_orgs.rules.in_force import OPERATORS, begins, open_on, today_of


@rule(
    code="TO-24",
    title="黑名单机构仍在经营",
    clauses=["2.4.2.4"],
    about=BlackListedDay,
    period=Period.DAY,
    source=Source.REGISTER,
    unit="是否",
    severity=Severity.CRITICAL,
    departments=["JY", "ZJ"],
    kinds=OPERATORS,
    comparison="在黑名单上的日期仍上课或收费",
    remedy="立即停止上课和收费；场次或收费登记有误的，改正或取消后自动消除；名单决定有误的，由机构申诉。",
    note="列入当日起计，移出当日不计；同一课程同一天记一条；已取消的场次和已作废的订单不计；"
    "申诉撤销列入的，以前的日期不改，由人核查排除。",
)
def operates_while_black_listed(days: ScopedQuerySet[BlackListedDay], now: dt.datetime) -> QuerySet[Any]:
    """机构在列入黑名单期间有未取消的场次，或收取费用。"""
    return violations(
        days.filter(day__gte=BEGINNING, day__lte=today_of(now)),
        institution="institution",
        about="about",
        on="day",
        observed=Value(1),
        limit=Value(0),
    )


@rule(
    code="TO-34",
    title="未列入黑白名单",
    clauses=["2.4.2.4"],
    about=ToBeListed,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    severity=Severity.NOTICE,
    departments=["JY"],
    kinds=["public_body"],
    comparison="年度名单日已过，持证机构未列入任何名单",
    remedy="由区教育局作出列入决定并公布；许可或名单登记有误的，改正后自动消除。",
    note="指向区教育局，不指向机构；每家机构一条；名单日持有有效许可、至今未停办，且名单日以来没有一天在任何名单"
    "（黑、白、预警）上的机构；只看最近一个名单日，没有设定名单日时不判断。",
)
def licensed_and_on_no_list(orgs: ScopedQuerySet[ToBeListed], now: dt.datetime) -> QuerySet[Any]:
    """最近一个年度名单日持有有效许可的机构，自名单日起未列入任何名单。"""
    today = today_of(now)
    latest = ListDate.objects.filter(on__lte=today).order_by("-on").values("on")[:1]
    stood = ListEntry.objects.filter(
        Q(left_on__isnull=True) | Q(left_on__gt=OuterRef("list_date")) & Q(left_on__gt=F("entered_on")),
        institution=OuterRef("org"),
        entered_on__lte=today,
    )
    unlisted = orgs.filter(open_on(today, "org"), ~Exists(stood), list_date=Subquery(latest))
    return violations(
        unlisted,
        institution="institution",
        about=Concat(Value("org:"), "org__code", output_field=CharField()),
        on=begins("list_date", opened="org__opened_on"),
        observed=Value(1),
        limit=Value(0),
    )
