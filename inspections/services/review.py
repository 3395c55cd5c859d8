"""A visit is handed in, reviewed by a second officer (filed or returned), and corrected afterwards."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from inspections.choices import VisitState
from inspections.models import Visit, VisitStep
from inspections.services.checks import hand_in_problems
from inspections.services.consequences import draw_consequences
from inspections.services.details import stored_details
from inspections.services.ground import (
    Stale,
    check_writer,
    is_above,
    is_inspector,
    locked_visit,
    may_write,
    note,
    person_of,
)
from inspections.services.versions import freeze
from shuangjian.accounts.models import ApiToken, User
from shuangjian.bureau.cleaning import full_clean
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.core.locks import lock_institutions
from shuangjian.evidence.words import clean, reason_of

FILE, RETURN = "file", "return"
Act = VisitStep.Act
_LONGEST_REMARK = 400


@transaction.atomic
def hand_in_visit(
    pk: int, *, actor: Any, on_behalf: User | None = None, revision: int | None = None, now: dt.datetime | None = None
) -> Visit:
    """提交审核: InvalidInput with everything that is missing, each with its place; else frozen as a version.

    By one of its inspectors; a program says ``on_behalf`` of which one. Of two people at one time the second gets
    Conflict; sent again by the same one it waits for its review unchanged.
    """
    visit = locked_visit(pk)
    who = on_behalf if isinstance(actor, ApiToken) else person_of(actor)
    is_own = who is not None and visit.handed_in_by_id == who.pk
    if visit.state == VisitState.HANDED_IN and is_own and may_write(visit, actor):
        return visit
    check_writer(visit, actor)
    _check_revision(visit, revision)
    problems = hand_in_problems(visit)
    if who is None or not is_inspector(visit, who):
        problems.append(Problem("inspector", "请写明由哪一名检查人员提交。", "required"))
    if problems:
        raise InvalidInput(problems, f"还有 {len(problems)} 处需要补充或修改，没有提交。")
    moment = now or clock.now()
    visit.state, visit.handed_in_at, visit.handed_in_by = VisitState.HANDED_IN, moment, who
    visit.revision += 1
    full_clean(visit)
    visit.save(update_fields=["state", "handed_in_at", "handed_in_by", "revision", "changed_at"])
    frozen = freeze(visit, handed_in_by=who, now=moment)
    note(visit, Act.HANDED_IN, actor=actor, now=now, detail={"version": visit.version, "sha256": frozen.sha256})
    return visit


def may_review(visit: Visit, actor: Any) -> bool:
    """A second officer: bureau, centre or town of its jurisdiction, no inspector of it and not who handed it in."""
    return (
        isinstance(actor, User)
        and is_above(visit, actor)
        and visit.handed_in_by_id != actor.pk
        and not is_inspector(visit, actor)
    )


@transaction.atomic
def review_visit(
    pk: int,
    *,
    decision: str,
    remark: str = "",
    actor: Any,
    revision: int | None = None,
    now: dt.datetime | None = None,
) -> Visit:
    """审核: FILE (归档, with its consequences in the same transaction) or RETURN (退回, with the reason in ``remark``).

    Never by a program. ``revision``: what the reviewer has read; Stale when the visit has changed since.
    """
    # The institution first, as everywhere: what it leads to takes the same lock.
    lock_institutions(Visit.objects.filter(pk=pk).values_list("institution_id", flat=True))
    visit = locked_visit(pk)
    if isinstance(actor, ApiToken):
        raise Refused("审核由登录的工作人员办理，令牌不能审核。", code="role", status=403)
    if not may_review(visit, actor):
        raise Refused(
            "审核由区教育局、教育指导中心或镇街中未参加本次检查的另一名工作人员办理。", code="role", status=403
        )
    if visit.state != VisitState.HANDED_IN:
        raise Conflict(f"{visit.number} 现在是“{visit.get_state_display()}”，不在待审核，请刷新后再看。")
    _check_revision(visit, revision)
    if decision not in (FILE, RETURN):
        raise InvalidInput([Problem("decision", "请选择归档或退回。", "required")])
    remark = reason_of(remark, "退回的原因", "remark") if decision == RETURN else clean(remark)
    if len(remark) > _LONGEST_REMARK:
        raise InvalidInput([Problem("remark", f"审核意见最多 {_LONGEST_REMARK} 字，请缩短。", "too_long")])
    moment = now or clock.now()
    visit.reviewed_at, visit.reviewed_by, visit.remark = moment, actor, remark
    visit.state = VisitState.FILED if decision == FILE else VisitState.RETURNED
    visit.revision += 1
    full_clean(visit)
    visit.save(update_fields=["state", "reviewed_at", "reviewed_by", "remark", "revision", "changed_at"])
    frozen = visit.versions.order_by("-pk")[0]
    frozen.reviewed_by, frozen.remark = actor, remark
    frozen.filed_at = moment if decision == FILE else None
    frozen.save(update_fields=["reviewed_by", "remark", "filed_at"])
    act = Act.FILED if decision == FILE else Act.RETURNED
    note(visit, act, actor=actor, now=now, text=remark, detail={"version": visit.version})
    if decision == FILE:
        draw_consequences(visit, actor=actor, now=moment)
    return visit


@transaction.atomic
def correct_visit(pk: int, *, reason: str, actor: Any, now: dt.datetime | None = None) -> Visit:
    """更正 of what was filed: its inspectors write again, one version up. The filed version stays and is what shows
    until the next is filed. By one of its inspectors, or who may review it; never by a program."""
    visit = locked_visit(pk)
    if isinstance(actor, ApiToken):
        raise Refused("更正由登录的检查人员或审核人员办理，令牌不能更正。", code="role", status=403)
    if not (is_inspector(visit, actor) and actor.may_write) and not is_above(visit, actor):
        raise Refused("更正由本次检查的检查人员或审核人员办理。", code="role", status=403)
    if visit.state != VisitState.FILED:
        raise Conflict(f"{visit.number} 现在是“{visit.get_state_display()}”，归档后才能更正。")
    reason = reason_of(reason, "更正的原因")
    visit.state, visit.version, visit.revision = VisitState.UNDER_WAY, visit.version + 1, visit.revision + 1
    full_clean(visit)
    visit.save(update_fields=["state", "version", "revision", "changed_at"])
    note(visit, Act.CORRECTED, actor=actor, now=now, text=reason, detail={"version": visit.version})
    return visit


def _check_revision(visit: Visit, revision: int | None) -> None:
    if revision is not None and revision != visit.revision:
        raise Stale("这份检查在您打开之后有改动，请看过现有内容再办理。", stored_details(visit))


__all__ = [
    "FILE",
    "RETURN",
    "correct_visit",
    "hand_in_problems",
    "hand_in_visit",
    "may_review",
    "review_visit",
]
