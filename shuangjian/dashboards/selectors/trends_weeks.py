"""How each unit stood in each week of a term: what rankings and heat grids count. Constant query counts.

The same indicators as the home's and the unit's pages (``selectors.units.UnitRow``, ``intake.attention``), for a whole
term at once; a test compares them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from shuangjian.core.choices import FilingState, Outcome
from shuangjian.core.weeks import Week
from shuangjian.dashboards.selectors.trends_scope import Scope
from shuangjian.intake.filing_counts import in_state, with_return
from shuangjian.intake.models import Filing
from shuangjian.rules.declare import Period, Source, all_rules
from shuangjian.rules.models import Finding, FindingQuerySet
from shuangjian.rules.outcome_grid import Cell, outcome_grid, undismissed

_WORRYING = (Outcome.SUSPECTED_VIOLATION, Outcome.WARNING)
_PER_WEEK = (Period.DAY, Period.WEEK)


@dataclass(frozen=True, slots=True)
class Standing:
    """One unit's week. ``is_due``: a return was owed and fell due, or came before that; ``is_filed``: it stands."""

    cell: Cell
    is_owed: bool
    is_due: bool
    is_filed: bool

    @property
    def is_worrying(self) -> bool:
        """Whether open findings stand: 疑似违规 or 预警."""
        return self.cell.outcome in _WORRYING

    @property
    def lacks_data(self) -> bool:
        """数据不足 that counts: before the due instant a return that is not there yet is no lack."""
        return self.cell.has_insufficient_data and self.is_due

    @property
    def needs_attention(self) -> bool:
        return self.is_worrying or self.lacks_data

    @property
    def counts(self) -> bool:
        """Whether the week belongs to the denominator of shares."""
        return self.is_due or self.is_worrying

    @property
    def shown(self) -> Outcome | None:
        """None where the unit owes no return that week, or owes one that is not due yet."""
        if self.cell.worst:
            return self.cell.outcome
        if not self.is_owed or (not self.is_due and self.cell.outcome == Outcome.INSUFFICIENT_DATA):
            return None
        return self.cell.outcome


Standings = Mapping[tuple[int, dt.date], Standing]


def standings(scope: Scope, weeks: Sequence[Week]) -> Standings:
    """Standing of each unit of the scope in each of the weeks, by (id, Monday), narrowed to the scope's rule."""
    ids = scope.ids
    cells = outcome_grid(ids, weeks, rule=scope.rule.code if scope.rule else "")
    owed = Filing.objects.filter(institution__in=ids, week__in=[week.monday for week in weeks]).order_by()
    filed = {(pk, monday): is_filed for pk, monday, is_filed in owed.values_list("institution_id", "week", "is_filed")}
    waiting = with_return(owed.filter(due_at__gte=scope.now)).filter(in_state(FilingState.PENDING, scope.now))
    pending = set(waiting.values_list("institution_id", "week"))
    kept: dict[tuple[Any, ...], Standing] = {}  # a term has 5,000 unit-weeks and some dozen kinds of them
    result: dict[tuple[int, dt.date], Standing] = {}
    for key, cell in cells.items():
        kind = (cell, key in filed, key in filed and key not in pending, filed.get(key, False))
        standing = kept.get(kind)
        if standing is None:
            standing = kept[kind] = Standing(*kind)
        result[key] = standing
    return result


def due_weeks(scope: Scope) -> list[Week]:
    """Weeks whose returns fell due, oldest first; one query. A week still open is not compared: few have filed yet."""
    owed = Filing.objects.filter(institution__in=scope.ids, due_at__lt=scope.now).order_by()
    mondays = set(owed.filter(week__in=[week.monday for week in scope.weeks]).values_list("week", flat=True).distinct())
    return [week for week in scope.weeks if week.monday in mondays]


def counted_findings(scope: Scope, weeks: Sequence[Week]) -> FindingQuerySet:
    """Findings that count: open, not dismissed, not exempt, not stale, of formal rules, in these weeks.

    As the unit's page counts them; with a rule asked for, that rule's alone.
    """
    rules = [scope.rule] if scope.rule else [rule for rule in all_rules() if rule.period in _PER_WEEK]
    findings = Finding.objects.filter(institution__in=scope.ids, rule__in=[rule.code for rule in rules])
    counted = findings.filter(
        period__in=[week.key for week in weeks], is_trial=False, is_exempt=False, is_stale=False
    ).open()
    judged: FindingQuerySet = undismissed(counted).order_by()
    return judged


def findings_by_unit(scope: Scope, weeks: Sequence[Week]) -> dict[int, int]:
    """Counted findings that a return's data caused, by unit; one query. A return that is missing has no class-days."""
    of_returns = [rule.code for rule in all_rules() if rule.source is Source.RETURN]
    rows = counted_findings(scope, weeks).filter(rule__in=of_returns).values_list("institution_id")
    return dict(rows.annotate(number=Count("pk")))
