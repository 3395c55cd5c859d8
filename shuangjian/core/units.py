"""Units whose numbers are not read as numbers: a time of day, a share, a flag."""

from __future__ import annotations

from decimal import Decimal

TIME_OF_DAY = "时刻"
SHARE = "比例"
FLAG = "是否"

_HUNDREDTHS = Decimal("0.01")


def clock_text(minutes: Decimal | int) -> str:
    """Minutes after midnight as a time of day: 500 → 08:20."""
    hours, rest = divmod(int(minutes), 60)
    return f"{hours:02d}:{rest:02d}"


def share_text(share: Decimal | int) -> str:
    """A share as a percentage of at most two decimals, without idle zeros: 0.9 → 90%, 0.8999 → 89.99%."""
    text = f"{(Decimal(share) * 100).quantize(_HUNDREDTHS):f}"
    return f"{text.rstrip('0').rstrip('.')}%"
