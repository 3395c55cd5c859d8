"""Celery tasks of the filings."""

from __future__ import annotations

from shuangjian.celery import app
from shuangjian.core import clock
from shuangjian.core.origin import Origin, acting_from
from shuangjian.intake import filings


@app.task(name="intake.open_due_filings")
def open_due_filings() -> int:
    """Make the week's filings, and ask for RP where a due instant has passed."""
    with acting_from(Origin("job")):
        return filings.open_due_filings(clock.now())
