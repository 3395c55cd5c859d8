"""HW: how much homework a class has, of what kind, and who does and marks it. Guideline 二(一)1–4."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.postgres.aggregates import BoolOr
from django.db.models import (
    Case,
    CharField,
    Count,
    DecimalField,
    Exists,
    F,
    Func,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    TextField,
    Value,
    When,
    Window,
)
from django.db.models.functions import Cast, Coalesce, JSONObject

from homework.choices import PUPILS
from homework.models import ClassDay, ClassDayQuerySet, HomeworkItem, HomeworkItemQuerySet
from shuangjian.core.choices import Severity
from shuangjian.rules.declare import Period, Source, code, rule
from shuangjian.rules.parameters import load_parameter
from shuangjian.rules.periods import all_terms
from shuangjian.rules.violations import missing, violations

LOW_GRADE_MINUTES = load_parameter(__file__, "low_grade_minutes")
DAILY_MINUTES = load_parameter(__file__, "daily_minutes")
WEEKS_WITHOUT_VARIETY = load_parameter(__file__, "weeks_without_variety")
BASICALLY_DONE = load_parameter(__file__, "basically_done_at_school")
MOSTLY_DONE = load_parameter(__file__, "mostly_done_at_school")

_CLASS = code("class", "school_class__code")
_SCHOOL = "school_class__school"
_GRADE = "school_class__grade"
_STAGES = ["primary", "junior"]
_EXACT = DecimalField(max_digits=20, decimal_places=8)


class _OfGroups(Window):
    """A window over groups. Django would group by it, and by what is made of it; PostgreSQL allows neither."""

    contains_aggregate = True

    def get_group_by_cols(self) -> list[Any]:
        return []


@rule(
    code="HW-01",
    title="低年级布置书面家庭作业",
    clauses=["2.1.1"],
    about=HomeworkItem,
    over=ClassDay,
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
def written_homework_in_low_grades(days: ClassDayQuerySet) -> QuerySet[Any]:
    """小学一二年级某天（无论是否上课日）有书面家庭作业。"""
    capped = days.filter(LOW_GRADE_MINUTES.given(by=_GRADE)).annotate(cap=LOW_GRADE_MINUTES.at("day", by=_GRADE))
    return violations(
        capped.filter(minutes__gt=F("cap")),
        institution=_SCHOOL,
        about=_CLASS,
        on="day",
        observed="minutes",
        limit="cap",
    )


@rule(
    code="HW-02",
    title="书面作业当日总时长超限",
    clauses=["2.1.1"],
    about=HomeworkItem,
    over=ClassDay,
    period=Period.DAY,
    source=Source.RETURN,
    unit="分钟",
    parameters=[DAILY_MINUTES],
    severity=Severity.WARNING,
    departments=["JY", "ZJ"],
    stages=_STAGES,
    comparison="各科书面作业合计高于",
    remedy="统筹各科，压减每天的书面作业；如系填报有误，更正后重新提交周报，数秒内自动消除。",
    note="分层作业（同班、同日、同学科、同一分层标记）只计时长最长的一层；选做计入；周末适用同一上限（按本指引理解）。",
)
def written_homework_over_daily_limit(days: ClassDayQuerySet) -> QuerySet[Any]:
    """班级当日各科书面作业合计时长高于所在年级上限。"""
    capped = days.filter(DAILY_MINUTES.given(by=_GRADE)).annotate(cap=DAILY_MINUTES.at("day", by=_GRADE))
    return violations(
        capped.filter(minutes__gt=F("cap")),
        institution=_SCHOOL,
        about=_CLASS,
        on="day",
        observed="minutes",
        limit="cap",
    )


@rule(
    code="HW-03",
    title="书面作业周均时长超限",
    clauses=["2.1.1"],
    about=HomeworkItem,
    over=ClassDay,
    period=Period.WEEK,
    source=Source.RETURN,
    unit="分钟",
    parameters=[DAILY_MINUTES],
    severity=Severity.VIOLATION,
    departments=["JY", "ZJ"],
    stages=_STAGES,
    comparison="周均每上课日书面作业高于",
    remedy="压减该班书面作业，使以后各周的平均回到上限以内；如系填报有误，更正后重新提交周报，数秒内自动消除。",
    note="除以本周上课日数，没有作业的上课日按 0 计；周末作业不计入周均，另按当日上限判断（按本指引理解）。",
)
def written_homework_over_weekly_mean(days: ClassDayQuerySet) -> QuerySet[Any]:
    """班级本周上课日书面作业合计除以上课日数，高于所在年级上限。"""
    totals = (
        days.filter(DAILY_MINUTES.given(by=_GRADE))
        .values("school_class", "monday")
        .annotate(
            total=Sum("minutes", filter=Q(is_school_day=True)),
            grade=Max(_GRADE),
            days=Max("week_school_days"),
            first_on=Max("week_first_on"),
        )
        .annotate(cap=DAILY_MINUTES.at("first_on", by="grade"))
    )
    # Compared by multiplication: an integer division would truncate, a rounded mean would let 60.00004 pass.
    return violations(
        totals.filter(total__gt=F("cap") * F("days")),
        institution=_SCHOOL,
        about=_CLASS,
        on="monday",
        observed=Cast("total", _EXACT) / F("days"),
        limit="cap",
        facts=JSONObject(total_minutes="total", school_days="days"),
    )


@rule(
    code="HW-04",
    title="作业未公示",
    clauses=["2.1.1"],
    about=HomeworkItem,
    over=ClassDay,
    period=Period.WEEK,
    source=Source.RETURN,
    unit="天",
    severity=Severity.WARNING,
    departments=["JY", "ZJ"],
    stages=_STAGES,
    comparison="本周有作业而未在当日或之前公示的天数多于",
    remedy="当日布置的作业当日公示；如已公示而未填报，补填公示日期和链接后重新提交周报，数秒内自动消除。",
    note="同班同日任一项作业在当日或之前公示并附链接或照片，即视为全部公示；否则每项都须有当日或之前的公示日期。"
    "未填写公示日期即为未公示，不按数据不足处理；每班每周记一条。",
)
def homework_not_published(days: ClassDayQuerySet) -> QuerySet[Any]:
    """班级某天有作业，而当日或之前没有公示。"""
    weeks = days.filter(is_published=False).values("school_class", "monday").annotate(days=Count("day"))
    return violations(weeks, institution=_SCHOOL, about=_CLASS, on="monday", observed="days", limit=Value(0))


def _without_kind(items: HomeworkItemQuerySet) -> QuerySet[Any]:
    unknown = items.filter(kind__isnull=True, alternative__isnull=True, school_class__grade__gte=3)
    return missing(unknown, institution=_SCHOOL, on="week")


class _Marks(Func):
    """The term's weeks so far as a text, one mark a week."""

    function = "string_agg"
    window_compatible = True
    output_field = TextField()


