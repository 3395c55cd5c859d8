"""整改前 and 整改后: photos of how it was and how it is, as files that the institution sees too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from shuangjian.alerts.models import Rectification
from shuangjian.core.errors import InvalidInput, Problem
from shuangjian.files.models import StoredFile
from shuangjian.files.pictures import VISIT_SIDE
from shuangjian.files.services import store

#: Of one rectification, all attempts together.
MOST_AFTER = 12
BEFORE, AFTER = "before", "after"


def purpose(number: str, part: str) -> str:
    """Under which the files of one part of a rectification are kept."""
    return f"rect:{number}:{part}"


def removed_purpose(number: str) -> str:
    """Under which photos are kept that the sender took back before handing in: no part of it, shown by no page."""
    return f"rect-out:{number}"


def keep_before(ordered: Rectification, photos: Sequence[StoredFile]) -> None:
    """The same bytes once more, as files of the rectification: those of a visit stay hidden from the institution."""
    StoredFile.objects.bulk_create(
        StoredFile(
            institution_id=ordered.institution_id,
            purpose=purpose(ordered.number, BEFORE),
            name=each.name,
            media_type=each.media_type,
            size=each.size,
            sha256=each.sha256,
            path=each.path,
            sealed_path=each.sealed_path,
            uploaded_by_id=each.uploaded_by_id,
        )
        for each in photos
    )


def keep_after(found: Rectification, photos: Iterable[Any], actor: Any) -> list[StoredFile]:
    """Store what was uploaded; InvalidInput names each file that cannot be kept, and then none is."""
    received = list(photos)
    name = purpose(found.number, AFTER)
    before = count_after(found) if received else 0
    if before + len(received) > MOST_AFTER:
        message = f"一项整改最多 {MOST_AFTER} 个文件，已有 {before} 个，这次选了 {len(received)} 个，请减少。"
        raise InvalidInput([Problem("photos", message)])
    kept: list[StoredFile] = []
    problems: list[Problem] = []
    for place, upload in enumerate(received):
        try:
            side = 0 if _is_pdf(upload) else VISIT_SIDE
            kept.append(store(upload, found.institution, name, actor, field=f"photos[{place}]", longest_side=side))
        except InvalidInput as refused:
            problems += refused.problems
    if problems:
        raise InvalidInput(problems)
    return kept


def count_after(found: Rectification) -> int:
    """Files of how it is, of all attempts."""
    of = {"institution": found.institution_id, "purpose": purpose(found.number, AFTER)}
    return StoredFile.objects.filter(**of).count()


def _is_pdf(upload: Any) -> bool:
    """Whether it begins as one; ``store`` looks at it whole."""
    head = upload.read(5)
    upload.seek(0)
    return bool(head == b"%PDF-")


def photos_of(
    rectifications: Iterable[Rectification], among: QuerySet[StoredFile]
) -> Mapping[str, dict[str, list[StoredFile]]]:
    """Files by number and part (``before``, ``after``), oldest first, out of ``among``, what the reader may see; one
    query."""
    parts: dict[str, tuple[str, str]] = {}
    shown: dict[str, dict[str, list[StoredFile]]] = {}
    units = set()
    for each in rectifications:
        units.add(each.institution_id)
        shown[each.number] = {BEFORE: [], AFTER: []}
        parts |= {purpose(each.number, part): (each.number, part) for part in (BEFORE, AFTER)}
    for stored in among.filter(institution__in=units, purpose__in=list(parts)).order_by("pk"):
        number, part = parts[stored.purpose]
        shown[number][part].append(stored)
    return shown
