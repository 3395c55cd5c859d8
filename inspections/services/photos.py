"""Photos of a visit: they arrive in pieces over a bad line, each once; taken out of the visit they stay on the disk."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from inspections.models import ChecklistItem, Visit, VisitPhoto
from inspections.services.ground import audit, check_writer, locked_visit
from inspections.services.places import degrees
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Problem
from shuangjian.evidence.words import clean
from shuangjian.files import partial
from shuangjian.files.models import PartialUpload, StoredFile
from shuangjian.files.partial import Stream
from shuangjian.files.pictures import VISIT_SIDE

#: Beginning of the purpose of the files; the visit's number follows.
PURPOSE = "visit:"
MOST_PHOTOS = 200
_LONGEST_CAPTION = 100
_FIELD = "photo"


@dataclass(frozen=True)
class Sent:
    """What the phone says of a photo; ``item`` is a code of the checklist, "" for a photo of the place."""

    total: int
    offset: int = 0
    name: str = ""
    sha256: str = ""
    item: str = ""
    caption: str = ""
    taken_at: dt.datetime | None = None
    latitude: Decimal | float | None = None
    longitude: Decimal | float | None = None


@dataclass(frozen=True)
class PhotoProgress:
    """``received`` of ``total`` bytes are kept; ``photo`` once it is part of the visit."""

    key: uuid.UUID
    received: int
    total: int
    photo: VisitPhoto | None = None

    @property
    def is_complete(self) -> bool:
        return self.photo is not None


def receive_photo(
    pk: int, key: uuid.UUID, *, sent: Sent, stream: Stream, actor: Any, now: dt.datetime | None = None
) -> PhotoProgress:
    """Keep what ``stream`` gives of the photo ``key``; with its last byte it belongs to the visit, once.

    Sent again it is the same photo, removed meanwhile it stays removed; another photo under its key is a Conflict.
    Refusals as in files.partial.receive (OutOfStep tells where to go on), and for whom the visit is not to write, or
    not any more. Never inside a transaction.
    """
    visit = Visit.objects.select_related("institution", "checklist").get(pk=pk)
    known = _known(visit, key)
    if known is not None:
        return _same(known, sent)
    check_writer(visit, actor)
    facts = _facts(visit, sent)
    if visit.photos.count() >= MOST_PHOTOS:
        raise InvalidInput([Problem(_FIELD, f"一次检查最多 {MOST_PHOTOS} 张照片，请删去不需要的。", "too_many")])
    progress = partial.receive(
        key,
        institution=visit.institution,
        purpose=purpose_of(visit),
        name=sent.name,
        total=sent.total,
        offset=sent.offset,
        stream=stream,
        sha256=sent.sha256,
        actor=actor,
        seal=True,
        longest_side=VISIT_SIDE,
    )
    if progress.stored is None:
        return PhotoProgress(key, progress.received, progress.total)
    return _whole(_attach(pk, key, progress.stored, facts, actor))


def photo_progress(visit: Visit, key: uuid.UUID) -> PhotoProgress | None:
    """How much of the visit's photo ``key`` is kept; None where nothing is, or it is another visit's."""
    known = visit.photos.select_related("stored").filter(key=key).first()
    if known is not None:
        return _whole(known)
    row = PartialUpload.objects.filter(key=key, institution=visit.institution_id, purpose=purpose_of(visit)).first()
    return PhotoProgress(key, row.received, row.total) if row is not None else None


@transaction.atomic
def remove_photo(pk: int, key: uuid.UUID, *, actor: Any, now: dt.datetime | None = None) -> VisitPhoto:
    """Take the photo out of the visit; its file and its sealed original stay. Removed already: unchanged."""
    visit = locked_visit(pk)
    check_writer(visit, actor)
    photo: VisitPhoto | None = visit.photos.select_related("stored", "item").filter(key=key).first()
    if photo is None:
        raise Conflict("这次检查没有这张照片，可能还没有传完。", code="no_photo")
    if photo.removed_at is None:
        photo.removed_at = now or clock.now()
        photo.save(update_fields=["removed_at"])
        visit.save(update_fields=["changed_at"])
        audit(visit, "remove_visit_photo", actor=actor, detail={"photo": str(key), "sha256": photo.stored.sha256})
    return photo


def purpose_of(visit: Visit) -> str:
    """``StoredFile.purpose`` of the visit's photos."""
    return f"{PURPOSE}{visit.number}"


@transaction.atomic
def _attach(pk: int, key: uuid.UUID, stored: StoredFile, facts: dict[str, Any], actor: Any) -> VisitPhoto:
    visit = locked_visit(pk)
    known = _known(visit, key)
    if known is not None:
        return known
    check_writer(visit, actor)  # handed in while the photo was on its way: the file waits for the visit to be returned
    photo = VisitPhoto(key=key, visit=visit, stored=stored, **facts)
    photo.save(force_insert=True)
    visit.save(update_fields=["changed_at"])
    item: ChecklistItem | None = facts["item"]
    detail = {"photo": str(key), "item": item.code if item is not None else "", "sha256": stored.sha256}
    audit(visit, "add_visit_photo", actor=actor, detail=detail)
    return photo


def _known(visit: Visit, key: uuid.UUID) -> VisitPhoto | None:
    known = VisitPhoto.objects.select_related("stored", "item").filter(key=key).first()
    if known is not None and known.visit_id != visit.pk:
        raise _taken()
    return known


def _taken() -> Conflict:
    return Conflict("这个照片标识已被使用，请重新拍照或选择。", code="key_taken")


def _same(known: VisitPhoto, sent: Sent) -> PhotoProgress:
    """Arrived before; Conflict where another photo is sent under its key, which would be lost without a word."""
    whole = _whole(known)
    if sent.total != whole.total or sent.sha256.lower() not in ("", known.stored.sha256):
        raise _taken()
    return whole


def _facts(visit: Visit, sent: Sent) -> dict[str, Any]:
    """Columns of VisitPhoto; InvalidInput before a byte is read."""
    problems: list[Problem] = []
    item = None
    if sent.item:
        item = ChecklistItem.objects.filter(version=visit.checklist_id, code=sent.item).first()
        if item is None:
            problems.append(Problem("item", f"检查表中没有编号为“{sent.item[:12]}”的要点，请刷新后再传。", "unknown"))
    caption = clean(sent.caption)
    if len(caption) > _LONGEST_CAPTION:
        problems.append(Problem("caption", f"照片说明最多 {_LONGEST_CAPTION} 字，请缩短。", "too_long"))
    latitude = degrees(sent.latitude, 90, "latitude", "纬度", problems)
    longitude = degrees(sent.longitude, 180, "longitude", "经度", problems)
    if problems:
        raise InvalidInput(problems)
    if latitude is None or longitude is None:
        latitude = longitude = None
    taken_at = sent.taken_at
    return {"item": item, "caption": caption, "taken_at": taken_at, "latitude": latitude, "longitude": longitude}


def _whole(photo: VisitPhoto) -> PhotoProgress:
    # What the phone sent, not what is shown: the sender counts its own bytes.
    row = PartialUpload.objects.filter(key=photo.key).only("total").first()
    total = row.total if row is not None else photo.stored.size
    return PhotoProgress(photo.key, total, total, photo)
