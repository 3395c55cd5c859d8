"""What tests of visits have in common: photos go to a folder of the test's own, and the people of visit_make."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from tests.inspections import visit_make


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def cast(db: None) -> SimpleNamespace:
    return visit_make.cast()


@pytest.fixture
def at_that_hour() -> Iterator[None]:
    """The clock stands still at visit_make.NOW."""
    with time_machine.travel(visit_make.NOW, tick=False):
        yield
