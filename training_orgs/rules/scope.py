"""TO-26, 29: courses beyond the licence, and full-time teaching in the place of school. Guideline 二(四)3(2)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import JSONObject

from shuangjian.core.choices import Severity
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.rules.declare import Period, Source, code, rule
from shuangjian.rules.violations import violations
from training_orgs.choices import Category, CourseStage
from training_orgs.models import Course, Licence
from training_orgs.rules.in_force import (
    COMPULSORY,
    OFFERED_ON,
    OPERATORS,
    Array,
    begins,
    in_force,
    licensed,
    licensed_since,
    on_offer,
    open_on,
    today_of,
)

Courses = ScopedQuerySet[Course]
_ABOUT = code("course", "number")
_DEPARTMENTS = ["JY", "ZF", "GA", "ZJ"]


def _offered(courses: Courses, today: dt.date) -> QuerySet[Any]:
    return courses.annotate(offered_on=OFFERED_ON).filter(on_offer(today), open_on(today))


@rule(
    code="TO-26",
    title="超许可范围",
    clauses=["2.4.3.2"],
    about=Course,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    severity=Severity.CRITICAL,
    departments=_DEPARTMENTS,
    kinds=OPERATORS,
    comparison="课程的类别或学段不在有效许可的范围内",
    remedy="停开超范围课程，或取得含该类别和学段的许可；课程登记有误的，改正后自动消除。",
    note="一张许可须同时包含课程的类别和学段；没有写明学段的许可不限学段；学段不明的义务教育课程，许可含小学或初中即可；"
    "完全没有有效许可的按 TO-25 或 TO-04 判断。",
)
def course_beyond_licence(courses: Courses, now: dt.datetime) -> QuerySet[Any]:
    """在售课程的类别和学段，没有一张有效许可同时包含。"""
    today = today_of(now)
    # What experts freed of being a subject, and was filed as one, belongs to no other category that could be missing.
    freed = Q(category=Category.SUBJECT, is_subject=False)
    needed = Case(
        When(freed, then=Array(*map(Value, Category.values))),
        When(is_subject=True, then=Array(Value(Category.SUBJECT))),
        default=Array("category"),
    )
    served = Case(When(stage=CourseStage.COMPULSORY, then=Array(*map(Value, COMPULSORY))), default=Array("stage"))
    fitting = Licence.objects.filter(
        in_force(today),
        Q(stages=[]) | Q(stages__overlap=OuterRef("served")),
        institution=OuterRef("institution"),
        categories__overlap=OuterRef("needed"),
    )
    beyond = _offered(courses, today).alias(needed=needed, served=served).filter(licensed(today), ~Exists(fitting))
    return violations(
        beyond,
        institution="institution",
        about=_ABOUT,
        on=begins("offered_on", licensed_since(today)),
        observed=Value(1),
        limit=Value(0),
        facts=JSONObject(category="category", stage="stage", is_subject="is_subject"),
    )


@rule(
    code="TO-29",
    title="替代义务教育",
    clauses=["2.4.3.2"],
    about=Course,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    severity=Severity.CRITICAL,
    departments=_DEPARTMENTS,
    kinds=OPERATORS,
    comparison="面向义务教育阶段学生开设全日制课程",
    remedy="停办全日制课程，让学生返回学校就读；课程登记有误的，改正后自动消除。",
    note="国学堂、私塾等以全日制培训替代义务教育的，一律适用。",
)
def full_time_instead_of_school(courses: Courses, now: dt.datetime) -> QuerySet[Any]:
    """在售课程为面向义务教育阶段学生的全日制课程。"""
    full_time = _offered(courses, today_of(now)).filter(is_full_time=True, stage__in=COMPULSORY)
    return violations(
        full_time, institution="institution", about=_ABOUT, on=begins("offered_on"), observed=Value(1), limit=Value(0)
    )
