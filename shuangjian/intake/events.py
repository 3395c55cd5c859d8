"""经过: each step of a return's life as a row, written beside the step in the same transaction."""

from __future__ import annotations

import datetime as dt
from typing import Any

from shuangjian.intake.models import ReturnEvent, WeeklyReturn

State = WeeklyReturn.State

#: The acts, as a sentence says them: 由…（verb）.
VERBS: dict[str, str] = {
    "submit": "提交",
    "correct": "提交更正",
    "send_back": "退回",
    "withdraw": "撤回",
    "approve": "审核通过",
    "accept": "接收",
    "lock": "锁定",
    "lock_due": "到期锁定",
    "ask_reopen": "申请更正",
    "grant_reopen": "同意更正",
    "refuse_reopen": "不同意更正",
}
#: Which acts bring a return into a state: the newest of them tells since when it stands there, and by whom.
_INTO: dict[str, tuple[str, ...]] = {
    State.SUBMITTED: ("submit", "correct"),
    State.RETURNED: ("send_back",),
    State.APPROVED: ("approve",),
    State.ACCEPTED: ("accept",),
    State.LOCKED: ("lock", "lock_due"),
    State.WITHDRAWN: ("withdraw",),
}


def add_event(
    weekly_return: WeeklyReturn,
    act: str,
    *,
    from_state: str,
    actor: Any,
    now: dt.datetime,
    note: str = "",
    version: int | None = None,
) -> ReturnEvent:
    """Note that ``actor`` (None: the portal itself) took the return from ``from_state`` to its present state.

    ``act`` is one of VERBS.
    """
    event = new_event(weekly_return, act, from_state=from_state, actor=actor, now=now, note=note, version=version)
    event.full_clean(validate_unique=False, validate_constraints=False)
    event.save(force_insert=True)
    return event


def new_event(
    weekly_return: WeeklyReturn,
    act: str,
    *,
    from_state: str,
    actor: Any,
    now: dt.datetime,
    note: str = "",
    version: int | None = None,
) -> ReturnEvent:
    """The row of ``add_event``, not yet written: for acts on many returns at once."""
    return ReturnEvent(
        weekly_return=weekly_return,
        act=act,
        from_state=from_state,
        to_state=weekly_return.state,
        version=version,
        actor="系统" if actor is None else actor.audit_label,
        at=now,
        note=note,
    )


def standing_event(weekly_return: WeeklyReturn) -> ReturnEvent | None:
    """The step that brought the return where it stands; None for a draft, and for rows older than the events."""
    acts = _INTO.get(weekly_return.state, ())
    return weekly_return.events.filter(act__in=acts).order_by("-at", "-id").first() if acts else None
