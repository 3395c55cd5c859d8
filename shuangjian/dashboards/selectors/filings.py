"""Who owes the return of a week, in what state it is, and how often a unit has missed lately."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, F, Q

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.core.choices import FilingState
from shuangjian.core.weeks import Week
from shuangjian.dashboards.selectors.jurisdiction import units_of
from shuangjian.dashboards.selectors.units import NO_TOWN
from shuangjian.dashboards.selectors.weeks import weeks_until
from shuangjian.intake.attention import filing_state
from shuangjian.intake.models import Filing, WeeklyReturn

_STANDING = frozenset({FilingState.ON_TIME, FilingState.LATE})


@dataclass(frozen=True)
class FilingLine:
    """The return that one unit owes. ``missed`` and ``late`` count over the eight weeks that end with this one."""

    unit: Institution
    state: FilingState
    due_at: dt.datetime
    filed_at: dt.datetime | None
    missed: int
    late: int

    @property
    def town_name(self) -> str:
        return self.unit.town.name if self.unit.town else NO_TOWN

    @property
    def is_filed(self) -> bool:
        """Whether nothing is left to do: a return that was sent back is to be filed again."""
        return self.state in _STANDING


def filing_lines(user: User, week: Week, now: dt.datetime) -> list[FilingLine]:
    """Every filing of the week in the jurisdiction, those who miss most often first; three queries."""
    units = units_of(user).order_by()
    filings = Filing.objects.filter(institution__in=units)
    habits = {
        row["institution"]: row
        for row in filings.filter(week__in=[each.monday for each in weeks_until(week)])
        .order_by()
        .values("institution")
        .annotate(
            missed=Count("pk", filter=Q(is_filed=False, due_at__lt=now)),
            late=Count("pk", filter=Q(first_submitted_at__gt=F("due_at"))),
        )
    }
    states = dict(
        WeeklyReturn.objects.filter(institution__in=units, week=week.monday).values_list("institution", "state")
    )
    lines = [
        FilingLine(
            unit=filing.institution,
            state=filing_state(filing, states.get(filing.institution_id), now=now),
            due_at=filing.due_at,
            filed_at=filing.first_submitted_at,
            missed=habits[filing.institution_id]["missed"],
            late=habits[filing.institution_id]["late"],
        )
        for filing in filings.filter(week=week.monday).select_related("institution__town")
    ]
    return sorted(lines, key=lambda line: (line.is_filed, -line.missed, -line.late, line.unit.pinyin, line.unit.code))
