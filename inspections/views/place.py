"""What a phone posts about where and when it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from inspections.services.visits import Place


def posted_place(posted: Mapping[str, str]) -> Place:
    """The place of a form with visit-place.js; a position that is no number is none: it keeps nobody from starting."""
    return Place(
        latitude=_number(posted.get("latitude", "")),
        longitude=_number(posted.get("longitude", "")),
        accuracy_m=_number(posted.get("accuracy_m", "")),
        note=posted.get("place_note", "")[:200],
    )


def device_time(posted: Mapping[str, str]) -> dt.datetime | None:
    """The phone's clock at the start, None where it said none."""
    return aware(posted.get("device_started_at", ""))


def aware(text: str) -> dt.datetime | None:
    """An instant in ISO form with its offset; None for anything else."""
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else None


def _number(text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
