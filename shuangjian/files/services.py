"""Files are received, checked by content, and kept once by content. Who may send what is the caller's."""

from __future__ import annotations

import hashlib
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
from shuangjian.core.uploads import MOST_BYTES, was_too_large
from shuangjian.files.models import StoredFile
from shuangjian.files.pictures import checked, too_large
from shuangjian.journal.services import record

_LONGEST_NAME = 120
_UNNAMED = "文件"


def asked_file(request: HttpRequest, field: str) -> UploadedFile | None:
    """The file of the form's ``field``, or None where none was chosen; InvalidInput where it was beyond the quota."""
    if was_too_large(request, field):
        raise too_large(field)
    return request.FILES.get(field)


@transaction.atomic
def store(
    upload: UploadedFile | BinaryIO, institution: Institution, purpose: str, actor: Any, *, field: str = "file"
) -> StoredFile:
    """Keep one file that shows something of ``institution``; ``purpose`` is such as site:<pk> or ad:<number>.

    JPEG, PNG and WebP are drawn anew without EXIF, a PDF is kept as it is; everything else, what is empty and what is
    beyond 20 MB is refused with InvalidInput at ``field``. ``sha256`` is of the bytes that were received.
    """
    raw = upload.read(MOST_BYTES + 1)
    content = checked(raw, field)
    received = hashlib.sha256(raw).hexdigest()
    stored = StoredFile.objects.create(
        institution=institution,
        purpose=purpose,
        name=clean_name(getattr(upload, "name", "") or "", content.ending),
        media_type=content.media_type,
        size=len(content.data),
        sha256=received,
        path=_put(content.data, content.ending),
        uploaded_by=actor if actor is not None and actor._meta.label_lower == "accounts.user" else None,
    )
    record(
        "store_file",
        actor=actor,
        institution_id=institution.pk,
        target=f"file:{stored.key}",
        detail={"purpose": purpose, "media_type": stored.media_type, "size": stored.size, "sha256": received},
    )
    return stored


def clean_name(name: str, ending: str) -> str:
    """The last part of ``name`` without control or invisible signs, with the ending that the content has."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    # C: control and direction signs, with which a name could look like another one.
    shown = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C").strip(" .")
    stem = shown.rsplit(".", 1)[0].strip(" .") if "." in shown else shown
    return f"{stem[: _LONGEST_NAME - len(ending) - 1] or _UNNAMED}.{ending}"


def location(path: str) -> Path:
    """Where the bytes of a StoredFile with this ``path`` lie."""
    return Path(settings.MEDIA_ROOT) / path


def _put(data: bytes, ending: str) -> str:
    """Write ``data`` under its own hash unless it is there; after a crash it is there whole or not at all."""
    digest = hashlib.sha256(data).hexdigest()
    path = f"{digest[:2]}/{digest}.{ending}"
    target = location(path)
    if target.exists():
        return path
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as written:
        written.write(data)
        written.flush()
        os.fsync(written.fileno())
    Path(written.name).chmod(0o640)
    Path(written.name).replace(target)
    return path
