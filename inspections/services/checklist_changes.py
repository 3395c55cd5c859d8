"""How a draft differs from the version in use, and marks by which a form notices that somebody was faster."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from inspections.models import ChecklistItem, ChecklistVersion
from inspections.services.checklist_checks import FIELDS, label_of
from shuangjian.core.choices import Severity
from shuangjian.evidence.kinds import kind_label
from shuangjian.rules.clauses import all_clauses

_SHOWN = tuple(field for field in FIELDS if field != "code")


@dataclass(frozen=True)
class FieldChange:
    """One field of an item that both versions have; both values as people read them."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class ItemChange:
    item: ChecklistItem
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True)
class Changes:
    """Items by code: new ones, those whose content differs, those left out. ``is_moved``: the common ones stand in
    another order."""

    added: tuple[ChecklistItem, ...]
    changed: tuple[ItemChange, ...]
    removed: tuple[ChecklistItem, ...]
    is_moved: bool

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed or self.is_moved)

    def as_dict(self) -> dict[str, Any]:
        return {
            "added": [item.code for item in self.added],
            "changed": [change.item.code for change in self.changed],
            "removed": [item.code for item in self.removed],
            "is_moved": self.is_moved,
        }


def changes_between(before: Sequence[ChecklistItem], after: Sequence[ChecklistItem]) -> Changes:
    """What leads from the items in use to those of a draft, both in their order."""
    old, new = {item.code: item for item in before}, {item.code: item for item in after}
    both = [(old[code], item) for code, item in new.items() if code in old]
    changed = tuple(ItemChange(item, fields) for was, item in both if (fields := field_changes(was, item)))
    return Changes(
        added=tuple(item for code, item in new.items() if code not in old),
        changed=changed,
        removed=tuple(item for code, item in old.items() if code not in new),
        is_moved=[was.code for was in before if was.code in new] != [item.code for _, item in both],
    )


def field_changes(was: ChecklistItem, item: ChecklistItem) -> tuple[FieldChange, ...]:
    """The fields in which the two differ, the code left out."""
    return tuple(
        FieldChange(label_of(field), shown(was, field), shown(item, field))
        for field in _SHOWN
        if getattr(was, field) != getattr(item, field)
    )


def item_mark(item: ChecklistItem) -> str:
    """Changes with whatever officers decide about the item."""
    return _mark([[str(getattr(item, field)) for field in FIELDS]])


def version_mark(version: ChecklistVersion, items: Iterable[ChecklistItem]) -> str:
    """Changes with the version's words and with any of its items or their order."""
    rows = [[str(getattr(item, field)) for field in FIELDS] for item in items]
    return _mark([[version.title, version.note], *rows])


def shown(item: ChecklistItem, field: str) -> str:
    """A field's value as people read it."""
    if field == "severity":
        return str(Severity(item.severity).label)
    if field == "kind":
        return kind_label(item.kind)
    if field == "clause":
        clause = all_clauses().get(item.clause)
        return f"{item.clause} {clause.title}" if clause else item.clause
    display = getattr(item, f"get_{field}_display", None)
    return str(display() if display else getattr(item, field)) or "—"


def _mark(rows: list[list[str]]) -> str:
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()[:16]
