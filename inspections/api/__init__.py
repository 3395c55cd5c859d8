"""Resources of inspections."""

from __future__ import annotations


def register_resources() -> None:
    """Mount them; called when the app gets ready."""
