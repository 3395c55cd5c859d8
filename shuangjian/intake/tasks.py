"""Celery tasks of the filings."""

from __future__ import annotations

from shuangjian.celery import app
from shuangjian.core import clock
from shuangjian.core.origin import Origin, acting_from
from shuangjian.intake import filings, review_many


@app.task(name="intake.open_due_filings")
def open_due_filings() -> int:
    """Make the week's filings, and ask for RP where a due instant has passed."""
    with acting_from(Origin("job")):
        return filings.open_due_filings(clock.now())


@app.task(name="intake.lock_due_returns")
def lock_due_returns() -> int:
    """Lock the accepted returns whose time is over."""
    with acting_from(Origin("job")):
        return review_many.lock_due_returns(clock.now())
