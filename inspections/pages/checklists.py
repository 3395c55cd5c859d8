"""What the pages of checklists show: the four targets, the items of a version by group, and how a draft differs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from django.db.models import Count, Q

from inspections.choices import ChecklistState, PhotoRule, Target
from inspections.models import ChecklistItem, ChecklistVersion
from inspections.services.checklist_changes import Changes
from shuangjian.evidence.kinds import find_kind, kind_label
from shuangjian.rules.clauses import Clause, all_clauses
from shuangjian.rules.declare import find_rule


@dataclass(frozen=True)
class Line:
    """One item as it is read. ``rule`` is the code of the rule that a failure feeds once it is 查实 ("" for none),
    ``mark`` says how it differs from the version in use: 新增, 已修改 or nothing."""

    item: ChecklistItem
    clause: Clause | None
    kind: str
    rule: str
    mark: str = ""
    is_first: bool = False
    is_last: bool = False


@dataclass(frozen=True)
class Group:
    name: str
    lines: Sequence[Line] = field(default_factory=tuple)
    is_first: bool = False
    is_last: bool = False


@dataclass(frozen=True)
class TargetLine:
    """A target with its version in use and its draft; figures are those of the version in use."""

    target: Target
    used: ChecklistVersion | None
    draft: ChecklistVersion | None
    items: int = 0
    photos: int = 0


def targets() -> list[TargetLine]:
    """Every target in the order of Target; one query."""
    found = {
        (version.target, version.state): version
        for version in ChecklistVersion.objects.exclude(state=ChecklistState.RETIRED).annotate(
            item_count=Count("items"), photo_count=Count("items", filter=Q(items__photo_rule=PhotoRule.ALWAYS))
        )
    }
    return [
        TargetLine(
            target,
            used := found.get((target.value, ChecklistState.PUBLISHED.value)),
            found.get((target.value, ChecklistState.DRAFT.value)),
            getattr(used, "item_count", 0),
            getattr(used, "photo_count", 0),
        )
        for target in Target
    ]


def groups_of(items: Iterable[ChecklistItem], changes: Changes | None = None) -> list[Group]:
    """The items by group, in their order; with ``changes`` each new or changed one says so."""
    marks = {item.code: "新增" for item in changes.added} if changes else {}
    marks |= {change.item.code: "已修改" for change in changes.changed} if changes else {}
    runs = [(name, list(run)) for name, run in groupby(items, key=lambda item: item.group)]
    return [
        Group(
            name,
            [
                _line(item, marks.get(item.code, ""), is_first=place == 0, is_last=place == len(run) - 1)
                for place, item in enumerate(run)
            ],
            is_first=number == 0,
            is_last=number == len(runs) - 1,
        )
        for number, (name, run) in enumerate(runs)
    ]


def _line(item: ChecklistItem, mark: str, *, is_first: bool, is_last: bool) -> Line:
    kind = find_kind(item.kind)
    rule = kind.rule if kind is not None and find_rule(kind.rule) is not None else ""
    clause = all_clauses().get(item.clause)
    return Line(item, clause, kind_label(item.kind), rule, mark, is_first, is_last)
