"""Celery tasks: ten lines at most over plain functions that a command calls too."""

from __future__ import annotations

from shuangjian.accounts import lockout
from shuangjian.celery import app
from shuangjian.core import clock
from shuangjian.core.origin import Origin, acting_from
from shuangjian.journal.runs import forget_sweeps
from shuangjian.rules import drain as outbox
from shuangjian.rules.heartbeat import beat
from shuangjian.rules.sweep import open_sweep


@app.task(name="rules.drain")
def drain() -> int:
    """Work off the outbox."""
    beat()
    with acting_from(Origin("job")):
        return outbox.drain(clock.now)


@app.task(name="rules.sweep")
def sweep() -> None:
    """Ask for the nightly sweep."""
    with acting_from(Origin("job")):
        open_sweep(clock.today())


@app.task(name="rules.tidy")
def tidy() -> int:
    """Remove requests done more than seven days ago, old nightly sweeps, and login failures whose time has passed."""
    now = clock.now()
    return outbox.forget_done(now) + forget_sweeps(now) + lockout.tidy(now)
