"""审核: approve, accept, send back and lock a submitted return; ask for a correction after the lock, and decide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.core.locks import lock_institutions
from shuangjian.core.querysets import power_of
from shuangjian.core.weeks import Week
from shuangjian.intake.events import add_event, standing_event
from shuangjian.intake.models import ReopenRequest, WeeklyReturn
from shuangjian.intake.steps import label_of, locked_row, note_of, reason_of, take_step
from shuangjian.journal.services import record

State = WeeklyReturn.State

MOST_DAYS_OPEN = 14

_ABOVE = frozenset({"town", "centre", "bureau"})
_BUREAU = frozenset({"bureau"})
_SCHOOL = frozenset({"school"})


@dataclass(frozen=True)
class Act:
    """One act of the review: who may do it from which state, and where the return stands afterwards."""

    name: str
    verb: str
    may: Mapping[str, frozenset[str]]
    to_state: str

    def is_open_to(self, actor: Any, state: str) -> bool:
        """Whether ``actor`` may do it to a return in ``state``."""
        return power_of(actor) in self.may.get(state, frozenset())


APPROVE = Act("approve", "审核通过", {State.SUBMITTED: _ABOVE}, State.APPROVED)
ACCEPT = Act("accept", "接收", {State.APPROVED: _BUREAU}, State.ACCEPTED)
# What the bureau has accepted only the bureau takes back.
SEND_BACK = Act(
    "send_back", "退回", {State.SUBMITTED: _ABOVE, State.APPROVED: _ABOVE, State.ACCEPTED: _BUREAU}, State.RETURNED
)
LOCK = Act("lock", "锁定", {State.ACCEPTED: _BUREAU}, State.LOCKED)

#: How to go on where an act is not possible in a state.
_NEXT: dict[str, str] = {
    State.DRAFT: "学校还没有提交，请等学校提交后再办理。",
    State.SUBMITTED: "请先由镇街、教育指导中心或区教育局审核通过。",
    State.RETURNED: "请等学校修改后重新提交。",
    State.APPROVED: "下一步由区教育局接收。",
    State.ACCEPTED: "需要修改的，由区教育局退回；不需要的，由区教育局锁定，或到期自动锁定。",
    State.LOCKED: "需要更正的，由学校申请更正，区教育局同意后在期限内提交。",
    State.WITHDRAWN: "请等学校重新提交。",
}


@transaction.atomic
def approve_return(
    institution: Institution,
    week: Week,
    *,
    actor: Any,
    now: dt.datetime,
    note: str = "",
    version: int | None = None,
) -> WeeklyReturn:
    """审核通过 a submitted return: town, centre or bureau. ``version`` is the number of the version that was read:
    Conflict when the school has submitted another one since."""
    return _advance(APPROVE, institution, week, actor, now, note=note_of(note, "审核意见"), version=version)


@transaction.atomic
def accept_return(
    institution: Institution,
    week: Week,
    *,
    actor: Any,
    now: dt.datetime,
    note: str = "",
    version: int | None = None,
) -> WeeklyReturn:
    """接收 an approved return: the bureau. ``version`` as in ``approve_return``."""
    return _advance(ACCEPT, institution, week, actor, now, note=note_of(note, "接收意见"), version=version)


@transaction.atomic
def send_back_return(
    institution: Institution,
    week: Week,
    *,
    actor: Any,
    now: dt.datetime,
    remark: str,
    version: int | None = None,
) -> WeeklyReturn:
    """退回 a submitted or approved return (town, centre, bureau) or an accepted one (bureau), with a remark.

    The version stays judged until the school submits a new one.
    """
    check_role(SEND_BACK, actor)
    remark = reason_of(remark, "退回原因")
    return _advance(SEND_BACK, institution, week, actor, now, note=remark, version=version)


@transaction.atomic
def lock_return(institution: Institution, week: Week, *, actor: Any, now: dt.datetime, reason: str) -> WeeklyReturn:
    """锁定 an accepted return: the bureau, with a reason. Afterwards it changes only by a granted correction."""
    check_role(LOCK, actor)
    return _advance(LOCK, institution, week, actor, now, note=reason_of(reason, "锁定原因"), version=None)


@transaction.atomic
def ask_reopen(institution: Institution, week: Week, *, actor: Any, now: dt.datetime, reason: str) -> ReopenRequest:
    """申请更正 of a locked return: the school, with a reason; one request at a time."""
    if power_of(actor) not in _SCHOOL:
        raise Refused("只有学校可以申请更正本校的周报。", code="role", status=403)
    reason = reason_of(reason, "申请更正的原因")
    weekly_return = locked_row(institution, week, now)
    if weekly_return.state != State.LOCKED:
        raise Conflict(f"{_standing(weekly_return)}没有锁定，不需要申请更正，可以直接修改后提交。")
    if not weekly_return.is_locked_at(now):
        until = clock.local(weekly_return.reopened_until or now)
        raise Conflict(f"区教育局已同意更正，{until:%Y-%m-%d %H:%M} 前可以直接修改后提交，不需要再次申请。")
    pending = weekly_return.reopen_requests.filter(state=ReopenRequest.State.PENDING).first()
    if pending is not None:
        asked = clock.local(pending.asked_at)
        raise Conflict(f"已于 {asked:%Y-%m-%d %H:%M} 申请更正，正在等区教育局处理，不能重复申请。", code="pending")
    request = ReopenRequest(weekly_return=weekly_return, reason=reason, asked_by=label_of(actor), asked_at=now)
    request.full_clean(exclude={"decided_at", "until"}, validate_unique=False, validate_constraints=False)
    request.save(force_insert=True)
    take_step(weekly_return, now)
    _note(weekly_return, "ask_reopen", State.LOCKED, actor, now, reason)
    return request


@transaction.atomic
def grant_reopen(
    request_id: int, *, actor: Any, now: dt.datetime, until: dt.datetime, answer: str = ""
) -> ReopenRequest:
    """同意更正 until an instant on one of the next 14 days: the bureau. The return stays locked for everything else."""
    _bureau_only(actor)
    days = (clock.local(until).date() - clock.local(now).date()).days
    if not 1 <= days <= MOST_DAYS_OPEN or until <= now:
        raise InvalidInput([Problem("until", f"更正期限应在 1–{MOST_DAYS_OPEN} 天之内，请重新选择。", "range")])
    request = _pending(request_id)
    weekly_return = request.weekly_return
    weekly_return.reopened_until = until
    _decide(request, ReopenRequest.State.GRANTED, actor, now, note_of(answer, "答复", "answer"), until)
    take_step(weekly_return, now, "reopened_until")
    said = f"更正期限至 {clock.local(until):%Y-%m-%d %H:%M}。{request.answer}"
    _note(weekly_return, "grant_reopen", State.LOCKED, actor, now, said[:400])
    return request


@transaction.atomic
def refuse_reopen(request_id: int, *, actor: Any, now: dt.datetime, answer: str) -> ReopenRequest:
    """不同意更正, with an answer: the bureau. The school may ask again."""
    _bureau_only(actor)
    answer = reason_of(answer, "不同意的理由", "answer")
    request = _pending(request_id)
    _decide(request, ReopenRequest.State.REFUSED, actor, now, answer, None)
    take_step(request.weekly_return, now)
    _note(request.weekly_return, "refuse_reopen", State.LOCKED, actor, now, answer)
    return request


def check_role(act: Act, actor: Any) -> None:
    """Raise Refused (403) where the actor's role never does the act, whatever the state."""
    if not any(power_of(actor) in powers for powers in act.may.values()):
        raise Refused(f"您的角色不能{act.verb}周报；请联系上级单位办理。", code="role", status=403)


