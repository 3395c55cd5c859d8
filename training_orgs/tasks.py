"""Celery tasks of the training registers: ten lines at most over plain functions."""

from __future__ import annotations

from shuangjian.celery import app
from shuangjian.core import clock
from shuangjian.core.origin import Origin, acting_from
from training_orgs.services.consumption import confirm_silent


@app.task(name="training_orgs.confirm_silent")
def confirm_lessons_after_silence() -> int:
    """Confirm the lessons to which parents were silent beyond the bound."""
    with acting_from(Origin("job")):
        return confirm_silent(clock.today())
