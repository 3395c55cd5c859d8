"""Which institutions an inspector may see: those of own open visits."""

from __future__ import annotations

from typing import Any

from inspections.choices import OPEN_STATES
from inspections.models import Visit


def institutions_of(inspector: Any) -> Any:
    """Ids of the institutions of visits that are open and have ``inspector`` on them."""
    return Visit.objects.filter(inspectors__person=inspector.pk, state__in=OPEN_STATES).values("institution_id")
