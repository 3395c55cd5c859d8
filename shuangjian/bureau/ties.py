"""Which institutions belong together: sites of one brand. A domain registers its own; the bureau knows only that they
are tied, and rules that look at a repetition count what happened at any of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Func, OuterRef, QuerySet
from django.db.models.expressions import Combinable

#: Given an institution (its id, or a reference to a column with it): the ids of all that are tied to it, one column a
#: row. Whether it is among them itself makes no difference; none for an institution without ties.
Ties = Callable[[Any], QuerySet[Any]]

_ties: list[Ties] = []


def register_ties(ties: Ties) -> None:
    """Called when a domain gets ready."""
    if ties not in _ties:
        _ties.append(ties)


def tied_to(institution_id: int) -> set[int]:
    """Ids of the institutions tied to this one, itself left out; a query for each kind of tie."""
    found = {pk for ties in _ties for pk in ties(institution_id).values_list(flat=True)}
    return found - {institution_id}


def with_its_ties(column: str) -> Combinable:
    """Within a subquery: an array of the institution in the outer query's ``column`` and of all tied to it.

    An array, so that ``field__among`` of it is looked up in an index; a joined condition with OR never is.
    """
    found: Combinable = Func(OuterRef(column), template="ARRAY[%(expressions)s]", output_field=_IDS)
    for ties in _ties:
        tied = ArraySubquery(ties(OuterRef(OuterRef(column))))
        found = Func(found, tied, function="array_cat", output_field=_IDS)
    return found


_IDS = ArrayField(BigIntegerField())
