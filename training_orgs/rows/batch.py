"""Reads a table as its kind means it: typed columns, the institutions and records referred to, all mistakes at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q

from shuangjian.bureau.models import Institution
from shuangjian.core.errors import InvalidInput, Problem
from training_orgs.rows.cells import is_empty
from training_orgs.rows.declare import INSTITUTION, KINDS, Column, Kind, Reference
from training_orgs.rows.table import Table

MOST_PROBLEMS = 50
_REQUIRED = "不能为空，请填写。"
_FEW = 5000


class Batch:
    """The rows of one call. ``get(key)`` gives a column's values (None where the cell is broken), ``institutions`` the
    institution of each row, ``references`` the keys of the records that cells name."""

    def __init__(self, kind: Kind, table: Table, actor: Any, institution: Institution | None) -> None:
        self.kind = kind
        self.table = table
        self.actor = actor
        self.institution = institution
        self.size = table.size
        self.institutions: list[int | None] = []
        self.units: dict[int, Institution] = {}
        self.references: dict[str, list[Any]] = {}
        self.total = 0
        self._problems: list[tuple[int, int, Problem]] = []
        self._values: dict[str, list[Any]] = {}
        #: Of rows that belong together (the lines of an order): the first row of each, and sums by that row.
        self.heads: Sequence[int] = ()
        self.sums: dict[int, Any] = {}
        self.lines: list[Any] = []

    def add(self, index: int, key: str, message: str, code: str = "invalid") -> None:
        """Note what is wrong in a cell ("" as ``key``: in the row), and how to mend it."""
        self.total += 1
        # Every place is kept until the end: the first fifty are told in the order of the rows.
        if len(self._problems) < 20 * MOST_PROBLEMS:
            label, at = self._labels().get(key, ("", 0))
            self._problems.append((index, at, Problem(self.table.place(index, key, label), message, code)))

    def _labels(self) -> dict[str, tuple[str, int]]:
        return {column.key: (column.label, at) for at, column in enumerate(self.kind.every_column, start=1)}

    def has(self, key: str) -> bool:
        """Whether the table has the column at all; a column that it does not have leaves records as they are."""
        return key in self._values

    def get(self, key: str) -> list[Any]:
        """The column's values as read; what an empty cell stands for, where the table does not have the column."""
        found = self._values.get(key)
        return [self.kind.column(key).empty] * self.size if found is None else found

    def put(self, key: str, values: list[Any]) -> None:
        """Replace a column's values by what a check has made of them."""
        self._values[key] = values

    def raise_if_any(self) -> None:
        """InvalidInput with the first fifty problems and how many there are in all."""
        if not self.total:
            return
        problems = [each for _, _, each in sorted(self._problems, key=lambda found: found[:2])][:MOST_PROBLEMS]
        more = f"（先列出 {MOST_PROBLEMS} 处）" if self.total > MOST_PROBLEMS else ""
        raise InvalidInput(problems, f"有 {self.total} 处需要修改，数据没有保存{more}。")

    def read(self) -> None:
        """Every cell by its column, then the institutions and the records that rows refer to."""
        known = {column.key for column in self.kind.every_column}
        for key in self.table.columns:
            if key not in known:
                names = "、".join(f"{column.key}（{column.label}）" for column in self.kind.every_column)
                self.add(0, key, f"不认识“{key}”，可用的有：{names}。", "unknown_column")
        for column in self.kind.every_column:
            raws = self.table.columns.get(column.key)
            if raws is not None:
                self._values[column.key] = self._column(column, raws)
            elif column.is_required and self.size:
                self.add(0, column.key, _REQUIRED, "required")
        if self.kind.of_institution:
            self._find_institutions()
        for column in self.kind.columns:
            if column.reference is not None:
                none: list[Any] = [None] * self.size
                self.references[column.key] = self._find(column, column.reference) if self.has(column.key) else none

    def _column(self, column: Column, raws: Sequence[Any]) -> list[Any]:
        """Each distinct text is read once: a large file repeats a few thousand."""
        read: dict[Any, Any] = {}
        mistakes: dict[Any, str] = {}
        values: list[Any] = []
        for index, raw in enumerate(raws):
            key = raw if raw.__class__ is str else (raw.__class__, repr(raw))
            try:
                value = read[key]
            except KeyError:
                value = read[key] = self._cell(column, raw, key, mistakes)
            if value is None and key in mistakes:
                self.add(index, column.key, mistakes[key], "required" if mistakes[key] == _REQUIRED else "invalid")
            values.append(value)
        return values

    def _cell(self, column: Column, raw: Any, key: Any, mistakes: dict[Any, str]) -> Any:
        if is_empty(raw):
            if column.is_required:
                mistakes[key] = _REQUIRED
                return None
            return column.empty
        try:
            return column.cell.read(raw)
        except ValueError as error:
            mistakes[key] = str(error)
            return None

    def _find_institutions(self) -> None:
        given = self.get(INSTITUTION.key)
        only = self.institution
        if only is not None:
            self.units = {only.pk: only}
            mine = {"", only.code, getattr(getattr(only, "training_org", None), "uscc", None)}
            for index, code in enumerate(given):
                if code is not None and code not in mine:
                    message = f"“{code}”不是本单位。这里只能填“{only.name}”的数据，请改正或删去这一行。"
                    self.add(index, INSTITUTION.key, message, "foreign_institution")
            self.institutions = [only.pk] * self.size
            return
        found = units_by_code({code for code in given if code}, self.actor)
        self.units = {unit.pk: unit for unit in found.values()}
        self.institutions = []
        for index, code in enumerate(given):
            unit = found.get(code) if code else None
            self.institutions.append(unit.pk if unit else None)
            if unit is None and code is not None:
                message = f"没有代码为“{code}”的机构，请先登记机构或改正代码。" if code else _REQUIRED
                self.add(index, INSTITUTION.key, message, "unknown_institution" if code else "required")

    def _find(self, column: Column, reference: Reference) -> list[int | None]:
        texts = self.get(column.key)
        found = lookup(reference, self.institutions, texts)
        keys: list[int | None] = []
        for index, (unit, text) in enumerate(zip(self.institutions, texts, strict=True)):
            key = found.get((unit, text)) if text else None
            keys.append(key)
            if text and unit is not None and key is None:
                message = f"本机构没有{reference.what}“{text}”，请先登记或改正。"
                self.add(index, column.key, message, "unknown_reference")
        return keys


def units_by_code(codes: Iterable[str], actor: Any) -> dict[str, Institution]:
    """Institutions of the register by code and by 统一社会信用代码, of those that the actor may see."""
    wanted = list(codes)
    units = Institution.objects.filter(kind__in=KINDS).select_related("training_org")
    units = units.filter(Q(code__in=wanted) | Q(training_org__uscc__in=wanted))
    if hasattr(actor, "jurisdiction"):
        units = units.visible_to(actor)
    found: dict[str, Institution] = {}
    for unit in units:
        found[unit.code] = unit
        if unit.training_org.uscc:
            found[unit.training_org.uscc] = unit
    return found


def lookup(reference: Reference, units: Sequence[int | None], texts: Sequence[Any]) -> dict[tuple[Any, str], int]:
    """Keys of the referred records by (institution, text); one query."""
    wanted = {text for text in texts if text}
    rows = reference.model._default_manager.filter(institution_id__in={unit for unit in units if unit is not None})
    if len(wanted) <= _FEW:
        rows = rows.filter(**{f"{reference.field}__in": wanted})
    return {(unit, text): key for unit, text, key in rows.values_list("institution_id", reference.field, "pk")}
