"""The only place that reads the clock. Everything else takes ``now`` or ``today`` as an argument."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils import timezone

LOCAL = ZoneInfo("Asia/Shanghai")


def now() -> dt.datetime:
    """This instant, aware, in Asia/Shanghai."""
    return timezone.now().astimezone(LOCAL)


def today() -> dt.date:
    """Today's date in Asia/Shanghai: dates of law are local dates."""
    return now().date()


def local(instant: dt.datetime) -> dt.datetime:
    """The same aware instant, expressed in Asia/Shanghai."""
    return instant.astimezone(LOCAL)


def at(day: dt.date, minutes: int) -> dt.datetime:
    """The instant ``minutes`` after local midnight of ``day``."""
    return dt.datetime.combine(day, dt.time(minutes // 60, minutes % 60), tzinfo=LOCAL)
