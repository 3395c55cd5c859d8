"""TO-01 to 04: no new approvals, fewer institutions, non-profit registration, permits. Guideline 二(四)1."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Case, CharField, DateField, Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, JSONObject, Least

from shuangjian.core.choices import Severity
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.rules.declare import Period, Source, code, rule
from shuangjian.rules.parameters import load_parameter
from shuangjian.rules.violations import violations
from training_orgs.choices import Category, CourseStage
from training_orgs.competent import competent_on
from training_orgs.models import Licence, OrgProfile, Registration, SubjectCount
from training_orgs.rules.in_force import (
    COMPULSORY,
    OPERATORS,
    ORGS,
    Array,
    begins,
    in_force,
    open_on,
    today_of,
    valid_on,
    without_since,
)

NEW_LICENCES = load_parameter(__file__, "new_licences")
FOR_PROFIT = load_parameter(__file__, "for_profit")

_FROZEN_STAGES = [*COMPULSORY, str(CourseStage.SENIOR)]
_DEPARTMENTS = ["JY", "MZ", "SC"]


@rule(
    code="TO-01",
    title="违规新批培训机构",
    clauses=["2.4.1.1"],
    about=Licence,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    parameters=[NEW_LICENCES],
    severity=Severity.CRITICAL,
    departments=_DEPARTMENTS,
    kinds=OPERATORS,
    comparison="停止审批以后首次批准学科类或学龄前培训",
    remedy="依法撤销违规许可，登记注销日期后自动消除；许可登记有误的，改正后自动消除。",
    note="换发、续发不是新批：只看机构第一张许可学科类（义务教育或高中）的许可证和第一张许可学龄前培训（任何类别）的许可证；"
    "没有写明学段的学科类许可视为包括义务教育；许可失效后不再判断。",
)
def newly_licensed(licences: ScopedQuerySet[Licence], now: dt.datetime) -> QuerySet[Any]:
    """2021年7月24日起，机构首次获得面向义务教育或高中的学科类许可，或首次获得学龄前培训许可，且许可仍有效。"""
    today = today_of(now)
    subject = Q(categories__contains=[Category.SUBJECT]) & (Q(stages=[]) | Q(stages__overlap=_FROZEN_STAGES))
    preschool = Q(stages__contains=[CourseStage.PRESCHOOL])
    firsts = (
        licences.filter(_first(subject) | _first(preschool), in_force(today), open_on(today))
        .alias(allowed=NEW_LICENCES.at("issued_on"))
        .filter(allowed__lt=1)
        .values("institution", "number")
        .annotate(first=Min("issued_on"))
    )
    return violations(
        firsts,
        institution="institution",
        about=code("licence", "number"),
        on=begins("first"),
        observed=Value(1),
        limit=Value(0),
    )


def _first(field: Q) -> Q:
    """Licences of this field of which the institution had none before; of one day's the one filed first."""
    before = Q(issued_on__lt=OuterRef("issued_on")) | Q(issued_on=OuterRef("issued_on"), pk__lt=OuterRef("pk"))
    earlier = Licence.objects.filter(field, before, institution=OuterRef("institution"))
    return field & ~Q(Exists(earlier))


@rule(
    code="TO-02",
    title="学科类机构总量未减",
    clauses=["2.4.1.1"],
    about=SubjectCount,
    period=Period.MONTH,
    source=Source.REGISTER,
    unit="家",
    severity=Severity.VIOLATION,
    departments=_DEPARTMENTS,
    kinds=["public_body"],
    comparison="月末持有效学科类办学许可证的机构数多于",
    remedy="核实新增许可，依法撤销违规许可；许可登记有误的，改正后自动消除。",
    note="标准取上月末数与基线（2021年9月1日）中较小的一个；恰好相等合规；每月结束后判断；机构按现在所在镇街计。",
)
def subject_institutions_rose(counts: ScopedQuerySet[SubjectCount], now: dt.datetime) -> QuerySet[Any]:
    """镇街或全区月末有效学科类办学许可的机构数，多于上月末数或基线。"""
    over = counts.filter(month__lt=today_of(now).replace(day=1)).annotate(bound=Least("before", "baseline"))
    return violations(
        over.filter(licences__gt=F("bound")),
        institution="institution",
        about=Value("self", output_field=CharField()),
        on="month",
        observed="licences",
        limit="bound",
        facts=JSONObject(month_before="before", baseline="baseline"),
    )


