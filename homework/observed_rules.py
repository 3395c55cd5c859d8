"""HW-05, 06: what people find out about homework. Only what a person has confirmed counts. Guideline 二(一)1–2."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from homework import observation_kinds as kinds
from shuangjian.core.choices import Severity
from shuangjian.rules.declare import Period
from shuangjian.rules.observed import BY_PEOPLE, CLEARED, Observations, acts, confirmed_at_schools, observed_rule


@observed_rule(
    code="HW-05",
    title="作业难度超课标",
    clauses=["2.1.1"],
    period=Period.DAY,
    severity=Severity.VIOLATION,
    departments=["JY", "ZJ"],
    comparison="查实作业难度超出国家课标",
    remedy=f"按国家课程标准控制作业难度，收回超标的作业。{CLEARED}",
    note=f"{BY_PEOPLE}由审核、检查或投诉发现，以发生日期计。",
)
def homework_beyond_curriculum(observations: Observations) -> QuerySet[Any]:
    """查实学校布置的作业难度超出国家课程标准，尚未整改。"""
    return acts(confirmed_at_schools(observations, kinds.DIFFICULTY))


@observed_rule(
    code="HW-06",
    title="机械重复或惩罚性作业",
    clauses=["2.1.2"],
    period=Period.DAY,
    severity=Severity.VIOLATION,
    departments=["JY", "ZJ"],
    comparison="查实布置机械、重复或惩罚性作业",
    remedy=f"停止布置机械、重复、惩罚性作业。{CLEARED}",
    note=f"{BY_PEOPLE}由审核、检查或投诉发现，以发生日期计。",
)
def mechanical_or_punitive_homework(observations: Observations) -> QuerySet[Any]:
    """查实学校布置机械、重复或惩罚性作业，尚未整改。"""
    return acts(confirmed_at_schools(observations, kinds.MECHANICAL))
