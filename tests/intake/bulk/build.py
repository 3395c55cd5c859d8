"""Files of returns for tests: a payload as CSV lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shuangjian.bureau.models import Institution
from shuangjian.core.weeks import Week
from shuangjian.intake.bulk.loading import column_names
from tests import make

Payload = Mapping[str, Sequence[Mapping[str, Any]]]


def columns() -> list[str]:
    return ["school_code", "week", "part", *column_names()]


def cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(value) if isinstance(value, list) else str(value)


def lines(school: Institution, payload: Payload, week: Week = make.WEEK) -> list[dict[str, str]]:
    """The payload's rows as the file has them, part by part."""
    start = {"school_code": school.code, "week": week.key}
    return [
        {**start, "part": part, **{name: cell(value) for name, value in row.items()}}
        for part, rows in payload.items()
        for row in rows
    ]


def text(rows: Sequence[Mapping[str, str]]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, columns(), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def write(folder: Path, rows: Sequence[Mapping[str, str]], name: str = "returns.csv") -> Path:
    path = folder / name
    path.write_text(text(rows), encoding="utf-8")
    return path
