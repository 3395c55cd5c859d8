"""Officers of the bureau change checklists: a draft is copied from the version in use, edited, and published.

A published version never changes: visits keep the one they began with. Every act holds the lock of the checklists,
so that two officers act one after the other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from inspections.choices import ChecklistState, Target
from inspections.models import ChecklistItem, ChecklistVersion
from inspections.services.checklist_changes import changes_between, item_mark, version_mark
from inspections.services.checklist_checks import FIELDS, PREFIXES, item_problems, list_problems
from shuangjian.bureau.cleaning import full_clean, problems_of
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.core.locks import lock_singleton
from shuangjian.core.querysets import power_of
from shuangjian.journal.services import record

_LOCK = 41
_COPIED = tuple(FIELDS)
_STALE = "您打开之后，别人改过这份草稿。请刷新页面，看过新的内容再改。"


def in_use(target: str) -> ChecklistVersion | None:
    """The version that visits which begin now take."""
    return ChecklistVersion.objects.filter(target=target, state=ChecklistState.PUBLISHED).first()


def draft_of(target: str) -> ChecklistVersion | None:
    """The draft of this target, or None."""
    return ChecklistVersion.objects.filter(target=target, state=ChecklistState.DRAFT).first()


@transaction.atomic
def start_draft(target: str, *, actor: Any) -> ChecklistVersion:
    """A draft with the items of the version in use, empty where there is none. Conflict where one is begun already."""
    _check_actor(actor)
    lock_singleton(_LOCK)
    if draft_of(target) is not None:
        raise Conflict(f"{Target(target).label}检查表已有一份草稿，请接着修改，或先放弃它。", code="draft")
    source = in_use(target)
    last = ChecklistVersion.objects.filter(target=target).aggregate(last=Max("number"))["last"] or 0
    title = source.title if source else f"{Target(target).label}检查表"
    draft = ChecklistVersion.objects.create(target=target, number=last + 1, title=title)
    if source is not None:
        ChecklistItem.objects.bulk_create(_copy(item, draft) for item in source.items.all())
    record("start_checklist_draft", actor=actor, target=_name(draft), detail={"from": source.number if source else 0})
    return draft


@transaction.atomic
def describe_draft(target: str, *, title: str, note: str, actor: Any) -> ChecklistVersion:
    """Give the draft its title and say what was revised."""
    draft = _draft(target, actor)
    draft.title, draft.note = _text(title), _text(note)
    full_clean(draft)
    draft.save(update_fields=["title", "note"])
    record("describe_checklist_draft", actor=actor, target=_name(draft))
    return draft


@transaction.atomic
def save_item(
    target: str, values: Mapping[str, Any], *, actor: Any, code: str = "", mark: str | None = None
) -> ChecklistItem:
    """Add an item to the draft, or change the one with that ``code``. ``values`` holds FIELDS without the code.

    A new item gets the next code of the target that no version has used, and stands last in its group. ``mark``: what
    ``item_mark`` was when the form was opened; Conflict when somebody has changed the item since.
    """
    draft = _draft(target, actor)
    items = list(draft.items.all())
    item = _item(items, code) if code else ChecklistItem(version=draft, code=_next_code(target), order=len(items) + 1)
    if code and mark is not None and mark != item_mark(item):
        raise Conflict(_STALE, code="stale")
    group = item.group
    for field in FIELDS:
        if field != "code" and field in values:
            setattr(item, field, _text(values[field]) if isinstance(values[field], str) else values[field])
    problems = item_problems(target, item)
    if any(other.text == item.text for other in items if other.code != item.code):
        problems.append(Problem("text", "已有一项写着同样的检查要点，请改写，或修改那一项。", "twice"))
    if problems:
        raise InvalidInput(problems)
    item.save()
    if not code or item.group != group:
        _write_order(_at_the_end_of_its_group([each for each in items if each.code != item.code], item))
    act = "change_checklist_item" if code else "add_checklist_item"
    record(act, actor=actor, target=_name(draft), detail={"code": item.code})
    return item


@transaction.atomic
def remove_item(target: str, code: str, *, actor: Any) -> None:
    """Leave the item out of the draft; its code is not given again once a version was published with it."""
    draft = _draft(target, actor)
    items = list(draft.items.all())
    item = _item(items, code)
    item.delete()
    _write_order([each for each in items if each.code != code])
    record("remove_checklist_item", actor=actor, target=_name(draft), detail={"code": code})


@transaction.atomic
def restore_item(target: str, code: str, *, actor: Any) -> ChecklistItem:
    """Take an item that was removed back from the version in use, last in its group. Conflict where it is not there."""
    draft = _draft(target, actor)
    items = list(draft.items.all())
    used = in_use(target)
    source = used.items.filter(code=code).first() if used else None
    if source is None or any(item.code == code for item in items):
        raise Conflict(f"{code} 不在使用中的版本里，或已在草稿中，请刷新页面。", code="gone")
    item = _copy(source, draft)
    item.order = len(items) + 1
    item.save(force_insert=True)
    _write_order(_at_the_end_of_its_group(items, item))
    record("restore_checklist_item", actor=actor, target=_name(draft), detail={"code": code})
    return item


@transaction.atomic
def move_item(target: str, code: str, *, up: bool, actor: Any) -> None:
    """Change places with the neighbour inside its group; nothing happens at the group's end."""
    draft = _draft(target, actor)
    items = list(draft.items.all())
    here = items.index(_item(items, code))
    there = here - 1 if up else here + 1
    if not 0 <= there < len(items) or items[there].group != items[here].group:
        return
    items[here], items[there] = items[there], items[here]
    _write_order(items)
    record("move_checklist_item", actor=actor, target=_name(draft), detail={"code": code, "up": up})


