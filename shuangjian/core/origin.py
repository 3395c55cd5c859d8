"""Where an act comes from, for the journal: set by the middleware, by tasks and by commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """``source`` is web, api, command or job; ``ip`` and ``request_id`` are empty outside of requests."""

    source: str = "command"
    ip: str | None = None
    request_id: str = ""


_NOWHERE = Origin()
_current: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)


def current() -> Origin:
    """The origin of what is being done now."""
    return _current.get()


@contextmanager
def acting_from(origin: Origin) -> Iterator[None]:
    """Within the block, acts are recorded as coming from ``origin``."""
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)
