"""Writes rows set-based: COPY into a temporary table, then one UPDATE of what differs and one INSERT of what is new."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, models

from training_orgs.rows.batch import Batch

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_SAME = "这一条已登记，内容与本行不同，没有改动。已登记的不能这样更改，请核对；要更正的请作废或另行登记。"


@dataclass
class Written:
    """What became of the rows: how many records are new, changed, as they were; per institution the earliest day
    that is affected (None: only as of today). ``keys``: the record of each row."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    since: dict[int, dt.date | None] = field(default_factory=dict)
    keys: dict[int, int] = field(default_factory=dict)
    fresh: list[int] = field(default_factory=list)
    altered: frozenset[int] = frozenset()


def quoted(name: str | None) -> str:
    return str(connection.ops.quote_name(str(name)))


def copy_into(table: str, types: Mapping[str, str], columns: Mapping[str, Sequence[Any]]) -> None:
    """A temporary table ``table`` (row, then ``columns``), gone when the transaction ends; row counts from 0."""
    names = list(columns)
    size = len(columns[names[0]]) if names else 0
    declared = ", ".join(f"{quoted(name)} {types[name]}" for name in names)
    texts = [_texts(columns[name]) for name in names]
    lines = map("\t".join, zip(map(str, range(size)), *texts, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {quoted(table)}")
        cursor.execute(f"CREATE TEMP TABLE {quoted(table)} (row_no int, {declared}) ON COMMIT DROP")
        if size:
            stream = io.StringIO("\n".join(lines))
            cursor.copy_expert(f"COPY {quoted(table)} FROM STDIN", stream)
        cursor.execute(f"ANALYZE {quoted(table)}")


def _texts(values: Sequence[Any]) -> list[str]:
    """How COPY writes each value; each distinct value is written once. Of equal values any is as good: 1, 1.00, True
    never share a column."""
    known = {value: _text(value) for value in set(values)}
    return [known[value] for value in values]


def _text(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, tuple):
        members = ",".join('"' + str(each).replace("\\", "\\\\").replace('"', '\\"') + '"' for each in value)
        return f"{{{members}}}".translate(_ESCAPES)
    return str(value).translate(_ESCAPES) if isinstance(value, str) else str(value)


def types_of(model: type[models.Model], names: Sequence[str]) -> dict[str, str]:
    """SQL types of the model's columns."""
    by_name = {each.attname: each for each in model._meta.concrete_fields}
    return {name: str(by_name[name].db_type(connection)) for name in names}


def merge(batch: Batch) -> Written:
    """Records of the batch's kind, by its natural key: new ones inserted, those that differ changed.

    Where the kind does not change, rows that differ from the record are problems of the batch instead.
    """
    kind = batch.kind
    columns = kind.stored(batch)
    return merge_columns(batch, kind.model, columns, kind.unique, changes=kind.changes, dated=kind.dated)


def merge_columns(
    batch: Batch,
    model: type[models.Model],
    columns: Mapping[str, Sequence[Any]],
    unique: Sequence[str],
    *,
    changes: bool = True,
    dated: str = "",
    way: str = "institution_id",
) -> Written:
    """As ``merge``, of any model; ``way`` is the SQL of the institution of ``t`` (the record)."""
    stage, table = "staged_rows", quoted(model._meta.db_table)
    copy_into(stage, types_of(model, list(columns)), columns)
    owner = "s.institution_id" if "institution_id" in columns else "NULL::int"
    others = [name for name in columns if name not in unique]
    match = " AND ".join(_equal(model, name) for name in unique)
    old = _tuple("t", others)
    new = _tuple("s", others)
    differs = f"{old} IS DISTINCT FROM {new}" if others else "false"
    day = f"least(t.{quoted(dated)}, s.{quoted(dated)})" if dated else "NULL::date"
    written = Written()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT s.row_no, t.{quoted(model._meta.pk.column)}, {differs}, {owner}, {day} "  # noqa: S608 - names of columns
            f"FROM {stage} s JOIN {table} t ON {match} ORDER BY s.row_no"
        )
        differing = []
        for row, key, is_other, unit, first in cursor.fetchall():
            written.keys[row] = key
            if not is_other:
                written.unchanged += 1
            elif changes:
                differing.append(row)
                note(written, batch.institutions[row] if unit is None else unit, first)
            else:
                batch.add(row, kind_column(batch, unique[-1]), _SAME, "duplicate")
        batch.raise_if_any()
        if differing:
            sets = ", ".join(f"{quoted(name)} = s.{quoted(name)}" for name in others)
            cursor.execute(
                f"UPDATE {table} t SET {sets} FROM {stage} s WHERE {match} AND {differs}"  # noqa: S608
            )
        written.altered, written.changed = frozenset(differing), len(differing)
        _insert(cursor, model, stage, columns, match, written)
    for row in written.fresh:
        first = columns[dated][row] if dated and dated in columns else None
        note(written, batch.institutions[row], first)
    written.created = len(written.fresh)
    return written


def _insert(
    cursor: Any, model: type[models.Model], stage: str, columns: Mapping[str, Any], match: str, written: Written
) -> None:
    """Insert what matches no record; fields that the rows do not state get the model's own defaults."""
    rest = [
        each
        for each in model._meta.concrete_fields
        if each.attname not in columns and not each.primary_key and not each.generated
    ]
    table = quoted(model._meta.db_table)
    names = ", ".join(quoted(name) for name in [*columns, *(each.column for each in rest)])
    values = ", ".join([*(f"s.{quoted(name)}" for name in columns), *("%s" for _ in rest)])
    defaults = [each.get_db_prep_save(each.get_default(), connection) for each in rest]
    pk = quoted(model._meta.pk.column)
    cursor.execute(
        f"SELECT s.row_no FROM {stage} s WHERE NOT EXISTS (SELECT FROM {table} t WHERE {match}) ORDER BY 1"  # noqa: S608
    )
    written.fresh = [row for (row,) in cursor.fetchall()]
    if not written.fresh:
        return
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {values} FROM {stage} s "  # noqa: S608
        f"WHERE NOT EXISTS (SELECT FROM {table} t WHERE {match}) ORDER BY s.row_no RETURNING {pk}",
        defaults,
    )
    # An INSERT … SELECT … ORDER BY gives its rows, and their keys, in that order.
    written.keys |= dict(zip(written.fresh, (key for (key,) in cursor.fetchall()), strict=True))


def note(written: Written, unit: int | None, day: dt.date | None) -> None:
    """Keep the earliest affected day of an institution; ``day`` None: as of today only."""
    if unit is None:
        return
    if unit in written.since:
        before = written.since[unit]
        day = day if before is None else before if day is None else min(before, day)
    written.since[unit] = day


def kind_column(batch: Batch, attname: str) -> str:
    """The key of the column that fills this column of the model; "" where none does."""
    for column in batch.kind.every_column:
        if column.attname == attname or (column.reference and column.reference.attname == attname):
            return column.key
    return ""


def _tuple(alias: str, names: Sequence[str]) -> str:
    return f"ROW({', '.join(f'{alias}.{quoted(name)}' for name in names)})"


def _equal(model: type[models.Model], name: str) -> str:
    field = next(each for each in model._meta.concrete_fields if each.attname == name)
    operator = "IS NOT DISTINCT FROM" if field.null else "="
    return f"t.{quoted(name)} {operator} s.{quoted(name)}"
