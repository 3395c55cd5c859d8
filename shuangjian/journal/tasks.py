"""Celery tasks of the journal."""

from __future__ import annotations

from shuangjian.celery import app
from shuangjian.journal import seals


@app.task(name="journal.seal")
def seal() -> None:
    """Seal the audit entries that have settled."""
    seals.seal()
