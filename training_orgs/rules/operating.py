"""TO-25: operating without licence or registration. Guideline 二(四)3(1)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import (
    Case,
    CharField,
    DateField,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, JSONObject, Least

from shuangjian.core.choices import Severity
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.evidence.choices import State
from shuangjian.evidence.models import Observation
from shuangjian.rules.declare import Period, Source, rule
from shuangjian.rules.periods import BEGINNING
from shuangjian.rules.violations import violations
from training_orgs.choices import Category, LicenceKind, LicenceState
from training_orgs.models import CourseSession, FeeOrder, Licence, Registration, TrainingOrg
from training_orgs.rules.in_force import OPERATORS, begins, in_force, open_on, profiles, today_of, without_since

_LONG_AGO = dt.date(1, 1, 1)


@rule(
    code="TO-25",
    title="无证或证照过期",
    clauses=["2.4.3.1"],
    about=TrainingOrg,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    severity=Severity.CRITICAL,
    departments=["JY", "SC", "MZ", "GA", "WJ", "XF", "ZJ"],
    kinds=OPERATORS,
    comparison="没有有效的登记或办学许可而开展培训，或先照后证",
    remedy="停止培训，依法办理登记和办学许可；登记有效证照后自动消除。",
    note="有场次、收费或查实的经营情况的日子为开展培训，自没有有效证照后的第一个开展培训日起算；"
    "学科类须有办学许可，非学科类缺主管部门许可的另按 TO-04 判断；"
    "2021年9月1日以后先登记培训业务、后取得许可的（先证后照），按 2 级预警。",
)
def operates_without_papers(orgs: ScopedQuerySet[TrainingOrg], now: dt.datetime) -> QuerySet[Any]:
    """没有有效登记，或学科类机构没有有效办学许可而开展培训；或取得许可以前已登记培训业务。"""
    today = today_of(now)
    schooling = Licence.objects.filter(kind=LicenceKind.SCHOOL_RUNNING)
    registrations = Registration.objects.all()
    # CASE decides what is looked for: the first operating day only where a paper is lacking, which is rare.
    legs = (
        orgs.filter(open_on(today))
        .alias(
            is_registered=_exists(registrations.filter(in_force(today))),
            is_licensed=_exists(schooling.filter(in_force(today))),
            is_subject=_exists(profiles(today).filter(category=Category.SUBJECT)),
            unregistered_since=without_since(registrations, today),
            unlicensed_since=without_since(schooling, today),
        )
        .annotate(
            no_registration=Case(
                When(is_registered=False, then=_operates_since("unregistered_since", today)), output_field=DateField()
            ),
            no_licence=Case(
                When(is_subject=True, is_licensed=False, then=_operates_since("unlicensed_since", today)),
                output_field=DateField(),
            ),
            scope_first=_registered_before_licensed(today),
        )
    )
    lacking = Q(no_registration__isnull=False) | Q(no_licence__isnull=False)
    return violations(
        legs.filter(lacking | Q(scope_first__isnull=False)),
        institution="institution",
        about=Value("self", output_field=CharField()),
        on=begins(Least("no_registration", "no_licence", "scope_first")),
        observed=Value(1),
        limit=Value(0),
        severity=Case(
            When(lacking, then=Value(int(Severity.CRITICAL))),
            default=Value(int(Severity.WARNING)),
            output_field=IntegerField(),
        ),
        facts=JSONObject(
            without_registration_since="no_registration",
            without_licence_since="no_licence",
            registered_before_licence_on="scope_first",
            licence_state=_licence_state(),
        ),
    )


def _exists(rows: QuerySet[Any]) -> Exists:
    return Exists(rows.filter(institution=OuterRef("institution")))


def _operates_since(gap: str, today: dt.date) -> Least:
    """First day on or after the one in column ``gap`` (NULL: ever) with a session, a charge or a confirmed sight of
    the institution at work; each kind asks its index for one row."""
    sessions = CourseSession.objects.filter(is_cancelled=False)
    orders = FeeOrder.objects.filter(cancelled_on__isnull=True)
    seen = Observation.objects.filter(kind="operating", state=State.CONFIRMED)
    firsts = [
        Subquery(
            rows.filter(
                **{f"{day}__gte": Coalesce(OuterRef(gap), Value(_LONG_AGO, DateField())), f"{day}__lte": today},
                institution=OuterRef("institution"),
            )
            .order_by(day)
            .values(day)[:1]
        )
        for rows, day in ((sessions, "day"), (orders, "paid_on"), (seen, "occurred_on"))
    ]
    return Least(*firsts)


def _registered_before_licensed(today: dt.date) -> Subquery:
    """先证后照: the day on which training came into a registration in force, before any licence was issued."""
    earlier = Licence.objects.filter(institution=OuterRef("institution"), issued_on__lte=OuterRef("training_scope_on"))
    own = Registration.objects.filter(in_force(today), ~Exists(earlier), institution=OuterRef("institution"))
    own = own.filter(training_scope_on__gt=BEGINNING)
    return Subquery(own.order_by("training_scope_on").values("training_scope_on")[:1])


def _licence_state() -> Case:
    state = LicenceState
    return Case(
        When(is_licensed=True, is_registered=True, then=Value(state.BOTH)),
        When(is_licensed=True, then=Value(state.LICENCE_ONLY)),
        When(is_registered=True, then=Value(state.REGISTRATION_ONLY)),
        default=Value(state.NEITHER),
        output_field=CharField(),
    )
