"""课消 (一课一消): what a lesson takes from each order line, exact to fen, and how it becomes confirmed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Sum

import training_orgs
from shuangjian.core.errors import Conflict, Refused
from shuangjian.core.locks import lock_institutions
from shuangjian.journal.services import record
from shuangjian.rules.engine import current_overrides
from shuangjian.rules.parameters import frozen, load_parameter
from training_orgs.choices import Channel, LedgerKind
from training_orgs.models import Consumption, CourseSession, FeeOrder
from training_orgs.services.judging import ask
from training_orgs.services.ledger import post_entry
from training_orgs.services.reconciliation import reconcile

#: Workdays of silence after which a lesson taken counts as confirmed.
CONFIRMED_BY_SILENCE = load_parameter(training_orgs.__file__, "confirmed_by_silence")

# Each pupil's lesson is taken from the oldest order first. The yuan of a line follow its hours (gift hours are hours
# like others): what the hours taken so far come to, rounded, less what was taken before, so that roundings never add
# up and the last hour takes the rest. An order with a refund paid is closed.
_TAKE = """
WITH lines AS (
  SELECT l.id, l.order_id, o.pupil, o.paid_on, o.contract_no, l.position, l.amount, l.hours + l.gift_hours AS total,
    coalesce(t.hours, 0) AS taken, coalesce(t.amount, 0) AS spent,
    round(%(minutes)s::numeric / l.lesson_minutes, 2) AS wanted
  FROM training_orgs_feeline l
  JOIN training_orgs_feeorder o ON o.id = l.order_id
  LEFT JOIN LATERAL (
    SELECT sum(c.hours) AS hours, sum(c.amount) AS amount FROM training_orgs_consumption c WHERE c.line_id = l.id
  ) t ON true
  WHERE l.course_id = %(course)s AND o.cancelled_on IS NULL AND o.paid_on <= %(day)s AND o.starts_on <= %(day)s
    AND (o.ends_on IS NULL OR o.ends_on >= %(day)s)
    AND (%(pupils)s::text[] IS NULL OR o.pupil = ANY(%(pupils)s))
    AND NOT EXISTS (SELECT FROM training_orgs_refund r WHERE r.order_id = o.id AND r.paid_on IS NOT NULL)
    AND NOT EXISTS (
      SELECT FROM training_orgs_consumption c JOIN training_orgs_feeline l2 ON l2.id = c.line_id
      JOIN training_orgs_feeorder o2 ON o2.id = l2.order_id
      WHERE c.session_id = %(session)s AND o2.institution_id = o.institution_id AND o2.pupil = o.pupil)
), shares AS (
  SELECT *, least(total - taken, greatest(0, wanted - coalesce(sum(total - taken) OVER before, 0))) AS hours
  FROM lines WHERE total > taken
  WINDOW before AS (PARTITION BY pupil ORDER BY paid_on, contract_no, position
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), written AS (
  INSERT INTO training_orgs_consumption (institution_id, line_id, session_id, day, hours, amount)
  SELECT %(institution)s, id, %(session)s, %(day)s, hours, CASE WHEN taken + hours >= total THEN amount - spent
    ELSE least(amount - spent, greatest(0, round(amount * (taken + hours) / total, 2) - spent)) END
  FROM shares WHERE hours > 0
  RETURNING id, line_id, amount
), summed AS (
  SELECT l.order_id, sum(w.amount) AS amount FROM written w JOIN training_orgs_feeline l ON l.id = w.line_id
  GROUP BY l.order_id
), booked AS (
  UPDATE training_orgs_feeorder o SET consumed = o.consumed + s.amount FROM summed s WHERE s.order_id = o.id
  RETURNING o.id
)
SELECT (SELECT count(*) FROM written), (SELECT count(*) FROM booked)
"""

# The workday on which the silence is over, as the calendar counts it; a date beyond the calendar confirms nothing.
_CONFIRM_SILENT = """
UPDATE training_orgs_consumption c SET confirmed_on = over.date
FROM bureau_districtday since
JOIN bureau_districtday over ON over.is_workday AND over.workdays = since.workdays + %(workdays)s
WHERE c.confirmed_on IS NULL AND since.date = c.day AND over.date < %(today)s
  AND (%(institutions)s::int[] IS NULL OR c.institution_id = ANY(%(institutions)s))
"""


@transaction.atomic
def take_lessons(
    session: CourseSession,
    *,
    actor: Any,
    today: dt.date,
    pupils: Iterable[str] | None = None,
    with_release: bool = False,
) -> int:
    """Take one session's hours from the order lines of its course; returns how many lines were charged.

    ``pupils``: the pseudonyms of those who were there, None for all with an open order. The hours are the session's
    minutes by the line's lesson minutes. A pupil is charged once a session, so that a repeated call changes nothing.
    A line's consumptions sum to its amount when its last hour is taken. ``with_release`` also books what each custody
    order releases (课消划拨), where the bank's own ledger is not brought in.
    """
    lock_institutions([session.institution_id])
    session = CourseSession.objects.select_related("course").get(pk=session.pk)
    if session.is_cancelled:
        raise Conflict(f"{session.course.title} {session.day} 的场次已取消，不能记课消。", code="cancelled")
    if session.day > today:
        raise Refused(f"{session.course.title} {session.day} 还没有上课，不能记课消。", code="in_future")
    charged = _take(session, None if pupils is None else list(pupils))
    if not charged:
        return 0
    if with_release:
        _release(session)
    reconcile([session.institution_id], session.day)
    target = f"course-session:{session.course.number}/{session.day}"
    detail = {"lines": charged, "with_release": with_release}
    record("take_lessons", actor=actor, institution_id=session.institution_id, target=target, detail=detail)
    ask(session.institution_id, session.day, today, f"课消 {session.course.number} {session.day}")
    return charged


@transaction.atomic
def confirm(consumptions: Iterable[Consumption], *, confirmed_on: dt.date, actor: Any) -> int:
    """Parents have said yes to these lessons, all of one institution; returns how many were open until now."""
    asked = list(consumptions)
    institutions = {each.institution_id for each in asked}
    if not asked:
        return 0
    if len(institutions) > 1:
        raise ValueError("confirm() takes the consumptions of one institution: call it once for each.")
    early = min(asked, key=lambda each: (confirmed_on - each.day).days)
    if confirmed_on < early.day:
        raise Refused(f"确认日期 {confirmed_on} 早于上课日期 {early.day}，请改正。", code="too_early")
    pending = Consumption.objects.filter(pk__in=[each.pk for each in asked], confirmed_on__isnull=True)
    changed = pending.update(confirmed_on=confirmed_on)
    if changed:
        detail = {"consumptions": changed, "confirmed_on": str(confirmed_on)}
        record("confirm_consumptions", actor=actor, institution_id=institutions.pop(), target="课消", detail=detail)
    return changed


@transaction.atomic
def confirm_silent(today: dt.date, institution_ids: Iterable[int] | None = None, *, actor: Any = None) -> int:
    """Confirm every lesson to which parents were silent beyond the bound; set-based; returns how many.

    ``confirmed_on`` becomes the last workday of the silence: lessons are day 0. Running it late changes nothing.
    """
    with frozen(current_overrides()):
        workdays = CONFIRMED_BY_SILENCE.on(today)
    if workdays is None:
        return 0
    institutions = None if institution_ids is None else sorted(set(institution_ids))
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {"workdays": int(workdays), "today": today, "institutions": institutions}
        cursor.execute(_CONFIRM_SILENT, parameters)
        changed = cursor.rowcount
    if changed:
        record(
            "confirm_silent", actor=actor, target="课消", detail={"consumptions": changed, "workdays": int(workdays)}
        )
    return changed


def _take(session: CourseSession, pupils: list[str] | None) -> int:
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {
            "institution": session.institution_id,
            "session": session.pk,
            "course": session.course_id,
            "day": session.day,
            "minutes": session.ends_at - session.starts_at,
            "pupils": pupils,
        }
        cursor.execute(_TAKE, parameters)
        return int(cursor.fetchone()[0])


def _release(session: CourseSession) -> None:
    sums: list[tuple[int, Decimal]] = list(
        Consumption.objects.filter(session=session, amount__gt=0, line__order__channel=Channel.CUSTODY)
        .order_by()
        .values_list("line__order")
        .annotate(total=Sum("amount"))
        .order_by("line__order")
    )
    orders = FeeOrder.objects.in_bulk([pk for pk, _ in sums])
    for pk, total in sums:
        post_entry(
            session.institution_id,
            kind=LedgerKind.RELEASE,
            day=session.day,
            amount=total,
            reference=f"HB{session.day:%y%m%d}-{session.pk}-{pk}",
            order=orders[pk],
        )
