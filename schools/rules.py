"""SC: when the school day begins, and how early pupils must be there. Guideline 二(一)5."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Max, Min, QuerySet

from schools.models import SchoolDay, SchoolDayQuerySet
from shuangjian.core.choices import Severity, Stage
from shuangjian.rules.declare import Period, Source, code, rule
from shuangjian.rules.parameters import load_parameter
from shuangjian.rules.violations import missing, violations

FIRST_LESSON = load_parameter(__file__, "first_lesson")
ARRIVAL_LEAD = load_parameter(__file__, "arrival_lead")

_REMEDY = "调整作息并在下一周填报新的上课时间；确有原因可在该周结束前申请豁免；如系填报有误，更正后重新提交周报。"


def _too_early(days: SchoolDayQuerySet, stage: Stage) -> QuerySet[Any]:
    earliest = (
        days.filter(stage=stage)
        .on_school_days()
        .values("school", "stage", "week")
        .annotate(earliest=Min("first_lesson"), first_on=Max("unit_day__week_first_on"))
        .annotate(bound=FIRST_LESSON.at("first_on", by="stage"))
    )
    return violations(
        earliest.filter(earliest__lt=F("bound")),
        institution="school",
        about=code("stage", "stage"),
        on="week",
        observed="earliest",
        limit="bound",
    )


@rule(
    code="SC-01",
    title="小学上课过早",
    clauses=["2.1.5"],
    about=SchoolDay,
    period=Period.WEEK,
    source=Source.RETURN,
    unit="时刻",
    parameters=[FIRST_LESSON],
    severity=Severity.VIOLATION,
    departments=["JY", "ZJ"],
    stages=["primary"],
    is_soft=True,
    comparison="本周最早一节课早于",
    remedy=_REMEDY,
)
def primary_lessons_too_early(days: SchoolDayQuerySet) -> QuerySet[Any]:
    """小学学段本周有上课日第一节课早于标准时刻。"""
    return _too_early(days, Stage.PRIMARY)


@rule(
    code="SC-02",
    title="中学上课过早",
    clauses=["2.1.5"],
    about=SchoolDay,
    period=Period.WEEK,
    source=Source.RETURN,
    unit="时刻",
    parameters=[FIRST_LESSON],
    severity=Severity.VIOLATION,
    departments=["JY", "ZJ"],
    stages=["junior"],
    is_soft=True,
    comparison="本周最早一节课早于",
    remedy=_REMEDY,
)
def junior_lessons_too_early(days: SchoolDayQuerySet) -> QuerySet[Any]:
    """初中学段本周有上课日第一节课早于标准时刻。"""
    return _too_early(days, Stage.JUNIOR)


def _without_arrival(days: SchoolDayQuerySet) -> QuerySet[Any]:
    return missing(days.on_school_days().filter(arrival__isnull=True), institution="school", on="day")


@rule(
    code="SC-03",
    title="要求过早到校",
    clauses=["2.1.5"],
    about=SchoolDay,
    period=Period.WEEK,
    source=Source.RETURN,
    unit="分钟",
    parameters=[ARRIVAL_LEAD],
    severity=Severity.NOTICE,
    departments=["JY", "ZJ"],
    stages=["primary", "junior"],
    comparison="本周要求到校时间早于第一节课的时长超过",
    remedy="推迟要求到校时间并在下一周如实填报；如系填报有误，更正后重新提交周报，数秒内自动消除。",
    note="到校时间与第一节课时间分开填报；一个学段一周记一条，取最早到校的一天。",
    unknown=_without_arrival,
)
def arrival_too_early(days: SchoolDayQuerySet) -> QuerySet[Any]:
    """某学段本周有上课日要求学生到校的时间过早于第一节课。"""
    leads = (
        days.on_school_days()
        .values("school", "stage", "week")
        .annotate(lead=Max(F("first_lesson") - F("arrival")), first_on=Max("unit_day__week_first_on"))
        .annotate(bound=ARRIVAL_LEAD.at("first_on"))
    )
    return violations(
        leads.filter(lead__gt=F("bound")),
        institution="school",
        about=code("stage", "stage"),
        on="week",
        observed="lead",
        limit="bound",
    )
