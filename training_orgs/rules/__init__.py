"""The TO rules, one module per group of clauses; importing the package declares them all."""

from training_orgs.rules import (
    approval,
    charges,
    custody,
    disputes,
    hours,
    listed,
    observed,
    operating,
    premises,
    refunds,
    scope,
    spans,
    staff,
    times,
    words,
)

__all__ = [
    "approval",
    "charges",
    "custody",
    "disputes",
    "hours",
    "listed",
    "observed",
    "operating",
    "premises",
    "refunds",
    "scope",
    "spans",
    "staff",
    "times",
    "words",
]
