"""整改后 photos that a program sends before it hands in: in pieces over a bad line, each there once by its key."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from shuangjian.alerts.models import Rectification
from shuangjian.alerts.rectification_checks import check_hands_in, check_state, check_within
from shuangjian.alerts.rectification_photos import AFTER, MOST_AFTER, count_after, purpose, removed_purpose
from shuangjian.core.errors import Conflict, InvalidInput, Problem
from shuangjian.files import partial
from shuangjian.files.models import PartialUpload, StoredFile
from shuangjian.files.partial import OtherFile, Progress, Stream
from shuangjian.files.pictures import VISIT_SIDE
from shuangjian.journal.services import record

_FIELD = "photo"


def receive_photo(
    pk: int, key: UUID, *, total: int, offset: int, stream: Stream, name: str = "", sha256: str = "", actor: Any
) -> Progress:
    """Keep what ``stream`` gives of the photo ``key``; with its last byte it is a 整改后 photo of the rectification.

    Sent again it is the same photo; taken back meanwhile it stays so. Refused where the actor may not hand in, Conflict
    where nothing is awaited (the bytes wait for the rectification to be returned), InvalidInput beyond MOST_AFTER, and
    as files.partial.receive does (OutOfStep tells where to go on). Never inside a transaction.
    """
    found = Rectification.objects.select_related("institution").get(pk=pk)
    _check_sender(actor, found)
    known = photo_progress(found, key)
    if known is not None and known.stored is not None:
        if known.total != total or sha256 not in ("", known.stored.sha256):
            raise OtherFile
        return known
    _check_awaited(found)
    return partial.receive(
        key,
        institution=found.institution,
        purpose=purpose(found.number, AFTER),
        name=name,
        total=total,
        offset=offset,
        stream=stream,
        sha256=sha256,
        actor=actor,
        longest_side=VISIT_SIDE,
        before_storing=lambda: _take(pk),
    )


def photo_progress(found: Rectification, key: UUID) -> Progress | None:
    """How much of the photo ``key`` is kept; None where nothing is, or it is not of this rectification."""
    row = _sent(found, key)
    return Progress(row.key, row.received, row.total, row.stored) if row is not None else None


@transaction.atomic
def remove_photo(pk: int, key: UUID, *, actor: Any) -> None:
    """Take the photo back before it is handed in; its file stays. Taken back already: unchanged.

    Conflict for what is not whole, and for what was handed in: whoever rechecked has seen it.
    """
    found = _locked(pk)
    _check_sender(actor, found)
    row = _sent(found, key)
    if row is None or row.stored is None:
        raise Conflict("这项整改没有这张照片，可能还没有传完。", code="no_photo")
    stored, removed = row.stored, removed_purpose(found.number)
    if stored.purpose == removed:
        return
    check_state(found, Rectification.WAITING, "撤下照片")
    if found.handed_in_at is not None and stored.uploaded_at <= found.handed_in_at:
        raise Conflict(f"这张照片已随 {found.number} 提交，不能撤下；请补充新的照片。", code="handed_in")
    StoredFile.objects.filter(pk=stored.pk).update(purpose=removed)
    found.save(update_fields=["changed_at"])
    record(
        "remove_rectification_photo",
        actor=actor,
        institution_id=found.institution_id,
        target=f"rectification:{found.number}",
        detail={"photo": str(key), "sha256": stored.sha256},
    )


def _check_sender(actor: Any, found: Rectification) -> None:
    check_hands_in(actor, found.institution)
    check_within(actor, found.institution_id)


def _check_awaited(found: Rectification) -> None:
    check_state(found, Rectification.WAITING, "发送照片")
    if count_after(found) >= MOST_AFTER:
        message = f"一项整改最多 {MOST_AFTER} 个文件，已有 {MOST_AFTER} 个，请先撤下不需要的。"
        raise InvalidInput([Problem(_FIELD, message, "too_many")])


def _take(pk: int) -> None:
    """Once more under the lock that handing in takes too: what was handed in gets no further photo."""
    found = _locked(pk)
    _check_awaited(found)
    found.save(update_fields=["changed_at"])


def _locked(pk: int) -> Rectification:
    return Rectification.objects.select_for_update(of=("self",)).select_related("institution").get(pk=pk)


def _sent(found: Rectification, key: UUID) -> PartialUpload | None:
    of = {"institution": found.institution_id, "purpose": purpose(found.number, AFTER)}
    return PartialUpload.objects.select_related("stored").filter(key=key, **of).first()
