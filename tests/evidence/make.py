"""Builders for tests of evidence."""

from __future__ import annotations

import datetime as dt
from typing import Any

from shuangjian.bureau.models import Institution, Town
from shuangjian.core import clock
from shuangjian.evidence.models import Complaint
from shuangjian.evidence.services import register_complaints
from tests import make

NOW = clock.at(dt.date(2026, 11, 24), 10 * 60)
NAME, PHONE = "虚构甲", "13800000001"


def org(
    name: str = "示范培训一部", *, town: Town | None = None, kind: str = "training_org", **fields: Any
) -> Institution:
    """A training institution without anything else."""
    number = Institution.objects.count() + 1
    return Institution.objects.create(
        code=f"9144011300000{number:05d}", name=name, pinyin=f"{number:04d}", kind=kind, town=town, is_fictional=True,
        registered_on=dt.date(2021, 9, 1), **fields,
    )  # fmt: skip


def row(**values: Any) -> dict[str, Any]:
    """A complaint as a form or a table states it."""
    return {
        "channel": "12345",
        "received_on": "2026-11-20",
        "topic": "refund",
        "text": "机构拖延退费。",
        "complainant_name": NAME,
        "complainant_phone": PHONE,
        **values,
    }


def complaint(institution: Institution | None = None, *, actor: Any = None, **values: Any) -> Complaint:
    """One registered complaint."""
    about = {"institution": institution.code} if institution else {"named": "虚构地点"}
    rows = [row(**{**about, **values})]
    return register_complaints(rows, actor=actor or make.Somebody(), now=NOW).complaints[0]
