"""DistrictDay and RestDay brought up to date with the calendar: set-based, only what differs is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from shuangjian.bureau import derived_days_sql as sql
from shuangjian.bureau.calendar_models import DistrictDay
from shuangjian.core.choices import Stage

#: The guideline's first year has workdays that deadlines of its first months count.
FIRST = dt.date(2021, 1, 1)


@dataclass(frozen=True)
class DaysChanged:
    """What a rebuild altered. ``rest``: first and last date on which a stage's rest day began, ended or became another;
    None when none did. ``workdays``: whether any date or count of the working calendar changed."""

    rest: tuple[dt.date, dt.date] | None
    workdays: bool


DaysChange = Callable[[DaysChanged, str], None]
_listeners: list[DaysChange] = []


def on_derived_days_change(callback: DaysChange) -> DaysChange:
    """Register what must follow, in the same transaction, as ``callback(changed, cause)``: a domain's judging again.

    The bureau knows no rules, so whoever's rules read these days asks for them.
    """
    if callback not in _listeners:
        _listeners.append(callback)
    return callback


def has_days() -> bool:
    """Whether the days were ever derived: a database that is older than they are has none until the next rebuild."""
    return DistrictDay.objects.exists()


def rebuild_derived_days(cause: str) -> DaysChanged:
    """Derive both anew, and tell the listeners where anything changed. Call under the calendar's lock."""
    with connection.cursor() as cursor:
        cursor.execute(sql.CREATE_TARGETS)
        cursor.execute(sql.FILL_DISTRICT_DAYS, {"first": FIRST})
        cursor.execute(sql.FILL_REST_DAYS, {"stages": Stage.values})
        cursor.execute(sql.REMOVE_DISTRICT_DAYS)
        removed = cursor.rowcount
        cursor.execute(sql.ADD_DISTRICT_DAYS)
        added = cursor.rowcount
        cursor.execute(sql.APPLY_REST_DAYS)
        since, until = cursor.fetchone()
    changed = DaysChanged((since, until) if since else None, bool(removed or added))
    if changed.rest or changed.workdays:
        for listener in _listeners:
            listener(changed, cause)
    return changed
