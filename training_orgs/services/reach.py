"""From which day an institution must be judged again after a change: which other dates' findings a change can alter.

| what changed | findings that it can alter | judge from |
|---|---|---|
| an order or its lines | those of its own day; TO-15 and TO-17 of later days too | the day of payment, old or new |
| lessons taken on a day | TO-15 of charges and TO-17 of that day and later | that day |
| a refund | TO-11 from the request on; TO-15 and TO-17 from its payment on; TO-08 stands | the request |
| a ledger entry, a reserve | TO-17 of that day and later | its day, old or new |
| a session of a course | TO-05, 06 of its day; TO-07, 13, 15, 16 of orders for the course | ``since_for_courses`` |
| what a course is | TO-05, 06 of its sessions; TO-07, 12–16, 19 of orders for it | ``since_for_courses`` |

Nothing alters a finding dated before: no D rule looks ahead of its day but for the sessions of the span paid for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from django.db.models import Min

from training_orgs.models import CourseSession, FeeLine, FeeOrder


def since_for_courses(courses: Iterable[int], days: Iterable[dt.date] | None = None) -> dict[int, dt.date]:
    """Institution id → day, after sessions of the courses (ids) on ``days`` were added, moved or cancelled; None: after
    the courses themselves changed, so that each of their sessions may be judged otherwise.

    The earliest of these days and of the payments for the courses whose span is not over before them. Two queries.
    """
    ids, first = list(courses), min(days, default=None) if days is not None else None
    lines = FeeLine.objects.filter(course__in=ids, order__cancelled_on=None)
    if first is not None:
        lines = lines.exclude(order__ends_on__lt=first)
    sessions = CourseSession.objects.filter(course__in=ids)
    if days is not None:
        sessions = sessions.filter(day__gte=first) if first is not None else sessions.none()
    paid = dict(lines.order_by().values_list("course__institution").annotate(first=Min("order__paid_on")))
    held = dict(sessions.order_by().values_list("institution").annotate(first=Min("day")))
    if first is not None:
        held = {unit: min(day, first) for unit, day in {**dict.fromkeys(paid, first), **held}.items()}
    return {unit: min(day for day in (paid.get(unit), held.get(unit)) if day) for unit in {*paid, *held}}


def since_for_plans(changed: Mapping[int, dt.date | None], today: dt.date) -> dict[int, dt.date]:
    """Institution id → day, after its teaching plan changed from a day on (None: from today on): TO-07, 13, 15 and 16
    stand on the day of payment, so that orders whose span is not over before the change are judged again. One query."""
    first = {unit: day or today for unit, day in changed.items()}
    earliest = min(first.values(), default=today)
    orders = FeeOrder.objects.filter(institution__in=first, cancelled_on=None).exclude(ends_on__lt=earliest)
    paid = dict(orders.order_by().values_list("institution").annotate(first=Min("paid_on")))
    return {unit: min(day, paid.get(unit, day)) for unit, day in first.items()}
