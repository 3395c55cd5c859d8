"""Asking that institutions be judged again after something about them changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from shuangjian.core import clock
from shuangjian.journal.services import Asked, request_evaluations


def ask(
    institution_id: int, since: dt.date | None = None, until: dt.date | None = None, cause: str = "机构数据变更"
) -> None:
    """Ask, in the transaction of the fact, that one institution be judged from ``since`` (the earliest affected day;
    None: today, which is enough for rules of a state) to ``until`` (None: today)."""
    ask_many({institution_id: since}, until=until, cause=cause)


def ask_many(since: Mapping[int, dt.date | None], *, until: dt.date | None = None, cause: str) -> None:
    """As ``ask``, for each institution from its own day on; a day ahead of ``until`` counts as ``until``."""
    last = until or clock.today()
    request_evaluations(Asked(unit, min(first or last, last), last, cause) for unit, first in sorted(since.items()))
