"""What a kind of row is: its columns, the record that it becomes, what it refers to and who may file it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models

from shuangjian.bureau.models import Institution
from shuangjian.core.querysets import power_of
from training_orgs.rows.cells import Cell, Text

if TYPE_CHECKING:
    from training_orgs.rows.batch import Batch
    from training_orgs.rows.staging import Written

#: The kinds of institution whose rows these are.
KINDS = (Institution.Kind.TRAINING_ORG, Institution.Kind.SUSPECTED_SITE)
BUREAU = frozenset({"bureau"})
#: Powers of those who look after institutions; towns and centres only within their jurisdiction.
SUPERVISORS = frozenset({"bureau", "centre", "town", "dept"})


@dataclass(frozen=True)
class Reference:
    """A record of the same institution that a cell names by ``field``; its key goes to the column ``attname``."""

    model: type[models.Model]
    field: str
    attname: str
    what: str


@dataclass(frozen=True)
class Column:
    """One column: ``key`` in JSON and CSV, ``label`` its Chinese header, ``cell`` what it may hold.

    ``field`` is the model's column (None: not stored; "": named like the key). ``default`` stands for an empty cell.
    """

    key: str
    label: str
    cell: Cell
    is_required: bool = False
    help: str = ""
    field: str | None = ""
    default: Any = None
    reference: Reference | None = None
    example: str = ""

    @property
    def attname(self) -> str | None:
        """The model's column that holds the value as read; None where it holds none."""
        if self.reference is not None or self.field is None:
            return None
        return self.field or self.key

    @property
    def empty(self) -> Any:
        """What an empty cell stands for."""
        return self.cell.empty if self.default is None else self.default


INSTITUTION = Column(
    "institution",
    "机构代码",
    Text(18),
    help="统一社会信用代码，或系统给出的机构代码",
    field=None,
    example="91440113MA00000000",
)


class Kind:
    """One kind of row. ``unique`` are the model's columns that tell records apart; ``changes`` says whether another
    content of the same key changes the record (else it is an error); ``dated`` the column from whose day on rules have
    to judge again ("": only as of today); ``money``: reconcile from that day."""

    key: ClassVar[str]
    label: ClassVar[str]
    model: ClassVar[type[models.Model]]
    columns: ClassVar[tuple[Column, ...]]
    unique: ClassVar[tuple[str, ...]]
    changes: ClassVar[bool] = True
    dated: ClassVar[str] = ""
    is_money: ClassVar[bool] = False
    of_institution: ClassVar[bool] = True
    #: Columns that the natural key is made of, for messages about rows that are there twice.
    named_by: ClassVar[tuple[str, ...]] = ()
    #: Whether an institution may file its own; the powers of others who may.
    by_own: ClassVar[bool] = True
    by: ClassVar[frozenset[str]] = BUREAU
    #: The list under which a JSON object carries its parts, one row each ("" where it has none).
    child: ClassVar[str] = ""

    @property
    def every_column(self) -> tuple[Column, ...]:
        return (INSTITUTION, *self.columns) if self.of_institution else self.columns

    def column(self, key: str) -> Column:
        for each in self.every_column:
            if each.key == key:
                return each
        raise KeyError(key)

    def check(self, batch: Batch) -> None:
        """Cross-field checks; ``batch.add`` notes what is wrong. References are resolved, broken cells are None."""

    def write(self, batch: Batch) -> Written:
        """Write what has been checked."""
        from training_orgs.rows.staging import merge

        return merge(batch)

    def stored(self, batch: Batch) -> dict[str, list[Any]]:
        """Values by column of the model, for the columns that the table has."""
        found: dict[str, list[Any]] = {}
        if self.of_institution and any(field.attname == "institution_id" for field in self.model._meta.fields):
            found["institution_id"] = batch.institutions
        for column in self.columns:
            if not batch.has(column.key):
                continue
            if column.reference is not None:
                found[column.reference.attname] = batch.references[column.key]
            elif column.attname is not None:
                found[column.attname] = batch.get(column.key)
        return found


_kinds: dict[str, Kind] = {}


def register(kind: type[Kind]) -> type[Kind]:
    """Make a kind known under its key."""
    _kinds[kind.key] = kind()
    return kind


def get_kind(key: str) -> Kind:
    """The kind of this key; KeyError when there is none."""
    return all_kinds()[key]


def all_kinds() -> dict[str, Kind]:
    """Every kind by its key."""
    from training_orgs.rows import kinds  # noqa: F401 - registers them

    return _kinds


def may_file(principal: Any, kind: Kind, institution_id: int | None = None) -> bool:
    """Whether a person or program may file rows of the kind, for this institution or at all; scope is checked apart."""
    if not getattr(principal, "may_write", False):
        return False
    if power_of(principal) in kind.by:
        return True
    own: Institution | None = getattr(principal, "institution", None)
    if not kind.by_own or own is None or own.kind not in KINDS:
        return False
    return institution_id is None or institution_id == own.pk


def earliest(days: Iterable[dt.date | None]) -> dt.date | None:
    """The first of the days that are there."""
    return min((day for day in days if day is not None), default=None)
