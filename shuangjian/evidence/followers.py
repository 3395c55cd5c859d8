"""What higher layers tie to an observation, such as a rectification: told of a withdrawal, asked before a closing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Protocol

from shuangjian.evidence.models import Observation


class Withdrawn(Protocol):
    """Follows a decision taken back, in its transaction and with the observation's row locked."""

    def __call__(self, found: Observation, *, actor: Any, reason: str, now: dt.datetime) -> None: ...


#: (observation) → number of what must be done elsewhere before it is 整改完成, "" for nothing.
Pending = Callable[[Observation], str]

_withdrawn: list[Withdrawn] = []
_pending: list[Pending] = []


def register_follower(withdrawn: Withdrawn, pending: Pending) -> None:
    """Called once by whoever keeps rectifications."""
    _withdrawn[:], _pending[:] = [withdrawn], [pending]


def tell_withdrawn(found: Observation, *, actor: Any, reason: str, now: dt.datetime) -> None:
    for follow in _withdrawn:
        follow(found, actor=actor, reason=reason, now=now)


def pending_of(found: Observation) -> str:
    """Number of the rectification that a recheck has to end; "" where there is none."""
    return next((number for number in (ask(found) for ask in _pending) if number), "")