@rule(
    code="TO-03",
    title="学科类机构非非营利登记",
    clauses=["2.4.1.2"],
    about=OrgProfile,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    parameters=[FOR_PROFIT],
    severity=Severity.CRITICAL,
    departments=_DEPARTMENTS,
    kinds=OPERATORS,
    comparison="学科类机构登记为营利性，或没有非营利性登记",
    remedy="依法办理非营利性登记，登记营利性法人的注销日期和非营利性登记后自动消除。",
    note="2021年12月31日前完成登记（国家规定），自次日起判断。",
)
def not_registered_as_nonprofit(profiles: ScopedQuerySet[OrgProfile], now: dt.datetime) -> QuerySet[Any]:
    """期限过后，学科类机构仍有有效的营利性登记，或没有有效的非营利性登记。"""
    today = today_of(now)
    allowed = FOR_PROFIT.on(today)
    if allowed is None or allowed >= 1:
        return violations(profiles.none(), institution="institution", about="pk", on="pk", observed="pk", limit="pk")
    deadline = min(entry.effective_from for entry in FOR_PROFIT.entries())
    own = Registration.objects.filter(institution=OuterRef("institution"))
    for_profit = own.filter(in_force(today), is_nonprofit=False)
    nonprofit = own.filter(in_force(today), is_nonprofit=True)
    since = Subquery(for_profit.order_by().values("institution").annotate(first=Min("issued_on")).values("first"))
    gone = without_since(Registration.objects.filter(is_nonprofit=True), today)
    wrong = profiles.filter(
        Exists(for_profit) | ~Exists(nonprofit), valid_on(today), open_on(today), category=Category.SUBJECT
    )
    return violations(
        wrong,
        institution="institution",
        about=Value("self", output_field=CharField()),
        on=begins("valid_from", Value(deadline, output_field=DateField()), Coalesce(since, gone)),
        observed=Value(1),
        limit=Value(0),
        facts=JSONObject(for_profit=Exists(for_profit)),
    )


@rule(
    code="TO-04",
    title="非学科类机构缺主管部门许可",
    clauses=["2.4.1.3"],
    about=OrgProfile,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    severity=Severity.VIOLATION,
    departments=["JY", "WL", "KG", "MZ", "SC", "ZJ"],
    kinds=ORGS,
    comparison="非学科类机构没有主管部门的有效许可",
    remedy="向主管部门申请许可，登记许可后自动消除；未取得许可前停止招生。",
    note="体育、文化艺术类由文广旅体局许可，科技类由科工商信局许可，其他综合实践类由教育局许可；"
    "其他部门发的或不含本类别的许可不算。",
)
def without_permit_of_the_competent_department(profiles: ScopedQuerySet[OrgProfile], now: dt.datetime) -> QuerySet[Any]:
    """非学科类机构没有所属类别主管部门发出的、含该类别的有效许可。"""
    today = today_of(now)
    competent = Case(
        *(When(category=category, then=Value(department)) for category, department in competent_on(today).items()),
        output_field=CharField(),
    )
    fitting = Licence.objects.filter(department=OuterRef("competent"), categories__contains=Array(OuterRef("category")))
    lacking = (
        profiles.filter(valid_on(today), open_on(today), institution__kind__in=ORGS)
        .exclude(category=Category.SUBJECT)
        .annotate(competent=competent)
        .filter(~Exists(fitting.filter(in_force(today), institution=OuterRef("institution"))))
    )
    return violations(
        lacking,
        institution="institution",
        about=Value("self", output_field=CharField()),
        on=begins("valid_from", without_since(fitting, today)),
        observed=Value(1),
        limit=Value(0),
        facts=JSONObject(category="category", competent="competent"),
    )
