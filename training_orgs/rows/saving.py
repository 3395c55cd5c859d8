"""The one way by which rows of the training registers are checked and written, whatever door they come through."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import pghistory
from django.db import DataError, IntegrityError, transaction

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Problem
from shuangjian.core.locks import lock_institutions
from shuangjian.journal.services import Done, record, record_many
from training_orgs.models import Course, CourseSession, Licence, Registration
from training_orgs.rows.batch import Batch
from training_orgs.rows.declare import Kind, get_kind
from training_orgs.rows.staging import Written
from training_orgs.rows.table import Table, of_json, of_nested
from training_orgs.services.judging import ask_many
from training_orgs.services.reach import since_for_courses, since_for_plans
from training_orgs.services.reconciliation import reconcile

_TOO_LARGE = "数字合计起来超出了能够登记的范围，没有保存。请核对金额和课时。"


#: What an institution's page tells the history of, with who wrote each version down.
TOLD_BY_WHOM = (Licence, Registration)


@dataclass(frozen=True)
class Saved:
    """How many records rows created, changed and found as they are; ``keys`` are the records' keys by row; ``since``
    the day from which each institution concerned is judged again (None: only as of today)."""

    created: int
    changed: int
    unchanged: int
    keys: Mapping[int, int]
    fresh: frozenset[int] = frozenset()
    altered: frozenset[int] = frozenset()
    since: Mapping[int, dt.date | None] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"新增 {self.created}，修改 {self.changed}，未变 {self.unchanged}"

    def as_dict(self) -> dict[str, int]:
        return {"created": self.created, "changed": self.changed, "unchanged": self.unchanged}


def save_rows(
    kind: str | Kind,
    rows: Table | Sequence[Mapping[str, Any]],
    *,
    actor: Any,
    institution: Institution | None = None,
    dry_run: bool = False,
) -> Saved:
    """Check and write rows of a kind, all or nothing, with the journal, the reconciliation and the request to judge.

    ``rows``: a Table of a door, or objects as a list body has them. ``institution``: whose every row is; one that names
    another is refused. ``dry_run`` does everything and takes it back. A column that no row has leaves records as they
    are; an empty cell of a column that is there empties it. InvalidInput names every problem (the first fifty) at its
    place.
    """
    of_kind = get_kind(kind) if isinstance(kind, str) else kind
    table = rows if isinstance(rows, Table) else table_of(of_kind, rows)
    batch = Batch(of_kind, table, actor, institution)
    batch.read()
    try:
        with transaction.atomic(), _told_by(of_kind, actor):
            lock_institutions(unit for unit in batch.units)
            of_kind.check(batch)
            batch.raise_if_any()
            written = of_kind.write(batch)
            batch.raise_if_any()
            since = _follow(of_kind, written, actor)
            if dry_run:
                transaction.set_rollback(True)
    except IntegrityError as error:
        raise InvalidInput([Problem("", _sentence(of_kind, error))]) from error
    except DataError as error:
        raise InvalidInput([Problem("", _TOO_LARGE, "too_large")]) from error
    fresh = frozenset(written.fresh)
    return Saved(written.created, written.changed, written.unchanged, written.keys, fresh, written.altered, since)


def _told_by(kind: Kind, actor: Any) -> AbstractContextManager[Any]:
    """Papers keep in each version who wrote it down, in the row itself: a dump and restore keeps it too."""
    if kind.model not in TOLD_BY_WHOM or actor is None:
        return nullcontext()
    return pghistory.context(actor=actor.audit_label)


def table_of(kind: Kind, rows: Sequence[Mapping[str, Any]]) -> Table:
    """Objects as they come in a list body, with the paths that JSON names them by."""
    return of_nested(rows, kind.child) if kind.child else of_json(rows)


def _follow(kind: Kind, written: Written, actor: Any) -> Mapping[int, dt.date | None]:
    """What every write brings with it: the journal, the daily balances, the request to judge; from which day on."""
    counts = {"created": written.created, "changed": written.changed, "unchanged": written.unchanged}
    act = f"save_{kind.key.replace('-', '_')}"
    record(act, actor=actor, target=kind.label, detail=counts)
    if not written.since:
        return {}
    record_many(f"{act}_of", (Done(unit, kind.label) for unit in sorted(written.since)), actor=actor)
    today = clock.today()
    if kind.is_money:
        reconcile(sorted(written.since), min(day or today for day in written.since.values()))
    since = _since(kind, written, today)
    ask_many(since, cause=f"{kind.label}变更")
    return since


def _since(kind: Kind, written: Written, today: dt.date) -> Mapping[int, dt.date | None]:
    """From which day each institution is judged again: what a course is alters all its sessions and the payments for
    them, a session the payments for its course."""
    if kind.model is CourseSession:
        return since_for_plans(written.since, today)
    if kind.model is not Course:
        return written.since
    altered = since_for_courses(written.keys[row] for row in {*written.fresh, *written.altered})
    return {unit: min(day or today, altered.get(unit, today)) for unit, day in written.since.items()}


def _sentence(kind: Kind, error: IntegrityError) -> str:
    """The sentence of the constraint that refused: the last word where two doors write at once."""
    name: Any = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
    for model in (kind.model, *kind.model.__subclasses__()):
        for constraint in model._meta.constraints:
            own = constraint.violation_error_message
            if constraint.name == name and own and own != constraint.default_violation_error_message:
                return str(own)
    return f"{kind.label}与已登记的数据冲突（{name}），没有保存。请核对后重试。"
