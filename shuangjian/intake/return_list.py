"""The weeks of a term with the state of each return: what a school owes, has filed, or must mend."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from shuangjian.bureau.models import Institution, Term, UnitDay
from shuangjian.bureau.workdays import WorkdayCalendar
from shuangjian.core.choices import FilingState
from shuangjian.core.weeks import Week
from shuangjian.intake.filings import due_at
from shuangjian.intake.models import Filing, ReturnVersion, WeeklyReturn
from shuangjian.rules.engine import current_overrides
from shuangjian.rules.parameters import frozen

_LONGEST_HOLIDAY = dt.timedelta(days=27)  # from the week's Monday to the first workday after the longest holiday
_REVIEWED = (WeeklyReturn.State.APPROVED, WeeklyReturn.State.ACCEPTED, WeeklyReturn.State.LOCKED)
_MUST_ACT = (FilingState.MISSING, FilingState.RETURNED, FilingState.WITHDRAWN)


@dataclass(frozen=True)
class WeekRow:
    """One week. ``state`` is None where no return is asked for (补录 is possible all the same).

    ``review`` is the word for a return that was approved, accepted or locked; ``correct_until`` the end of the time in
    which a locked one may be corrected now.
    """

    week: Week
    state: FilingState | None
    due_at: dt.datetime | None
    school_days: int
    version: ReturnVersion | None
    draft_saved_at: dt.datetime | None
    is_begun: bool
    review: str = ""
    correct_until: dt.datetime | None = None
    is_locked: bool = False

    @property
    def must_act(self) -> bool:
        """The school has to do something: not filed in time, sent back, withdrawn, or a correction was granted."""
        return self.state in _MUST_ACT or self.correct_until is not None

    @property
    def action(self) -> str:
        """What the filer does there, as the words of the link."""
        if self.correct_until is not None:
            return "去更正"
        if self.is_locked:
            return "查看或申请更正"
        if self.state in (FilingState.ON_TIME, FilingState.LATE):
            return "查看或更正"
        if self.state == FilingState.RETURNED:
            return "去修改"
        if self.state == FilingState.MISSING:
            return "去补报"
        return "继续填报" if self.draft_saved_at else "去填报"


def state_of(weekly_return: WeeklyReturn | None, filing: Filing | None, now: dt.datetime) -> FilingState | None:
    """What a reader sees of one week; None where nothing is asked for and nothing was submitted."""
    if weekly_return is not None and weekly_return.state == WeeklyReturn.State.RETURNED:
        return FilingState.RETURNED
    if weekly_return is not None and weekly_return.state == WeeklyReturn.State.WITHDRAWN:
        return FilingState.WITHDRAWN
    if filing is not None:
        return filing.state_at(now)
    if weekly_return is not None and weekly_return.is_judged:
        return FilingState.ON_TIME
    return None


def _review_of(weekly_return: WeeklyReturn | None, now: dt.datetime) -> dict[str, Any]:
    if weekly_return is None or weekly_return.state not in _REVIEWED:
        return {}
    is_locked = weekly_return.is_locked_at(now)
    is_open = weekly_return.state == WeeklyReturn.State.LOCKED and not is_locked
    return {
        "review": weekly_return.get_state_display(),
        "correct_until": weekly_return.reopened_until if is_open else None,
        "is_locked": is_locked,
    }


def due_of(week: Week, filing: Filing | None) -> dt.datetime | None:
    """When the week's return is due; None in years before anything was due."""
    if filing is not None:
        return filing.due_at
    try:
        with frozen(current_overrides()):
            return due_at(week, WorkdayCalendar.load(week.monday, week.sunday + _LONGEST_HOLIDAY))
    except ValueError:
        return None


def terms_of(institution: Institution, today: dt.date) -> list[tuple[str, dt.date, dt.date]]:
    """(key, first day, last day) of the terms begun by next week, newest first; stages that differ are joined."""
    spans: dict[str, tuple[dt.date, dt.date]] = {}
    for term in Term.objects.filter(stage__in=institution.stages, starts_on__lte=today + dt.timedelta(days=7)):
        starts_on, ends_on = spans.get(term.key, (term.starts_on, term.ends_on))
        spans[term.key] = min(starts_on, term.starts_on), max(ends_on, term.ends_on)
    return sorted(((key, *span) for key, span in spans.items()), key=lambda term: term[1], reverse=True)


def weeks_of(institution: Institution, since: dt.date, until: dt.date, now: dt.datetime) -> list[WeekRow]:
    """Weeks with a school day or a return between the dates, up to next week, newest first; four queries."""
    first, last = Week.of(since).monday, min(Week.of(until).monday, Week.of(now.date()).plus(1).monday)
    span = {"institution": institution, "week__range": (first, last)}
    days = dict(
        UnitDay.objects.filter(**span, is_school_day=True)
        .values_list("week")
        .annotate(count=Count("date", distinct=True))
        .order_by()
    )
    filings = {filing.week: filing for filing in Filing.objects.filter(**span)}
    returns = {
        row.week: row
        for row in WeeklyReturn.objects.filter(**span)
        .select_related("current_version")
        .defer("draft", "current_version__payload")
    }
    drafted = set(WeeklyReturn.objects.filter(**span, draft__isnull=False).values_list("week", flat=True))
    rows = []
    for monday in sorted(days.keys() | filings.keys() | returns.keys(), reverse=True):
        week, filing, weekly_return = Week(monday), filings.get(monday), returns.get(monday)
        is_begun = monday <= now.date()
        state = state_of(weekly_return, filing, now)
        rows.append(
            WeekRow(
                week=week,
                state=state if state or is_begun else FilingState.PENDING,
                due_at=due_of(week, filing) if filing or not is_begun else None,
                school_days=days.get(monday, 0),
                version=weekly_return.current_version if weekly_return else None,
                draft_saved_at=weekly_return.draft_saved_at if weekly_return and monday in drafted else None,
                is_begun=is_begun,
                **_review_of(weekly_return, now),
            )
        )
    return rows
