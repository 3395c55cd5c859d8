"""Celery tasks: ten lines at most over plain functions."""

from __future__ import annotations

from shuangjian.api.idempotency import forget_old
from shuangjian.celery import app
from shuangjian.core import clock


@app.task(name="api.forget_old_keys")
def forget_old_keys() -> int:
    """Remove idempotency keys older than a day."""
    return forget_old(clock.now())
