"""One part of an institution's page, and the small words that its cells share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from shuangjian.core.templatetags.ui import MISSING

#: The most rows of a part that a page lists.
MOST = 30


@dataclass(frozen=True)
class Section:
    """One part: heads of the columns, rows of cells in their order, and where the next row is written."""

    key: str
    title: str
    columns: tuple[str, ...]
    rows: list[list[str]]
    empty: str
    note: str = ""
    kind: str = ""
    more_url: str = ""
    hidden: int = 0
    links: dict[int, str] = field(default_factory=dict)

    @property
    def cells(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Rows as (address or "", [(head of the column, cell)])."""
        return [(self.links.get(i, ""), list(zip(self.columns, row, strict=True))) for i, row in enumerate(self.rows)]


def text_or_missing(value: Any) -> str:
    """The value as text; — where there is none."""
    return MISSING if value in (None, "") else str(value)


def cut(rows: Sequence[Any]) -> tuple[Sequence[Any], int]:
    """The rows that are listed, and how many are not."""
    return rows[:MOST], max(len(rows) - MOST, 0)
