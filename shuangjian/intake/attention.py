"""Which units need attention in a week: outcomes joined with filings. A return not yet due is no reason to worry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from shuangjian.core.choices import FilingState, Outcome
from shuangjian.core.weeks import Week
from shuangjian.intake.models import Filing, WeeklyReturn
from shuangjian.rules.outcomes import UnitOutcome, outcomes_of_weeks

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
    return attention_of_weeks(institution_ids, [week], now=now)[week]


def attention_of_weeks(
    institution_ids: Sequence[int], weeks: Sequence[Week], *, now: dt.datetime
) -> dict[Week, dict[int, UnitAttention]]:
    """As ``attention``, for several weeks at the price of one."""
    asked = {"institution_id__among": institution_ids, "week__among": [week.monday for week in weeks]}
    returns = {
        (pk, monday): state
        for pk, monday, state in WeeklyReturn.objects.filter(**asked)
        .order_by()
        .values_list("institution_id", "week", "state")
    }
    filings = {(filing.institution_id, filing.week): filing for filing in Filing.objects.filter(**asked).order_by()}

    def standing(outcome: UnitOutcome, week: Week) -> UnitAttention:
        key = (outcome.institution_id, week.monday)
        filing = filings.get(key)
        state = filing_state(filing, returns.get(key), now=now) if filing else None
        return UnitAttention(outcome, state, filing.due_at if filing else None)

    return {
        week: {pk: standing(outcome, week) for pk, outcome in outcomes.items()}
        for week, outcomes in outcomes_of_weeks(institution_ids, weeks, now=now).items()
    }


def filing_state(filing: Filing, return_state: str | None, *, now: dt.datetime) -> FilingState:
    """One filing's state; a return sent back or withdrawn is told apart from one that stands."""
    if return_state == WeeklyReturn.State.RETURNED:
        return FilingState.RETURNED
    if return_state == WeeklyReturn.State.WITHDRAWN:
        return FilingState.WITHDRAWN
    return filing.state_at(now)
