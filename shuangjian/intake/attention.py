"""Which units need attention in a week: outcomes joined with filings. A return not yet due is no reason to worry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from shuangjian.core.choices import FilingState, Outcome
from shuangjian.core.weeks import Week
from shuangjian.intake.models import Filing, WeeklyReturn
from shuangjian.rules.outcomes import UnitOutcome, unit_outcomes

_WORRYING = (Outcome.SUSPECTED_VIOLATION, Outcome.WARNING)


@dataclass(frozen=True)
class UnitAttention:
    """A unit's week: what the rules say, where its filing stands (None: it owes none), and when it is or was due."""

    outcome: UnitOutcome
    filing: FilingState | None
    due_at: dt.datetime | None

    @property
    def needs_attention(self) -> bool:
        """Open findings, or data missing after the due instant."""
        if self.outcome.outcome in _WORRYING:
            return True
        return self.outcome.has_insufficient_data and self.filing is not None and self.filing != FilingState.PENDING


def attention(institution_ids: Sequence[int], week: Week, *, now: dt.datetime) -> dict[int, UnitAttention]:
    """The week of each of these institutions; a fixed number of queries."""
    states = filing_states(institution_ids, week, now=now)
    due = dict(
        Filing.objects.filter(institution_id__in=institution_ids, week=week.monday).values_list(
            "institution_id", "due_at"
        )
    )
    outcomes = unit_outcomes(institution_ids, week, now=now)
    return {pk: UnitAttention(outcome, states.get(pk), due.get(pk)) for pk, outcome in outcomes.items()}


def filing_states(institution_ids: Sequence[int], week: Week, *, now: dt.datetime) -> dict[int, FilingState]:
    """Filing state as readers see it, by institution; units that owe nothing are left out. Two queries."""
    returns = dict(
        WeeklyReturn.objects.filter(institution_id__in=institution_ids, week=week.monday).values_list(
            "institution_id", "state"
        )
    )
    filings = Filing.objects.filter(institution_id__in=institution_ids, week=week.monday)
    return {f.institution_id: filing_state(f, returns.get(f.institution_id), now=now) for f in filings}


def filing_state(filing: Filing, return_state: str | None, *, now: dt.datetime) -> FilingState:
    """One filing's state; a return sent back or withdrawn is told apart from one that stands."""
    if return_state == WeeklyReturn.State.RETURNED:
        return FilingState.RETURNED
    if return_state == WeeklyReturn.State.WITHDRAWN:
        return FilingState.WITHDRAWN
    return filing.state_at(now)
