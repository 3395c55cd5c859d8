"""The record of a visit, frozen at each handing-in: texts, answers, people, place, hashes of the photos."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

from inspections.models import Answer, Visit, VisitPhoto, VisitStep, VisitVersion
from shuangjian.accounts.models import User
from shuangjian.core import clock

#: Of the layout of ``record``; grows when a reader must tell two layouts apart.
LAYOUT = 1


def freeze(visit: Visit, *, handed_in_by: User | None, now: dt.datetime) -> VisitVersion:
    """Keep the visit as it stands as its version ``visit.version``, within the caller's transaction."""
    record = record_of(visit)
    record["handed_in_at"] = _instant(now)
    record["handed_in_by"] = _person(handed_in_by) if handed_in_by is not None else None
    corrected = visit.steps.filter(act=VisitStep.Act.CORRECTED).order_by("-pk").first() if visit.version > 1 else None
    return VisitVersion.objects.create(
        visit=visit,
        number=visit.version,
        record=record,
        sha256=sha256_of(record),
        reason=corrected.note if corrected is not None else "",
        handed_in_at=now,
        handed_in_by=handed_in_by,
    )


def canonical(record: dict[str, Any]) -> bytes:
    """The record as the one text that is hashed: sorted keys, no blanks, UTF-8."""
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sha256_of(record: dict[str, Any]) -> str:
    """校验值 of a record."""
    return hashlib.sha256(canonical(record)).hexdigest()


def record_of(visit: Visit) -> dict[str, Any]:
    """Everything that the visit says now, as plain JSON values, without removed photos. Seven queries."""
    institution, checklist = visit.institution, visit.checklist
    town = institution.town
    photos = list(
        visit.photos.filter(removed_at__isnull=True).select_related("stored", "item").order_by("taken_at", "pk")
    )
    return {
        "layout": LAYOUT,
        "key": str(visit.key),
        "number": visit.number,
        "version": visit.version,
        "institution": {
            "code": institution.code,
            "name": institution.name,
            "kind": institution.kind,
            "kind_label": institution.get_kind_display(),
            "town": town.name if town is not None else "",
        },
        "kind": visit.kind,
        "kind_label": visit.get_kind_display(),
        "planned_on": visit.planned_on.isoformat(),
        "purpose": visit.purpose,
        "complaint": visit.complaint.number if visit.complaint is not None else "",
        "follows": visit.follows.number if visit.follows is not None else "",
        "inspectors": [
            {**_person(each.person), "is_lead": each.is_lead}
            for each in visit.inspectors.select_related(
                "person", "person__town", "person__centre", "person__department", "person__institution"
            )
        ],
        "departments": [{"code": each.code, "name": each.name} for each in visit.departments.all()],
        "companions": visit.companions,
        "people_met": visit.people_met,
        "started_at": _instant(visit.started_at),
        "device_started_at": _instant(visit.device_started_at),
        "place": {
            "latitude": _text(visit.latitude),
            "longitude": _text(visit.longitude),
            "accuracy_m": visit.accuracy_m,
            "distance_m": visit.distance_m,
            "note": visit.place_note,
        },
        "result": visit.result,
        "result_label": visit.get_result_display() if visit.result else "",
        "summary": visit.summary,
        "checklist": {
            "target": checklist.target,
            "title": checklist.title,
            "number": checklist.number,
        }
        if checklist is not None
        else None,
        "answers": _answers(visit, photos),
        "photos": [_photo(each) for each in photos],
    }


def _answers(visit: Visit, photos: list[VisitPhoto]) -> list[dict[str, Any]]:
    """One entry for each item of the checklist in its order; ``verdict`` "" where nobody has answered."""
    if visit.checklist is None:
        return []
    given = {each.item_id: each for each in visit.answers.select_related("changed_by")}
    keys: dict[int | None, list[str]] = {}
    for photo in photos:
        keys.setdefault(photo.item_id, []).append(str(photo.key))
    rows = []
    for item in visit.checklist.items.order_by("order"):
        answer = given.get(item.pk) or Answer(visit=visit, item=item)
        rows.append(
            {
                "item": item.code,
                "group": item.group,
                "text": item.text,
                "clause": item.clause,
                "photo_rule": item.photo_rule,
                "kind": item.kind,
                "problem_kind": item.problem_kind,
                "default_severity": item.severity,
                **answer_values(answer),
                "answered_by": answer.changed_by.username if answer.changed_by is not None else "",
                "photos": keys.get(item.pk, []),
            }
        )
    return rows


def answer_values(answer: Answer) -> dict[str, Any]:
    """What an answer says, as plain JSON values."""
    return {
        "verdict": answer.verdict,
        "note": answer.note,
        "decision": answer.decision,
        "severity": answer.severity,
        "requirement": answer.requirement,
        "due_on": answer.due_on.isoformat() if answer.due_on is not None else None,
    }


def _photo(photo: VisitPhoto) -> dict[str, Any]:
    stored = photo.stored
    return {
        "key": str(photo.key),
        "item": photo.item.code if photo.item is not None else "",
        "caption": photo.caption,
        "taken_at": _instant(photo.taken_at),
        "received_at": _instant(stored.uploaded_at),
        "latitude": _text(photo.latitude),
        "longitude": _text(photo.longitude),
        "file": str(stored.key),
        "name": stored.name,
        "media_type": stored.media_type,
        "size": stored.size,
        "sha256": stored.sha256,
    }


def _person(person: User) -> dict[str, Any]:
    return {"login": person.username, "name": person.name, "unit": person.unit_name}


def _instant(instant: dt.datetime | None) -> str | None:
    return None if instant is None else clock.local(instant).isoformat(timespec="seconds")


def _text(number: Any) -> str | None:
    return None if number is None else str(number)
