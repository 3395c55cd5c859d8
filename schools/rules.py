"""SC: when the school day begins. Guideline 二(一)5. Soft rules (一般): a dated exemption is possible."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Max, Min, QuerySet

from schools.models import SchoolDay, SchoolDayQuerySet
from shuangjian.core.choices import Severity, Stage
from shuangjian.rules.declare import Period, Source, code, rule
from shuangjian.rules.parameters import load_parameter
from shuangjian.rules.violations import violations

FIRST_LESSON = load_parameter(__file__, "first_lesson")

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
