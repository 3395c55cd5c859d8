"""TO-27, 28: subject teaching under another name, found by word lists. A hit is a warning until experts have spoken."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import Case, Exists, F, Func, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Coalesce, Concat, JSONObject, StrIndex

from shuangjian.core.choices import Severity
from shuangjian.core.clock import local
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.rules.declare import Period, Source, code, rule
from shuangjian.rules.violations import violations
from training_orgs.choices import Category, CourseStage, Identified, Mode
from training_orgs.models import Course, Identification, ListedWord, OfferedText
from training_orgs.rules.in_force import (
    OFFERED_ON,
    OPERATORS,
    begins,
    of_category,
    on_offer,
    open_on,
    profiles,
    valid_on,
)

_DEPARTMENTS = ["JY", "ZF", "GA", "ZJ"]
#: Stands where no word or no exception is in force: no text that people write holds it.
_NOTHING = "\x01"
_IDENTIFIED = "由专家组作学科鉴别；鉴别为非学科类的登记结论后自动消除。"


class _Escaped(Func):
    """A word as a regular expression that matches it and nothing else."""

    template = r"regexp_replace(%(expressions)s, '([.\\^$*+?()\[\]{}|])', '\\\1', 'g')"
    output_field = TextField()


class _Cut(Func):
    """The text with all that a pattern matches taken out; a blank keeps what stood apart from joining to new words."""

    template = "regexp_replace(%(expressions)s, ' ', 'g')"
    output_field = TextField()


def words_in_force(listed: str, today: dt.date) -> QuerySet[ListedWord]:
    """Words and exceptions of a list that hold today."""
    return ListedWord.objects.filter(valid_on(today), list=listed).order_by()


def _pattern(words: QuerySet[ListedWord]) -> Coalesce:
    """One regular expression over all of the words; it depends on no row, so PostgreSQL makes it once."""
    joined = words.values("list").annotate(pattern=StringAgg(_Escaped("word"), "|")).values("pattern")
    return Coalesce(Subquery(joined, output_field=TextField()), Value(_NOTHING), output_field=TextField())


def cut_exceptions(text: Any, words: QuerySet[ListedWord]) -> _Cut:
    """The text without the list's exceptions: 思维导图 is no 思维."""
    return _Cut(text, _pattern(words.filter(is_exception=True)))


def matching(words: QuerySet[ListedWord]) -> Coalesce:
    """A regular expression that finds any of the list's words, exceptions left aside (cut them out first)."""
    return _pattern(words.filter(is_exception=False))


def hits(column: str, words: QuerySet[ListedWord]) -> Subquery:
    """The words that stand in the text of ``column``, joined by 、, for the facts of what was found."""
    found = words.filter(is_exception=False).annotate(at=StrIndex(OuterRef(column), F("word"))).filter(at__gt=0)
    joined = found.values("list").annotate(all=StringAgg("word", "、", order_by="word")).values("all")
    return Subquery(joined, output_field=TextField())


@rule(
    code="TO-27",
    title="疑似隐形变异学科培训",
    clauses=["2.4.3.2"],
    about=OfferedText,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    severity=Severity.WARNING,
    departments=_DEPARTMENTS,
    kinds=OPERATORS,
    comparison="名称或申报为非学科类的课程含有学科类用语",
    remedy=f"核对课程内容；确为学科类的按学科类管理，用语不当的修改名称或课程介绍。{_IDENTIFIED}",
    note="只看不是学科类的机构；先去掉例外词（如“思维导图”）再比对，按原字比对；研学、托管、家政等词只看课程名称和介绍，不看机构名称；"
    "鉴别结论只对所鉴别的机构或课程有效：机构鉴别为非学科类后不再看名称，课程逐门鉴别。命中词表是提示，由人核查认定。",
)
def subject_teaching_in_disguise(texts: ScopedQuerySet[OfferedText], now: dt.datetime) -> QuerySet[Any]:
    """不是学科类的机构，名称或其申报为非学科类的课程含有学科类用语，尚未鉴别为非学科类。"""
    today = local(now).date()
    words = words_in_force(ListedWord.List.SUBJECT, today)
    here = texts.filter(open_on(today), ~of_category(today, Category.SUBJECT)).annotate(
        said=cut_exceptions("text", words)
    )
    freed = Identification.objects.filter(
        institution=OuterRef("institution"), course=None, result=Identified.NON_SUBJECT, decided_on__lte=today
    )
    until = Q(until__isnull=True) | Q(until__gte=today)
    of_profile = Q(profile__isnull=False, since__lte=today) & until
    bare = Q(profile__isnull=True) & ~Exists(profiles(today).filter(institution=OuterRef("institution")))
    in_names = words.filter(in_course_text_only=False)
    name = Q(course__isnull=True) & (of_profile | bare) & Q(said__regex=matching(in_names)) & ~Exists(freed)
    course = (
        Q(course__isnull=False, since__lte=today)
        & until
        & ~Q(course__category=Category.SUBJECT)
        & ~Q(course__identified=Identified.NON_SUBJECT)
        & Q(said__regex=matching(words))
    )
    return violations(
        here.filter(name | course),
        institution="institution",
        about="about",
        on=begins("since"),
        observed=Value(1),
        limit=Value(0),
        facts=JSONObject(words=Case(When(course=None, then=hits("said", in_names)), default=hits("said", words))),
    )


@rule(
    code="TO-28",
    title="学龄前学科类培训",
    clauses=["2.4.3.2"],
    about=Course,
    period=Period.STANDING,
    source=Source.REGISTER,
    unit="是否",
    severity=Severity.CRITICAL,
    departments=_DEPARTMENTS,
    kinds=OPERATORS,
    comparison="面向学龄前儿童开设线上培训，或学科类（含外语）线下培训",
    remedy=f"停止开设。{_IDENTIFIED}",
    note="线上：任何面向学龄前儿童的培训（按本指引理解）；线下：申报或鉴别为学科类，或课程名称、介绍含有学前班、幼小衔接、思维训练等用语，"
    "先去掉例外词再比对。",
)
def preschool_subject_teaching(courses: ScopedQuerySet[Course], now: dt.datetime) -> QuerySet[Any]:
    """面向学龄前儿童开设线上培训，或以学前班、幼小衔接、思维训练等名义开设线下学科类（含外语）培训，尚未鉴别为非学科类。"""
    today = local(now).date()
    words = words_in_force(ListedWord.List.PRESCHOOL, today)
    said = Concat("title", Value("\n"), "text", output_field=TextField())
    here = courses.annotate(offered_on=OFFERED_ON, said=cut_exceptions(said, words))
    here = here.filter(open_on(today), on_offer(today), stage=CourseStage.PRESCHOOL)
    here = here.exclude(identified=Identified.NON_SUBJECT)
    named = Q(said__regex=matching(words))
    return violations(
        here.filter(Q(mode=Mode.ONLINE) | Q(is_subject=True) | named),
        institution="institution",
        about=code("course", "number"),
        on=begins("offered_on"),
        observed=Value(1),
        limit=Value(0),
        facts=JSONObject(mode="mode", is_subject="is_subject", words=hits("said", words)),
    )
