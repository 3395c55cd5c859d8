"""An inspector's institutions: those of own open visits, which the domain that keeps visits tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: (inspector) → ids of institutions, as a queryset of one column or a list.
Targets = Callable[[Any], Any]

_targets: list[Targets] = []


def register_targets(targets: Targets) -> None:
    """Called once, when the app that keeps visits gets ready."""
    _targets[:] = [targets]


def institutions_to_inspect(inspector: Any) -> Any:
    """Ids of the institutions of the inspector's open visits; none where this portal is run without visits."""
    return _targets[0](inspector) if _targets else []
