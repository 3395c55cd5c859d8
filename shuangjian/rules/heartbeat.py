"""When the clock last ticked: each drain that beat or a doorbell starts leaves its mark in PostgreSQL."""

from __future__ import annotations

import datetime as dt

from shuangjian.journal.models import ClockTimestamp
from shuangjian.rules.models import Heartbeat


def beat() -> None:
    """Mark that a scheduled drain ran now."""
    Heartbeat.objects.update_or_create(pk=1, defaults={"seen_at": ClockTimestamp()})


def last_beat() -> dt.datetime | None:
    """The last mark; None before the first."""
    return Heartbeat.objects.values_list("seen_at", flat=True).first()
