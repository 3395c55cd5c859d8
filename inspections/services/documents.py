"""A visit as one JSON document: how it is written out, and how one that was sent is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inspections.models import Answer, Visit, VisitPhoto
from inspections.services.answers import FIELDS as ANSWER_FIELDS
from inspections.services.answers import stored_answer
from inspections.services.places import Place
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Problem
from shuangjian.evidence.words import clean

#: What a document may change. Everything else that ``document_of`` writes is passed over when it comes back.
WRITTEN = (
    "institution", "started_at", "device_started_at", "place", "purpose", "inspectors", "lead", "departments",
    "companions", "people_met", "result", "summary", "answers", "revision",
)  # fmt: skip
TOLD = (
    "key", "number", "kind", "state", "version", "planned_on", "institution_name", "complaint", "follows", "checklist",
    "handed_in_at", "handed_in_by", "reviewed_at", "reviewed_by", "remark", "photos", "changed_at", "versions",
)  # fmt: skip
MOST_ANSWERS = 300
_ANSWER_TOLD = ("changed_by", "observation")
_LISTS = ("inspectors", "departments", "companions", "people_met", "answers")
_TEXTS = ("institution", "purpose", "lead", "result", "summary")


def document_of(visit: Visit) -> dict[str, Any]:
    """Everything of the visit, plain values. Instants carry +08:00; eight queries."""
    photos = visit.photos.filter(removed_at__isnull=True).select_related("stored", "item").order_by("pk")
    people = list(visit.inspectors.select_related("person"))
    answers = visit.answers.select_related("item", "changed_by", "observation").order_by("item__order")
    return {
        "key": str(visit.key),
        "number": visit.number,
        "institution": visit.institution.code,
        "institution_name": visit.institution.name,
        "kind": visit.kind,
        "state": visit.state,
        "version": visit.version,
        "revision": visit.revision,
        "planned_on": visit.planned_on.isoformat(),
        "purpose": visit.purpose,
        "complaint": visit.complaint.number if visit.complaint is not None else "",
        "follows": str(visit.follows.key) if visit.follows is not None else None,
        "inspectors": [each.person.username for each in people],
        "lead": next((each.person.username for each in people if each.is_lead), ""),
        "departments": [each.code for each in visit.departments.all()],
        "companions": visit.companions,
        "people_met": visit.people_met,
        "checklist": str(visit.checklist) if visit.checklist is not None else "",
        "started_at": _instant(visit.started_at),
        "device_started_at": _instant(visit.device_started_at),
        "place": {
            "latitude": _number(visit.latitude),
            "longitude": _number(visit.longitude),
            "accuracy_m": visit.accuracy_m,
            "distance_m": visit.distance_m,
            "note": visit.place_note,
        },
        "result": visit.result,
        "summary": visit.summary,
        "answers": [_answer(each) for each in answers],
        "photos": [photo_document(each) for each in photos],
        "handed_in_at": _instant(visit.handed_in_at),
        "handed_in_by": visit.handed_in_by.username if visit.handed_in_by is not None else "",
        "reviewed_at": _instant(visit.reviewed_at),
        "reviewed_by": visit.reviewed_by.username if visit.reviewed_by is not None else "",
        "remark": visit.remark,
        "versions": [
            {"number": each.number, "sha256": each.sha256, "filed_at": _instant(each.filed_at), "reason": each.reason}
            for each in visit.versions.defer("record").order_by("pk")
        ],
        "changed_at": _instant(visit.changed_at),
    }


def photo_document(photo: VisitPhoto) -> dict[str, Any]:
    """One photo as the document and the photo's own address tell it."""
    return {
        "key": str(photo.key),
        "item": photo.item.code if photo.item is not None else "",
        "caption": photo.caption,
        "taken_at": _instant(photo.taken_at),
        "received_at": _instant(photo.stored.uploaded_at),
        "latitude": _number(photo.latitude),
        "longitude": _number(photo.longitude),
        "sha256": photo.stored.sha256,
        "size": photo.stored.size,
    }


@dataclass(frozen=True)
class Document:
    """A document that was sent, read: only the keys that it had. Answers are (code, values, revision or None)."""

    values: Mapping[str, Any]
    answers: list[tuple[str, dict[str, Any], int | None]] = field(default_factory=list)

    def has(self, name: str) -> bool:
        return name in self.values

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)


