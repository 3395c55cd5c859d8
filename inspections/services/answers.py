"""One item's answer: saved while the visit goes on, guarded by its own revision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from inspections.choices import Decision, Verdict
from inspections.models import Answer, ChecklistItem
from inspections.services.ground import Stale, audit, check_writer, locked_visit, person_of
from inspections.services.versions import answer_values
from shuangjian.core.choices import Severity
from shuangjian.core.errors import InvalidInput, Problem
from shuangjian.evidence.words import clean

#: What ``values`` may have; what is not in it stays as it is.
FIELDS = ("verdict", "note", "decision", "severity", "requirement", "due_on")
_TEXTS = {"note": 1000, "requirement": 400}


@transaction.atomic
def save_answer(
    pk: int, code: str, *, values: Mapping[str, Any], revision: int, actor: Any, now: dt.datetime | None = None
) -> Answer:
    """Write those of FIELDS that ``values`` has to the answer of item ``code`` of the visit ``pk``.

    ``revision`` is the answer's as it was read, 0 where there was none. Stale with what is stored when a colleague has
    changed it since; the same values sent again change nothing and are no conflict. What does not belong to the
    verdict (the decision of an item that holds) is emptied. Blank is allowed here: hand_in_visit asks for the rest.
    """
    visit = locked_visit(pk)
    check_writer(visit, actor)
    item = ChecklistItem.objects.filter(version=visit.checklist_id, code=code).first()
    if item is None:
        raise InvalidInput([Problem(f"answers[{code[:12]}]", "检查表中没有这个编号的要点，请刷新后再填。", "unknown")])
    known = Answer.objects.filter(visit=visit, item=item).first()
    answer = known or Answer(visit=visit, item=item, revision=0)
    wanted = _wanted(answer, values, code)
    changed = [name for name in FIELDS if getattr(answer, name) != wanted[name]]
    if not changed and known is not None:
        return known
    if revision != answer.revision:
        raise Stale(f"{code} 已被他人修改，您的内容没有保存；请对照现有内容后再保存。", stored_answer(answer))
    for name in changed:
        setattr(answer, name, wanted[name])
    answer.revision, answer.changed_by = answer.revision + 1, person_of(actor)
    if known is None:
        answer.save(force_insert=True)
    else:
        answer.save(update_fields=[*changed, "revision", "changed_by", "changed_at"])
    visit.save(update_fields=["changed_at"])
    audit(visit, "answer_visit", actor=actor, detail={"item": code, "verdict": answer.verdict, "fields": changed})
    return answer


def unchanged(answer: Answer | None, code: str, values: Mapping[str, Any]) -> bool:
    """Whether writing ``values`` would change nothing; blank values say nothing where there is no answer yet."""
    if answer is None:
        return not any(values.values())
    wanted = _wanted(answer, values, code)
    return all(getattr(answer, name) == wanted[name] for name in FIELDS)


def stored_answer(answer: Answer) -> dict[str, Any]:
    """What stands there, as a conflict shows it: the item's code, its values and the ``revision`` to go on from."""
    by = answer.changed_by
    return {
        "item": answer.item.code,
        "revision": answer.revision,
        "changed_by": by.name if by is not None else "",
        **answer_values(answer),
    }


def _wanted(answer: Answer, values: Mapping[str, Any], code: str) -> dict[str, Any]:
    """Every field as it shall be; InvalidInput with paths such as ``answers[S-03].severity``."""
    place = f"answers[{code}]"
    problems = [Problem(f"{place}.{name}", "没有这一项。", "unknown") for name in sorted(set(values) - set(FIELDS))]
    wanted = {name: values.get(name, getattr(answer, name)) for name in FIELDS}
    for name, longest in _TEXTS.items():
        wanted[name] = clean(wanted[name])
        if len(wanted[name]) > longest:
            message = f"最多 {longest} 字，现为 {len(wanted[name])} 字，请缩短。"
            problems.append(Problem(f"{place}.{name}", message, "too_long"))
    for name, choices in (("verdict", Verdict), ("decision", Decision)):
        wanted[name] = clean(wanted[name])
        if wanted[name] not in ("", *choices.values):
            words = "、".join(str(label) for label in choices.labels)
            problems.append(Problem(f"{place}.{name}", f"请选择：{words}。"))
    if wanted["severity"] in (None, ""):
        wanted["severity"] = None
    elif wanted["severity"] not in Severity.values:
        problems.append(Problem(f"{place}.severity", "预警等级应为 1–4，或不填（用要点的默认等级）。"))
    if wanted["due_on"] in (None, ""):
        wanted["due_on"] = None
    elif not isinstance(wanted["due_on"], dt.date) or isinstance(wanted["due_on"], dt.datetime):
        problems.append(Problem(f"{place}.due_on", "整改期限应为日期，如 2026-12-01。"))
    if problems:
        raise InvalidInput(problems)
    return _fitting(wanted)


def _fitting(wanted: dict[str, Any]) -> dict[str, Any]:
    """Without what the verdict has no use for: changed minds leave no decision behind that nobody sees."""
    if wanted["verdict"] != Verdict.FAILED:
        return {**wanted, "decision": "", "severity": None, "requirement": "", "due_on": None}
    if wanted["decision"] != Decision.CONFIRMED:
        return {**wanted, "requirement": "", "due_on": None}
    return wanted
