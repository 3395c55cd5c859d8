"""Checks that several kinds have in common."""

from __future__ import annotations

from collections.abc import Sequence

from shuangjian.core import clock
from training_orgs.rows.batch import Batch


def in_order(batch: Batch, first: str, last: str, message: str) -> None:
    """``last`` is not before ``first``; the message is given at ``last``."""
    for index, (start, end) in enumerate(zip(batch.get(first), batch.get(last), strict=True)):
        if start is not None and end is not None and end < start:
            batch.add(index, last, message, "span")


def not_ahead(batch: Batch, *keys: str) -> None:
    """What has happened is not dated after today: a date ahead would end a clock that is still running."""
    today = clock.today()
    for key in keys:
        if not batch.has(key):
            continue
        for index, day in enumerate(batch.get(key)):
            if day is not None and day > today:
                message = f"{batch.kind.column(key).label}晚于今天，请核对；到了那一天再登记。"
                batch.add(index, key, message, "in_future")


def once(batch: Batch, keys: Sequence[str], what: str, *, may_be_empty: Sequence[str] = ()) -> None:
    """No two rows name the same record: of one institution, alike in all of ``keys``. Told at the last of them.

    An empty cell names nothing, but for those of ``may_be_empty``, where two empty cells are alike.
    """
    seen: dict[tuple[object, ...], int] = {}
    columns = [batch.get(key) for key in keys]
    needed = [batch.get(key) for key in keys if key not in may_be_empty]
    units = batch.institutions or [None] * batch.size
    for index, name in enumerate(zip(units, *columns, strict=True)):
        if any(values[index] is None for values in needed):
            continue
        first = seen.setdefault(name, index)
        if first != index:
            message = f"{what}与{batch.table.row(first) or '前面一条'}重复，请删去一行或改正。"
            batch.add(index, keys[-1], message, "duplicate")


def together(batch: Batch, one: str, other: str, message: str) -> None:
    """Both or neither are there; told at ``other``."""
    for index, (left, right) in enumerate(zip(batch.get(one), batch.get(other), strict=True)):
        if (left in (None, "")) != (right in (None, "")):
            batch.add(index, other, message, "incomplete")
