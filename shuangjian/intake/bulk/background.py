"""Lets the database write one batch while this process checks the next: two cores instead of one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections


@contextmanager
def beside() -> Iterator[Executor]:
    """A thread that works on this thread's connection, hence in its transaction; it has ended when the block ends.

    Whoever hands it work waits for the result before using the connection again.
    """
    shared = connections[DEFAULT_DB_ALIAS]
    shared.inc_thread_sharing()
    try:
        with ThreadPoolExecutor(1, "writer", initializer=_adopt, initargs=(shared,)) as pool:
            yield pool
    finally:
        shared.dec_thread_sharing()


def _adopt(shared: Any) -> None:
    connections[DEFAULT_DB_ALIAS] = shared
