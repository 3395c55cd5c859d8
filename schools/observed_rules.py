"""SC-06, 09, 12, 13: what people find out about teaching, exams, targets and paid tuition. Only what a person has
confirmed counts. Guideline 二(二)2, 3 and 6."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from schools import observation_kinds as kinds
from shuangjian.core.choices import Severity
from shuangjian.rules.declare import Period
from shuangjian.rules.observed import (
    BY_PEOPLE,
    CLEARED,
    Observations,
    acts,
    confirmed_at_schools,
    observed_rule,
    state_since,
)

_OF_TERM = f"{BY_PEOPLE}以发生日期所在学期计；假期中发生的计入上一个已开始的学期。"


@observed_rule(
    code="SC-06",
    title="非零起点教学",
    clauses=["2.2.2"],
    period=Period.TERM,
    severity=Severity.VIOLATION,
    departments=["JY", "ZJ"],
    stages=["primary"],
    comparison="查实小学一年级没有坚持零起点教学",
    remedy=f"一年级按课程标准零起点教学，补回被略过的内容。{CLEARED}",
    note=_OF_TERM,
)
def taught_ahead_in_first_grade(observations: Observations) -> QuerySet[Any]:
    """查实小学一年级没有坚持零起点教学，超出课程标准提前教学，尚未整改。"""
    return acts(confirmed_at_schools(observations, kinds.TEACHING_AHEAD, ("primary",)))


@observed_rule(
    code="SC-09",
    title="考题超标",
    clauses=["2.2.3"],
    period=Period.TERM,
    severity=Severity.VIOLATION,
    departments=["JY", "ZJ", "FL"],
    comparison="查实考试题目超出课程标准",
    remedy=f"停用超标的试题，按课程标准命题。{CLEARED}",
    note=_OF_TERM,
)
def exam_beyond_standard(observations: Observations) -> QuerySet[Any]:
    """查实学校的考试题目超出课程标准，尚未整改。"""
    return acts(confirmed_at_schools(observations, kinds.EXAM_BEYOND))


@observed_rule(
    code="SC-12",
    title="下达升学指标",
    clauses=["2.2.3"],
    period=Period.TERM,
    severity=Severity.CRITICAL,
    departments=["JY", "ZJ", "FL"],
    comparison="查实下达升学指标，或以升学率评价学校或教师",
    remedy=f"撤销升学指标和以升学率评价的做法。{CLEARED}",
    note=_OF_TERM,
)
def admission_targets_set(observations: Observations) -> QuerySet[Any]:
    """查实下达升学指标，或者以升学率评价学校或教师，尚未整改。"""
    return acts(confirmed_at_schools(observations, kinds.ADMISSION_TARGET))


@observed_rule(
    code="SC-13",
    title="教师有偿补课",
    clauses=["2.2.6"],
    period=Period.STANDING,
    severity=Severity.CRITICAL,
    departments=["JY", "ZJ"],
    comparison="查实学校或在职教师组织、参与有偿补课或为其招生",
    remedy=f"立即停止有偿补课，退还所收费用，依规处理有关教师。{CLEARED}",
    note=BY_PEOPLE,
)
def paid_tuition(observations: Observations) -> QuerySet[Any]:
    """查实学校或在职中小学教师开展、组织有偿补课或为其介绍生源，尚未整改。"""
    return state_since(confirmed_at_schools(observations, kinds.PAID_TUITION), "occurred_on")
