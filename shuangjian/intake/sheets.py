"""What a section's part of the web form holds while a person fills it in: cells as typed, before any check.

A sheet is read from a stored payload or from posted fields, and gives payload rows back. The rows go the same way as
those of the API; the sheet remembers from which cell each value came, so that a problem's path leads back to it.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar

Rows = dict[str, list[dict[str, Any]]]
#: element id → sentences about the cell
Marks = Mapping[str, list[str]]

_PATH = re.compile(r"^(\w+)\[(\d+)\](?:\.(\w+))?$")
_PERCENT = re.compile(r"([+-]?\d{1,4}(?:\.\d{1,6})?) ?(%?)", re.ASCII)
_FLAGS = {"1": True, "0": False}


@dataclass(frozen=True)
class Line:
    """One payload row and the form's cells it came from: ``cells`` by column, ``cell`` for the row as a whole."""

    key: str
    row: dict[str, Any]
    cell: str
    cells: Mapping[str, str] = field(default_factory=dict)


class Sheet(ABC):
    """One section's cells. Ids of elements are the names of their fields too."""

    keys: ClassVar[tuple[str, ...]]

    @abstractmethod
    def lines(self) -> Iterator[Line]:
        """The payload rows in the form's order, each with its cells."""

    @abstractmethod
    def cell_of(self, row: Mapping[str, Any]) -> str:
        """The element where a missing answer belongs; ``row`` holds what identifies it (class or stage, and day)."""

    @abstractmethod
    def cell_of_finding(self, about: str, day: str, rule: str = "") -> str:
        """The element that the rule's finding about ``class:…`` or ``stage:…`` on that day points at.

        A finding about a week stands on its Monday and leads to the cell that weighs most in it; "" when the form has
        no such place.
        """

    @abstractmethod
    def label_of(self, about: str) -> str:
        """``class:2026-03-01`` in words: 三年级1班."""

    @abstractmethod
    def tick(self, key: str, row: Mapping[str, Any]) -> None:
        """Set the tick that the payload row ``row`` of ``key`` stands for."""

    @abstractmethod
    def fill_blanks_from(self, other: Any) -> int:
        """Take over what the other sheet has where this one has nothing; returns how many places were filled."""

    @abstractmethod
    def view(self, marks: Marks) -> dict[str, Any]:
        """What the section's template shows."""

    def add_row(self, place: str) -> None:
        """One more blank row at ``place``; sheets of a fixed size have none to add."""
        return

    def publish(self, evidence: str) -> int:
        """State that what the sheet lists was made public on its own day, where nothing is stated yet.

        ``evidence`` is a link or photo number; "" none. Returns how many places changed.
        """
        return 0

    def rows(self) -> Rows:
        """The payload rows by key; each key is present."""
        rows: Rows = {key: [] for key in self.keys}
        for line in self.lines():
            rows[line.key].append(line.row)
        return rows

    def cells_by_path(self) -> dict[tuple[str, int], Line]:
        """(payload key, index of the row) → its line."""
        found: dict[tuple[str, int], Line] = {}
        counts = dict.fromkeys(self.keys, 0)
        for line in self.lines():
            found[line.key, counts[line.key]] = line
            counts[line.key] += 1
        return found


def line_of_path(path: str, lines: Mapping[tuple[str, int], Line]) -> Line | None:
    """The row that a problem's path (``homework[3].minutes``) speaks of; None when the form has none."""
    match = _PATH.match(path)
    return lines.get((match[1], int(match[2]))) if match else None


def cell_of_path(path: str, lines: Mapping[tuple[str, int], Line]) -> str:
    """The element that a problem's path speaks of; "" when the form has none."""
    match, line = _PATH.match(path), line_of_path(path, lines)
    return "" if match is None or line is None else line.cells.get(match[3] or "", line.cell)


def percent_or_text(typed: str) -> int | float | str:
    """A typed percentage as a share: 90, 90% and 90.0 are 0.9, and so is 0.9, the same share as a fraction: nobody
    estimates a share below one per cent, unless it says 0.9%. Anything else, full-width digits too, stays text."""
    match = _PERCENT.fullmatch(typed.strip())
    if match is None:
        return typed.strip()
    value = Decimal(match[1])
    if match[2] or not 0 < value < 1:
        value /= 100
    return int(value) if value == int(value) else float(value)


def as_percent(value: float) -> str:
    """A share as a cell shows it: 0.9 is 90."""
    return f"{(Decimal(str(value)) * 100).normalize():f}"


def flag_or_text(typed: str) -> bool | str:
    """What a choice of yes or no posts: 1 or 0; anything else stays text."""
    return _FLAGS.get(typed, typed)


def as_flag(value: bool) -> str:
    """Yes or no as a choice posts it."""
    return "1" if value else "0"
