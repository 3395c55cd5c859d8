"""Acts on courses: what experts say of one, its publication, the cancelling of sessions, and a look at a mere plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db import transaction

from shuangjian.bureau.models import Institution
from shuangjian.core.choices import Severity
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.core.locks import lock_institutions
from shuangjian.journal.services import record
from shuangjian.rules import engine
from training_orgs.choices import Identified
from training_orgs.models import Consumption, Course, CourseSession, Identification, Staff, TrainingOrg
from training_orgs.rows import save_rows
from training_orgs.rows.table import of_forms
from training_orgs.selectors.clashes import Clash, clashes_of, rows_of
from training_orgs.services.judging import ask
from training_orgs.services.reach import since_for_plans

#: 鉴别 is by a panel; the guide does not say of how many. Three can disagree and still decide: our reading (†).
LEAST_EXPERTS = 3
#: How far ahead a plan is looked at: a course of a school year and more.
LONGEST_PLAN = dt.timedelta(days=500)


@dataclass(frozen=True)
class Decision:
    """A panel's decision. ``experts``: names of people without ties to any training institution."""

    result: str
    decided_on: dt.date
    decision_no: str
    experts: tuple[str, ...]
    conflict_statement: str
    reasons: str = ""


@transaction.atomic
def identify_course(course: Course, decision: Decision, *, actor: Any, today: dt.date) -> Identification:
    """学科鉴别 of one course; the newest decision by date is what the course is judged by, back to its first day."""
    lock_institutions([course.institution_id])
    made = _decide(course.institution, course, decision, actor, today)
    newest = course.identifications.order_by("-decided_on", "-pk")[:1].get()
    course.identified = newest.result
    course.save(update_fields=["identified"])
    since = min(course.starts_on, course.published_on or course.starts_on)
    _judge_plan(course.institution_id, since, today, f"学科鉴别 {course.number}")
    return made


@transaction.atomic
def identify_operator(institution: Institution, decision: Decision, *, actor: Any, today: dt.date) -> Identification:
    """学科鉴别 of the operator as a whole: frees or names its name, and no course."""
    lock_institutions([institution.pk])
    made = _decide(institution, None, decision, actor, today)
    ask(institution.pk, today, today, "学科鉴别（机构）")
    return made


@transaction.atomic
def publish_course(
    course: Course, *, on: dt.date, actor: Any, today: dt.date, note: str = ""
) -> tuple[Course, list[Clash]]:
    """Publish a draft from ``on``; returns it with what the radar sees in its sessions from then on.

    A plan that would break a rule needs a note (说明): it does not forbid, since the calendar may still change, but
    nobody publishes it unseen.
    """
    lock_institutions([course.institution_id])
    course = Course.objects.get(pk=course.pk)
    if course.published_on is not None:
        raise Conflict(f"课程 {course.number} 已于 {course.published_on} 发布。", code="published")
    sessions = CourseSession.objects.filter(course=course)
    found = rows_of(clashes_of(sessions, today, today + LONGEST_PLAN))
    serious = [clash for clash in found if clash.severity >= Severity.WARNING]
    if serious and not note.strip():
        first = serious[0]
        message = (
            f"有 {len(serious)} 场与规定冲突（{first.day} {first.words}），课程没有发布。请先改正排课；"
            "确需发布的，在“说明”中写明原因。"
        )
        raise InvalidInput([Problem("note", message, "required")], message)
    course.published_on = on
    course.save(update_fields=["published_on"])
    detail = {"on": str(on), "clashes": len(found), "note": note.strip()}
    record("publish_course", actor=actor, institution_id=course.institution_id, target=_name(course), detail=detail)
    _judge_plan(course.institution_id, min(on, today), today, f"课程发布 {course.number}")
    return course, found


@transaction.atomic
def cancel_sessions(sessions: Iterable[CourseSession], *, reason: str, actor: Any, today: dt.date) -> int:
    """Cancel sessions of one institution; returns how many stood until now. One with lessons taken is refused."""
    asked = [session.pk for session in sessions]
    reason = reason.strip()
    if not reason:
        raise InvalidInput([Problem("reason", "请写明取消原因。", "required")])
    standing = CourseSession.objects.filter(pk__in=asked, is_cancelled=False)
    units = set(standing.values_list("institution_id", flat=True))
    if len(units) > 1:
        raise ValueError("cancel_sessions() takes the sessions of one institution: call it once for each.")
    lock_institutions(units)
    taken = Consumption.objects.filter(session__in=standing).select_related("session__course").first()
    if taken is not None and taken.session is not None:
        name = f"{taken.session.course.number} {taken.session.day}"
        raise Refused(f"{name} 的场次已有课消，不能取消；课消有误的先更正课消。", code="has_consumption", status=409)
    days = list(standing.values_list("day", flat=True))
    changed = standing.update(is_cancelled=True)
    for unit in units:
        detail = {"sessions": changed, "reason": reason, "since": str(min(days))}
        record("cancel_sessions", actor=actor, institution_id=unit, target="场次", detail=detail)
        _judge_plan(unit, min(days), today, "取消场次")
    return changed


