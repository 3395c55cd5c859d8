"""A rule's SQL, compiled once per process for the standard values and terms in force, then bound to each scope.

Django takes 1–10 ms to compile a rule, as long as PostgreSQL takes to judge one school's week by it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from shuangjian.bureau.calendar_models import UnitDay
from shuangjian.core.querysets import lookup
from shuangjian.rules.declare import Rule
from shuangjian.rules.periods import Span, TermDates

# Values that no caller passes; wherever they stand in the compiled parameters, the scope's own take their place.
_SINCE, _UNTIL, _IDS = dt.date(1, 1, 3), dt.date(1, 1, 5), [-440113]


# Named like its table, so that the rules' own SQL reads it: the calendar of the judged days. The planner does not carry
# the list of institutions and the dates over the join to their days, and would read the whole calendar for every rule.
_DAYS = UnitDay._meta.db_table
_OF_SCOPE = """
WITH "{days}" AS NOT MATERIALIZED (
  SELECT * FROM "{days}" WHERE institution_id = ANY(%s::bigint[]) AND date BETWEEN %s AND %s)
"""


@dataclass(frozen=True)
class Statement:
    """SQL that yields the columns of ``violations()``, and its parameters with the scope left open."""

    sql: str
    params: tuple[Any, ...]

    def bind(self, institution_ids: Sequence[int], span: Span) -> list[Any]:
        """The parameters for these institutions and dates."""
        scope = ((_SINCE, span.since), (_UNTIL, span.until), (_IDS, list(institution_ids)))
        return [next((given for mark, given in scope if _same(param, mark)), param) for param in self.params]


def statement_of(
    rule: Rule,
    *,
    parameters: str,
    terms: Sequence[TermDates],
    now: dt.datetime,
) -> Statement | None:
    """What the rule selects; None when it can select nothing.

    ``parameters`` is the version of the standard values frozen right now (``parameters.frozen``). A rule that takes
    ``now`` is compiled each time: it may calculate with it.
    """
    if rule.takes_now:
        return _compile(lambda rows: rule.function(rows, now=now), rule.about)
    return _compiled(rule.code, rule.function, rule.about, parameters, tuple(terms))


@lru_cache(maxsize=1_000)
def _compiled(
    code: str, function: Callable[..., QuerySet[Any]], about: Any, parameters: str, terms: tuple[TermDates, ...]
) -> Statement | None:
    """Code, parameters and terms are there for the key: with others the same function compiles to other SQL."""
    return _compile(function, about)


def _compile(function: Callable[..., QuerySet[Any]], model: Any) -> Statement | None:
    rows = model.objects.filter(**{lookup(model.INSTITUTION, "among"): _IDS})
    if on := model.OCCURRED_ON:  # a register has no date of its own: its rules see all of it
        rows = rows.filter(**{f"{on}__gte": _SINCE, f"{on}__lte": _UNTIL})
    try:
        sql, params = function(rows).order_by().query.get_compiler(connection.alias).as_sql()
    except EmptyResultSet:
        return None  # nothing can match; what stood open is cleared all the same
    if f'"{_DAYS}"' not in sql:
        return Statement(sql, tuple(params))
    return Statement(_OF_SCOPE.format(days=_DAYS) + sql, (_IDS, _SINCE, _UNTIL, *params))


def _same(param: Any, mark: Any) -> bool:
    return type(param) is type(mark) and bool(param == mark)