class _Streak(_OfGroups):
    """How many spaces stand after the last other mark: gaps and islands in one window, whatever number is asked for."""

    template = "length(substring(%(expression)s OVER (%(window)s) from ' *$'))"


def _term_of_week() -> Case:
    """The key of the term that holds the week's first school day (``first_on``), else of the one that overlaps it."""
    whens = []
    for term in all_terms():
        of_stage = Q(stage=term.stage)
        holds = Q(first_on__gte=term.starts_on, first_on__lte=term.ends_on)
        before = term.starts_on - dt.timedelta(days=6)  # the Monday of a week whose Sunday is the first day
        overlaps = Q(first_on__isnull=True, monday__gte=before, monday__lte=term.ends_on)
        whens.append(When(of_stage & (holds | overlaps), then=Value(term.key)))
    return Case(*whens, default=Value(None), output_field=CharField())


@rule(
    code="HW-07",
    title="缺少分层弹性个性化作业",
    clauses=["2.1.2"],
    about=HomeworkItem,
    over=ClassDay,
    period=Period.WEEK,
    window=Period.TERM,
    source=Source.RETURN,
    unit="周",
    parameters=[WEEKS_WITHOUT_VARIETY],
    severity=Severity.NOTICE,
    departments=["JY", "ZJ"],
    stages=_STAGES,
    comparison="连续没有分层、弹性或个性化作业的教学周达到",
    at_the_limit="恰好达到标准值即为疑似问题",
    remedy="布置分层、弹性或个性化作业；如已布置而未填报，更正作业类型后重新提交周报，数秒内自动消除。",
    note="只看本学期有作业的周，没有作业的周跳过，新学期重新计算；未填写类型的作业不作认定，含有这类作业的周使连续中断，其后重新计数。",
    unknown=_without_kind,
)
def homework_without_variety(days: ClassDayQuerySet) -> QuerySet[Any]:
    """三至九年级某班本学期连续若干个有作业的教学周（含本周）没有一项分层、弹性或个性化作业。"""
    weeks = (
        days.filter(WEEKS_WITHOUT_VARIETY.given(by=_GRADE))
        .values("school_class", "monday")
        .annotate(
            grade=Max(_GRADE),
            stage=Max("school_class__stage"),
            first_on=Max("week_first_on"),
            breaks=BoolOr("breaks_monotony"),
        )
        .annotate(decides_on=Coalesce("first_on", "monday"))
        .annotate(most=WEEKS_WITHOUT_VARIETY.at("decides_on", by="grade"))
    )
    streaks = weeks.annotate(
        streak=_Streak(
            _Marks(Case(When(breaks=True, then=Value("|")), default=Value(" ")), Value("")),
            partition_by=[F("school_class"), _term_of_week()],
            order_by="monday",
            output_field=IntegerField(),
        )
    )
    return violations(
        streaks.filter(streak__gte=F("most")),
        institution=_SCHOOL,
        about=_CLASS,
        on="monday",
        observed=F("most") * Value(1),  # of two equal columns Django keeps one where it filters a window
        limit="most",
    )


