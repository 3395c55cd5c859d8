"""TO-21, 22: teachers without qualification, and teachers in public service. Guideline 二(四)2(4), 二(二)6."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Exists, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Greatest, JSONObject

from shuangjian.core.choices import Severity
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.rules.declare import Period, Source, code, rule
from shuangjian.rules.violations import violations
from training_orgs.models import InServiceTeacher, Qualification, Staff
from training_orgs.rules.in_force import (
    COMPULSORY,
    OPERATORS,
    DayAfter,
    begins,
    licensed,
    open_on,
    today_of,
    valid_on,
)

People = ScopedQuerySet[Staff]
_ABOUT = code("staff", "number")


def _employed(people: People, today: dt.date) -> People:
    still_here = Q(left_on__isnull=True) | Q(left_on__gte=today)
    return people.filter(still_here, open_on(today), employed_on__lte=today)


@rule(
    code="TO-21",
    title="学科教师无资格",
    clauses=["2.4.2.4"],
    about=Staff,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    severity=Severity.VIOLATION,
    departments=["JY", "ZJ"],
    kinds=OPERATORS,
    comparison="任教义务教育阶段学科类课程而没有本人有效的教师资格",
    remedy="由持有教师资格的教师任教，或登记本人有效的教师资格证后自动消除。",
    note="证上姓名与本人不符的、经查实为出借的不算；任教学科不同的资格视为有资格；只判断持有有效许可的机构。",
)
def teaches_without_qualification(people: People, now: dt.datetime) -> QuerySet[Any]:
    """持证机构的在职人员任教义务教育阶段学科类课程，而没有本人当日有效的教师资格证。"""
    today = today_of(now)
    running = Q(taught__course__ends_on__isnull=True) | Q(taught__course__ends_on__gte=today)
    own = Qualification.objects.filter(staff=OuterRef("pk"), holder_name=OuterRef("name"), is_lent=False)
    teaching = (
        _employed(people, today)
        .filter(licensed(today), ~Exists(own.filter(valid_on(today))))
        .filter(
            running,
            valid_on(today, "taught__"),
            taught__course__starts_on__lte=today,
            taught__course__is_subject=True,
            taught__course__stage__in=COMPULSORY,
        )
        .values("institution", "number", "employed_on")
        .annotate(
            teaches_since=Min(Greatest("taught__valid_from", "taught__course__starts_on")),
            ended_on=Max(
                "qualifications__valid_until",
                filter=Q(
                    qualifications__holder_name=F("name"),
                    qualifications__is_lent=False,
                    qualifications__valid_from__lte=today,
                ),
            ),
        )
    )
    return violations(
        teaching,
        institution="institution",
        about=_ABOUT,
        on=begins("teaches_since", "employed_on", DayAfter("ended_on")),
        observed=Value(1),
        limit=Value(0),
        facts=JSONObject(qualification_ended_on="ended_on"),
    )


@rule(
    code="TO-22",
    title="聘用在职教师",
    clauses=["2.2.6"],
    about=Staff,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    severity=Severity.CRITICAL,
    departments=["JY", "ZJ"],
    kinds=OPERATORS,
    comparison="在职人员同时是中小学在职教师",
    remedy="解除聘用，登记离职日期后自动消除；比对有误的，由区教育局核对在职教师名单。",
    note="按证件号的加密标识比对，系统不保存证件号；退休教师不匹配；已结束的重叠由人核查办结。",
)
def employs_teacher_in_service(people: People, now: dt.datetime) -> QuerySet[Any]:
    """机构现有从业人员的身份标识，与当日仍在职的中小学教师相同。"""
    today = today_of(now)
    since, until = Q(valid_from__isnull=True) | Q(valid_from__lte=today), Q(valid_until__isnull=True)
    in_service = InServiceTeacher.objects.filter(
        since, until | Q(valid_until__gte=today), identity_hash=OuterRef("identity_hash")
    )
    return violations(
        _employed(people, today).exclude(identity_hash="").filter(Exists(in_service)),
        institution="institution",
        about=_ABOUT,
        on=begins("employed_on", Subquery(in_service.values("valid_from"))),
        observed=Value(1),
        limit=Value(0),
    )
