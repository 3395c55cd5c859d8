"""Filings of one week counted by unit, town, centre or for the district: rows of ``/filings/summary/``. Set-based."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Min, QuerySet

from shuangjian.accounts.models import DISTRICT_NAME
from shuangjian.api.levels import DISTRICT, INSTITUTION
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.intake.attention import filing_state
from shuangjian.intake.filing_counts import FilingCounts, filing_counts, filing_counts_by, with_return
from shuangjian.intake.models import Filing

_NAMELESS = {"town": "镇街待核实", "centre": "未归属教育指导中心"}


def of_units(units: Sequence[Institution], filings: QuerySet[Filing], *, week: Week, now: dt.datetime) -> list[Any]:
    """A row for each of these units, also for those that owe nothing; two queries."""
    own = filings.filter(institution__in=units)
    counted = filing_counts_by(own, now, "institution")
    rows: dict[int, Any] = {filing.institution_id: filing for filing in with_return(own)}
    nothing = FilingCounts()
    results = []
    for unit in units:
        filing = rows.get(unit.pk)
        results.append(
            {
                **_row(INSTITUTION, unit.code, unit.name, week, counted.get(unit.pk, nothing)),
                "town": None if unit.town is None else unit.town.code,
                "state": None if filing is None else str(filing_state(filing, filing.return_state, now=now)),
                "due_at": None if filing is None else clock.local(filing.due_at),
            }
        )
    return results


def of_areas(level: str, filings: QuerySet[Filing], *, week: Week, now: dt.datetime) -> list[Any]:
    """A row for each town or centre with a filing, by name, those without one last; or the district's one row.

    Three queries at most.
    """
    due_at = filings.order_by().aggregate(first=Min("due_at"))["first"]
    due = {"due_at": None if due_at is None else clock.local(due_at)}
    if level == DISTRICT:
        return [{**_row(level, None, DISTRICT_NAME, week, filing_counts(filings, now)), **due}]
    counted = filing_counts_by(filings, now, f"institution__{level}")
    model: Any = Institution._meta.get_field(level).related_model
    areas = model.objects.filter(pk__in=[pk for pk in counted if pk is not None])
    rows = [{**_row(level, area.code, area.name, week, counted[area.pk]), **due} for area in areas]
    if None in counted:
        rows.append({**_row(level, None, _NAMELESS[level], week, counted[None]), **due})
    return rows


def _row(level: str, code: str | None, name: str, week: Week, counts: FilingCounts) -> dict[str, Any]:
    return {
        "level": level,
        "code": code,
        "name": name,
        "week": week.key,
        "town": None,
        "state": None,
        **counts.as_dict(),
    }
