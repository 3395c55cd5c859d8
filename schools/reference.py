"""The real school directory that the project ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from schools.school_imports import OPTIONAL_COLUMNS, REQUIRED_COLUMNS, import_schools
from shuangjian.bureau.tables import ImportResult, read_table

DIRECTORY = Path(__file__).parent / "data" / "schools.csv"
SOURCE = "番禺区教育局 2026 年招生计划，2026-04-28 公布"


def load_directory(*, actor: Any) -> ImportResult:
    """Import the 223 schools of the bureau's 2026 enrolment plan; a second run changes nothing."""
    return import_schools(read_table(DIRECTORY, REQUIRED_COLUMNS, OPTIONAL_COLUMNS), actor=actor, source=SOURCE)
