"""Filings counted: expected, filed, on time, late, complete, missing, not yet due. Set-based, over any scoped queryset.

Of one queryset always: expected = filed + missing + pending, and filed = on_time + late. A return that was sent back
still stands and is filed; one that was withdrawn is missing, or pending before its due instant.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import Aggregate, Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from shuangjian.core.choices import FilingState
from shuangjian.intake.models import JUDGED_STATES, Filing, WeeklyReturn


@dataclass(frozen=True)
class FilingCounts:
    """Counts over filings. ``complete``: the return that stands answers every school day, class and stage of the
    calendar as it is now; what is filed late may be complete, and what is filed in time may not."""

    expected: int = 0
    filed: int = 0
    on_time: int = 0
    late: int = 0
    complete: int = 0
    missing: int = 0
    pending: int = 0

    @property
    def filed_rate(self) -> int | None:
        """Whole per cent of what is owed, rounded down, so that 100 means all of it; None where nothing is owed."""
        return self._rate(self.filed)

    @property
    def on_time_rate(self) -> int | None:
        return self._rate(self.on_time)

    @property
    def complete_rate(self) -> int | None:
        return self._rate(self.complete)

    def as_dict(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in _NAMES}

    def _rate(self, count: int) -> int | None:
        return count * 100 // self.expected if self.expected else None


def with_return(filings: QuerySet[Filing]) -> QuerySet[Filing]:
    """Each filing with ``return_state`` (None without a return) and ``is_complete`` of the return of its week."""
    own = WeeklyReturn.objects.filter(institution=OuterRef("institution"), week=OuterRef("week"))
    return filings.annotate(return_state=Subquery(own.values("state")), is_complete=_complete())


def filing_counts(filings: QuerySet[Filing], now: dt.datetime) -> FilingCounts:
    """Counts over a queryset of filings; one query."""
    return filing_counts_with(filings, now)[0]


def filing_counts_with(
    filings: QuerySet[Filing], now: dt.datetime, **also: Aggregate
) -> tuple[FilingCounts, dict[str, Any]]:
    """The same, and further aggregates over the same filings by their names; still one query."""
    counted = filings.order_by().annotate(complete_now=_complete()).aggregate(**_counts(now), **also)
    return FilingCounts(**{name: counted.pop(name) for name in _NAMES}), counted


def filing_counts_by(filings: QuerySet[Filing], now: dt.datetime, key: str) -> dict[Any, FilingCounts]:
    """The same by the values of ``key`` (``week``, ``institution__town``, …), in no order; one query."""
    rows = filings.order_by().annotate(complete_now=_complete()).values(key).annotate(**_counts(now))
    return {row.pop(key): FilingCounts(**{name: row[name] for name in _NAMES}) for row in rows}


def in_state(state: str, now: dt.datetime) -> Q:
    """Rows of ``with_return`` that a reader sees in that state at ``now``; as ``attention.filing_state`` in SQL."""
    returned, withdrawn = WeeklyReturn.State.RETURNED, WeeklyReturn.State.WITHDRAWN
    is_plain = Q(return_state__isnull=True) | ~Q(return_state__in=[returned, withdrawn])
    never = Q(is_filed=False, first_submitted_at__isnull=True)
    conditions: Mapping[str, Q] = {
        FilingState.RETURNED: Q(return_state=returned),
        FilingState.WITHDRAWN: Q(return_state=withdrawn)
        | is_plain & Q(is_filed=False, first_submitted_at__isnull=False),
        FilingState.ON_TIME: is_plain & Q(is_filed=True, first_submitted_at__lte=F("due_at")),
        FilingState.LATE: is_plain & Q(is_filed=True, first_submitted_at__gt=F("due_at")),
        FilingState.PENDING: is_plain & never & Q(due_at__gte=now),
        FilingState.MISSING: is_plain & never & Q(due_at__lt=now),
    }
    return conditions[state]


_NAMES = tuple(field.name for field in fields(FilingCounts))


def _counts(now: dt.datetime) -> dict[str, Count]:
    return {
        "expected": Count("pk"),
        "filed": Count("pk", filter=Q(is_filed=True)),
        "on_time": Count("pk", filter=Q(is_filed=True, first_submitted_at__lte=F("due_at"))),
        "late": Count("pk", filter=Q(is_filed=True, first_submitted_at__gt=F("due_at"))),
        "complete": Count("pk", filter=Q(is_filed=True, complete_now=True)),
        "missing": Count("pk", filter=Q(is_filed=False, due_at__lt=now)),
        "pending": Count("pk", filter=Q(is_filed=False, due_at__gte=now)),
    }


def _complete() -> Exists:
    standing = WeeklyReturn.objects.filter(is_complete=True, state__in=JUDGED_STATES)
    return Exists(standing.filter(institution=OuterRef("institution"), week=OuterRef("week")))
