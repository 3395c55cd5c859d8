"""班级填报: teachers fill in their class's part of a week, the school merges the parts into its return.

A part is checked like the return itself. Merging writes the return's draft, never what was submitted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from shuangjian.bureau.models import Institution
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.core.locks import lock_institutions
from shuangjian.core.weeks import Week
from shuangjian.intake.models import ClassDraft, WeeklyReturn
from shuangjian.intake.return_form import same_rows
from shuangjian.intake.sections import Form, all_sections
from shuangjian.intake.services import check_return, save_draft
from shuangjian.journal.services import record

State = ClassDraft.State
Payload = Mapping[str, Any]


@dataclass(frozen=True)
class ClassLine:
    """One class on the school's board: its part, and whether the return holds something else for it."""

    code: str
    name: str
    draft: ClassDraft | None
    in_return: bool
    differs: bool

    @property
    def may_merge(self) -> bool:
        """Handed in, and not merged since."""
        return self.draft is not None and self.draft.state == State.HANDED_IN

    @property
    def overwrites(self) -> bool:
        """Merging would replace what the return holds for the class: the school must choose it knowingly."""
        return self.may_merge and self.in_return and self.differs


def class_names(institution: Institution, week: Week) -> dict[str, str]:
    """The school's classes of the week, by code."""
    form, names = Form.of(institution, week), dict[str, str]()
    for section in all_sections():
        names |= section.classes(form)
    return names


@transaction.atomic
def save_class_draft(
    institution: Institution,
    week: Week,
    class_code: str,
    payload: Any,
    *,
    actor: Any,
    now: dt.datetime,
    revision: int,
    hand_in: bool = False,
) -> ClassDraft:
    """Save a class's part; with ``hand_in`` give it to the school, which needs every school day answered.

    ``revision`` is the one the editor started from (0: none yet); Conflict when somebody saved meanwhile.
    """
    lock_institutions([institution.pk])
    _refuse_when_locked(institution, week, now)
    checked = check_return(institution, week, payload, today=now.date(), only_class=class_code)
    if hand_in and checked.gaps:
        problems = [Problem(gap.section, gap.message, "missing") for gap in checked.gaps]
        raise InvalidInput(problems, f"还有 {len(problems)} 个上课日没有填写，没有交给学校；可先保存。")
    draft = ClassDraft.objects.filter(institution=institution, week=week.monday, class_code=class_code).first()
    if (draft.revision if draft else 0) != revision:
        who = draft.saved_by if draft else "他人"
        raise Conflict(
            f"本班内容已被 {who}修改，没有保存。请先看已保存的内容，再决定以谁为准。", code="revision_conflict"
        )
    if draft is None:
        draft = ClassDraft(institution=institution, week=week.monday, class_code=class_code)
    draft.payload = checked.payload
    draft.state = State.HANDED_IN if hand_in else State.FILLING
    draft.revision += 1
    draft.saved_by, draft.saved_at = actor.audit_label, now
    draft.full_clean(exclude=["payload", "merged_at"], validate_unique=False, validate_constraints=False)
    draft.save()
    record(
        "hand_in_class_draft" if hand_in else "save_class_draft",
        actor=actor,
        institution_id=institution.pk,
        target=f"weekly-return:{week.key}/{class_code}",
    )
    return draft


@transaction.atomic
def merge_class_drafts(
    institution: Institution,
    week: Week,
    class_codes: Iterable[str],
    *,
    actor: Any,
    now: dt.datetime,
    revision: int,
) -> list[ClassDraft]:
    """Put the handed-in parts of these classes into the return's draft, in place of what it holds for them.

    ``revision`` is that of the return (0: none yet) which the school saw: Conflict when it changed meanwhile. Returns
    the parts that were merged.
    """
    lock_institutions([institution.pk])
    stored = _return_of(institution, week)
    merged = list(
        ClassDraft.objects.filter(
            institution=institution, week=week.monday, class_code__in=list(class_codes), state=State.HANDED_IN
        )
    )
    if not merged:
        raise Refused("没有选中已交的班级，请先勾选。", code="nothing_to_merge")
    payload = _with_parts((stored.content if stored else None) or {}, merged)
    save_draft(institution, week, payload, actor=actor, now=now, revision=revision if stored else None)
    for draft in merged:
        draft.state, draft.merged_at = State.MERGED, now
        draft.save(update_fields=["state", "merged_at"])
    record(
        "merge_class_drafts",
        actor=actor,
        institution_id=institution.pk,
        target=f"weekly-return:{week.key}",
        detail={"classes": [draft.class_code for draft in merged]},
    )
    return merged


def board(institution: Institution, week: Week) -> list[ClassLine]:
    """Every class of the week with its part, in the school's order; a constant number of queries."""
    stored = _return_of(institution, week)
    content = (stored.content if stored else None) or {}
    drafts = {draft.class_code: draft for draft in ClassDraft.objects.filter(institution=institution, week=week.monday)}
    lines = []
    for code, name in class_names(institution, week).items():
        draft, rows = drafts.get(code), part_of(content, code)
        lines.append(
            ClassLine(
                code,
                name,
                draft,
                in_return=any(rows.values()),
                differs=draft is not None and not same_rows(rows, draft.payload),
            )
        )
    return lines


def part_of(payload: Payload, class_code: str) -> dict[str, list[Any]]:
    """The rows of a return that speak of the class."""
    return {
        key: [row for row in payload.get(key) or () if row["class"] == class_code] for key in _keys_by_class(payload)
    }


def _with_parts(payload: Payload, drafts: Sequence[ClassDraft]) -> dict[str, Any]:
    """The payload with the rows of these classes replaced by their parts."""
    codes = {draft.class_code for draft in drafts}
    result = dict(payload)
    for key in {key for draft in drafts for key in draft.payload} | _keys_by_class(payload):
        kept = [row for row in payload.get(key) or () if row["class"] not in codes]
        result[key] = kept + [row for draft in drafts for row in draft.payload.get(key) or ()]
    return result


def _keys_by_class(payload: Payload) -> set[str]:
    return {key for key, rows in payload.items() if rows and "class" in rows[0]}


def _return_of(institution: Institution, week: Week) -> WeeklyReturn | None:
    returns = WeeklyReturn.objects.select_related("current_version")
    return returns.filter(institution=institution, week=week.monday).first()


def _refuse_when_locked(institution: Institution, week: Week, now: dt.datetime) -> None:
    stored = _return_of(institution, week)
    if stored is not None and stored.is_locked_at(now):
        raise Conflict(f"{week.label}的周报已锁定，班级填报不能再改；确需更正请告知学校填报员。", code="locked")
