"""Advisory locks of one transaction. They outlive savepoints: never take those of two scopes in one transaction."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

_INSTITUTION = 440113  # first key of the two-key lock, so that other advisory locks cannot collide
_SINGLETON = 440114


def lock_institutions(ids: Iterable[int]) -> None:
    """Wait for the locks of these institutions, in sorted order, until the transaction ends.

    Whoever computes findings, regroups, closes or dismisses takes them BEFORE reading: otherwise a slow worker
    re-opens what was corrected meanwhile.
    """
    keys = sorted(set(ids))
    if not keys:
        return
    with connection.cursor() as cursor:
        # unnest keeps the array's order, so every transaction locks in the same order and none can deadlock.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, k) FROM unnest(%s::int[]) AS k", [_INSTITUTION, keys])


def lock_singleton(number: int) -> None:
    """Wait for the lock of a district-wide act (calendar rebuild, sealing) until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_SINGLETON, number])


def try_lock_singleton(number: int) -> bool:
    """Take the lock of a district-wide act until the transaction ends, or say at once that another has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_SINGLETON, number])
        return bool(cursor.fetchone()[0])
