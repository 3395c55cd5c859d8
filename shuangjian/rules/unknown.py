"""Weeks in which data that a rule needs are missing: what turns 合规 into 数据不足 where no finding is proven.

Asked when a return comes to stand, not when its outcome is shown: the answer is kept beside the return, and whoever
keeps it asks again when the calendar or the rules change.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from shuangjian.core.querysets import lookup
from shuangjian.rules.declare import Rule

# Named like its table, so that the rules' own SQL reads it: however many rules ask, the table is read once.
_ROWS = '"{table}" AS MATERIALIZED ({sql})'
_OF_RULE = """
SELECT DISTINCT x.institution, x.day - (extract(isodow FROM x.day)::int - 1), %s
FROM ({sql}) AS x (institution, day)"""


def unknown_weeks(
    rules: Sequence[Rule], institution_ids: Sequence[int], mondays: Sequence[dt.date]
) -> list[tuple[int, dt.date, str]]:
    """(institution, Monday, rule) of weeks with a row whose data are missing for the rule; one query for all of them.

    The weeks between the first and the last Monday; the caller takes those that it asked for.
    """
    asking = [(rule, rule.unknown) for rule in rules if rule.unknown is not None]
    if not asking or not mondays or not institution_ids:
        return []
    since, until = min(mondays), max(mondays) + dt.timedelta(days=6)
    tables: list[str] = []
    of_rules: list[str] = []
    table_params: list[Any] = []
    rule_params: list[Any] = []
    for rule, lacking in asking:
        sql, given = _compile(lacking(_rows_of(rule.about)))
        of_rules.append(_OF_RULE.format(sql=sql))
        rule_params += [rule.code, *given]
    for model in dict.fromkeys(rule.about for rule, _ in asking):
        sql, given = _compile(_needed(_scoped(model, institution_ids, since, until), of_rules))
        tables.append(_ROWS.format(table=model._meta.db_table, sql=sql))
        table_params += given
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(tables)} {' UNION ALL '.join(of_rules)}", table_params + rule_params)
        return cursor.fetchall()


def _scoped(model: Any, institution_ids: Sequence[int], since: dt.date, until: dt.date) -> QuerySet[Any]:
    days = {f"{model.OCCURRED_ON}__gte": since, f"{model.OCCURRED_ON}__lte": until}
    return _rows_of(model).filter(**{lookup(model.INSTITUTION, "in"): institution_ids}, **days)


def _needed(rows: QuerySet[Any], statements: Sequence[str]) -> QuerySet[Any]:
    """Only the columns that the statements name: eight weeks of a district are 400,000 rows, to be kept in memory."""
    fields = [
        field.attname
        for field in rows.model._meta.concrete_fields
        if any(f'"{field.column}"' in statement for statement in statements)
    ]
    return rows.values_list(*fields)


def _rows_of(model: Any) -> QuerySet[Any]:
    rows: QuerySet[Any] = model.objects.all()
    return rows


def _compile(rows: QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    sql, params = rows.order_by().query.get_compiler(connection.alias).as_sql()
    return sql, tuple(params)
