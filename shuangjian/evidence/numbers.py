"""Running numbers of a year: TS-2026-00001 for complaints, GC-… for observations, JC-… for visits, ZG-… for
rectifications."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import IntegerField, Max
from django.db.models.functions import Cast, Substr

from shuangjian.core.locks import lock_singleton

_LOCKS = {"TS": 61, "GC": 62, "JC": 63, "ZG": 64}


def next_numbers(model: type[models.Model], prefix: str, year: int, count: int) -> list[str]:
    """The next ``count`` numbers of the year, under a lock that lasts to the end of the transaction."""
    lock_singleton(_LOCKS[prefix])
    start = f"{prefix}-{year}-"
    manager: Any = model._default_manager
    running = Cast(Substr("number", len(start) + 1), IntegerField())
    # Only whole numbers of ours: a number that came with other data is not counted on.
    rows = manager.filter(number__regex=rf"^{start}\d{{5,9}}$").aggregate(last=Max(running))
    last = rows["last"] or 0
    return [f"{start}{last + nth:05d}" for nth in range(1, count + 1)]
