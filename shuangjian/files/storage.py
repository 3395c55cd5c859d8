"""Whether the media storage and its rows agree: every row has its file whole, and no file is without a row."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from django.conf import settings

from shuangjian.files.models import PartialUpload, StoredFile
from shuangjian.files.partial import PARTS
from shuangjian.files.services import location

#: A file is written before its row is committed, and stays where that was rolled back: younger ones may get a row yet.
ORPHAN_AFTER = dt.timedelta(hours=24)
_BATCH = 1000


@dataclass
class Report:
    """Paths in the media storage; ``missing`` and ``altered`` are lost evidence, ``orphans`` mere waste."""

    files: int = 0
    missing: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return not (self.missing or self.altered or self.orphans)


def check(now: dt.datetime) -> Report:
    """Read every file that a row names and compare its hash; list what no row has named for ORPHAN_AFTER."""
    report = Report()
    for path, digest in sorted(_named().items()):
        report.files += 1
        try:
            if _digest(location(path)) != digest:
                report.altered.append(path)
        except FileNotFoundError:
            report.missing.append(path)
    report.orphans = orphans(now)
    return report


def orphans(now: dt.datetime) -> list[str]:
    """Paths of files that no row has named for ORPHAN_AFTER, sorted."""
    before = (now - ORPHAN_AFTER).timestamp()
    old = sorted(path for path, changed in _lying() if changed < before)
    found: list[str] = []
    for start in range(0, len(old), _BATCH):
        found += _without_row(old[start : start + _BATCH])
    return found


def remove_orphans(now: dt.datetime) -> int:
    """Remove them; returns how many went. What is kept again meanwhile has a new time and stays.

    Not by itself at night: after a restore of an older database they are photos that its rows have lost.
    """
    before = (now - ORPHAN_AFTER).timestamp()
    removed = 0
    for path in orphans(now):
        file = location(path)
        if file.stat().st_mtime < before:
            file.unlink()
            removed += 1
    return removed


def _named() -> dict[str, str]:
    """Path → hash of its bytes: a view's is its name, an original's is in its row."""
    rows = StoredFile.objects.order_by().values_list("path", "sealed_path", "sha256")
    named: dict[str, str] = {}
    for path, sealed_path, sha256 in rows.iterator():
        named[path] = Path(path).stem
        if sealed_path:
            named[sealed_path] = sha256
    return named


def _lying() -> Iterator[tuple[str, float]]:
    root = Path(settings.MEDIA_ROOT)
    for folder, _, names in os.walk(root):
        for name in names:
            file = Path(folder) / name
            try:
                yield str(file.relative_to(root)), file.stat().st_mtime
            except FileNotFoundError:
                continue  # a part that was stored meanwhile


def _without_row(paths: list[str]) -> list[str]:
    kept = set(StoredFile.objects.order_by().filter(path__in=paths).values_list("path", flat=True))
    kept |= set(StoredFile.objects.order_by().filter(sealed_path__in=paths).values_list("sealed_path", flat=True))
    keys = [key for path in paths if (key := _key_of_part(path))]
    kept |= {f"{PARTS}/{key}" for key in PartialUpload.objects.filter(key__in=keys).values_list("key", flat=True)}
    return [path for path in paths if path not in kept]


def _key_of_part(path: str) -> UUID | None:
    folder, _, name = path.partition("/")
    try:
        return UUID(name) if folder == PARTS else None
    except ValueError:
        return None


def _digest(file: Path) -> str:
    with file.open("rb") as read:
        return hashlib.file_digest(read, "sha256").hexdigest()
