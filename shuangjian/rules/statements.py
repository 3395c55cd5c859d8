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

from shuangjian.core.querysets import lookup
from shuangjian.rules import derived
from shuangjian.rules.declare import Rule
from shuangjian.rules.periods import Span, TermDates

# Values that no caller passes; wherever they stand in the compiled parameters, the scope's own take their place.
_SINCE, _UNTIL, _IDS = dt.date(1, 1, 3), dt.date(1, 1, 5), [-440113]
_SCOPE = (_IDS, _SINCE, _UNTIL)


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
    is_shared: bool = False,
) -> Statement | None:
    """What the rule selects; None when it can select nothing.

    ``parameters`` is the version of the standard values frozen right now (``parameters.frozen``). A rule that takes
    ``now`` is compiled each time: it may calculate with it. ``is_shared``: the rows that it is over are already there
    (``derived.share``).
    """
    if rule.takes_now:
        return _compile(rule, lambda rows: rule.function(rows, now=now), is_shared=is_shared)
    return _compiled(rule, parameters, tuple(terms), is_shared)


@lru_cache(maxsize=1_000)
def _compiled(rule: Rule, parameters: str, terms: tuple[TermDates, ...], is_shared: bool) -> Statement | None:
    """Parameters and terms are there for the key: with others the same function compiles to other SQL."""
    return _compile(rule, rule.function, is_shared=is_shared)


def _compile(rule: Rule, function: Callable[..., QuerySet[Any]], *, is_shared: bool) -> Statement | None:
    model: Any = rule.over or rule.about
    rows = model.objects.filter(**{lookup(model.INSTITUTION, "among"): _IDS})
    if on := model.OCCURRED_ON:  # a register has no date of its own: its rules see all of it
        rows = rows.filter(**{f"{on}__gte": _SINCE, f"{on}__lte": _UNTIL})
    try:
        sql, params = function(rows).order_by().query.get_compiler(connection.alias).as_sql()
    except EmptyResultSet:
        return None  # nothing can match; what stood open is cleared all the same
    tables = []
    if rule.over is not None:
        tables.append(derived.expression(rule.over, is_shared=is_shared))
    if any(derived.DAYS in text for text in (sql, *tables)):
        tables.insert(0, derived.days_of_scope(is_kept=rule.over is not None and derived.asks_calendar(sql)))
    if not tables:
        return Statement(sql, tuple(params))
    sql = f"WITH {', '.join(tables)} {sql}"
    scopes = sum(text.count("%s") for text in tables) // len(_SCOPE)
    return Statement(sql, (*_SCOPE * scopes, *params))


def _same(param: Any, mark: Any) -> bool:
    return type(param) is type(mark) and bool(param == mark)
