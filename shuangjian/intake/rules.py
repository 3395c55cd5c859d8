"""RP: is the weekly return there, and was it there in time. About Filing rows, which the calendar makes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import CharField, F, Func, QuerySet, Value
from django.db.models.functions import Concat

from shuangjian.core.choices import Severity
from shuangjian.intake.filings import DUE_TIME
from shuangjian.intake.models import Filing, FilingQuerySet
from shuangjian.rules.declare import Period, Source, rule
from shuangjian.rules.violations import violations

_ABOUT = Concat(
    Value("return:"),
    Func(F("week"), Value('IYYY"-W"IW'), function="to_char", output_field=CharField()),
    output_field=CharField(),
)
_NOTE = "指引没有条款直接要求周报；依据督导条款设定，截止时刻由区教育局调整。"


@rule(
    code="RP-01",
    title="周报未报",
    clauses=["2.1.5", "3.3"],
    about=Filing,
    period=Period.WEEK,
    source=Source.REGISTER,
    unit="是否",
    parameters=[DUE_TIME],
    severity=Severity.WARNING,
    departments=["JY", "ZJ"],
    kinds=["school"],
    comparison="截止时刻已过，没有提交周报",
    remedy="提交该周周报；提交后自动消除（迟报另计）。",
    note=_NOTE,
)
def return_not_filed(filings: FilingQuerySet, now: dt.datetime) -> QuerySet[Any]:
    """有上课日的单位在截止时刻后仍没有已提交的周报。"""
    return violations(
        filings.unfiled().due_before(now),
        institution="institution",
        about=_ABOUT,
        on="week",
        observed=Value(1),
        limit=Value(0),
    )


@rule(
    code="RP-02",
    title="周报迟报",
    clauses=["2.1.5", "3.3"],
    about=Filing,
    period=Period.WEEK,
    source=Source.REGISTER,
    unit="是否",
    parameters=[DUE_TIME],
    severity=Severity.NOTICE,
    departments=["JY", "ZJ"],
    kinds=["school"],
    comparison="首次提交晚于截止时刻",
    remedy="已成事实，无法消除；由镇街或区教育局签收后办结，下一周按时提交。",
    note=_NOTE,
)
def return_filed_late(filings: FilingQuerySet) -> QuerySet[Any]:
    """有上课日的单位首次提交周报的时间晚于截止时刻。"""
    return violations(
        filings.filter(first_submitted_at__gt=F("due_at")),
        institution="institution",
        about=_ABOUT,
        on="week",
        observed=Value(1),
        limit=Value(0),
    )
