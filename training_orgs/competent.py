"""主管部门 of each kind of training that is no subject: dated data, as the departments' duties may change."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).parent / "data" / "competent_departments.yaml"


def competent_on(day: dt.date) -> dict[str, str]:
    """Department code by category (Category) on ``day``; before the first date as from it on."""
    entries = [entry for entry in _entries() if entry["from"] <= day] or _entries()[:1]
    return dict(entries[-1]["departments"])


@cache
def _entries() -> list[dict[str, Any]]:
    read = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return sorted(read["values"], key=lambda entry: entry["from"])
