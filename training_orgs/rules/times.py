"""TO-05, 06: sessions on rest days, and sessions that end too late. Guideline 二(四)2(1)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Case, CharField, Count, Exists, F, Max, OuterRef, QuerySet, Value, When
from django.db.models.functions import Concat, JSONObject

from shuangjian.bureau.calendar_models import RestDay
from shuangjian.core.choices import Severity
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.core.units import TIME_OF_DAY
from shuangjian.rules.declare import Period, Source, code, rule
from shuangjian.rules.parameters import load_parameter
from shuangjian.rules.periods import BEGINNING
from shuangjian.rules.violations import violations
from training_orgs.choices import CourseStage
from training_orgs.models import CourseSession
from training_orgs.rules.in_force import OPERATORS, today_of

LATEST_END = load_parameter(__file__, "latest_end")

Sessions = ScopedQuerySet[CourseSession]
_ABOUT = code("session", "course__number")
_DEPARTMENTS = ["JY", "SC", "ZJ"]


def _held(sessions: Sessions, now: dt.datetime) -> Sessions:
    """From the guideline's first day to today: what is planned ahead is for the clash radar to show."""
    return sessions.filter(is_cancelled=False, day__gte=BEGINNING, day__lte=today_of(now))


def stage_of_rest(path: str) -> Case:
    """Whose breaks hold for a course: junior's for junior and senior pupils, primary's for all others."""
    junior = When(**{f"{path}__in": [CourseStage.JUNIOR, CourseStage.SENIOR]}, then=Value("junior"))
    return Case(junior, default=Value("primary"), output_field=CharField())


@rule(
    code="TO-05",
    title="学科类培训占用休息时间",
    clauses=["2.4.2.1"],
    about=CourseSession,
    period=Period.DAY,
    source=Source.REGISTER,
    unit="是否",
    severity=Severity.VIOLATION,
    departments=_DEPARTMENTS,
    kinds=OPERATORS,
    comparison="学科类课程在节假日、休息日或寒暑假上课",
    remedy="停止在节假日、休息日和寒暑假组织学科类培训；排课有误的，改正或取消场次后自动消除。",
    note="各学段都适用，同一课程同一天记一条；调休上班的周末不是休息日，但寒暑假内的调休日仍是休息日；"
    "学龄前按小学、高中按初中的寒暑假判断。没有校历的年份为数据不足。",
)
def subject_session_on_rest_day(sessions: Sessions, now: dt.datetime) -> QuerySet[Any]:
    """学科类课程（含高中和学龄前）在法定节假日、休息日或寒暑假有未取消的场次。"""
    subject = _held(sessions, now).filter(course__is_subject=True).alias(rest_stage=stage_of_rest("course__stage"))
    resting = subject.filter(Exists(RestDay.objects.filter(date=OuterRef("day"), stage=OuterRef("rest_stage"))))
    return violations(
        resting.values("course", "day").annotate(found=Count("pk")),
        institution="institution",
        about=_ABOUT,
        on="day",
        observed=Value(1),
        limit=Value(0),
        facts=JSONObject(sessions="found"),
    )


@rule(
    code="TO-06",
    title="培训结束过晚",
    clauses=["2.4.2.1"],
    about=CourseSession,
    period=Period.DAY,
    source=Source.REGISTER,
    unit=TIME_OF_DAY,
    parameters=[LATEST_END],
    severity=Severity.WARNING,
    departments=_DEPARTMENTS,
    kinds=OPERATORS,
    comparison="培训结束时间晚于",
    remedy="调整上课时间，线下培训不晚于 20:30、线上培训不晚于 21:00 结束；排课有误的，改正场次后自动消除。",
    note="同一课程同一天取结束最晚的场次；恰好在标准时刻结束合规；非学科类自 2022 年 12 月 29 日起适用。",
)
def session_ends_too_late(sessions: Sessions, now: dt.datetime) -> QuerySet[Any]:
    """当天未取消的场次结束时间晚于线下或线上的结束时刻。"""
    sort = Concat(
        Case(When(course__is_subject=True, then=Value("subject_")), default=Value("other_")),
        "course__mode",
        output_field=CharField(),
    )
    days = (
        _held(sessions, now)
        .filter(ends_at__gt=_earliest_bound())
        .values("course", "day")
        .annotate(latest=Max("ends_at"), sort=Max(sort))
        .annotate(bound=LATEST_END.at("day", by="sort"))
    )
    return violations(
        days.filter(latest__gt=F("bound")),
        institution="institution",
        about=_ABOUT,
        on="day",
        observed="latest",
        limit="bound",
        facts=JSONObject(course_sort="sort"),
    )


def _earliest_bound() -> int:
    """The least of all bounds ever in force: what ends by then needs no grouping, and nearly all sessions do."""
    return int(min(entry.value for key in LATEST_END.file.values for entry in LATEST_END.entries(key)))