@transaction.atomic
def move_group(target: str, group: str, *, up: bool, actor: Any) -> None:
    """Change places with the neighbouring group; nothing happens at the list's end. Conflict where it is gone."""
    draft = _draft(target, actor)
    items = list(draft.items.all())
    groups = list(dict.fromkeys(item.group for item in items))
    if group not in groups:
        raise Conflict(_STALE, code="stale")
    here = groups.index(group)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(groups):
        return
    groups[here], groups[there] = groups[there], groups[here]
    _write_order([item for name in groups for item in items if item.group == name])
    record("move_checklist_group", actor=actor, target=_name(draft), detail={"group": group, "up": up})


@transaction.atomic
def discard_draft(target: str, *, actor: Any) -> None:
    """Throw the draft away; the version in use goes on."""
    draft = _draft(target, actor)
    name, items = _name(draft), draft.items.count()
    draft.delete()
    record("discard_checklist_draft", actor=actor, target=name, detail={"items": items})


@transaction.atomic
def publish_checklist(
    target: str,
    *,
    actor: Any,
    title: str | None = None,
    note: str | None = None,
    mark: str | None = None,
    now: dt.datetime | None = None,
) -> ChecklistVersion:
    """Put the draft into use, with this ``title`` and ``note`` where they are given, and retire its predecessor.

    InvalidInput names all that is wrong at once. ``mark``: what ``version_mark`` was when the changes were shown;
    Conflict when somebody has changed the draft since.
    """
    draft = _draft(target, actor)
    items = list(draft.items.all())
    if mark is not None and mark != version_mark(draft, items):
        raise Conflict(_STALE, code="stale")
    draft.title = draft.title if title is None else _text(title)
    draft.note = draft.note if note is None else _text(note)
    before = in_use(target)
    changes = changes_between(list(before.items.all()) if before else [], items)
    problems = [*_described(draft), *list_problems(target, items)]
    if before is not None:
        if not changes and draft.title == before.title:
            problems.append(Problem("", "草稿与使用中的版本没有不同，不必启用；不改了请放弃草稿。", "same"))
        if not draft.note:
            problems.append(Problem("note", "请写修订说明：改了什么，为什么。", "required"))
    if problems:
        raise InvalidInput(problems, f"检查表有 {len(problems)} 处需要修改，没有启用。")
    put_into_use(draft, before=before, actor=actor, now=now or clock.now())
    detail = {"replaces": before.number if before else 0, **changes.as_dict()}
    record("publish_checklist", actor=actor, target=_name(draft), detail=detail)
    return draft


def put_into_use(draft: ChecklistVersion, *, before: ChecklistVersion | None, actor: Any, now: dt.datetime) -> None:
    """The two rows of a publishing. Whoever calls has checked the items, and writes the audit record."""
    if before is not None:
        before.state, before.retired_at = ChecklistState.RETIRED, now
        before.save(update_fields=["state", "retired_at"])
    is_person = getattr(getattr(actor, "_meta", None), "label_lower", "") == "accounts.user"
    draft.state, draft.published_at = ChecklistState.PUBLISHED, now
    draft.published_by = actor if is_person else None
    draft.save(update_fields=["title", "note", "state", "published_at", "published_by"])


def _described(draft: ChecklistVersion) -> list[Problem]:
    try:
        draft.clean_fields(exclude={"target", "number", "state", "published_at", "published_by", "retired_at"})
    except ValidationError as error:
        return problems_of(error)
    return []


def _draft(target: str, actor: Any) -> ChecklistVersion:
    """The draft, held until the transaction ends; Conflict where there is none any more."""
    _check_actor(actor)
    lock_singleton(_LOCK)
    draft = draft_of(target)
    if draft is None:
        raise Conflict(f"{Target(target).label}检查表没有草稿：已经启用或放弃。请从使用中的版本重新开始。", code="gone")
    return draft


def _item(items: Sequence[ChecklistItem], code: str) -> ChecklistItem:
    found = next((item for item in items if item.code == code), None)
    if found is None:
        raise Conflict(f"草稿中没有 {code}：可能已被别人移除，请刷新页面。", code="gone")
    return found


def _next_code(target: str) -> str:
    """One above every code that any version of the target has: a code never means two things."""
    codes = ChecklistItem.objects.filter(version__target=target).values_list("code", flat=True)
    numbers = [int(code.partition("-")[2]) for code in codes if code.partition("-")[2].isdigit()]
    return f"{PREFIXES[target]}-{max(numbers, default=0) + 1:02d}"


def _copy(item: ChecklistItem, version: ChecklistVersion) -> ChecklistItem:
    return ChecklistItem(version=version, order=item.order, **{field: getattr(item, field) for field in _COPIED})


def _at_the_end_of_its_group(items: list[ChecklistItem], item: ChecklistItem) -> list[ChecklistItem]:
    last = max((place for place, each in enumerate(items) if each.group == item.group), default=len(items) - 1)
    return [*items[: last + 1], item, *items[last + 1 :]]


def _write_order(items: Sequence[ChecklistItem]) -> None:
    moved = []
    for place, item in enumerate(items, start=1):
        if item.order != place:
            item.order = place
            moved.append(item)
    ChecklistItem.objects.bulk_update(moved, ["order"])


def _text(value: str) -> str:
    return value.replace("\x00", "").strip()


def _name(version: ChecklistVersion) -> str:
    return f"checklist:{version.target}:{version.number}"


def _check_actor(actor: Any) -> None:
    if power_of(actor) != "bureau":
        raise Refused("检查表由区教育局维护。", code="role", status=403)
