"""The weeks of a term with the state of each return: what a school owes, has filed, or must mend."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from shuangjian.bureau.models import Institution, Term, UnitDay
from shuangjian.bureau.workdays import WorkdayCalendar
from shuangjian.core.choices import FilingState
from shuangjian.core.weeks import Week
from shuangjian.intake.filings import due_at, weeks_between
from shuangjian.intake.models import Filing, WeeklyReturn

_LONGEST_HOLIDAY = dt.timedelta(days=27)
_MUST_ACT = (FilingState.MISSING, FilingState.RETURNED, FilingState.WITHDRAWN)


@dataclass(frozen=True)
class WeekRow:
    """One week. ``state`` is None where no return is asked for (补录 is possible all the same)."""

    week: Week
    state: FilingState | None
    due_at: dt.datetime | None
    school_days: int
    weekly_return: WeeklyReturn | None

    @property
    def must_act(self) -> bool:
        """The school has to do something: not filed in time, sent back, or withdrawn."""
        return self.state in _MUST_ACT

    @property
    def version(self) -> Any:
        """The version that was submitted last, or None."""
        return self.weekly_return.current_version if self.weekly_return else None

    @property
    def has_draft(self) -> bool:
        """Something is saved that has not been submitted."""
        return self.weekly_return is not None and self.weekly_return.draft_saved_at is not None and self.is_drafted

    @property
    def is_drafted(self) -> bool:
        return bool(self.weekly_return and self.weekly_return.has_draft)  # type: ignore[attr-defined]


def state_of(weekly_return: WeeklyReturn | None, filing: Filing | None, now: dt.datetime) -> FilingState | None:
    """What a reader sees of one week; None where nothing is asked for and nothing was submitted."""
    if weekly_return is not None and weekly_return.state == WeeklyReturn.State.RETURNED:
        return FilingState.RETURNED
    if weekly_return is not None and weekly_return.state == WeeklyReturn.State.WITHDRAWN:
        return FilingState.WITHDRAWN
    if filing is not None:
        return filing.state_at(now)
    if weekly_return is not None and weekly_return.state == WeeklyReturn.State.SUBMITTED:
        return FilingState.ON_TIME
    return None
