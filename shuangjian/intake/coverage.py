"""What the engine may rely on: weeks of which a complete return stands judged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.locks import lock_institutions
from shuangjian.core.weeks import Week
from shuangjian.intake.filings import correct_filings, weeks_between
from shuangjian.intake.models import WeeklyReturn
from shuangjian.intake.sections import Form, check_payload

JUDGED = (WeeklyReturn.State.SUBMITTED, WeeklyReturn.State.RETURNED)


def covered_weeks(institution_ids: Sequence[int], since: dt.date, until: dt.date) -> QuerySet[Any, tuple[Any, ...]]:
    """(institution id, Monday, version id) of judged returns that answer every school day of the present calendar."""
    return WeeklyReturn.objects.filter(
        institution_id__in=institution_ids,
        week__gte=Week.of(since).monday,
        week__lte=until,
        state__in=JUDGED,
        is_complete=True,
    ).values_list("institution_id", "week", "current_version_id")


def follow_calendar(institution_ids: Sequence[int] | None, since: dt.date, until: dt.date) -> None:
    """After a changed calendar: correct the filings, and look again whether the weeks' returns are complete.

    A day that became a school day after the submit has neither data nor tick: the week is then 数据不足 until the
    school corrects its return. Takes the units' locks first, as a submit does: the two touch the same filings and
    returns, and a submit that read the calendar before this change is seen here once it has committed.
    """
    if institution_ids is None:
        schools = Institution.objects.filter(kind=Institution.Kind.SCHOOL)
        institution_ids = list(schools.values_list("pk", flat=True))
    lock_institutions(institution_ids)
    correct_filings(institution_ids, weeks_between(since, until), today=clock.today())
    returns = WeeklyReturn.objects.filter(week__gte=Week.of(since).monday, week__lte=until, state__in=JUDGED)
    returns = returns.filter(institution_id__in=institution_ids)
    changed = []
    for weekly_return in returns.select_related("institution", "current_version"):
        is_complete = _answers_calendar(weekly_return, weekly_return.institution)
        if is_complete != weekly_return.is_complete:
            weekly_return.is_complete = is_complete
            changed.append(weekly_return)
    WeeklyReturn.objects.bulk_update(changed, ["is_complete"])


def _answers_calendar(weekly_return: WeeklyReturn, institution: Institution) -> bool:
    if weekly_return.current_version is None:
        return False
    form = Form.of(institution, Week(weekly_return.week))
    checked = check_payload(form, weekly_return.current_version.payload)
    # A row on a day that is no school day any more is a problem for a new submit, not a gap of this one.
    answered = checked if not checked.problems else None
    return answered is None or not answered.gaps