def _without_any_share(items: HomeworkItemQuerySet) -> QuerySet[Any]:
    written = items.counting()
    stated = written.filter(done_at_school__isnull=False, school_class=OuterRef("school_class"), week=OuterRef("week"))
    lacking = written.filter(done_at_school__isnull=True, school_class__grade__gte=3).filter(~Exists(stated))
    return missing(lacking, institution=_SCHOOL, on="week")


@rule(
    code="HW-08",
    title="校内完成率偏低",
    clauses=["2.1.3"],
    about=HomeworkItem,
    over=ClassDay,
    period=Period.WEEK,
    source=Source.RETURN,
    unit="比例",
    parameters=[BASICALLY_DONE, MOSTLY_DONE],
    severity=Severity.WARNING,
    departments=["JY", "ZJ"],
    stages=_STAGES,
    comparison="在校内完成的书面作业时长占比低于（七至九年级为不高于）",
    at_the_limit="三至六年级恰好等于标准值合规，七至九年级恰好等于标准值不合规",
    remedy="充分利用课后服务等在校时间指导学生完成书面作业；如系填报有误，更正校内完成占比后重新提交周报，数秒内自动消除。",
    note="按作业时长加权；分层作业只计时长最长的一层；只看填写了占比的书面作业，一项都没有填写为数据不足。",
    unknown=_without_any_share,
)
def too_little_done_at_school(days: ClassDayQuerySet) -> QuerySet[Any]:
    """三至六年级书面作业没有在校内基本完成，或七至九年级没有在校内完成大部分。"""
    shares = (
        days.filter(stated_minutes__isnull=False)
        .values("school_class", "monday")
        .annotate(
            total=Sum("stated_minutes"),
            done=Sum("done_minutes", output_field=_EXACT),
            grade=Max(_GRADE),
            decides_on=Coalesce(Max("week_first_on"), F("monday")),
        )
        .annotate(basic=BASICALLY_DONE.at("decides_on", by="grade"), most=MOSTLY_DONE.at("decides_on", by="grade"))
    )
    # 基本完成 is reached at the bound itself, 大部分 is more than half; each bound is NULL for the other's grades.
    too_little = Q(done__lt=F("basic") * F("total")) | Q(done__lte=F("most") * F("total"))
    return violations(
        shares.filter(too_little),
        institution=_SCHOOL,
        about=_CLASS,
        on="monday",
        observed=F("done") / F("total"),
        limit=Coalesce("basic", "most"),
        facts=JSONObject(stated_minutes="total", done_minutes="done"),
    )


def _without_marker(items: HomeworkItemQuerySet) -> QuerySet[Any]:
    return missing(items.filter(marked_by__isnull=True), institution=_SCHOOL, on="week")


@rule(
    code="HW-09",
    title="要求学生自批自改",
    clauses=["2.1.3"],
    about=HomeworkItem,
    period=Period.DAY,
    source=Source.RETURN,
    unit="是否",
    severity=Severity.VIOLATION,
    departments=["JY", "ZJ"],
    stages=_STAGES,
    comparison="有作业由学生自批或互批",
    remedy="作业由教师批改；如系填报有误，更正批改人后重新提交周报，数秒内自动消除。",
    unknown=_without_marker,
)
def pupils_mark_homework(items: HomeworkItemQuerySet) -> QuerySet[Any]:
    """某班某天有作业要求学生自批或互批。"""
    return _class_days_with(items.filter(marked_by__in=PUPILS))


def _without_word_on_parents(items: HomeworkItemQuerySet) -> QuerySet[Any]:
    unknown = items.filter(Q(asks_parents__isnull=True) | Q(marked_by__isnull=True))
    return missing(unknown, institution=_SCHOOL, on="week")


@rule(
    code="HW-10",
    title="给家长布置或要求家长批改",
    clauses=["2.1.4"],
    about=HomeworkItem,
    period=Period.DAY,
    source=Source.RETURN,
    unit="是否",
    severity=Severity.VIOLATION,
    departments=["JY", "ZJ", "FL"],
    stages=_STAGES,
    comparison="有作业要求家长完成、打印、检查或批改",
    remedy="停止给家长布置作业或要求家长检查、批改；如系填报有误，更正后重新提交周报，数秒内自动消除。",
    note="要求家长打印作业视为变相布置作业（按本指引理解）。",
    unknown=_without_word_on_parents,
)
def parents_asked_to_do_or_mark(items: HomeworkItemQuerySet) -> QuerySet[Any]:
    """某班某天有作业要求家长完成、打印、检查或批改。"""
    return _class_days_with(items.filter(Q(asks_parents=True) | Q(marked_by="parent")))


def _class_days_with(items: QuerySet[Any]) -> QuerySet[Any]:
    """One flag for each class and day that has any of the items; the facts count them."""
    return violations(
        items.values("school_class", "day").annotate(found=Count("pk")),
        institution=_SCHOOL,
        about=_CLASS,
        on="day",
        observed=Value(1),
        limit=Value(0),
        facts=JSONObject(items="found"),
    )
