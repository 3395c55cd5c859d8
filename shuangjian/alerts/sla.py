"""整改期限: working days to rectify, by severity; the day of raising is day 0 and the last day counts to its end."""

from __future__ import annotations

import datetime as dt

from shuangjian.bureau.workdays import WorkdayCalendar
from shuangjian.core.choices import Severity
from shuangjian.rules.engine import current_overrides
from shuangjian.rules.parameters import frozen, load_parameter

WORKDAYS_TO_RECTIFY = load_parameter(__file__, "workdays_to_rectify")

_LONGEST = 40  # calendar days that surely hold the longest term, Spring Festival included


def due_dates_now(confirmed_on: dt.date) -> dict[int, dt.date]:
    """As ``due_dates``, outside of an evaluation: by the standards as the bureau has approved them until now."""
    with frozen(current_overrides()):
        return due_dates(confirmed_on)


def due_dates(raised_on: dt.date) -> dict[int, dt.date]:
    """Last day to rectify of an alert raised on that day, by severity; standards as in the surrounding ``frozen``."""
    calendar = WorkdayCalendar.load(raised_on, raised_on + dt.timedelta(days=_LONGEST))
    return {
        int(severity): calendar.add(raised_on, int(WORKDAYS_TO_RECTIFY.on(raised_on, key=str(int(severity))) or 0))
        for severity in Severity
    }
