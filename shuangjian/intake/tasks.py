"""Celery tasks of the filings."""

from __future__ import annotations

from shuangjian.celery import app
from shuangjian.core import clock
from shuangjian.core.origin import Origin, acting_from
from shuangjian.intake import filings, imports, review_many


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


@app.task(name="intake.forget_old_imports")
def forget_old_imports() -> int:
    """Remove uploads of a week ago: confirmed long since, or never."""
    with acting_from(Origin("job")):
        return imports.forget_old_batches(clock.now())
