"""Towns and the bureau review the story's older returns: approved, accepted, and locked when their time is over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from random import Random
from typing import Any

from schools.fiction.weeks import Calendar
from shuangjian.core.weeks import Week
from shuangjian.intake.models import WeeklyReturn
from shuangjian.intake.review import ACCEPT, APPROVE, accept_return, approve_return
from shuangjian.intake.review_many import advance_clean_returns, lock_due_returns

_APPROVED_AFTER, _ACCEPTED_AFTER = dt.timedelta(days=4), dt.timedelta(days=8)
#: Of a week's returns that must be opened one by one, officers get round to this many; the others wait.
_OPENED_A_WEEK = 6
_NOTE = "已电话核实，情况属实，学校已作调整。"


def review_weeks(weeks: Sequence[Week], calendar: Calendar, *, actor: Any, now: dt.datetime, random: Random) -> None:
    """Review what fell due long enough before ``now``; needs the findings, since only clean returns go together."""
    for week in weeks:
        due = calendar.due(week)
        for act, one, after in (
            (APPROVE, approve_return, _APPROVED_AFTER),
            (ACCEPT, accept_return, _ACCEPTED_AFTER),
        ):
            at = due + after
            if at > now:
                continue
            waiting = WeeklyReturn.objects.filter(week=week.monday, state__in=act.may, current_version__isnull=False)
            seen = dict(waiting.order_by("pk").values_list("pk", "current_version__number"))
            _, left = advance_clean_returns(act, seen, actor=actor, now=at)
            opened = random.sample(left, min(_OPENED_A_WEEK, len(left)))
            for each in opened:
                institution = each.weekly_return.institution
                one(institution, week, actor=actor, now=at, note=_NOTE, version=seen[each.weekly_return.pk])
    lock_due_returns(now)
