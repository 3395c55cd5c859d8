"""续传: a file arrives in pieces over a bad line. What has arrived is kept; sent twice it is one file.

The pieces lie in the media storage, how far they reach in ``PartialUpload``. A piece is on the disk before its row says
so, so after a crash the row is behind at most and the sender repeats a little.
"""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from shuangjian.bureau.models import Institution
from shuangjian.core.errors import Conflict, InvalidInput, Problem, Refused
from shuangjian.core.querysets import Principal
from shuangjian.core.uploads import MOST_BYTES
from shuangjian.files.models import PartialUpload, StoredFile
from shuangjian.files.pictures import too_large
from shuangjian.files.services import UNNAMED, location, store, sync_folder, visible

#: Folder of the media storage that holds what is not whole yet.
PARTS = "parts"
#: After this long without a byte nobody is sending any more.
KEPT_FOR = dt.timedelta(days=7)
#: A piece is written when so many bytes of it (more of a large file), or seconds, have gathered: no more than that is
#: lost with the server.
_PIECE_BYTES = 64 * 1024
_MOST_PIECES = 16
_PIECE_SECONDS = 1.0
#: Read at once: where the line is reset, what the server has of the read under way is lost.
_READ_BYTES = 16 * 1024
_FIELD = "photo"


class Stream(Protocol):
    """What bytes are read from: a request, a file."""

    def read(self, size: int = ..., /) -> bytes:
        """At most ``size`` bytes; none at the end; OSError where the line broke."""


@dataclass(frozen=True)
class Progress:
    """``received`` bytes of ``total`` are kept; ``stored`` is the file once they were all there and it was taken."""

    key: UUID
    received: int
    total: int
    stored: StoredFile | None = None

    @property
    def is_complete(self) -> bool:
        return self.stored is not None


class OutOfStep(Conflict):
    """The bytes sent do not follow those kept: go on at ``progress.received``."""

    code = "offset"

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        super().__init__(f"服务器已收到 {progress.received} 字节（共 {progress.total} 字节），请从此处继续发送。")


class OtherFile(Conflict):
    """The key is of another file."""

    code = "other_file"

    def __init__(self) -> None:
        super().__init__("这个文件编号已用于另一个文件（单位、大小或校验值不同），请换一个编号重新发送。")


@dataclass(frozen=True)
class _File:
    """What the sender says of the file; the same each time a piece of it comes."""

    key: UUID
    institution: Institution
    purpose: str
    name: str
    total: int
    sha256: str
    seal: bool
    longest_side: int
    actor: Any
    before_storing: Callable[[], None]


