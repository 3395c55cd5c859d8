"""Compliance of units, towns and the district in one week: what ``/compliance/`` answers. Fixed numbers of queries."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Q

from shuangjian.alerts.models import Alert
from shuangjian.bureau.models import CalendarVersion, Institution
from shuangjian.core import clock
from shuangjian.core.choices import FilingState, Outcome, Severity
from shuangjian.core.weeks import Week
from shuangjian.intake.attention import UnitAttention, attention
from shuangjian.intake.models import WeeklyReturn
from shuangjian.journal.models import EvaluationRequest
from shuangjian.rules.declare import find_rule
from shuangjian.rules.engine import current_overrides
from shuangjian.rules.parameters import frozen, parameters_version

Scope = EvaluationRequest.Scope
_Key = tuple[str, int | None, int | None]
_FILED = (FilingState.ON_TIME, FilingState.LATE, FilingState.RETURNED)


@dataclass(frozen=True)
class Freshness:
    """How old the answer is. ``evaluated_at`` is known for the last 7 days of evaluations, else None."""

    submitted_at: dt.datetime | None
    evaluated_at: dt.datetime | None
    is_evaluation_pending: bool

    def as_dict(self) -> dict[str, Any]:
        return {
            "submitted_at": _local(self.submitted_at),
            "evaluated_at": _local(self.evaluated_at),
            "is_evaluation_pending": self.is_evaluation_pending,
        }


@dataclass(frozen=True)
class UnitCompliance:
    """One unit in one week."""

    unit: Institution
    week: Week
    result: UnitAttention
    open_alerts: int
    freshness: Freshness

    def as_dict(self) -> dict[str, Any]:
        outcome = self.result.outcome
        return {
            "level": "institution",
            "institution": self.unit.code,
            "name": self.unit.name,
            "town": None if self.unit.town is None else self.unit.town.code,
            "week": self.week.key,
            "outcome": str(outcome.outcome),
            "insufficient_data": outcome.has_insufficient_data,
            "needs_attention": self.result.needs_attention,
            "severities": severities(outcome.severities),
            "open_alerts": self.open_alerts,
            "filing": None if self.result.filing is None else str(self.result.filing),
            "due_at": _local(self.result.due_at),
            "freshness": self.freshness.as_dict(),
        }

    def rules(self) -> list[dict[str, str]]:
        """Outcome of each rule in force, by rule code."""
        by_rule = self.result.outcome.by_rule
        return [{"rule": code, "title": _title(code), "outcome": str(by_rule[code])} for code in sorted(by_rule)]


def of_units(units: Sequence[Institution], week: Week, *, now: dt.datetime) -> list[UnitCompliance]:
    """The units' week, in the order given. ``units`` come scoped, their towns joined."""
    ids = [unit.pk for unit in units]
    results = attention(ids, week, now=now)
    open_alerts = dict(
        Alert.objects.unclosed()
        .filter(institution_id__in=ids)
        .order_by()
        .values_list("institution_id")
        .annotate(n=Count("pk"))
    )
    submitted = dict(
        WeeklyReturn.objects.filter(institution_id__in=ids, week=week.monday).values_list(
            "institution_id", "current_version__submitted_at"
        )
    )
    evaluated = _evaluations(units, week)
    return [
        UnitCompliance(
            unit,
            week,
            results[unit.pk],
            open_alerts.get(unit.pk, 0),
            Freshness(submitted.get(unit.pk), *evaluated[unit.pk]),
        )
        for unit in units
    ]


def summary(rows: Iterable[UnitCompliance]) -> dict[str, Any]:
    """Counts over units; a unit with 数据不足 beside its outcome is counted there too, never as compliant alone."""
    rows = list(rows)
    outcomes = Counter(str(row.result.outcome.outcome) for row in rows)
    found: Counter[int] = Counter()
    for row in rows:
        found.update(row.result.outcome.severities)
    owed = [row.result.filing for row in rows if row.result.filing is not None]
    return {
        "units": len(rows),
        "needs_attention": sum(row.result.needs_attention for row in rows),
        "insufficient_data": sum(row.result.outcome.has_insufficient_data for row in rows),
        "outcomes": {outcome: outcomes.get(outcome, 0) for outcome in Outcome.values},
        "severities": severities(found),
        "open_alerts": sum(row.open_alerts for row in rows),
        "filings": {
            "expected": len(owed),
            "filed": sum(state in _FILED for state in owed),
            **{str(state): owed.count(state) for state in FilingState},
        },
        "freshness": Freshness(
            _latest(row.freshness.submitted_at for row in rows),
            _latest(row.freshness.evaluated_at for row in rows),
            any(row.freshness.is_evaluation_pending for row in rows),
        ).as_dict(),
    }


def versions() -> dict[str, Any]:
    """What rules are judged by now: version of the parameters and of the calendar. Two queries."""
    calendar = CalendarVersion.objects.order_by("-pk").values_list("pk", flat=True).first()
    with frozen(current_overrides()):
        return {"parameters_version": parameters_version(), "calendar_version": calendar or 0}


def severities(counts: Any) -> dict[str, int]:
    """Open findings by severity, each severity present."""
    return {str(int(level)): counts.get(int(level), 0) for level in Severity}


def _evaluations(units: Sequence[Institution], week: Week) -> dict[int, tuple[dt.datetime | None, bool]]:
    """By unit: when an evaluation of the week was last done, and whether one is still due. One query."""
    ids, towns = [unit.pk for unit in units], {unit.town_id for unit in units if unit.town_id}
    rows = (
        EvaluationRequest.objects.filter(since__lte=week.sunday, until__gte=week.monday)
        .filter(Q(institution__in=ids) | Q(town__in=towns) | Q(scope__in=[Scope.UNASSIGNED, Scope.DISTRICT]))
        .values("scope", "institution_id", "town_id")
        .annotate(last=Max("done_at"), pending=Count("pk", filter=Q(done_at__isnull=True)))
    )
    known: dict[_Key, Any] = {(row["scope"], row["institution_id"], row["town_id"]): row for row in rows}
    result: dict[int, tuple[dt.datetime | None, bool]] = {}
    for unit in units:
        wide: _Key = (Scope.TOWN, None, unit.town_id) if unit.town_id else (Scope.UNASSIGNED, None, None)
        keys: tuple[_Key, ...] = ((Scope.INSTITUTION, unit.pk, None), wide)
        done = _latest(known[key]["last"] for key in keys if key in known)
        # A district row that is done has only become one row a town; what it has judged stands there.
        waiting = (*keys, (Scope.DISTRICT, None, None))
        result[unit.pk] = done, any(known[key]["pending"] for key in waiting if key in known)
    return result


def _latest(instants: Iterable[dt.datetime | None]) -> dt.datetime | None:
    return max((instant for instant in instants if instant is not None), default=None)


def _local(instant: dt.datetime | None) -> dt.datetime | None:
    """Like every other instant of the API: with the offset of Asia/Shanghai."""
    return None if instant is None else clock.local(instant)


def _title(code: str) -> str:
    rule = find_rule(code)
    return code if rule is None else rule.title
