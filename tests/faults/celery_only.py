"""The guard switched off: a task that carries its scope in the message, so that the broker alone remembers the work."""

from __future__ import annotations

import datetime as dt

from shuangjian.celery import app
from shuangjian.core import clock
from shuangjian.rules import engine
from shuangjian.rules.declare import all_rules
from shuangjian.rules.periods import Span


@app.task(name="tests.evaluate", acks_late=True, reject_on_worker_lost=True)
def evaluate(institution_id: int, since: str, until: str) -> None:
    """Judge one school, as asked by a message and by nothing else."""
    span = Span(dt.date.fromisoformat(since), dt.date.fromisoformat(until))
    engine.evaluate(all_rules(), [institution_id], span, now=clock.now(), cause="nothing but a message")
