"""Models without a table, whose rows an evaluation derives from others: what several rules would each group anew.

A rule names one in ``over``. It is an unmanaged model with ``INSTITUTION``, ``OCCURRED_ON`` and ``ROWS``, SQL that
yields its columns for institutions, first and last date (a ``%s`` each, in this order, for each table that it reads).
Within the rule's statement a common table expression stands in the table's place: of one rule it is that SQL itself, of
which PostgreSQL leaves out what the rule does not ask for; several rules read a temporary table that was filled once
for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from shuangjian.bureau.calendar_models import UnitDay
from shuangjian.rules.declare import Rule, all_rules
from shuangjian.rules.periods import Span

#: Autovacuum never sees temporary tables: without statistics bad plans are chosen for many rows. For few any plan will
#: do, and ANALYZE takes longer than the plan can save.
FEW_ROWS = 500

_TIMES_LONGER = 2  # a rule that looks at the whole term around a week reads for itself, or all would read the term

#: Named like its table, so that the rules' own SQL reads it: the calendar of the judged days. The planner does not
#: carry the list of institutions and the dates over the join to their days, and would read the whole calendar.
DAYS = UnitDay._meta.db_table
_DAYS_OF_SCOPE = """
"{days}" AS {how} (
  SELECT * FROM "{days}" WHERE institution_id = ANY(%s::bigint[]) AND date BETWEEN %s AND %s)
"""
_SAID_OF_DAYS = ("is_school_day", "week_school_days", "week_first_on")


def days_of_scope(*, is_kept: bool) -> str:
    """The calendar's common table expression; takes the scope.

    ``is_kept``: read once before the join. Of groups the planner expects too few, and would ask for each day by itself.
    """
    return _DAYS_OF_SCOPE.format(days=DAYS, how="MATERIALIZED" if is_kept else "NOT MATERIALIZED")


def asks_calendar(sql: str) -> bool:
    """Whether SQL over a derived model asks for what the calendar says; else PostgreSQL leaves that join out."""
    return any(f'"{column}"' in sql for column in _SAID_OF_DAYS)


def expression(model: Any, *, is_shared: bool) -> str:
    """The common table expression that holds the model's rows; unless they are shared, it takes the scope."""
    rows = f'SELECT * FROM "{_shared(model)}"' if is_shared else model.ROWS  # noqa: S608 - own names
    return f'"{model._meta.db_table}" AS NOT MATERIALIZED ({rows})'


def prepare(cursor: CursorWrapper) -> None:
    """Make the session's temporary table of each derived model, where it is not there yet."""
    for model in _models(all_rules()):
        columns = ", ".join(f'"{field.column}" {field.db_type(connection)}' for field in _fields(model))
        cursor.execute(f'CREATE TEMP TABLE IF NOT EXISTS "{_shared(model)}" ({columns}) ON COMMIT DELETE ROWS')


def share(
    cursor: CursorWrapper, rules: Sequence[Rule], institution_ids: Sequence[int], spans: Mapping[str, Span]
) -> set[str]:
    """Fill the tables of the models that more than one of the rules are over; returns the codes of these rules."""
    shared: set[str] = set()
    for model in _models(rules):
        asking = {rule.code: spans[rule.code] for rule in rules if rule.over is model}
        shortest = min(map(_days, asking.values()))
        asking = {code: span for code, span in asking.items() if _days(span) <= _TIMES_LONGER * shortest}
        if len(asking) < 2:
            continue
        since, until = min(each.since for each in asking.values()), max(each.until for each in asking.values())
        scope: list[Any] = [list(institution_ids), since, until]
        columns = ", ".join(f'"{field.column}"' for field in _fields(model))
        days = days_of_scope(is_kept=True)
        reads = 1 + model.ROWS.count("%s") // len(scope)
        cursor.execute(f'DELETE FROM "{_shared(model)}"')  # noqa: S608 - own names, as below
        into = f'INSERT INTO "{_shared(model)}" ({columns})'
        cursor.execute(f"WITH {days} {into} SELECT {columns} FROM ({model.ROWS}) x", scope * reads)  # noqa: S608
        if cursor.rowcount > FEW_ROWS:
            cursor.execute(f'SET LOCAL default_statistics_target = 10; ANALYZE "{_shared(model)}"')
        shared |= asking.keys()
    return shared


def _days(span: Span) -> int:
    return (span.until - span.since).days + 1


def _models(rules: Iterable[Rule]) -> list[Any]:
    return list(dict.fromkeys(rule.over for rule in rules if rule.over is not None))


def _fields(model: Any) -> list[Any]:
    return [field for field in model._meta.local_concrete_fields if field.column]


def _shared(model: Any) -> str:
    return f"{model._meta.db_table}_shared"
