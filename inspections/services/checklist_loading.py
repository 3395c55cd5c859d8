"""The checklists that the project ships, loaded with the reference data into targets that have none yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from inspections.choices import Target
from inspections.models import ChecklistItem, ChecklistVersion
from inspections.services.checklist_checks import list_problems
from inspections.services.checklists import put_into_use
from shuangjian.bureau.tables import ImportResult
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Problem
from shuangjian.journal.services import record

FOLDER = Path(__file__).parent.parent / "data" / "checklists"
_KEYS = {"target", "title", "note", "groups"}
#: Key in the file → field of the item.
_ITEM_KEYS = {
    "code": "code",
    "text": "text",
    "guidance": "guidance",
    "clause": "clause",
    "photo": "photo_rule",
    "severity": "severity",
    "kind": "kind",
    "problem": "problem_kind",
}
_OPTIONAL = {"guidance"}


@transaction.atomic
def load_checklists(*, actor: Any, folder: Path = FOLDER) -> ImportResult:
    """Version 1 of each target that has no version at all: from then on the checklists are the bureau's.

    InvalidInput, nothing saved, names every mistake by file and item.
    """
    problems: list[Problem] = []
    read = []
    for path in sorted(folder.glob("*.yaml")):
        version, items, wrong = read_checklist(path)
        problems += [
            Problem(f"{path.name} {problem.path}".rstrip(), problem.message, problem.code) for problem in wrong
        ]
        read.append((version, items))
    problems += _repeated([version for version, _ in read])
    if problems:
        raise InvalidInput(problems, f"检查表文件有 {len(problems)} 处需要修改，没有装入任何检查表。")
    present = set(ChecklistVersion.objects.values_list("target", flat=True))
    missing = [(version, items) for version, items in read if version.target not in present]
    for version, items in missing:
        _load(version, items, actor)
    return ImportResult(created=len(missing), changed=0, unchanged=len(read) - len(missing))


def read_checklist(path: Path) -> tuple[ChecklistVersion, list[ChecklistItem], list[Problem]]:
    """A file as an unsaved version with its items in order, and all that is wrong with it by item."""
    problems: list[Problem] = []
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        return ChecklistVersion(), [], [Problem("", f"文件读不出来（{error}），请检查缩进和编码（UTF-8）。")]
    if not isinstance(raw, dict) or set(raw) - _KEYS or not {"target", "title", "groups"} <= set(raw):
        return ChecklistVersion(), [], [Problem("", f"应有 {'、'.join(sorted(_KEYS))} 四项，不能有别的，请核对拼写。")]
    if raw["target"] not in Target.values:
        known = "、".join(Target.values)
        return ChecklistVersion(), [], [Problem("target", f"没有检查对象“{raw['target']}”，应为 {known} 之一。")]
    version = ChecklistVersion(target=raw["target"], number=1, title=str(raw["title"]), note=str(raw.get("note") or ""))
    items = list(_items(raw["groups"], version, problems))
    return version, items, [*problems, *list_problems(version.target, items)]


def _items(groups: Any, version: ChecklistVersion, problems: list[Problem]) -> Iterator[ChecklistItem]:
    place = 0
    for number, group in enumerate(groups if isinstance(groups, list) else [], start=1):
        if not isinstance(group, dict) or not isinstance(group.get("items"), list):
            problems.append(Problem(f"第 {number} 组", "应有 group（名称）和 items（各项），请核对缩进。"))
            continue
        for entry in group["items"]:
            place += 1
            name = str(entry.get("code") or f"第 {place} 项") if isinstance(entry, dict) else f"第 {place} 项"
            if not isinstance(entry, dict) or set(entry) - set(_ITEM_KEYS):
                problems.append(Problem(name, f"只能有 {'、'.join(_ITEM_KEYS)}，请核对拼写。"))
                continue
            if missing := set(_ITEM_KEYS) - _OPTIONAL - set(entry):
                problems.append(Problem(name, f"缺少 {'、'.join(sorted(missing))}，请补上。"))
                continue
            values = {field: entry.get(key, "") for key, field in _ITEM_KEYS.items()}
            yield ChecklistItem(version=version, order=place, group=str(group.get("group") or ""), **values)


def _repeated(versions: list[ChecklistVersion]) -> list[Problem]:
    targets = [version.target for version in versions if version.target]
    return [
        Problem("target", f"“{target}”有 {targets.count(target)} 个文件，每个检查对象只能有一个。")
        for target in sorted(set(targets))
        if targets.count(target) > 1
    ]


def _load(version: ChecklistVersion, items: list[ChecklistItem], actor: Any) -> None:
    version.save(force_insert=True)
    ChecklistItem.objects.bulk_create(items)
    put_into_use(version, before=None, actor=actor, now=clock.now())
    record("load_checklist", actor=actor, target=f"checklist:{version.target}:1", detail={"items": len(items)})
