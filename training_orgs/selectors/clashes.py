"""排课雷达: sessions to come (or only planned) that fall on rest days, end too late, or lie in school hours.

Rest days and late ends are asked of the very rules TO-05 and TO-06, as if the horizon were already today; school hours
are a hint without a rule: the guideline leaves them open, the national text forbids the clash (domain.md 3.2, 15).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Exists, Min, OuterRef, QuerySet

import training_orgs
from shuangjian.bureau.models import DistrictDay, RestDay, Term
from shuangjian.core import clock
from shuangjian.core.choices import Severity
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.core.units import clock_text
from shuangjian.rules import engine
from shuangjian.rules.clauses import all_clauses
from shuangjian.rules.declare import get_rule
from shuangjian.rules.parameters import frozen, load_parameter
from training_orgs.choices import CourseStage
from training_orgs.models import Course, CourseSession
from training_orgs.rules.times import session_ends_too_late, stage_of_rest, subject_session_on_rest_day

SCHOOL_FROM = load_parameter(training_orgs.__file__, "school_hours_from")
SCHOOL_UNTIL = load_parameter(training_orgs.__file__, "school_hours_until")

REST, LATE, SCHOOL = "rest", "late", "school"
LABELS = {REST: "占用休息时间", LATE: "结束过晚", SCHOOL: "与上学时间冲突"}
#: Course-days shown at once; more are counted by nobody who plans.
MOST = 3000
_AT_SCHOOL = [stage for stage in CourseStage if stage != CourseStage.PRESCHOOL]
_REASONS = {"holiday": "法定节假日", "break": "寒暑假", "weekend": "休息日"}


@dataclass(frozen=True)
class Clash:
    """One course on one day: what is wrong (``kind``), by which clause or document, and how to mend it."""

    kind: str
    day: dt.date
    words: str
    source: str
    remedy: str
    severity: Severity
    rule: str = ""

    @property
    def label(self) -> str:
        return LABELS[self.kind]


@dataclass(frozen=True)
class CourseClashes:
    """A course with its clashes, by day."""

    course: Course
    clashes: list[Clash] = field(default_factory=list)

    @property
    def worst(self) -> Severity:
        return max(clash.severity for clash in self.clashes)

    @property
    def is_draft(self) -> bool:
        return self.course.published_on is None

    @property
    def kinds(self) -> list[tuple[str, int, Clash]]:
        """Kind in words, number of days, and the first clash of it: one line a kind."""
        groups: dict[str, list[Clash]] = {}
        for clash in self.clashes:
            groups.setdefault(clash.kind, []).append(clash)
        return [(LABELS[kind], len(group), group[0]) for kind, group in groups.items()]


def clashes_of(sessions: ScopedQuerySet[CourseSession], since: dt.date, until: dt.date) -> list[CourseClashes]:
    """Every course of ``sessions`` (already in scope) with a clash from ``since`` to ``until``, worst first.

    Five queries whatever the number of courses; a year without calendar has no rest days and no school days.
    """
    planned = sessions.filter(day__range=(since, until), is_cancelled=False)
    until_then = clock.at(until, 24 * 60 - 1)
    with frozen(engine.current_overrides()):
        rest = list(subject_session_on_rest_day(planned, until_then)[:MOST])
        late = list(session_ends_too_late(planned, until_then)[:MOST])
        school = list(_in_school_hours(planned)[:MOST])
    keys = {(row["f_institution"], row["f_about"].partition(":")[2]) for row in [*rest, *late]}
    keys |= {(row["institution"], row["course__number"]) for row in school}
    courses = _courses(keys)
    reasons = _reasons(rest, courses)
    for row in rest:
        _add(courses, row, _rest(row, reasons.get((_stage(_course(courses, row)), row["f_on"]), "休息日")))
    for row in late:
        _add(courses, row, _late(row))
    for row in school:
        courses[row["institution"], row["course__number"]].clashes.append(_school(row))
    found = [each for each in courses.values() if each.clashes]
    for each in found:
        each.clashes.sort(key=lambda clash: (clash.day, -clash.severity))
    return sorted(found, key=lambda each: (-each.worst, each.clashes[0].day, each.course.number))


def rows_of(found: Iterable[CourseClashes]) -> list[Clash]:
    """All clashes, by day: those of one course that is only planned."""
    return sorted((clash for each in found for clash in each.clashes), key=lambda clash: (clash.day, -clash.severity))


def _courses(keys: set[tuple[int, str]]) -> dict[tuple[int, str], CourseClashes]:
    units, numbers = {unit for unit, _ in keys}, {number for _, number in keys}
    # The pairs were read in scope; the product of both lists is narrowed to them again.
    rows = Course.objects.filter(institution__in=units, number__in=numbers).select_related("institution__town")
    mine = ((course.institution_id, course.number, course) for course in rows)
    return {(unit, number): CourseClashes(course) for unit, number, course in mine if (unit, number) in keys}


def _course(courses: dict[tuple[int, str], CourseClashes], row: dict[str, Any]) -> Course:
    return courses[row["f_institution"], row["f_about"].partition(":")[2]].course


def _add(courses: dict[tuple[int, str], CourseClashes], row: dict[str, Any], clash: Clash) -> None:
    courses[row["f_institution"], row["f_about"].partition(":")[2]].clashes.append(clash)


def _stage(course: Course) -> str:
    """Whose breaks hold, as rules.times.stage_of_rest has it, for the word of the reason alone."""
    return "junior" if course.stage in (CourseStage.JUNIOR, CourseStage.SENIOR) else "primary"


def _reasons(
    rest: list[dict[str, Any]], courses: dict[tuple[int, str], CourseClashes]
) -> dict[tuple[str, dt.date], str]:
    days = {row["f_on"] for row in rest}
    rows = RestDay.objects.filter(date__in=days).values_list("stage", "date", "reason")
    return {(stage, day): _REASONS[reason] for stage, day, reason in rows}


def _in_school_hours(planned: ScopedQuerySet[CourseSession]) -> QuerySet[Any]:
    """The earliest session of a course and day that touches the hours of school on a day of school."""
    stage = {"stage": OuterRef("rest_stage")}
    day = OuterRef("day")
    return (
        planned.filter(course__stage__in=_AT_SCHOOL)
        .alias(rest_stage=stage_of_rest("course__stage"))
        .annotate(begins=SCHOOL_FROM.at("day"), ends=SCHOOL_UNTIL.at("day"))
        .filter(
            Exists(Term.objects.filter(**stage, starts_on__lte=day, ends_on__gte=day)),
            Exists(DistrictDay.objects.filter(date=day, is_workday=True)),
            ~Exists(RestDay.objects.filter(**stage, date=day)),
            starts_at__lt=SCHOOL_UNTIL.at("day"),
            ends_at__gt=SCHOOL_FROM.at("day"),
        )
        .order_by("day")
        .values("institution", "course__number", "day", "begins", "ends")
        .annotate(starts=Min("starts_at"))
    )


def _rest(row: dict[str, Any], reason: str) -> Clash:
    rule = get_rule("TO-05")
    return Clash(
        kind=REST,
        day=row["f_on"],
        words=f"{reason}，学科类课程不得上课",
        source=_clause(rule.clauses[0]),
        remedy="改到上课日（含调休上班日）的课余时间，或取消这一场。",
        severity=Severity(rule.severity),
        rule=rule.code,
    )


def _late(row: dict[str, Any]) -> Clash:
    rule = get_rule("TO-06")
    ends, bound = clock_text(row["f_observed"]), clock_text(row["f_limit"])
    return Clash(
        kind=LATE,
        day=row["f_on"],
        words=f"{ends} 结束，晚于 {bound}",
        source=_clause(rule.clauses[0]),
        remedy=f"提前到 {bound} 以前结束。",
        severity=Severity(rule.severity),
        rule=rule.code,
    )


def _school(row: dict[str, Any]) -> Clash:
    begins, ends = clock_text(Decimal(row["begins"])), clock_text(Decimal(row["ends"]))
    entry = SCHOOL_FROM.entry_on(row["day"])
    return Clash(
        kind=SCHOOL,
        day=row["day"],
        words=f"{clock_text(Decimal(row['starts']))} 开始，在上课日的 {begins}–{ends} 之内",
        source=entry.reference_text if entry is not None else "",
        remedy=f"改到 {ends} 以后，或周末、寒暑假（学科类除外）。",
        severity=Severity.NOTICE,
    )


def _clause(clause_id: str) -> str:
    return f"《指引》{clause_id} {all_clauses()[clause_id].title}"
