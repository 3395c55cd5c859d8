"""The one way in which a rule's querysets end, so that every rule yields the same columns in the same order."""

from __future__ import annotations

from typing import Any

from django.db.models import DecimalField, F, JSONField, Max, QuerySet, SmallIntegerField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

from shuangjian.rules.declare import Code

Column = str | Combinable

#: Column order of a violations queryset; the engine's INSERT relies on it. No model field may start with ``f_``.
COLUMNS = ("f_institution", "f_about", "f_on", "f_observed", "f_limit", "f_severity", "f_facts")


def violations(
    rows: QuerySet[Any],
    *,
    institution: Column,
    about: Column | Code,
    on: Column,
    observed: Column,
    limit: Column,
    severity: Column | None = None,
    facts: Column | None = None,
) -> QuerySet[Any]:
    """Turn filtered (and usually grouped) rows into findings-to-be.

    ``institution`` is an id; ``about`` a stable code within it (``code(…)``); ``on`` a date, never today; observed and
    limit are in the rule's unit. ``severity`` only where a leg differs from the rule's own; ``facts`` a JSON object.
    Of grouped rows, the institution must be the same within each group.
    """
    is_grouped = isinstance(rows.query.group_by, tuple)
    return rows.values(
        f_institution=Max(institution) if is_grouped and isinstance(institution, str) else _column(institution),
        f_about=about.expression(is_grouped=is_grouped) if isinstance(about, Code) else _column(about),
        f_on=_column(on),
        f_observed=_number(observed),
        f_limit=_number(limit),
        f_severity=_Constant(Value(None), SmallIntegerField()) if severity is None else _column(severity),
        f_facts=_Constant(Value({}, JSONField()), JSONField()) if facts is None else Cast(_column(facts), JSONField()),
    )


def missing(rows: QuerySet[Any], *, institution: Column, on: Column) -> QuerySet[Any]:
    """Turn rows (or groups) whose data a rule lacks into institution and date: how a rule's ``unknown`` ends."""
    return rows.values(f_institution=_column(institution), f_on=_column(on))


class _Constant(Cast):
    """A value that groups nothing; Django would name it in GROUP BY, where PostgreSQL hashes it for each row."""

    def get_group_by_cols(self) -> list[Any]:
        return []


def _column(column: Column) -> Any:
    return F(column) if isinstance(column, str) else column


def _number(column: Column) -> Any:
    return Cast(_column(column), DecimalField(max_digits=18, decimal_places=4))
