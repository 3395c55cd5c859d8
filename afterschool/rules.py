"""AS: after-school service on each school day, long enough, of the right kind, for whoever wants it. 二(三)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Case, CharField, Count, DecimalField, F, Func, Min, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, JSONObject

from afterschool.choices import CONTENTS, FORBIDDEN, OUTSIDE_THE_AFTERNOON
from afterschool.models import ServiceDay, ServiceDayQuerySet, TuitionSeen
from shuangjian.core.choices import Severity
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.rules.declare import Period, Source, code, rule
from shuangjian.rules.parameters import load_parameter
from shuangjian.rules.violations import missing, violations

CLASS_HOURS_PER_DAY = load_parameter(__file__, "class_hours_per_day")
CLASS_HOUR_MINUTES = load_parameter(__file__, "class_hour_minutes")
SERVED_SHARE = load_parameter(__file__, "served_share")

_STAGE = code("stage", "stage")
_STAGES = ["primary", "junior"]


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
    stages=_STAGES,
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
    stages=_STAGES,
    comparison="当日课后服务时长少于",
    remedy="把每天下午的课后服务延长到不少于 2 个学时；如系填报有误，更正后重新提交周报，数秒内自动消除。",
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


def _missing(days: QuerySet[Any]) -> QuerySet[Any]:
    return missing(days, institution="school", on="day")


def _without_late_care(days: ServiceDayQuerySet) -> QuerySet[Any]:
    return _missing(days.on_school_days().filter(Q(late_wanted__isnull=True) | Q(late_places__isnull=True)))


@rule(
    code="AS-03",
    title="18:30后未提供托管",
    clauses=["2.3.1"],
    about=ServiceDay,
    period=Period.DAY,
    source=Source.RETURN,
    unit="人",
    severity=Severity.VIOLATION,
    departments=["JY", "ZJ"],
    stages=_STAGES,
    comparison="18:30后需留校而没有托管名额的学生多于",
    remedy="为确有困难的学生提供18:30后托管，名额不少于需求；如系填报有误，更正后重新提交周报，数秒内自动消除。",
    note="当日无课后服务的，托管名额按 0 计。",
    unknown=_without_late_care,
)
def no_care_after_half_past_six(days: ServiceDayQuerySet) -> QuerySet[Any]:
    """某学段在上课日有学生18:30后需留校，而学校没有托管或名额不足。"""
    short = days.on_school_days().filter(late_wanted__gt=F("late_places"))
    return violations(
        short,
        institution="school",
        about=_STAGE,
        on="day",
        observed=F("late_wanted") - F("late_places"),
        limit=Value(0),
        facts=JSONObject(late_wanted="late_wanted", late_places="late_places"),
    )


def _without_content(days: ServiceDayQuerySet) -> QuerySet[Any]:
    return _missing(days.offered().filter(content__isnull=True))


def _in_words(codes: Sequence[str]) -> Func:
    """Which of the codes the day's content holds, in Chinese: 讲新课、集体补课."""
    held = [When(content__contains=[each], then=Value(CONTENTS[each])) for each in codes]
    words = Func(
        *(Case(when, default=Value(None), output_field=TextField()) for when in held),
        template="ARRAY[%(expressions)s]",
        output_field=TextField(),
    )
    return Func(words, Value("、"), function="array_to_string", output_field=CharField())


def _flag_content(days: QuerySet[Any], codes: Sequence[str]) -> QuerySet[Any]:
    return violations(
        days.filter(content__overlap=list(codes)),
        institution="school",
        about=_STAGE,
        on="day",
        observed=Value(1),
        limit=Value(0),
        facts=JSONObject(content=_in_words(codes)),
    )


@rule(
    code="AS-04",
    title="讲新课或集体补课",
    clauses=["2.3.2"],
    about=ServiceDay,
    over=TuitionSeen,
    period=Period.DAY,
    source=Source.RETURN,
    unit="是否",
    severity=Severity.VIOLATION,
    departments=["JY", "ZJ"],
    stages=_STAGES,
    comparison="课后服务内容有讲新课或集体补课，或查实在校内集体补课",
    remedy="停止利用课后服务时间讲新课或集体补课；如系填报有误，更正服务内容后重新提交周报，数秒内自动消除；"
    "查实的，由复查人登记整改完成，即自动消除。",
    note="周报填报的，一个学段一天记一条；由人查实的，每件核查情况记一条，任何一天（含周末、假期）都计，"
    "整改完成或撤回认定即消除，与当周是否报送无关。",
    unknown=_without_content,
)
def new_lessons_in_service(days: ScopedQuerySet[TuitionSeen]) -> QuerySet[Any]:
    """某学段某天（无论是否上课日）的课后服务内容有讲新课或集体补课，或者查实学校讲新课或集体补课，尚未整改。"""
    of_return = JSONObject(content=_in_words(FORBIDDEN))
    of_people = JSONObject(kind="kind", about="thing", confirmed_on=Cast("confirmed_on", TextField()))
    return violations(
        days,
        institution="institution",
        about="about",
        on="day",
        observed=Value(1),
        limit=Value(0),
        facts=Case(When(kind__isnull=True, then=of_return), default=of_people),
    )