def read_document(sent: Any) -> Document:
    """InvalidInput with the path of everything that cannot be read; what values mean is checked by the acts."""
    if not isinstance(sent, Mapping):
        raise InvalidInput([Problem("", "请求体应为一个 JSON 对象（一份检查）。")])
    problems = [
        Problem(str(key)[:60], f"没有这一项；可写的有：{'、'.join(WRITTEN)}。", "unknown")
        for key in sorted(set(sent) - set(WRITTEN) - set(TOLD), key=str)
    ]
    values = {name: sent[name] for name in WRITTEN if name in sent}
    _plain(values, problems)
    for name in ("started_at", "device_started_at"):
        if name in values:
            values[name] = _read_instant(values[name], name, problems)
    if "place" in values:
        values["place"] = _read_place(values["place"], problems)
    answers = _read_answers(values.pop("answers", []), problems)
    if problems:
        raise InvalidInput(problems)
    return Document(values, answers)


def _plain(values: dict[str, Any], problems: list[Problem]) -> None:
    """Texts are texts, lists are lists, a revision is a whole number."""
    for name in _TEXTS:
        if name in values and not isinstance(values[name], str):
            problems.append(Problem(name, "应为文字。"))
    for name in _LISTS:
        if name in values and not isinstance(values[name], list):
            problems.append(Problem(name, "应为列表。"))
            values[name] = []
    for name in ("inspectors", "departments"):
        if any(not isinstance(each, str) for each in values.get(name, [])):
            problems.append(Problem(name, "应为文字（登录名或代码）的列表。"))
            values[name] = []
    if "revision" in values and not _is_whole(values["revision"]):
        problems.append(Problem("revision", "应为读到的修订号（整数）。"))


def _read_place(sent: Any, problems: list[Problem]) -> Place:
    known = ("latitude", "longitude", "accuracy_m", "distance_m", "note")
    if not isinstance(sent, Mapping) or set(sent) - set(known):
        problems.append(Problem("place", f"应为对象，可写的有：{'、'.join(known)}。"))
        return Place()
    for name in known[:3]:
        value = sent.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            problems.append(Problem(f"place.{name}", "应为数或 null。"))
            return Place()
    note = sent.get("note", "")
    if not isinstance(note, str):
        problems.append(Problem("place.note", "应为文字。"))
        note = ""
    return Place(sent.get("latitude"), sent.get("longitude"), sent.get("accuracy_m"), note)


def _read_answers(sent: list[Any], problems: list[Problem]) -> list[tuple[str, dict[str, Any], int | None]]:
    if len(sent) > MOST_ANSWERS:
        problems.append(Problem("answers", f"最多 {MOST_ANSWERS} 项。"))
        return []
    read: dict[str, tuple[str, dict[str, Any], int | None]] = {}
    for at, each in enumerate(sent):
        code = each.get("item") if isinstance(each, Mapping) else None
        if not isinstance(each, Mapping) or not isinstance(code, str) or not 0 < len(code) <= 12:
            problems.append(Problem(f"answers[{at}].item", "请写明检查要点的编号，如 S-03。", "required"))
            continue
        place = f"answers[{code}]"
        if code in read:
            problems.append(Problem(place, "同一个要点出现了两次，请只保留一个。", "duplicate"))
        unknown = set(each) - {"item", "revision", *ANSWER_FIELDS, *_ANSWER_TOLD}
        problems += [Problem(f"{place}.{str(key)[:40]}", "没有这一项。", "unknown") for key in sorted(unknown, key=str)]
        values = {name: each[name] for name in ANSWER_FIELDS if name in each}
        _typed(values, place, problems)
        revision = each.get("revision")
        if revision is not None and not _is_whole(revision):
            problems.append(Problem(f"{place}.revision", "应为读到的修订号（整数）。"))
        read[code] = (code, values, revision)
    return list(read.values())


def _typed(values: dict[str, Any], place: str, problems: list[Problem]) -> None:
    for name in ("verdict", "note", "decision", "requirement"):
        if name in values and not isinstance(values[name], str):
            problems.append(Problem(f"{place}.{name}", "应为文字。"))
    if values.get("severity") is not None and not _is_whole(values["severity"]):
        problems.append(Problem(f"{place}.severity", "应为 1–4 或 null。"))
    if values.get("due_on") is not None:
        try:
            values["due_on"] = dt.date.fromisoformat(clean(values["due_on"]))
        except ValueError:
            problems.append(Problem(f"{place}.due_on", "应为日期，如 2026-12-01，或 null。"))


def _read_instant(sent: Any, name: str, problems: list[Problem]) -> dt.datetime | None:
    if sent is None:
        return None
    try:
        instant = dt.datetime.fromisoformat(sent) if isinstance(sent, str) else None
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None or not 2000 <= instant.year <= 2100:
        problems.append(Problem(name, "应为带时区的时刻，如 2026-11-02T08:00:00+08:00。"))
        return None
    return instant


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _answer(answer: Answer) -> dict[str, Any]:
    found = answer.observation
    return {**stored_answer(answer), "observation": found.number if found is not None else ""}


def _instant(instant: dt.datetime | None) -> str | None:
    return None if instant is None else clock.local(instant).isoformat()


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
