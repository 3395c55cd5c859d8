"""Personal data as people without a need for it see it: masked on the server, never in the browser."""

from __future__ import annotations

_MASK = "*"


def mask_name(name: str) -> str:
    """王小明 → 王**: the family name stays, so that two people can still be told apart in a list."""
    return name[:1] + _MASK * max(len(name) - 1, 1) if name else ""


def mask_number(number: str, *, head: int = 3, tail: int = 4) -> str:
    """13812345678 → 138****5678. A number too short to hide anything is hidden whole."""
    if len(number) <= head + tail:
        return _MASK * len(number)
    return number[:head] + _MASK * (len(number) - head - tail) + number[len(number) - tail :]
