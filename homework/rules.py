"""HW: how much written homework a class has. Guideline 二(一)1."""

from __future__ import annotations

from typing import Any

from django.db.models import DecimalField, F, Max, QuerySet, Sum
from django.db.models.functions import Cast, JSONObject

from homework.models import HomeworkItem, HomeworkItemQuerySet
from shuangjian.core.choices import Severity
from shuangjian.rules.declare import Period, Source, code, rule
from shuangjian.rules.parameters import load_parameter
from shuangjian.rules.violations import violations

LOW_GRADE_MINUTES = load_parameter(__file__, "low_grade_minutes")
DAILY_MINUTES = load_parameter(__file__, "daily_minutes")

_CLASS = code("class", "school_class__code")
_SCHOOL = "school_class__school"
_GRADE = "school_class__grade"


@rule(
    code="HW-01",
    title="低年级布置书面家庭作业",
    clauses=["2.1.1"],
    about=HomeworkItem,
    period=Period.DAY,
    source=Source.RETURN,
    unit="分钟",
    parameters=[LOW_GRADE_MINUTES],
    severity=Severity.VIOLATION,
    departments=["JY", "ZJ"],
    stages=["primary"],
    comparison="书面作业时长高于",
    remedy="停止向一二年级布置书面家庭作业；如系填报有误，更正该日作业后重新提交周报，数秒内自动消除。",
)
def written_homework_in_low_grades(items: HomeworkItemQuerySet) -> QuerySet[Any]:
    """小学一二年级某天（无论是否上课日）有书面家庭作业。"""
    totals = (
        items.counting()
        .values("school_class", "day")
        .annotate(total=Sum("minutes"), cap=LOW_GRADE_MINUTES.at("day", by=_GRADE))
    )
    return violations(
        totals.filter(total__gt=F("cap")), institution=_SCHOOL, about=_CLASS, on="day", observed="total", limit="cap"
    )


@rule(
    code="HW-02",
    title="书面作业当日总时长超限",
    clauses=["2.1.1"],
    about=HomeworkItem,
    period=Period.DAY,
    source=Source.RETURN,
    unit="分钟",
    parameters=[DAILY_MINUTES],
    severity=Severity.WARNING,
    departments=["JY", "ZJ"],
    stages=["primary", "junior"],
    comparison="各科书面作业合计高于",
    remedy="统筹各科，压减该日书面作业；如系填报有误，更正后重新提交周报，数秒内自动消除。",
    note="分层作业（同班、同日、同学科、同一分层标记）只计时长最长的一层；选做计入；周末适用同一上限（按本指引理解）。",
)
def written_homework_over_daily_limit(items: HomeworkItemQuerySet) -> QuerySet[Any]:
    """班级当日各科书面作业合计时长高于所在年级上限。"""
    totals = (
        items.counting()
        .values("school_class", "day")
        .annotate(total=Sum("minutes"), cap=DAILY_MINUTES.at("day", by=_GRADE))
    )
    return violations(
        totals.filter(total__gt=F("cap")), institution=_SCHOOL, about=_CLASS, on="day", observed="total", limit="cap"
    )


@rule(
    code="HW-03",
    title="书面作业周均时长超限",
    clauses=["2.1.1"],
    about=HomeworkItem,
    period=Period.WEEK,
    source=Source.RETURN,
    unit="分钟",
    parameters=[DAILY_MINUTES],
    severity=Severity.VIOLATION,
    departments=["JY", "ZJ"],
    stages=["primary", "junior"],
    comparison="周均每上课日书面作业高于",
    remedy="压减该班书面作业，使本周平均回到上限以内；如系填报有误，更正后重新提交周报，数秒内自动消除。",
    note="除以本周上课日数，没有作业的上课日按 0 计；周末作业不计入周均，另按当日上限判断（按本指引理解）。",
)
def written_homework_over_weekly_mean(items: HomeworkItemQuerySet) -> QuerySet[Any]:
    """班级本周上课日书面作业合计除以上课日数，高于所在年级上限。"""
    totals = (
        items.counting()
        .on_school_days()
        .values("school_class", "week")
        .annotate(
            total=Sum("minutes"),
            days=Max("unit_day__week_school_days"),
            first_on=Max("unit_day__week_first_on"),
        )
        .annotate(cap=DAILY_MINUTES.at("first_on", by=_GRADE))
    )
    # Compared by multiplication: an integer division would truncate, a rounded mean would let 60.00004 pass.
    return violations(
        totals.filter(total__gt=F("cap") * F("days")),
        institution=_SCHOOL,
        about=_CLASS,
        on="week",
        observed=Cast("total", DecimalField(max_digits=20, decimal_places=8)) / F("days"),
        limit="cap",
        facts=JSONObject(total_minutes="total", school_days="days"),
    )