def _without_numbers(days: ServiceDayQuerySet) -> QuerySet[Any]:
    return _missing(days.on_school_days().filter(Q(wanting__isnull=True) | Q(served__isnull=True)))


@rule(
    code="AS-10",
    title="未全覆盖",
    clauses=["2.3.5"],
    about=ServiceDay,
    period=Period.WEEK,
    source=Source.RETURN,
    unit="比例",
    parameters=[SERVED_SHARE],
    severity=Severity.VIOLATION,
    departments=["JY", "ZJ"],
    stages=_STAGES,
    comparison="有需求的学生中参加课后服务的比例低于",
    remedy="让每个有需求的学生都能参加课后服务；如系填报有误，更正人数后重新提交周报，数秒内自动消除。",
    note="一个学段一周记一条，取上课日中比例最低的一天；当日无课后服务而有学生需要的，按 0 人参加计。",
    unknown=_without_numbers,
)
def not_everyone_is_served(days: ServiceDayQuerySet) -> QuerySet[Any]:
    """某学段本周有上课日，有课后服务需求的学生没有全部参加。"""
    short = (
        days.on_school_days()
        .annotate(bound=SERVED_SHARE.at("unit_day__week_first_on"))
        .filter(wanting__gt=0, served__lt=F("bound") * F("wanting"))
    )
    weeks = short.values("school", "stage", "week", "bound").annotate(
        share=Min(Cast("served", DecimalField(max_digits=20, decimal_places=8)) / F("wanting")), short_days=Count("pk")
    )
    return violations(
        weeks,
        institution="school",
        about=_STAGE,
        on="week",
        observed="share",
        limit="bound",
        facts=JSONObject(short_days="short_days"),
    )


def _without_content_on_school_days(days: ServiceDayQuerySet) -> QuerySet[Any]:
    return _without_content(days.on_school_days())


@rule(
    code="AS-11",
    title="早看管午休晚自习计入课后服务",
    clauses=["2.3.1"],
    about=ServiceDay,
    period=Period.DAY,
    source=Source.RETURN,
    unit="是否",
    severity=Severity.NOTICE,
    departments=["JY", "ZJ"],
    stages=_STAGES,
    comparison="把早看管、午休或晚自习计入了课后服务",
    remedy="课后服务只填下午最后一节课后至18:30的内容，初中晚自习另栏填写；更正后重新提交周报，数秒内自动消除。",
    note="课后服务指下午最后一节课后至18:30（按本指引理解）；早看管、午休、晚自习不计入。",
    unknown=_without_content_on_school_days,
)
def care_outside_the_afternoon(days: ServiceDayQuerySet) -> QuerySet[Any]:
    """某学段在上课日把早看管、午休或晚自习计入课后服务。"""
    return _flag_content(days.on_school_days(), OUTSIDE_THE_AFTERNOON)


def _without_leaving(days: ServiceDayQuerySet) -> QuerySet[Any]:
    return _missing(days.offered().on_school_days().filter(flexible_leaving__isnull=True))


@rule(
    code="AS-12",
    title="未实行弹性离校",
    clauses=["2.3.1"],
    about=ServiceDay,
    period=Period.WEEK,
    source=Source.RETURN,
    unit="是否",
    severity=Severity.NOTICE,
    departments=["JY", "ZJ"],
    stages=_STAGES,
    comparison="本周有上课日没有实行弹性离校",
    remedy="公布弹性离校时间，允许家长按需提前接走学生；如系填报有误，更正后重新提交周报，数秒内自动消除。",
    note="没有弹性离校时间或不允许提前离校，都视为未实行；一个学段一周记一条。",
    unknown=_without_leaving,
)
def no_flexible_leaving(days: ServiceDayQuerySet) -> QuerySet[Any]:
    """某学段本周有上课日的课后服务没有实行弹性离校。"""
    weeks = days.on_school_days().filter(flexible_leaving=False).values("school", "stage", "week")
    return violations(
        weeks.annotate(days=Count("pk")),
        institution="school",
        about=_STAGE,
        on="week",
        observed=Value(1),
        limit=Value(0),
        facts=JSONObject(days="days"),
    )
