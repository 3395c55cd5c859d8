"""Which week a page is about."""

from __future__ import annotations

import datetime as dt

from django.db.models import Max, Min, Q

from shuangjian.core.querysets import Principal
from shuangjian.core.weeks import Week
from shuangjian.intake.models import Filing
from shuangjian.rules.periods import BEGINNING

WEEKS_SHOWN = 8
_FARTHEST = dt.timedelta(weeks=60)  # ahead: a school year and its summer


def chosen_week(asked: str | None, principal: Principal, today: dt.date) -> Week:
    """The week asked for as 2026-W47, else the last complete week of which a return is owed.

    That is the one whose returns fell due last, or are falling due now; a week spent in holidays is passed over. Units
    that owe none yet begin with the week that is their first. One query where nothing, or no such week, was asked for.
    """
    if asked:
        try:
            week = Week.parse(asked)
        except ValueError:
            week = None  # an address typed wrongly shows the default week: the picker says which
        if week and week.sunday >= BEGINNING and week.monday <= today + _FARTHEST:
            return week
    this_week = Week.of(today)
    owed = Filing.objects.visible_to(principal).aggregate(
        last=Max("week", filter=Q(week__lt=this_week.monday)), first=Min("week")
    )
    shown = owed["last"] or owed["first"]
    return Week(shown) if shown else this_week.plus(-1)


def weeks_until(week: Week, count: int = WEEKS_SHOWN) -> list[Week]:
    """The ``count`` weeks that end with ``week``, oldest first."""
    return [week.plus(-back) for back in range(count - 1, -1, -1)]


def short_label(week: Week) -> str:
    """第47周, for a column or a title whose year is clear."""
    return f"第{week.monday.isocalendar().week}周"
