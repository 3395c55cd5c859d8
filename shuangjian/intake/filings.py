"""应报任务: which unit owes the return of which week, and until when. Set-based; corrected with the calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import Count, Max

from shuangjian.bureau.models import Institution, Term
from shuangjian.bureau.workdays import WorkdayCalendar
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.intake.models import JUDGED_STATES, Filing
from shuangjian.journal.services import request_evaluation
from shuangjian.rules.engine import current_overrides
from shuangjian.rules.parameters import frozen, load_parameter

DUE_TIME = load_parameter(__file__, "due_time")

LONGEST_HOLIDAY = dt.timedelta(days=20)

# A unit owes each week in which any of its stages has a school day, from its opening and its go-live on; without a
# go-live date, from the week in which the portal got to know it. Nobody was asked for what lay before.
# The week's numbers come from UnitDay, so a holiday that swallows a week takes its filing away.
_CORRECT = """
WITH due AS (SELECT * FROM unnest(%(weeks)s::date[], %(due)s::timestamptz[]) AS d (week, due_at)),
owed AS (
  SELECT u.institution_id, u.week, count(DISTINCT u.date) AS school_days, d.due_at
  FROM bureau_unitday u
  JOIN due d ON d.week = u.week
  JOIN bureau_institution i ON i.id = u.institution_id
  WHERE u.is_school_day AND (%(institutions)s::bigint[] IS NULL OR u.institution_id = ANY(%(institutions)s))
    AND (u.week + 6 >= greatest(i.opened_on, coalesce(i.went_live_on, i.registered_on), %(floor)s::date)
         OR EXISTS (SELECT 1 FROM intake_weeklyreturn r WHERE r.institution_id = u.institution_id AND r.week = u.week
                    AND r.first_submitted_at IS NOT NULL)
         OR EXISTS (SELECT 1 FROM intake_filing f WHERE f.institution_id = u.institution_id AND f.week = u.week))
    AND (i.closed_on IS NULL OR u.date < i.closed_on)
  GROUP BY u.institution_id, u.week, d.due_at),
gone AS (
  DELETE FROM intake_filing f USING due d
  WHERE f.week = d.week AND (%(institutions)s::bigint[] IS NULL OR f.institution_id = ANY(%(institutions)s))
    AND NOT EXISTS (SELECT 1 FROM owed o WHERE o.institution_id = f.institution_id AND o.week = f.week))
INSERT INTO intake_filing AS f (institution_id, week, school_days, due_at, is_filed, first_submitted_at)
SELECT o.institution_id, o.week, o.school_days, o.due_at,
  coalesce(r.state = ANY(%(judged)s), false), r.first_submitted_at
FROM owed o LEFT JOIN intake_weeklyreturn r USING (institution_id, week)
ON CONFLICT (institution_id, week) DO UPDATE SET school_days = excluded.school_days, due_at = excluded.due_at,
  due_seen_at = CASE WHEN f.due_at = excluded.due_at THEN f.due_seen_at END
WHERE (f.school_days, f.due_at) IS DISTINCT FROM (excluded.school_days, excluded.due_at)
RETURNING f.week
"""


def due_at(week: Week, calendar: WorkdayCalendar) -> dt.datetime:
    """The due instant of a week's return: 18:00 of the first workday on or after the next Monday.

    The bureau's overrides count inside a ``frozen`` block only, as for every standard.
    """
    minutes = DUE_TIME.on(week.monday)
    if minutes is None:
        raise ValueError(f"{week.key} lies before the first date of {DUE_TIME.name}: nothing was due then.")
    return clock.at(calendar.first_on_or_after(week.plus(1).monday), int(minutes))


def correct_filings(institution_ids: Sequence[int] | None, weeks: Sequence[Week], *, today: dt.date) -> list[dt.date]:
    """Make the filings of these units (None: all) and weeks what the calendar says. Weeks not yet begun are left out.

    A new filing lies in the term that runs at ``today`` (the last begun), or belongs to a week of which a return was
    submitted. What was asked once stays asked. Returns the Mondays of the weeks of which filings are new or changed.
    """
    begun = [week for week in weeks if week.monday <= today]
    floor = Term.objects.filter(starts_on__lte=today).aggregate(day=Max("starts_on"))["day"]
    if not begun or floor is None:
        return []
    calendar = WorkdayCalendar.load(begun[0].monday, max(begun).sunday + LONGEST_HOLIDAY)
    with frozen(current_overrides()):
        due = [due_at(week, calendar) for week in begun]
    with connection.cursor() as cursor:
        cursor.execute(
            _CORRECT,
            {
                "institutions": None if institution_ids is None else list(institution_ids),
                "weeks": [week.monday for week in begun],
                "due": due,
                "floor": floor,
                "judged": list(JUDGED_STATES),
            },
        )
        return sorted({monday for (monday,) in cursor.fetchall()})


def weeks_between(since: dt.date, until: dt.date) -> list[Week]:
    """The weeks that touch the range, in order."""
    week, weeks = Week.of(since), []
    while week.monday <= until:
        weeks.append(week)
        week = week.plus(1)
    return weeks


def note_submitted(institution: Institution, week: Week, *, first_submitted_at: dt.datetime) -> None:
    """The unit's return of the week stands submitted; its filing is made now if the week never asked for one."""
    filed = Filing.objects.filter(institution=institution, week=week.monday).update(
        is_filed=True, first_submitted_at=first_submitted_at
    )
    if not filed:
        correct_filings([institution.pk], [week], today=max(clock.today(), week.monday))


def note_withdrawn(institution: Institution, week: Week) -> None:
    """No return of the week stands any more; when it was first submitted stays known."""
    Filing.objects.filter(institution=institution, week=week.monday).update(is_filed=False, due_seen_at=None)


@transaction.atomic
def open_due_filings(now: dt.datetime) -> int:
    """Make the filings of the week that has begun, and ask for RP where a due instant has passed; beat's task.

    Returns how many filings fell due since the last call.
    """
    correct_filings(None, [Week.of(now.date())], today=now.date())
    due = Filing.objects.unfiled().due_before(now).filter(due_seen_at__isnull=True)
    groups = (
        due.order_by()
        .values("institution__town", "week")
        .annotate(filings=Count("pk"))
        .values_list("institution__town", "week", "filings")
    )
    seen = 0
    for town_id, monday, filings in groups:
        scope = "" if town_id is not None else "unassigned"
        cause = f"{Week(monday).key} 周报到期，{filings} 个单位未报"
        request_evaluation(
            town_id=town_id, scope=scope, since=monday, until=monday, rules=["RP-01", "RP-02"], cause=cause
        )
        seen += filings
    due.update(due_seen_at=now)
    return seen
