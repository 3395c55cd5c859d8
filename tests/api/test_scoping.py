"""No endpoint reaches rows but through ``scoped``: read from the source, so that a new one cannot forget it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENDPOINTS = sorted([*ROOT.glob("shuangjian/api/views/*.py"), *ROOT.glob("*/api.py")])


@pytest.mark.parametrize("file", ENDPOINTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_an_endpoint_never_touches_the_manager_of_its_rows(file: Path) -> None:
    assert not re.findall(r"\.objects\b", file.read_text(encoding="utf-8"))


def test_only_tables_without_units_are_read_unscoped() -> None:
    """Terms, breaks and the criteria of lists are the district's; towns and exceptions are narrowed by the scoped
    institutions; a dismissal hangs on a scoped finding."""
    unscoped = {name for file in ENDPOINTS for name in re.findall(r"(\w+)\._default_manager", file.read_text("utf-8"))}
    assert unscoped == {"Term", "Break", "Town", "CalendarDay", "Dismissal", "ListCriteria"}
