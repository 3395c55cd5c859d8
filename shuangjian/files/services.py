"""Files are received, checked by content, and kept once by content. Who may send what is the caller's."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import unicodedata
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest

from shuangjian.bureau.models import Institution
from shuangjian.core.errors import Refused
from shuangjian.core.uploads import MOST_BYTES, was_too_large
from shuangjian.files.models import StoredFile
from shuangjian.files.pictures import checked, checked_photo, too_large
from shuangjian.journal.services import record

logger = logging.getLogger(__name__)

#: Folder of the media storage that holds originals.
SEALED = "sealed"
_LONGEST_NAME = 120
UNNAMED = "文件"


def asked_file(request: HttpRequest, field: str) -> UploadedFile | None:
    """The file of the form's ``field``, or None where none was chosen; InvalidInput where it was beyond the quota."""
    if was_too_large(request, field):
        raise too_large(field)
    return request.FILES.get(field)


@transaction.atomic
def store(
    upload: UploadedFile | BinaryIO,
    institution: Institution,
    purpose: str,
    actor: Any,
    *,
    field: str = "file",
    seal: bool = False,
    longest_side: int = 0,
) -> StoredFile:
    """Keep one file that shows something of ``institution``; ``purpose`` is such as site:<pk> or ad:<number>.

    JPEG, PNG and WebP are drawn anew without EXIF, a PDF is kept as it is; everything else, what is empty and what is
    beyond 20 MB is refused with InvalidInput at ``field``. ``sha256`` is of the bytes that were received.

    ``seal`` keeps those bytes as well, for the bureau alone. With ``longest_side`` only pictures are taken, and what is
    shown of them is a JPEG of no more than so many pixels a side: VISIT_SIDE for photos of a visit.
    """
    raw = upload.read(MOST_BYTES + 1)
    content = checked_photo(raw, field, longest_side) if longest_side else checked(raw, field)
    received = hashlib.sha256(raw).hexdigest()
    stored = StoredFile.objects.create(
        institution=institution,
        purpose=purpose,
        name=clean_name(getattr(upload, "name", "") or "", content.ending),
        media_type=content.media_type,
        size=len(content.data),
        sha256=received,
        path=_put(content.data, content.ending),
        sealed_path=_seal(raw, received) if seal else "",
        uploaded_by=actor if actor is not None and actor._meta.label_lower == "accounts.user" else None,
    )
    record(
        "store_file",
        actor=actor,
        institution_id=institution.pk,
        target=f"file:{stored.key}",
        detail={
            "purpose": purpose,
            "media_type": stored.media_type,
            "size": stored.size,
            "sha256": received,
            **({"sealed": True} if seal else {}),
        },
    )
    return stored


def sealed_original(stored: StoredFile, actor: Any) -> bytes:
    """The bytes of ``stored`` as they were received, for the bureau; each time it is taken out is in the journal.

    Refused with 404 where none was sealed or it is lost, and with 409 where it is not what was received.
    """
    target = f"file:{stored.key}"
    try:
        data = location(stored.sealed_path).read_bytes() if stored.sealed_path else None
    except FileNotFoundError:
        data = None
        logger.error("the sealed original of file %s is not in the media storage: %s", stored.key, stored.sealed_path)
    if data is None:
        raise Refused("这个文件没有封存原件，或原件不在存储中。请联系系统管理员。", code="not_sealed", status=404)
    if hashlib.sha256(data).hexdigest() != stored.sha256:
        logger.error("the sealed original of file %s does not have its hash", stored.key)
        raise Refused(
            "原件与登记的校验值不符，不能作为证据取出。请联系系统管理员核查存储。", code="altered", status=409
        )
    record(
        "take_out_original",
        actor=actor,
        institution_id=stored.institution_id,
        target=target,
        detail={"purpose": stored.purpose, "sha256": stored.sha256},
    )
    return data


def clean_name(name: str, ending: str) -> str:
    """The last part of ``name`` without control or invisible signs, with the ending that the content has."""
    shown = visible(name)
    stem = shown.rsplit(".", 1)[0].strip(" .") if "." in shown else shown
    return f"{stem[: _LONGEST_NAME - len(ending) - 1] or UNNAMED}.{ending}"


def visible(name: str) -> str:
    """The last part of ``name`` without the signs that nobody sees."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    # C: control and direction signs, with which a name could look like another one.
    return "".join(sign for sign in last if unicodedata.category(sign)[0] != "C").strip(" .")


def location(path: str) -> Path:
    """Where the bytes of a StoredFile with this ``path`` lie."""
    return Path(settings.MEDIA_ROOT) / path


def _put(data: bytes, ending: str) -> str:
    """Keep ``data`` under its own hash; returns the path."""
    digest = hashlib.sha256(data).hexdigest()
    return _write(data, f"{digest[:2]}/{digest}.{ending}")


def _seal(raw: bytes, digest: str) -> str:
    """Keep the bytes as received under their hash, without an ending: no program is to open them by name."""
    return _write(raw, f"{SEALED}/{digest[:2]}/{digest}")


def _write(data: bytes, path: str) -> str:
    """Write ``data`` unless it is there; after a crash it is there whole or not at all."""
    target = location(path)
    try:
        os.utime(target)  # as good as new: what no row names is removed a day after it was last kept
        return path
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as written:
        written.write(data)
        written.flush()
        os.fsync(written.fileno())
    Path(written.name).chmod(0o640)
    Path(written.name).replace(target)
    sync_folder(target.parent)
    return path


def sync_folder(folder: Path) -> None:
    """Make a new name in ``folder`` outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
