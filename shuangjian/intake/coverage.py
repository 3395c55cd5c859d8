"""What the engine may rely on: weeks of which a complete return stands judged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.locks import lock_institutions
from shuangjian.core.weeks import Week
from shuangjian.intake.filings import DUE_TIME, LONGEST_HOLIDAY, correct_filings, weeks_between
from shuangjian.intake.models import JUDGED_STATES, WeeklyReturn
from shuangjian.intake.sections import Form, all_sections
from shuangjian.intake.sufficiency import recheck_sufficiency
from shuangjian.journal.services import request_evaluation

_AT_A_TIME = 50  # returns with their payloads in memory


def covered_weeks(institution_ids: Sequence[int], since: dt.date, until: dt.date) -> QuerySet[Any, tuple[Any, ...]]:
    """Judged returns that answer every school day of the present calendar.

    Rows of (institution id, Monday, version id, codes of the rules that can lack data and find all they need in it).
    """
    covering = WeeklyReturn.objects.filter(
        institution_id__among=institution_ids,
        week__gte=Week.of(since).monday,
        week__lte=until,
        state__in=JUDGED_STATES,
        is_complete=True,
    ).order_by()
    return covering.values_list("institution_id", "week", "current_version_id", "sufficient_for")


def follow_calendar(institution_ids: Sequence[int] | None, since: dt.date, until: dt.date) -> None:
    """After a changed calendar: correct the filings, and look again whether the weeks' returns are complete.

    A day that became a school day after the submit has neither data nor tick: the week is then 数据不足 until the
    school corrects its return. Takes the units' locks first, as a submit does: the two touch the same filings and
    returns, and a submit that read the calendar before this change is seen here once it has committed.
    """
    is_district = institution_ids is None
    if institution_ids is None:
        schools = Institution.objects.filter(kind=Institution.Kind.SCHOOL)
        institution_ids = list(schools.values_list("pk", flat=True))
    lock_institutions(institution_ids)
    correct_filings(institution_ids, weeks_between(since, until), today=clock.today())
    _follow_due_days(institution_ids, since, is_district=is_district)
    recheck_returns(institution_ids, since, until)


def _follow_due_days(institution_ids: Sequence[int], since: dt.date, *, is_district: bool) -> None:
    """Correct the filings of weeks before these days that fall due on them, and ask whether they are late still."""
    first = Week.of(since).monday
    weeks = weeks_between(first - LONGEST_HOLIDAY, first - dt.timedelta(days=1))
    moved = correct_filings(institution_ids, weeks, today=clock.today())
    if not moved:
        return
    for institution_id in [None] if is_district else institution_ids:
        request_evaluation(
            institution_id=institution_id,
            since=moved[0],
            until=Week.of(moved[-1]).sunday,
            rules=["RP-01", "RP-02"],
            cause="校历：周报截止时刻随工作日改变",
        )


def follow_due_time(parameter: str, since: dt.date, today: dt.date) -> None:
    """After a changed 截止时刻: correct when the returns of the weeks since then are due. Other standards: nothing."""
    if parameter != DUE_TIME.name:
        return
    schools = Institution.objects.filter(kind=Institution.Kind.SCHOOL)
    lock_institutions(list(schools.values_list("pk", flat=True)))
    correct_filings(None, weeks_between(since, today), today=today)


def recheck_returns(institution_ids: Sequence[int], since: dt.date, until: dt.date) -> None:
    """Look again at the judged returns of these weeks, by the calendar, classes and stages as they are now.

    Whether they answer every school day, and for which rules their data suffice.
    """
    lock_institutions(institution_ids)
    returns = WeeklyReturn.objects.filter(
        institution_id__in=institution_ids, week__gte=Week.of(since).monday, week__lte=until, state__in=JUDGED_STATES
    )
    now: dict[bool, list[int]] = {True: [], False: []}
    rows = returns.select_related("institution", "current_version").defer("draft").order_by("week", "pk")
    some = rows.iterator(_AT_A_TIME)
    while batch := list(islice(some, _AT_A_TIME)):
        forms = Form.of_many([(each.institution, Week(each.week)) for each in batch])
        for weekly_return, form in zip(batch, forms, strict=True):
            is_complete = _answers_everything(weekly_return, form)
            if is_complete != weekly_return.is_complete:
                now[is_complete].append(weekly_return.pk)
    for is_complete, changed in now.items():
        WeeklyReturn.objects.filter(pk__in=changed).update(is_complete=is_complete)
    recheck_sufficiency(institution_ids, since, until)


def _answers_everything(weekly_return: WeeklyReturn, form: Form) -> bool:
    """Only gaps count: a row on a day that is no school day any more is wrong for a new submit, not missing here."""
    if weekly_return.current_version is None:
        return False
    payload = weekly_return.current_version.payload
    for section in all_sections():
        rows = {key: payload.get(key, []) for key in section.columns(form)}
        if next(section.gaps(form, rows), None) is not None:
            return False
    return True
