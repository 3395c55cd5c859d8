"""What the calendar says: school days of units (UnitDay), workdays, terms; and the rebuild after a change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from shuangjian.bureau import unit_days_sql as sql
from shuangjian.bureau.calendar_models import CalendarVersion, Term, UnitDay
from shuangjian.bureau.derived_days import has_days, rebuild_derived_days
from shuangjian.bureau.models import Institution
from shuangjian.bureau.workdays import WorkdayCalendar, add_workdays, first_workday_on_or_after, is_workday
from shuangjian.core.locks import lock_singleton
from shuangjian.core.weeks import Week
from shuangjian.journal.models import ClockTimestamp, Run
from shuangjian.journal.runs import open_run
from shuangjian.journal.services import Scope, record, request_evaluation

__all__ = [
    "CalendarChange",
    "WorkdayCalendar",
    "add_workdays",
    "current_term",
    "first_workday_on_or_after",
    "is_workday",
    "lock_calendar",
    "on_calendar_change",
    "rebuild_unit_days",
    "school_days",
]

_CALENDAR_LOCK = 1

CalendarChange = Callable[["list[int] | None", dt.date, dt.date], None]
_listeners: list[CalendarChange] = []


def on_calendar_change(callback: CalendarChange) -> CalendarChange:
    """Register what must follow a changed UnitDay, in the same transaction.

    Called as ``callback(institution_ids, since, until)``. ``institution_ids`` is None when most of the district
    changed; ``since`` and ``until`` are the first and last changed date. The bureau knows nothing of filings, so
    their correction is registered here by intake.
    """
    _listeners.append(callback)
    return callback


def lock_calendar() -> None:
    """Wait until no other transaction changes the calendar; held to the end of this one.

    Taken before overlaps are checked and days are rebuilt: two rebuilds at once would each miss the other's change.
    """
    lock_singleton(_CALENDAR_LOCK)


@dataclass(frozen=True)
class _Changed:
    """What a rebuild altered at one institution."""

    institution_id: int
    since: dt.date
    until: dt.date
    rows: int


@transaction.atomic
def rebuild_unit_days(
    *,
    cause: str,
    actor: Any,
    institution_ids: Iterable[int] | None = None,
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> CalendarVersion:
    """Derive UnitDay anew from terms, breaks and overrides; only rows that differ are written or removed.

    Scope: these schools (None: all), these dates (None: no bound), widened to whole ISO weeks because each row
    carries the counts of its week. Where rows changed, listeners are called and judging is requested for the changed
    dates, all in this transaction. The version that is returned stands on the rows that this call altered.

    DistrictDay and RestDay follow in the same transaction, whole whatever the dates.
    """
    lock_calendar()
    version = CalendarVersion.objects.create(cause=cause[:200], made_at=ClockTimestamp())
    version.refresh_from_db(fields=["made_at"])
    institutions = None if institution_ids is None else sorted(set(institution_ids))
    changed = _apply(
        {
            "institutions": institutions,
            "since": Week.of(since).monday if since else None,
            "until": Week.of(until).sunday if until else None,
            "version": version.pk,
        }
    )
    record(
        "rebuild_unit_days",
        actor=actor,
        institution_id=institutions[0] if institutions and len(institutions) == 1 else None,
        target=f"校历版本 {version.pk}",
        detail={"cause": cause, "institutions": len(changed), "rows": sum(c.rows for c in changed)},
    )
    if changed:
        _announce(changed, cause, actor)
    if institutions is None or not has_days():  # what one school or town does differently moves none of them
        rebuild_derived_days(cause)
    return version


def _apply(parameters: dict[str, Any]) -> list[_Changed]:
    with connection.cursor() as cursor:
        cursor.execute(sql.CREATE_TARGET)
        # A rebuild before this one in the same transaction has left its rows.
        cursor.execute("TRUNCATE unit_day_target")
        cursor.execute(sql.FILL_TARGET, parameters)
        cursor.execute(sql.ANALYZE_TARGET)
        cursor.execute(sql.APPLY_TARGET, parameters)
        return [_Changed(*row) for row in cursor.fetchall()]


def _announce(changed: list[_Changed], cause: str, actor: Any) -> None:
    since, until = min(c.since for c in changed), max(c.until for c in changed)
    is_most = 2 * len(changed) > Institution.objects.filter(kind=Institution.Kind.SCHOOL).count() and len(changed) > 1
    for listener in _listeners:
        listener(None if is_most else [c.institution_id for c in changed], since, until)
    label = f"校历：{cause}"[:200]
    kind = Run.Kind.CALENDAR
    run = open_run(kind=kind, cause=label, actor=actor, since=since, until=until, is_district=is_most)
    if is_most:
        request_evaluation(scope=Scope.DISTRICT, since=since, until=until, cause=label, run=run)
        return
    for change in changed:
        institution_id = change.institution_id
        request_evaluation(institution_id=institution_id, since=change.since, until=change.until, cause=label, run=run)


def school_days(institution_id: int, week: Week) -> dict[str, list[dt.date]]:
    """The school days of one unit in ``week``, by stage, in order; a stage without any is left out.

    Also left out is a stage whose days nobody knows: UnitDay then has no row in that week.
    """
    days: dict[str, list[dt.date]] = {}
    rows = UnitDay.objects.filter(institution_id=institution_id, week=week.monday, is_school_day=True)
    for stage, date in rows.order_by("date").values_list("stage", "date"):
        days.setdefault(stage, []).append(date)
    return days


def current_term(stage: str, today: dt.date) -> Term | None:
    """The last term of ``stage`` begun on or before ``today``: in a break that is the term before; None before all."""
    return Term.objects.filter(stage=stage, starts_on__lte=today).order_by("-starts_on").first()
