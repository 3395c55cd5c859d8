"""AS: is there after-school service on each school day, and long enough. Guideline 二(三)1."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet, Value
from django.db.models.functions import JSONObject

from afterschool.models import ServiceDay, ServiceDayQuerySet
from shuangjian.core.choices import Severity
from shuangjian.rules.declare import Period, Source, code, rule
from shuangjian.rules.parameters import load_parameter
from shuangjian.rules.violations import violations

CLASS_HOURS_PER_DAY = load_parameter(__file__, "class_hours_per_day")
CLASS_HOUR_MINUTES = load_parameter(__file__, "class_hour_minutes")

_STAGE = code("stage", "stage")


@rule(
    code="AS-01",
    title="每周服务不足5天",
    clauses=["2.3.1"],
    about=ServiceDay,
    period=Period.DAY,
    source=Source.RETURN,
    unit="是否",
    severity=Severity.VIOLATION,
    departments=["JY", "ZJ"],
    stages=["primary", "junior"],
    comparison="上课日没有开展课后服务",
    remedy="每个上课日都开展课后服务；如当日实际开展了服务，更正后重新提交周报，数秒内自动消除。",
    note="以上课日计：节假日使本周天数减少，调休上课日使其增加；每缺一天记一条。",
)
def school_day_without_service(days: ServiceDayQuerySet) -> QuerySet[Any]:
    """某学段在上课日没有开展课后服务。"""
    return violations(
        days.not_offered().on_school_days(),
        institution="school",
        about=_STAGE,
        on="day",
        observed=Value(1),
        limit=Value(0),
    )


@rule(
    code="AS-02",
    title="每天不足2学时",
    clauses=["2.3.1"],
    about=ServiceDay,
    period=Period.DAY,
    source=Source.RETURN,
    unit="分钟",
    parameters=[CLASS_HOURS_PER_DAY, CLASS_HOUR_MINUTES],
    severity=Severity.VIOLATION,
    departments=["JY", "ZJ"],
    stages=["primary", "junior"],
    comparison="当日课后服务时长少于",
    remedy="把当日下午课后服务延长到 2 个学时；如系填报有误，更正后重新提交周报，数秒内自动消除。",
    note="以分钟判断：2 学时 × 每学时分钟数（小学 40、初中 45，按本指引理解）；"
    "市文件的“2 小时”（120 分钟）为另一种读法，可由区教育局选用。",
)
def service_shorter_than_two_class_hours(days: ServiceDayQuerySet) -> QuerySet[Any]:
    """上课日开展了课后服务，但下午服务时长不足 2 个学时。"""
    bounded = (
        days.offered()
        .on_school_days()
        .annotate(
            hours=CLASS_HOURS_PER_DAY.at("day"),
            minutes_per_hour=CLASS_HOUR_MINUTES.at("day", by="stage"),
            bound=F("hours") * F("minutes_per_hour"),
        )
    )
    return violations(
        bounded.filter(minutes__lt=F("bound")),
        institution="school",
        about=_STAGE,
        on="day",
        observed="minutes",
        limit="bound",
        facts=JSONObject(class_hours="hours", minutes_per_class_hour="minutes_per_hour"),
    )
