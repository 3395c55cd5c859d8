"""Create or change many records by their key in a few statements; triggers keep the history of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import models

from shuangjian.bureau.tables import ImportResult, Line, Problems

ModelT = TypeVar("ModelT", bound=models.Model)


@dataclass(frozen=True)
class Wanted:
    """What a line of a table asks of one record: values by field name."""

    line: Line
    values: dict[str, Any]


@dataclass(frozen=True)
class Upserted(Generic[ModelT]):
    """The records that an upsert wrote, and how many it found as they should be."""

    created: list[ModelT]
    changed: list[ModelT]
    unchanged: int

    @property
    def result(self) -> ImportResult:
        return ImportResult(len(self.created), len(self.changed), self.unchanged)


def upsert(
    model: type[ModelT], existing: Mapping[Any, ModelT], wanted: Mapping[Any, Wanted], problems: Problems
) -> Upserted[ModelT]:
    """Write ``wanted`` over ``existing``, both by key. InvalidInput, and nothing written, when a value does not fit.

    Uniqueness is the caller's to check over the whole table, which knows the lines; the database has the last word.
    """
    created, changed, fields = [], [], set()
    for key, want in wanted.items():
        record = existing.get(key)
        if record is None:
            record = model(**want.values)
            _clean(record, want, problems)
            created.append(record)
            continue
        different = [name for name, value in want.values.items() if getattr(record, name) != value]
        if different:
            for name in different:
                setattr(record, name, want.values[name])
            _clean(record, want, problems)
            changed.append(record)
            fields.update(different)
    problems.raise_if_any()
    manager: models.Manager[ModelT] = model._default_manager
    manager.bulk_create(created, batch_size=1000)
    if changed:
        manager.bulk_update(changed, sorted(fields), batch_size=1000)
    return Upserted(created, changed, len(wanted) - len(created) - len(changed))


def _clean(record: models.Model, want: Wanted, problems: Problems) -> None:
    # Foreign keys were looked up in whole tables; validating each would be a query a record.
    relations = {field.name for field in record._meta.concrete_fields if field.is_relation}
    try:
        record.clean_fields(exclude=relations)
        record.clean()
    except ValidationError as error:
        for field, messages in error.message_dict.items():
            for message in messages:
                problems.add(want.line, field, message)