def receive(
    key: UUID,
    *,
    institution: Institution,
    purpose: str,
    name: str,
    total: int,
    offset: int,
    stream: Stream,
    sha256: str = "",
    actor: Any,
    seal: bool = False,
    longest_side: int = 0,
    before_storing: Callable[[], None] = lambda: None,
) -> Progress:
    """Append what ``stream`` gives at ``offset`` of the file ``key``; with its last byte the file is stored.

    Where the stream breaks or ends early, what came is kept and the progress says how far. After completion the same
    key answers the same StoredFile and reads nothing. ``seal`` and ``longest_side`` as in ``store``. ``before_storing``
    is called in the transaction that stores the file; where it refuses, the bytes wait for the key to be sent again.

    Before anything is read: OutOfStep (409) where ``offset`` is not what is kept, Refused 413 beyond 20 MB,
    InvalidInput for an empty file, Conflict where the key is of another file. At the end InvalidInput where the hash or
    the content is wrong; then nothing is kept and the key is free. Never inside a transaction: progress would not last.
    """
    whole = _File(key, institution, purpose, name, total, sha256.lower(), seal, longest_side, actor, before_storing)
    _may_come(whole)
    progress = _begin(whole)
    if progress.is_complete:
        return progress
    if progress.received == total:  # whole, but whoever sent the last byte did not come to store it
        return _finish(whole)
    if progress.received != offset:
        raise OutOfStep(progress)
    for piece in _pieces(stream, total - offset, max(_PIECE_BYTES, total // _MOST_PIECES)):
        progress = _append(whole, offset, piece)
        offset += len(piece)
    return _finish(whole) if progress.received == total else progress


def progress(key: UUID, actor: Principal) -> Progress | None:
    """How much of the file ``key`` is kept; None where nothing is, or it is outside the actor's jurisdiction."""
    row = PartialUpload.objects.visible_to(actor).select_related("stored").filter(key=key).first()
    return _progress(row) if row else None


def forget_stale(now: dt.datetime) -> int:
    """Remove what nobody has sent a byte of for KEPT_FOR; returns how many uploads went. Stored files are untouched."""
    stale = PartialUpload.objects.filter(stored__isnull=True, touched_at__lte=now - KEPT_FOR)
    removed = 0
    for key in list(stale.values_list("key", flat=True)):
        with transaction.atomic():
            row = stale.select_for_update().filter(key=key).first()
            if row is None:
                continue  # a byte came meanwhile
            row.delete()
            _part(key).unlink(missing_ok=True)
        removed += 1
    return removed


def _may_come(whole: _File) -> None:
    if whole.total > MOST_BYTES:
        raise Refused(too_large(_FIELD).message, code="too_large", status=413)
    if whole.total <= 0:
        message = "文件是空的（0 字节），请重新选择；手机照片请等拍摄完成。"
        raise InvalidInput([Problem(_FIELD, message, "empty")], message)


@transaction.atomic(durable=True)
def _begin(whole: _File) -> Progress:
    """Where the file stands; a new key begins at 0."""
    row, _ = PartialUpload.objects.get_or_create(
        key=whole.key,
        defaults={
            "institution": whole.institution,
            "uploaded_by": whole.actor if _is_person(whole.actor) else None,
            "purpose": whole.purpose,
            "name": visible(whole.name)[:120],
            "total": whole.total,
            "sha256": whole.sha256,
        },
    )
    row = _locked(whole)
    if row.stored_id is None:
        _never_beyond_the_disk(row)
        if whole.sha256 and not row.sha256:
            row.sha256 = whole.sha256
            row.save(update_fields=["sha256", "touched_at"])
    return _progress(row)


def _locked(whole: _File) -> PartialUpload:
    """The row of the file, locked until the transaction ends; Conflict where the key is of another file."""
    # Without a join: after waiting, PostgreSQL reads the locked row anew, and a joined one as it was before.
    row = PartialUpload.objects.select_for_update().filter(key=whole.key).first()
    if row is None:
        raise OutOfStep(Progress(whole.key, 0, whole.total))  # another sender's bytes were refused meanwhile
    said = (whole.institution.pk, whole.purpose, whole.total)
    other_hash = bool(whole.sha256 and row.sha256 and whole.sha256 != row.sha256)
    if (row.institution_id, row.purpose, row.total) != said or other_hash:
        raise OtherFile
    return row


def _never_beyond_the_disk(row: PartialUpload) -> None:
    """After a restore of the database or a lost disk the sender repeats what is not there."""
    part = _part(row.key)
    kept = part.stat().st_size if part.exists() else 0
    if kept < row.received:
        row.received = kept
        row.save(update_fields=["received", "touched_at"])


def _pieces(stream: Stream, most: int, size: int) -> Iterator[bytes]:
    """What the stream gives, at most ``most`` bytes, in pieces of ``size``; ends where the line broke."""
    gathered, since = bytearray(), time.monotonic()
    while most > 0:
        try:
            data = stream.read(min(_READ_BYTES, most))
        except OSError:  # the line broke: Django's UnreadablePostError is one
            break
        if not data:
            break
        gathered += data
        most -= len(data)
        if len(gathered) >= size or time.monotonic() - since >= _PIECE_SECONDS:
            yield bytes(gathered)
            gathered, since = bytearray(), time.monotonic()
    if gathered:
        yield bytes(gathered)


@transaction.atomic(durable=True)
def _append(whole: _File, offset: int, piece: bytes) -> Progress:
    """Write one piece. The row is locked for the time of the write alone, never while waiting for the sender: of two
    senders at the same place the second finds the row further on and is told so."""
    row = _locked(whole)
    if row.stored is not None or row.received != offset:
        raise OutOfStep(_progress(row))
    try:
        _write(_part(row.key), offset, piece)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        message = "服务器存储空间不足，这一段没有保存；已收到的部分还在，请稍后继续发送。"
        raise Refused(message, code="storage_full", status=503) from error
    row.received = offset + len(piece)
    row.save(update_fields=["received", "touched_at"])
    return _progress(row)


def _write(part: Path, offset: int, piece: bytes) -> None:
    is_new = not part.exists()
    if is_new:
        part.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT, 0o640)
    try:
        written = 0
        while written < len(piece):
            written += os.pwrite(handle, piece[written:], offset + written)
        os.fsync(handle)
    finally:
        os.close(handle)
    if is_new:
        sync_folder(part.parent)


def _finish(whole: _File) -> Progress:
    """Store the file that is whole now, once, whoever comes first; InvalidInput where it is not what it should be."""
    refused: InvalidInput | None = None
    with transaction.atomic(durable=True):
        row = _locked(whole)
        if row.stored is None:
            whole.before_storing()
            try:
                row.stored = _stored(whole, row)
                row.save(update_fields=["stored", "touched_at"])
            except InvalidInput as error:
                refused = error
                row.delete()
    _part(whole.key).unlink(missing_ok=True)
    if refused is not None:
        raise refused
    return _progress(row)


def _stored(whole: _File, row: PartialUpload) -> StoredFile:
    raw = _part(row.key).read_bytes()[: row.total]
    if row.sha256 and hashlib.sha256(raw).hexdigest() != row.sha256:
        message = "收到的文件与发送方的校验值不符，没有保存。请从头重新发送。"
        raise InvalidInput([Problem(_FIELD, message, "digest")], message)
    return store(
        SimpleUploadedFile(row.name or UNNAMED, raw),
        whole.institution,
        whole.purpose,
        whole.actor,
        field=_FIELD,
        seal=whole.seal,
        longest_side=whole.longest_side,
    )


def _part(key: UUID) -> Path:
    return location(f"{PARTS}/{key}")


def _progress(row: PartialUpload) -> Progress:
    return Progress(row.key, row.received, row.total, row.stored)


def _is_person(actor: Any) -> bool:
    return actor is not None and actor._meta.label_lower == "accounts.user"
