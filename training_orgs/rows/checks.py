"""Checks that several kinds have in common."""

from __future__ import annotations

from collections.abc import Sequence

from training_orgs.rows.batch import Batch


def in_order(batch: Batch, first: str, last: str, message: str) -> None:
    """``last`` is not before ``first``; the message is given at ``last``."""
    for index, (start, end) in enumerate(zip(batch.get(first), batch.get(last), strict=True)):
        if start is not None and end is not None and end < start:
            batch.add(index, last, message, "span")


def once(batch: Batch, keys: Sequence[str], what: str) -> None:
    """No two rows name the same record: of one institution, alike in all of ``keys``. Told at the last of them."""
    seen: dict[tuple[object, ...], int] = {}
    columns = [batch.get(key) for key in keys]
    units = batch.institutions or [None] * batch.size
    for index, name in enumerate(zip(units, *columns, strict=True)):
        if None in name[1:]:
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
