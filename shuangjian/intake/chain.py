"""Where a return stands in 草稿 → 已提交 → 已审核 → 已接收 → 已锁定, since when and by whom; and its life in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from shuangjian.intake.events import VERBS
from shuangjian.intake.models import ReturnEvent, WeeklyReturn

State = WeeklyReturn.State

_ORDER = (State.DRAFT, State.SUBMITTED, State.APPROVED, State.ACCEPTED, State.LOCKED)
_WAITS = {
    State.DRAFT: "待提交",
    State.SUBMITTED: "待审核",
    State.APPROVED: "待接收",
    State.ACCEPTED: "到期锁定",
    State.RETURNED: "已退回，待修改",
    State.WITHDRAWN: "已撤回，待重新提交",
}
_INTO = {"submit": 1, "correct": 1, "approve": 2, "accept": 3, "lock": 4, "lock_due": 4}


@dataclass(frozen=True)
class Step:
    """One stop of the chain. ``waits`` says what the return waits for; only the stop where it stands has it."""

    label: str
    is_done: bool
    is_here: bool
    who: str = ""
    at: dt.datetime | None = None
    waits: str = ""


@dataclass(frozen=True)
class Told:
    """One line of the return's life. ``note`` is what was said: remark, reason, or the note of a version."""

    words: str
    who: str
    at: dt.datetime
    note: str


def chain_of(weekly_return: WeeklyReturn | None, events: Sequence[ReturnEvent], now: dt.datetime) -> list[Step]:
    """The five stops. ``events`` in the order of time; rows older than the events show what the version says."""
    state = State.DRAFT if weekly_return is None else State(weekly_return.state)
    here = _ORDER.index(state) if state in _ORDER else 0
    reached: dict[int, tuple[str, dt.datetime]] = {}
    if weekly_return is not None:
        if weekly_return.draft_saved_at is not None:
            reached[0] = weekly_return.draft_saved_by, weekly_return.draft_saved_at
        version = weekly_return.current_version
        if version is not None:
            reached[1] = version.submitted_by, version.submitted_at
    for event in events:
        stop = _INTO.get(event.act)
        if stop is not None:
            reached[stop] = event.actor, event.at
    waits = _WAITS.get(state, "")
    if weekly_return is not None and state == State.LOCKED and not weekly_return.is_locked_at(now):
        waits = "更正期内，待提交更正"
    return [
        Step(
            label=str(stop.label),
            is_done=index <= here and (index > 0 or state not in (State.RETURNED, State.WITHDRAWN, State.DRAFT)),
            is_here=index == here,
            who=reached[index][0] if index in reached and index <= here else "",
            at=reached[index][1] if index in reached and index <= here else None,
            waits=waits if index == here else "",
        )
        for index, stop in enumerate(_ORDER)
    ]


def told_of(events: Sequence[ReturnEvent]) -> list[Told]:
    """The return's life, newest first; ``events`` in the order of time."""
    return [Told(_words(event), event.actor, event.at, event.note) for event in reversed(events)]


def _words(event: ReturnEvent) -> str:
    verb = VERBS.get(event.act, event.act)
    if event.act == "correct":
        return f"锁定后提交更正（第 {event.version} 版），重新审核"
    if event.act == "submit":
        if event.from_state in (State.APPROVED, State.ACCEPTED):
            before = State(event.from_state).label
            return f"提交第 {event.version} 版，原“{before}”作废，重新审核"
        return f"提交第 {event.version} 版"
    return verb
