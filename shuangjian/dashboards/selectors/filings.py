"""填报情况: who owes the return of a week, how it stands by town and unit, and over the term. Fixed query counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q
from django.urls import reverse

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution, Term
from shuangjian.core.choices import FilingState
from shuangjian.core.weeks import Week
from shuangjian.dashboards.selectors.units import NO_TOWN
from shuangjian.dashboards.selectors.weeks import short_label, weeks_until
from shuangjian.intake.attention import filing_state
from shuangjian.intake.filing_counts import FilingCounts, filing_counts_by, with_return
from shuangjian.intake.models import Filing, FilingQuerySet

NO_CENTRE = "未归属教育指导中心"
UNCONFIRMED = "none"
_STANDING = frozenset({FilingState.ON_TIME, FilingState.LATE})
_SUBMITTED = _STANDING | {FilingState.RETURNED}
_FEWEST_WEEKS = 2  # a line needs two points


@dataclass(frozen=True)
class FilingLine:
    """The return that one unit owes. ``missed`` and ``late`` count over the eight weeks that end with this one."""

    unit: Institution
    week: Week
    state: FilingState
    is_complete: bool
    school_days: int
    due_at: dt.datetime
    filed_at: dt.datetime | None
    missed: int = 0
    late: int = 0

    @property
    def town_name(self) -> str:
        return self.unit.town.name if self.unit.town else NO_TOWN

    @property
    def centre_name(self) -> str:
        return self.unit.centre.name if self.unit.centre else ""

    @property
    def is_filed(self) -> bool:
        """Whether nothing is left to do: a return that was sent back is to be filed again."""
        return self.state in _STANDING

    @property
    def lacks_days(self) -> bool:
        """A return stands, and does not answer every school day of the calendar as it is now."""
        return self.state in _SUBMITTED and not self.is_complete

    @property
    def return_url(self) -> str:
        """The week's return; "" where none was ever submitted, since others than the school see no draft."""
        return reverse("return", args=[self.unit.code, self.week.key]) if self.filed_at else ""


@dataclass(frozen=True)
class AreaLine:
    """One town or centre in one week. ``code`` "none": units without one."""

    name: str
    code: str
    counts: FilingCounts


@dataclass(frozen=True)
class UnitWeek:
    """One week of a unit's term. ``line`` None: no return was owed."""

    week: Week
    line: FilingLine | None


def filings_of(user: User) -> FilingQuerySet:
    """Every filing of the jurisdiction, those of units closed since included: what was owed was owed."""
    return Filing.objects.visible_to(user)


def filing_lines(user: User, week: Week, now: dt.datetime) -> list[FilingLine]:
    """Every filing of the week in the jurisdiction, those who miss most often first; two queries."""
    filings = filings_of(user)
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
    rows = with_return(filings.filter(week=week.monday)).select_related("institution__town", "institution__centre")
    lines = [_line(filing, now, habits[filing.institution_id]) for filing in rows]
    return sorted(lines, key=lambda line: (line.is_filed, -line.missed, -line.late, line.unit.pinyin, line.unit.code))


def area_lines(
    user: User, week: Week, now: dt.datetime, lines: Sequence[FilingLine], *, by: str = "town"
) -> list[AreaLine]:
    """Counts of each town (``by`` "centre": guidance centre) that owes returns, the least filed first; one query."""
    counted = filing_counts_by(filings_of(user).filter(week=week.monday), now, f"institution__{by}")
    areas = {getattr(line.unit, f"{by}_id"): getattr(line.unit, by) for line in lines}
    nameless = NO_TOWN if by == "town" else NO_CENTRE
    found = [
        AreaLine(area.name, area.code, counted[pk]) if area else AreaLine(nameless, UNCONFIRMED, counted[pk])
        for pk, area in areas.items()
        if pk in counted
    ]
    order = {area.name: area.pinyin for area in areas.values() if area}
    return sorted(found, key=lambda area: (-_owing(area.counts), area.code == UNCONFIRMED, order.get(area.name, "")))


def term_trend(user: User, week: Week, now: dt.datetime) -> dict[str, Any] | None:
    """Lines of the rates over the term's weeks that are due; None where there are fewer than two. Two queries."""
    first, last = term_of(week)
    filings = filings_of(user).filter(week__range=(first.monday, last.monday), due_at__lt=now)
    by_week = sorted(filing_counts_by(filings, now, "week").items())
    if len(by_week) < _FEWEST_WEEKS:
        return None
    worst_on, worst = min(by_week, key=lambda item: (item[1].on_time_rate or 0, item[0]))
    return {
        "id": "filing-trend",
        "kind": "line",
        "title": "本学期每周都全部按时报送"
        if worst.on_time == worst.expected
        else f"本学期按时率最低的是{short_label(Week(worst_on))}：{worst.on_time_rate}%",
        "unit": "%",
        "note": "占应报单位的比例；只列已到期的周次",
        "columns": ["周次", "报送率", "按时率", "完整率"],
        "rows": [
            [short_label(Week(monday)), counts.filed_rate, counts.on_time_rate, counts.complete_rate]
            for monday, counts in by_week
        ],
    }


def unit_weeks(unit: Institution, week: Week, now: dt.datetime) -> list[UnitWeek]:
    """The weeks begun of the term that holds ``week``, newest first, also those that owed nothing; two queries."""
    first, last = term_of(week)
    last = min(last, Week.of(now.date()))
    rows = with_return(Filing.objects.filter(institution=unit, week__range=(first.monday, last.monday)))
    lines = {filing.week: _line(filing, now) for filing in rows.select_related("institution")}
    count = (last.monday - first.monday).days // 7 + 1
    return [UnitWeek(each, lines.get(each.monday)) for each in (last.plus(-back) for back in range(count))]


def term_of(week: Week) -> tuple[Week, Week]:
    """First and last week of the term that holds ``week``, else of the last one begun; stages are joined. One query.

    Without any term: the eight weeks that end with ``week``.
    """
    spans: dict[str, tuple[dt.date, dt.date]] = {}
    for key, begin, end in Term.objects.filter(starts_on__lte=week.sunday).values_list("key", "starts_on", "ends_on"):
        known = spans.get(key, (begin, end))
        spans[key] = min(known[0], begin), max(known[1], end)
    if not spans:
        return weeks_until(week)[0], week
    begin, end = max(spans.values())
    return Week.of(begin), Week.of(end)


def _line(filing: Any, now: dt.datetime, habits: Mapping[str, Any] | None = None) -> FilingLine:
    return FilingLine(
        unit=filing.institution,
        week=Week(filing.week),
        state=filing_state(filing, filing.return_state, now=now),
        is_complete=filing.is_complete,
        school_days=filing.school_days,
        due_at=filing.due_at,
        filed_at=filing.first_submitted_at,
        missed=habits["missed"] if habits else 0,
        late=habits["late"] if habits else 0,
    )


def _owing(counts: FilingCounts) -> float:
    """The share that is not filed."""
    return (counts.missing + counts.pending) / counts.expected if counts.expected else 0.0
