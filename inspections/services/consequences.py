"""What a filed visit leads to: observations for what failed, rectifications for what was found true."""

from __future__ import annotations

import datetime as dt
from typing import Any

from inspections.models import Visit


def draw_consequences(visit: Visit, *, actor: Any, now: dt.datetime) -> None:
    """Called by review_visit within its transaction, under the lock of the institution."""
    raise NotImplementedError("Filing leads to nothing yet.")
