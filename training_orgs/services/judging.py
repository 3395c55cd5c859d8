"""Asking that institutions be judged again after something about them changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from django.db.models import Q

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.journal.services import Asked, request_evaluations
from shuangjian.rules.periods import BEGINNING


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


def ask_counting_bodies(towns: Iterable[int | None], *, since: dt.date, cause: str) -> None:
    """Ask that the bodies that answer for the number of institutions (TO-02) and for the lists (TO-34) be judged, from
    the month of ``since`` on: the bureau's, and those of these towns (ids)."""
    named = {town for town in towns if town is not None}
    of_towns = Q(category="bureau") | Q(category="town", town__in=named)
    bodies = Institution.objects.filter(of_towns, kind=Institution.Kind.PUBLIC_BODY)
    first = max(since.replace(day=1), BEGINNING)
    ask_many(dict.fromkeys(bodies.values_list("pk", flat=True), first), cause=cause)
