"""Printing the record of a visit: which version, in whose words, and that it was printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from inspections.models import Visit, VisitVersion
from inspections.printing.record import visit_record_pdf
from inspections.services.ground import audit
from shuangjian.core.querysets import power_of

_OWN = frozenset({"school", "org"})


@dataclass(frozen=True)
class Printed:
    """A PDF and the name that it is saved under."""

    data: bytes
    name: str


def print_record(visit: Visit, *, number: int | None, actor: Any) -> Printed | None:
    """The version ``number`` of a visit that ``actor`` may see, else the latest filed, else the latest handed in.

    An institution gets filed versions of visits to itself alone, without what is not for it. None where there is no
    such version. Each time is in the journal: the record names people.
    """
    is_own = power_of(actor) in _OWN
    version = _version(visit, number, filed_only=is_own)
    if version is None:
        return None
    data = visit_record_pdf(visit, version, for_institution=is_own)
    audit(visit, "print_visit_record", actor=actor, detail={"version": version.number, "sha256": version.sha256})
    return Printed(data, f"{'检查结果告知' if is_own else '检查记录'}_{visit.number}_第{version.number}版.pdf")


def _version(visit: Visit, number: int | None, *, filed_only: bool) -> VisitVersion | None:
    rows = visit.versions.select_related("reviewed_by", "reviewed_by__town", "reviewed_by__centre").order_by("-pk")
    if filed_only:
        rows = rows.filter(filed_at__isnull=False)
    if number is not None:
        return rows.filter(number=number).first()
    return rows.filter(filed_at__isnull=False).first() or rows.first()
