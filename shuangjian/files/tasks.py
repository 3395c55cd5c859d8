"""Celery tasks of the stored files."""

from __future__ import annotations

import logging

from shuangjian.celery import app
from shuangjian.core import clock
from shuangjian.core.origin import Origin, acting_from
from shuangjian.files import partial, storage

logger = logging.getLogger(__name__)


@app.task(name="files.tidy")
def tidy() -> int:
    """Remove uploads that nobody goes on with; say what no row names, which only a person removes (check_files)."""
    with acting_from(Origin("job")):
        removed = partial.forget_stale(clock.now())
        orphans = storage.orphans(clock.now())
        if orphans:
            logger.warning("%d files have no row, %s first: run manage.py check_files.", len(orphans), orphans[0])
        return removed
