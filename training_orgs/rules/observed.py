"""TO-09, 10, 30–33: what people find at training institutions. Only what a person has confirmed counts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import DateField, F, IntegerField, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce, JSONObject

from shuangjian.alerts.sla import WORKDAYS_TO_RECTIFY
from shuangjian.core.choices import Severity
from shuangjian.core.clock import local
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.evidence.choices import State
from shuangjian.evidence.models import Observation
from shuangjian.rules.declare import Period, Source, code, rule
from shuangjian.rules.expressions import WorkdaysAfter
from shuangjian.rules.violations import violations
from training_orgs import observation_kinds as kinds
from training_orgs.rules.in_force import OPERATORS, begins

_HIDDEN_TRADE = ["JY", "ZF", "GA", "ZJ"]
_ABOUT = code("observation", "number")
_CLEARED = "整改完成后登记整改日期，即自动消除；认定有误的，由区教育局撤回认定。"
_BY_PEOPLE = "由人核查认定；线索、核查中和未查实的都不计。"

Rows = ScopedQuerySet[Observation]


def _open(rows: Rows, kind: str | tuple[str, ...], now: dt.datetime) -> Rows:
    """Confirmed at a training institution, and not rectified today."""
    of_kind = Q(kind=kind) if isinstance(kind, str) else Q(kind__in=kind)
    not_rectified = Q(rectified_on__isnull=True) | Q(rectified_on__gt=local(now).date())
    return rows.filter(of_kind, not_rectified, state=State.CONFIRMED, institution__kind__in=OPERATORS)


def _found(rows: QuerySet[Any], on: Any, **facts: Any) -> QuerySet[Any]:
    return violations(
        rows,
        institution="institution",
        about=_ABOUT,
        on=begins(on),
        observed=Value(1),
        limit=Value(0),
        facts=JSONObject(kind="kind", about="about", confirmed_on=Cast("confirmed_on", TextField()), **facts),
    )


@rule(
    code="TO-09",
    title="泄露信息或营销轰炸",
    clauses=["2.4.2.1"],
    about=Observation,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    severity=Severity.VIOLATION,
    departments=["JY", "SC", "ZJ"],
    kinds=OPERATORS,
    comparison="查实泄露家长和学生个人信息或营销轰炸",
    remedy=f"停止泄露和营销轰炸，删除违规取得的信息。{_CLEARED}",
    note=_BY_PEOPLE,
)
def privacy_breached(observations: Rows, now: dt.datetime) -> QuerySet[Any]:
    """查实机构泄露家长和学生个人信息，或以短信、微信、电话、传单等方式营销轰炸，尚未整改。"""
    return _found(_open(observations, kinds.PRIVACY, now), "occurred_on")


@rule(
    code="TO-10",
    title="违规广告",
    clauses=["2.4.2.2"],
    about=Observation,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    severity=Severity.VIOLATION,
    departments=["JY", "SC", "CG", "ZJ"],
    kinds=OPERATORS,
    comparison="查实违规发布校外培训广告",
    remedy=f"撤除广告。{_CLEARED}",
    note=f"{_BY_PEOPLE}广告用语命中词表只是提示，由人登记为线索、核查认定。",
)
def advertised_unlawfully(observations: Rows, now: dt.datetime) -> QuerySet[Any]:
    """查实机构在主流媒体、新媒体、公共场所、居民区、学校、教材教辅、校车等处发布广告，或夸大效果、制造焦虑，尚未整改。"""
    return _found(_open(observations, kinds.ADVERTISING, now), "occurred_on")


@rule(
    code="TO-30",
    title="超纲、提前或强化应试",
    clauses=["2.4.3.2"],
    about=Observation,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    severity=Severity.VIOLATION,
    departments=_HIDDEN_TRADE,
    kinds=OPERATORS,
    comparison="查实超标超前培训或强化应试",
    remedy=f"按课程标准调整培训内容。{_CLEARED}",
    note=_BY_PEOPLE,
)
def taught_beyond_standard(observations: Rows, now: dt.datetime) -> QuerySet[Any]:
    """查实机构超标、超前培训或强化应试，尚未整改。"""
    return _found(_open(observations, kinds.CONTENT, now), "occurred_on")


@rule(
    code="TO-31",
    title="提供境外教育课程",
    clauses=["2.4.3.2"],
    about=Observation,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    severity=Severity.VIOLATION,
    departments=_HIDDEN_TRADE,
    kinds=OPERATORS,
    comparison="查实提供境外教育课程",
    remedy=f"停止提供境外教育课程。{_CLEARED}",
    note=_BY_PEOPLE,
)
def taught_foreign_courses(observations: Rows, now: dt.datetime) -> QuerySet[Any]:
    """查实机构提供境外教育课程，尚未整改。"""
    return _found(_open(observations, kinds.FOREIGN_COURSE, now), "occurred_on")


@rule(
    code="TO-32",
    title="培训与招生入学挂钩",
    clauses=["2.4.3.2"],
    about=Observation,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    severity=Severity.CRITICAL,
    departments=_HIDDEN_TRADE,
    kinds=OPERATORS,
    comparison="查实培训结果与招生入学挂钩",
    remedy=f"立即停止，通报涉及的学校。{_CLEARED}",
    note=_BY_PEOPLE,
)
def linked_to_enrolment(observations: Rows, now: dt.datetime) -> QuerySet[Any]:
    """查实机构的培训结果与中小学校招生入学挂钩，尚未整改。"""
    return _found(_open(observations, kinds.ENROLMENT_LINK, now), "occurred_on")


@rule(
    code="TO-33",
    title="查实问题逾期未整改",
    clauses=["2.4.3.3"],
    about=Observation,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    parameters=[WORKDAYS_TO_RECTIFY],
    severity=Severity.VIOLATION,
    departments=["JY", "ZF", "GA", "MZ", "SC", "YJ", "XF", "ZJ"],
    kinds=OPERATORS,
    comparison="查实的安全、疫情防控、内容、价格、合同或竞争问题超过整改期限没有整改",
    remedy=f"按整改要求完成整改。{_CLEARED}",
    note=f"{_BY_PEOPLE}查实当日为第 0 天，整改期限最后一天仍为按时；"
    "没有写明期限的，按预警等级（未写明的按 3 级）的工作日数计算。",
)
def not_rectified_in_time(observations: Rows, now: dt.datetime) -> QuerySet[Any]:
    """查实机构有安全、疫情防控、内容、价格、合同或不正当竞争问题，整改期限已过仍未整改。"""
    graded = _open(observations, kinds.TO_RECTIFY, now).annotate(
        grade=Coalesce("severity", Value(int(Severity.VIOLATION)), output_field=IntegerField())
    )
    days = WORKDAYS_TO_RECTIFY.at("confirmed_on", by="grade")
    due = graded.annotate(workdays=days, last_day=Coalesce("due_on", WorkdaysAfter("confirmed_on", days)))
    late = due.filter(last_day__lt=local(now).date())
    return _found(
        late,
        Cast(F("last_day") + Value(dt.timedelta(days=1)), DateField()),
        # The standard is given by severity: with it the card finds where the workdays come from.
        severity=Cast("grade", TextField()),
        rectify_workdays="workdays",
        rectify_by=Cast("last_day", TextField()),
    )
