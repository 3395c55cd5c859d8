"""The whole visit sent as one document, by a phone that was without a line or by another system: once or many times."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from inspections.choices import WRITABLE, VisitState
from inspections.models import Visit
from inspections.scope import inspectable_by, inspectors_for
from inspections.services.answers import save_answer, unchanged
from inspections.services.details import same_details, save_details, set_inspectors
from inspections.services.documents import Document, read_document
from inspections.services.ground import locked_visit, may_write
from inspections.services.places import Place, put_place
from inspections.services.planning import open_visit, start_visit
from shuangjian.accounts.models import ApiToken, User
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Problem

#: A revision that no row has: without one only what would change nothing is let through.
_NOT_READ = -1
_DETAILS = ("companions", "people_met", "departments", "result", "summary", "purpose")


@dataclass(frozen=True)
class Synced:
    """The visit after the document; ``is_new`` where the document opened it."""

    visit: Visit
    is_new: bool


@transaction.atomic
def put_visit(
    key: uuid.UUID, sent: Any, *, actor: Any, revision: int | None = None, now: dt.datetime | None = None
) -> Synced:
    """Make the visit ``key`` say what the document says; a new key opens it. Keys that it lacks stay as they are.

    All or nothing. ``revision`` (else the document's) guards what is no answer, each answer's own guards it; without
    one, only what is equal to what is stored passes. So the same document three times is one visit, unchanged, also
    after it was handed in. Stale, InvalidInput with paths such as ``answers[S-03].note``, Conflict as the acts raise.
    """
    document = read_document(sent)
    pk = Visit.objects.filter(key=key).values_list("pk", flat=True).first()
    visit = locked_visit(pk) if pk is not None else None
    is_new = visit is None
    if visit is None:
        visit = _open(key, document, actor=actor, now=now)
        expected = visit.revision
    else:
        if not may_write(visit, actor):
            raise Conflict("这个检查标识已被使用，请换一个。", code="key_taken")
        if document.has("institution") and document.get("institution") != visit.institution.code:
            raise InvalidInput(
                [Problem("institution", f"这次检查的对象是 {visit.institution.code}，不能改成别的单位。")]
            )
        expected = revision if revision is not None else document.get("revision", _NOT_READ)
        if visit.state == VisitState.PLANNED and document.get("started_at") is not None:
            expected = _start(visit, document, expected, actor=actor, now=now)
            visit.refresh_from_db()
        _never_moved(visit, document, actor)
    _write(visit, document, expected, actor=actor, now=now)
    known = {each.item.code: each for each in visit.answers.select_related("item")}
    for code, values, own in document.answers:
        if not unchanged(known.get(code), code, values):
            # Where nobody has answered yet nothing can be overwritten.
            guard = own if own is not None else (_NOT_READ if code in known else 0)
            save_answer(visit.pk, code, values=values, revision=guard, actor=actor, now=now)
    visit.refresh_from_db()
    return Synced(visit, is_new)


def people_by_login(logins: list[str], actor: Any, *, path: str = "inspectors") -> list[User]:
    """Accounts that ``actor`` may put on a visit, in the order given; InvalidInput for a login that is none."""
    known = {each.username: each for each in inspectors_for(actor).filter(username__in=logins)}
    missing = [login for login in dict.fromkeys(logins) if login not in known]
    if missing:
        raise InvalidInput(
            Problem(path, f"没有登录名为“{login[:40]}”的检查人员，或不在您的范围内，请核对。") for login in missing
        )
    return [known[login] for login in dict.fromkeys(logins)]


def _open(key: uuid.UUID, document: Document, *, actor: Any, now: dt.datetime | None) -> Visit:
    code = document.get("institution", "")
    if not code:
        raise InvalidInput([Problem("institution", "还没有这个标识的检查；开启检查须写明单位代码。", "required")])
    institution = inspectable_by(actor).filter(code=code).first()
    if institution is None:
        raise InvalidInput(
            [
                Problem(
                    "institution", f"没有代码为“{code[:18]}”的检查对象，或它不在您可以检查的范围内，请核对。", "scope"
                )
            ]
        )
    people = people_by_login(document.get("inspectors", []), actor)
    visit = open_visit(
        institution,
        key=key,
        actor=actor,
        inspectors=_lead_first(people, document),
        place=document.get("place") or Place(),
        device_started_at=document.get("device_started_at"),
        started_at=document.get("started_at"),
        purpose=document.get("purpose", ""),
        now=now,
    )
    if visit.state not in WRITABLE:  # another sender of the same document was faster and is done with it
        raise Conflict("这个检查标识刚被使用，请重新读取后再发送。", code="key_taken")
    return visit


def _start(visit: Visit, document: Document, expected: int, *, actor: Any, now: dt.datetime | None) -> int:
    """A planned visit that the document says has begun; the revision to go on from."""
    is_current = expected == visit.revision
    started = start_visit(
        visit.pk,
        actor=actor,
        place=document.get("place") or Place(),
        device_started_at=document.get("device_started_at"),
        started_at=document.get("started_at") if isinstance(actor, ApiToken) else None,
        now=now,
    )
    return started.revision if is_current else expected


def _never_moved(visit: Visit, document: Document, actor: Any) -> None:
    """When and where a visit began is written once."""
    problems = []
    if visit.started_at is not None and document.has("place"):
        said = Visit(institution=visit.institution, place_note=visit.place_note)
        put_place(said, document.get("place"))
        if (said.latitude, said.longitude) != (visit.latitude, visit.longitude):
            problems.append(
                Problem("place", "开始检查时的位置已记下，不能更改；有误的请写在位置说明（place_note）里。")
            )
    began = document.get("started_at")
    # A person's visit begins by the server's clock, whatever the phone's says.
    if isinstance(actor, ApiToken) and began is not None and visit.started_at is not None and began != visit.started_at:
        stored = clock.local(visit.started_at).isoformat()
        problems.append(Problem("started_at", f"开始时间已记为 {stored}，不能更改。"))
    if problems:
        raise InvalidInput(problems)


def _write(visit: Visit, document: Document, expected: int, *, actor: Any, now: dt.datetime | None) -> None:
    if document.has("inspectors") or document.has("lead"):
        expected = _write_people(visit, document, expected, actor=actor, now=now)
    values = {name: document.get(name) for name in _DETAILS if document.has(name)}
    place = document.get("place")
    if isinstance(place, Place) and place.note:
        values["place_note"] = place.note
    if visit.state == VisitState.PLANNED:  # what nobody could have seen yet need not be named as empty
        values = {name: value for name, value in values.items() if value}
    if values and not same_details(visit, values):
        save_details(visit.pk, values=values, revision=expected, actor=actor, now=now)


def _write_people(visit: Visit, document: Document, expected: int, *, actor: Any, now: dt.datetime | None) -> int:
    """Inspectors and lead as the document has them; the revision to go on from."""
    rows = list(visit.inspectors.select_related("person"))
    current = [each.person.username for each in rows]
    leading = next((each.person.username for each in rows if each.is_lead), "")
    wanted, lead = document.get("inspectors", current), document.get("lead") or leading
    if set(wanted) == set(current) and lead == leading:
        return expected
    people = people_by_login(wanted, actor)
    chosen = next((each for each in people if each.username == lead), None)
    if chosen is None and document.get("lead"):
        raise InvalidInput([Problem("lead", "主办须是检查人员之一。")])
    changed = set_inspectors(visit.pk, inspectors=people, lead=chosen, revision=expected, actor=actor, now=now)
    return changed.revision


def _lead_first(people: list[User], document: Document) -> list[User]:
    return sorted(people, key=lambda person: person.username != document.get("lead", ""))
