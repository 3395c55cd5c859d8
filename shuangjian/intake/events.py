"""经过: each step of a return's life as a row, written beside the step in the same transaction."""

from __future__ import annotations

import datetime as dt
from typing import Any

from shuangjian.intake.models import ReturnEvent, WeeklyReturn


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
    """Note that ``actor`` took the return from ``from_state`` to its present state; ``act`` is the verb."""
    event = ReturnEvent(
        weekly_return=weekly_return,
        act=act,
        from_state=from_state,
        to_state=weekly_return.state,
        version=version,
        actor=actor.audit_label,
        at=now,
        note=note,
    )
    event.full_clean(validate_unique=False, validate_constraints=False)
    event.save(force_insert=True)
    return event
