"""Acts about people that are not rows: the list of teachers in public service, and certificates that were lent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.core.locks import lock_singleton
from shuangjian.journal.services import record
from training_orgs.in_service_list import InService, read_list
from training_orgs.models import InServiceList, InServiceTeacher, Qualification
from training_orgs.rows.staging import copy_into
from training_orgs.services.judging import ask_many

_LOCK = 24  # of lock_singleton: two uploads replace the list one after the other
_STAGED = "staged_in_service"
_TYPES = {"identity_hash": "varchar(64)", "valid_from": "date", "valid_until": "date"}

#: Institutions with staff whose match with the list is another one than before.
_AFFECTED = f"""
SELECT DISTINCT s.institution_id FROM training_orgs_staff s
LEFT JOIN training_orgs_inserviceteacher o ON o.identity_hash = s.identity_hash
LEFT JOIN {_STAGED} n ON n.identity_hash = s.identity_hash
WHERE s.identity_hash <> '' AND (o.id IS NOT NULL OR n.row_no IS NOT NULL)
  AND (o.id IS NULL OR n.row_no IS NULL
       OR (o.valid_from, o.valid_until) IS DISTINCT FROM (n.valid_from, n.valid_until))
"""  # noqa: S608 - own names
_REPLACE = f"""
INSERT INTO training_orgs_inserviceteacher (source_id, identity_hash, valid_from, valid_until)
SELECT %s, identity_hash, valid_from, valid_until FROM {_STAGED}
"""  # noqa: S608 - own names


@transaction.atomic
def upload_in_service_hashes(raw: bytes, *, label: str, as_of: dt.date, actor: Any, now: dt.datetime) -> InServiceList:
    """Replace the list of teachers in public service by the hashes of this file, all or nothing.

    Institutions with staff whose match has changed are judged again. A file that holds raw identity numbers is refused
    whole (in_service_list.read_list); nothing of it is kept or repeated.
    """
    _only_the_bureau(actor, "更换在职教师名单")
    label = label.replace("\x00", "").strip()
    if not 1 <= len(label) <= 60:
        raise InvalidInput([Problem("label", "请填写名单名称（1–60 字）。", "required")])
    people = read_list(raw)
    lock_singleton(_LOCK)
    affected = _replace(people, label, as_of, now)
    fresh = InServiceList.objects.latest("pk")
    record(
        "upload_in_service_list",
        actor=actor,
        target=f"in_service_list:{fresh.pk}",
        detail={"label": label, "as_of": as_of.isoformat(), "hashes": len(people), "institutions": len(affected)},
    )
    ask_many(dict.fromkeys(affected), cause="在职教师比对名单更换")
    return fresh


def _replace(people: Sequence[InService], label: str, as_of: dt.date, now: dt.datetime) -> list[int]:
    columns = {name: [getattr(person, name) for person in people] for name in _TYPES}
    copy_into(_STAGED, _TYPES, columns)
    fresh = InServiceList.objects.create(label=label, as_of=as_of, uploaded_at=now, hashes=len(people))
    with connection.cursor() as cursor:
        cursor.execute(_AFFECTED)
        affected = [institution for (institution,) in cursor.fetchall()]
        InServiceTeacher.objects.all()._raw_delete(connection.alias)  # one statement
        cursor.execute(_REPLACE, [fresh.pk])
    return affected


@transaction.atomic
def mark_certificate_lent(qualification_id: int, *, reason: str, actor: Any, is_lent: bool = True) -> Qualification:
    """Write down that a certificate was found lent to somebody else, or (``is_lent`` False) that this was wrong."""
    _only_the_bureau(actor, "认定资格证出借")
    reason = reason.replace("\x00", "").strip()
    if not 1 <= len(reason) <= 400:
        raise InvalidInput([Problem("reason", "请写明查实情况（1–400 字）。", "required")])
    found = Qualification.objects.select_for_update(of=["self"]).select_related("staff").get(pk=qualification_id)
    if found.is_lent == is_lent:
        raise Conflict("这张资格证" + ("已认定为出借。" if is_lent else "没有认定为出借，无须更正。"))
    found.is_lent = is_lent
    found.save(update_fields=["is_lent"])
    institution = found.staff.institution_id
    record(
        "mark_certificate_lent" if is_lent else "unmark_certificate_lent",
        actor=actor,
        institution_id=institution,
        target=f"qualification:{found.pk}",
        detail={"staff": found.staff.number, "reason": reason},
    )
    ask_many({institution: None}, cause="教师资格证出借" if is_lent else "教师资格证出借更正")
    return found


def _only_the_bureau(actor: Any, act: str) -> None:
    if getattr(actor, "power", None) is not None:
        raise Refused(f"{act}须由区教育局人员登录后办理，接口令牌不能代替。", code="person_needed", status=403)
    if getattr(actor, "role_kind", "") != "bureau" or not actor.may_write:
        raise Refused(f"只有区教育局可以{act}。", code="role", status=403)