def check_act(act: Act, weekly_return: WeeklyReturn, actor: Any, *, version: int | None) -> None:
    """Raise Refused where the actor or the state forbids the act, with the state, why, and how to go on."""
    check_role(act, actor)
    power, state = power_of(actor), weekly_return.state
    if state not in act.may:
        raise Conflict(f"{_standing(weekly_return)}不能{act.verb}。{_NEXT[state]}")
    if power not in act.may[state]:
        raise Refused(
            f"{_standing(weekly_return)}只有区教育局可以{act.verb}；请联系区教育局办理。", code="role", status=403
        )
    current = weekly_return.current_version
    if version is not None and current is not None and current.number != version:
        raise Conflict(
            f"学校已提交第 {current.number} 版，您看的是第 {version} 版，没有{act.verb}。"
            "请重新打开，核对新版后再办理。",
            code="newer_version",
        )


def _advance(
    act: Act,
    institution: Institution,
    week: Week,
    actor: Any,
    now: dt.datetime,
    *,
    note: str,
    version: int | None,
) -> WeeklyReturn:
    weekly_return = locked_row(institution, week, now)
    check_act(act, weekly_return, actor, version=version)
    before = weekly_return.state
    weekly_return.state = act.to_state
    weekly_return.remark = note if act in (SEND_BACK, LOCK) else ""
    fields = ["state", "remark"]
    if act is SEND_BACK and weekly_return.draft is None and weekly_return.current_version is not None:
        weekly_return.draft = weekly_return.current_version.payload
        fields.append("draft")
    if act is LOCK:
        weekly_return.locked_at, weekly_return.reopened_until = now, None
        fields += ["locked_at", "reopened_until"]
    take_step(weekly_return, now, *fields)
    _note(weekly_return, act.name, before, actor, now, note)
    return weekly_return


def _note(weekly_return: WeeklyReturn, act: str, before: str, actor: Any, now: dt.datetime, note: str) -> None:
    """The step in the return's own history and in the journal."""
    current = weekly_return.current_version
    number = current.number if current else None
    add_event(weekly_return, act, from_state=before, actor=actor, now=now, note=note, version=number)
    record(
        act if act.endswith("_reopen") else f"{act}_return",
        actor=actor,
        institution_id=weekly_return.institution_id,
        target=f"weekly-return:{weekly_return.week_key}",
        detail={"version": number, "note": note},
    )


def _bureau_only(actor: Any) -> None:
    if power_of(actor) not in _BUREAU:
        raise Refused("更正申请由区教育局处理。", code="role", status=403)


def _pending(request_id: int) -> ReopenRequest:
    """The request, still undecided, under its unit's lock."""
    institution_id = ReopenRequest.objects.values_list("weekly_return__institution_id", flat=True).get(pk=request_id)
    lock_institutions([institution_id])
    request = ReopenRequest.objects.select_related("weekly_return__current_version").get(pk=request_id)
    if request.state != ReopenRequest.State.PENDING:
        raise Conflict(f"这份更正申请已由{request.decided_by}处理（{request.get_state_display()}），没有再次处理。")
    return request


def _decide(
    request: ReopenRequest, state: str, actor: Any, now: dt.datetime, answer: str, until: dt.datetime | None
) -> None:
    request.state, request.answer, request.until = state, answer, until
    request.decided_by, request.decided_at = label_of(actor), now
    request.save(update_fields=["state", "answer", "until", "decided_by", "decided_at"])


def _standing(weekly_return: WeeklyReturn) -> str:
    """Where the return stands, since when and by whom: begins every refusal."""
    event = standing_event(weekly_return)
    since = f"（{clock.local(event.at):%Y-%m-%d %H:%M}，{event.actor}）" if event is not None else ""
    return f"{weekly_return.week_key} 的周报现在是“{weekly_return.get_state_display()}”{since}，"
