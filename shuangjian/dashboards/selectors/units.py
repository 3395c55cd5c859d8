"""Units of one week with their outcomes: what home, list and town table are made of. Constant query counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from django.db.models import Q

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.core.choices import FilingState, Outcome, Severity
from shuangjian.core.weeks import Week
from shuangjian.dashboards.selectors.jurisdiction import findings_of, units_of
from shuangjian.dashboards.selectors.wording import WORDED_FIELDS, finding_words
from shuangjian.intake.attention import UnitAttention
from shuangjian.intake.attention import attention as attention_of
from shuangjian.rules.outcomes import UnitOutcome, longer_periods

NO_TOWN = "镇街待核实"
_UNFILED = frozenset({FilingState.MISSING, FilingState.WITHDRAWN})


@dataclass(frozen=True)
class UnitRow:
    """One unit in one week. ``worst`` is its worst open finding in words, "" where there is none, or where nobody asked
    (``with_worst``)."""

    unit: Institution
    standing: UnitAttention
    worst: str = ""

    @property
    def result(self) -> UnitOutcome:
        return self.standing.outcome

    @property
    def filing(self) -> FilingState | None:
        return self.standing.filing

    @property
    def needs_attention(self) -> bool:
        return self.standing.needs_attention

    @cached_property
    def lacks_data(self) -> bool:
        """数据不足 that counts: before the due instant a return that is not there yet is no lack."""
        return self.result.has_insufficient_data and self.filing is not None and self.filing != FilingState.PENDING

    @cached_property
    def shown_outcome(self) -> Outcome | None:
        """What the list shows: None where the unit owes no return that week, or owes one that is not due yet."""
        if self.result.findings:
            return self.result.outcome
        is_waiting = self.filing == FilingState.PENDING and self.result.outcome == Outcome.INSUFFICIENT_DATA
        return None if is_waiting or self.filing is None else self.result.outcome

    @property
    def town_name(self) -> str:
        return self.unit.town.name if self.unit.town else NO_TOWN

    @property
    def severities(self) -> list[tuple[int, int]]:
        """(severity, open findings of it), worst first."""
        return [(level, self.result.severities[level]) for level in _LEVELS if self.result.severities.get(level)]

    @property
    def open_findings(self) -> int:
        return self.result.findings

    @property
    def badness(self) -> tuple[int, ...]:
        """Sorts the worst last: counts by severity, then missing data, then a missing return."""
        counts = tuple(self.result.severities.get(level, 0) for level in _LEVELS)
        return (*counts, int(self.lacks_data), int(self.filing in _UNFILED))


@dataclass(frozen=True)
class TownRow:
    """One town in one week, counted over its units."""

    name: str
    code: str
    units: int
    attention: int
    no_data: int
    suspected: int
    expected: int
    filed: int

    @property
    def filing_rate(self) -> int | None:
        """Whole per cent of the returns owed that stand filed; None where none is owed. Rounded down, so that 100
        means all of them."""
        return self.filed * 100 // self.expected if self.expected else None


_LEVELS = sorted((int(level) for level in Severity), reverse=True)
_FILED = frozenset({FilingState.ON_TIME, FilingState.LATE, FilingState.RETURNED})


def unit_rows(user: User, week: Week, now: dt.datetime) -> list[UnitRow]:
    """Every unit of the jurisdiction that was open in that week, worst first; only what lists show of it is read."""
    lean = units_of(user, since=week.monday).select_related(None).only("code", "name", "pinyin", "town_id")
    units = list(lean.prefetch_related("town"))  # a few towns, not a copy of each for every unit
    results = attention_of([unit.pk for unit in units], week, now=now)
    rows = [UnitRow(unit, results[unit.pk]) for unit in units if unit.pk in results]
    return sorted(rows, key=lambda row: (tuple(-count for count in row.badness), row.unit.pinyin, row.unit.code))


def with_worst(user: User, week: Week, rows: Sequence[UnitRow]) -> list[UnitRow]:
    """These rows with their worst findings in words: for those that are shown, of hundreds; one query."""
    worst = _worst_findings(user, week, [row.unit.pk for row in rows])
    return [replace(row, worst=worst.get(row.unit.pk, "")) for row in rows]


def _worst_findings(user: User, week: Week, unit_ids: list[int]) -> dict[int, str]:
    worst = (
        findings_of(user)
        .open()
        .undismissed()
        .filter(findings_of_week(week), institution_id__among=unit_ids, is_exempt=False, is_stale=False)
        .order_by("institution_id", "-severity", "-observed", "id")
        .distinct("institution_id")
        .select_related(None)
        .only("institution_id", *WORDED_FIELDS)  # thousands of rows are sorted for one of each unit
    )
    return {finding.institution_id: finding_words(finding) for finding in worst}


def findings_of_week(week: Week) -> Q:
    """D and W findings of the week, and those of longer periods that hold its last day, as they stand on it."""
    periods = [week.key, *longer_periods(week)]
    return Q(period__in=periods) & (Q(period=week.key) | Q(occurred_on__lte=week.sunday))


def attention(rows: Iterable[UnitRow]) -> list[UnitRow]:
    """The rows that somebody must look at."""
    return [row for row in rows if row.needs_attention]


def town_rows(rows: Sequence[UnitRow]) -> list[TownRow]:
    """One row a town, worst first; units whose town is not confirmed stand together at the end of their rank."""
    grouped: dict[tuple[str, str], list[UnitRow]] = {}
    for row in rows:
        town = row.unit.town
        grouped.setdefault((town.name, town.code) if town else (NO_TOWN, ""), []).append(row)
    towns = [_town_row(name, code, inside) for (name, code), inside in grouped.items()]
    return sorted(towns, key=lambda town: (-town.attention, -town.suspected, -town.no_data, town.name))


def _town_row(name: str, code: str, rows: Sequence[UnitRow]) -> TownRow:
    owed = [row.filing for row in rows if row.filing is not None]
    return TownRow(
        name=name,
        code=code,
        units=len(rows),
        attention=len(attention(rows)),
        no_data=sum(row.lacks_data for row in rows),
        suspected=sum(row.shown_outcome == Outcome.SUSPECTED_VIOLATION for row in rows),
        expected=len(owed),
        filed=sum(state in _FILED for state in owed),
    )


def not_filed(rows: Iterable[UnitRow]) -> list[UnitRow]:
    """Units whose return of the week is owed and does not stand: missing, withdrawn or not due yet."""
    return [row for row in rows if row.filing is not None and row.filing not in _FILED]