def _judge_plan(institution_id: int, since: dt.date, today: dt.date, cause: str) -> None:
    """Ask for what a changed plan can alter: findings of its sessions' days, and of the payments for them."""
    ask(institution_id, since_for_plans({institution_id: since}, today)[institution_id], today, cause)


def foresee_clashes(row: Mapping[str, Any], *, actor: Any, today: dt.date) -> list[Clash]:
    """What the radar would see in a course that is not saved: ``row`` as the kind ``courses`` takes it, slots and dates
    above all. Checked, expanded to sessions and judged as a saved one is, in a rehearsal; InvalidInput as there.
    """
    found: list[Clash] = []
    with engine.rehearsal():
        unit = Institution.objects.create(
            code=uuid4().hex[:18], name="排课检查", pinyin="-", kind=Institution.Kind.TRAINING_ORG
        )
        save_rows("courses", of_forms([_complete(row)]), actor=actor, institution=unit)
        course = Course.objects.get(institution=unit)
        until = course.ends_on or course.starts_on + LONGEST_PLAN
        found = rows_of(clashes_of(CourseSession.objects.filter(course=course), course.starts_on, until))
    return found


def _complete(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a plan need not say yet: it is not judged by its number, title or price."""
    given = {"number": "草案", "title": "草案", "subject": "未定", "lesson_minutes": 45}
    said = {key: value for key, value in row.items() if key != "teachers" and value not in ("", None)}
    return {**given, **said}


def _decide(
    institution: Institution, course: Course | None, decision: Decision, actor: Any, today: dt.date
) -> Identification:
    problems = _problems(institution, decision, today)
    if problems:
        raise InvalidInput(problems)
    made = Identification.objects.create(
        institution=institution,
        course=course,
        result=decision.result,
        decided_on=decision.decided_on,
        decision_no=decision.decision_no.strip(),
        experts="、".join(_names(decision)),
        conflict_statement=decision.conflict_statement.strip(),
        reasons=decision.reasons.strip(),
    )
    target = _name(course) if course is not None else "机构"
    detail = {"result": decision.result, "decision_no": made.decision_no, "decided_on": str(decision.decided_on)}
    record("identify", actor=actor, institution_id=institution.pk, target=target, detail=detail)
    return made


def _problems(institution: Institution, decision: Decision, today: dt.date) -> list[Problem]:
    found = []
    names = _names(decision)
    if decision.result not in Identified.values:
        found.append(Problem("result", "请选择学科类或非学科类。", "required"))
    if decision.decided_on > today:
        found.append(Problem("decided_on", f"结论日期 {decision.decided_on} 还没有到，请改正。", "in_future"))
    number = decision.decision_no.strip()
    if not number:
        found.append(Problem("decision_no", "请填写文号。", "required"))
    elif Identification.objects.filter(institution=institution, decision_no=number).exists():
        found.append(Problem("decision_no", f"文号 {number} 已登记，请改正。", "duplicate"))
    if len(names) < LEAST_EXPERTS:
        message = f"专家组至少 {LEAST_EXPERTS} 人，现有 {len(names)} 人；姓名用、隔开，不重复。"
        found.append(Problem("experts", message, "too_few"))
    if len("、".join(names)) > 200:
        found.append(Problem("experts", "专家组成员姓名合计不超过 200 字。", "too_long"))
    if not decision.conflict_statement.strip():
        found.append(Problem("conflict_statement", "请写明专家与培训机构没有利益关系的声明。", "required"))
    elif "同名" not in decision.conflict_statement:
        people = _people(institution)
        tied = [name for name in names if name in people]
        if tied:
            message = f"{tied[0]}与这家机构的人员同名，专家不能与机构有利益关系；确是另一人的，请在声明中写明同名。"
            found.append(Problem("experts", message, "tied"))
    return found


def _people(institution: Institution) -> set[str]:
    """Names of whoever works or worked at the institution or runs it."""
    staff = set(Staff.objects.filter(institution=institution).values_list("name", flat=True))
    return staff | set(TrainingOrg.objects.filter(pk=institution.pk).values_list("legal_person", flat=True))


def _names(decision: Decision) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in decision.experts if name.strip()))


def _name(course: Course) -> str:
    return f"course:{course.number}"
