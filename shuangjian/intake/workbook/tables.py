"""Worksheets of the weekly return: what a section's part looks like in a workbook, and how rows go there and back.

A domain describes its worksheets; writing and reading them is done once for all (``template``, ``parse``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from shuangjian.intake.days import FormDay

#: One worksheet row: column name → payload value. A cell that is empty has no entry.
Record = Mapping[str, Any]
YES, NO = "是", "否"


class Kind(StrEnum):
    """What a column's cells hold; reading converts by it and by nothing else."""

    WHOLE = "whole"
    CLOCK = "clock"
    DATE = "date"
    PERCENT = "percent"
    FLAG = "flag"
    CHOICE = "choice"
    CHOICES = "choices"
    TEXT = "text"


@dataclass(frozen=True)
class TableColumn:
    """One column. ``options``: code → word of a choice, or ISO date → how that date is shown.

    ``help`` is shown when the cell is chosen and beside a problem of the cell. ``is_fixed``: written by the template
    and protected. ``is_spare``: left out of the template unless a row has a value in it.
    """

    name: str
    header: str
    kind: Kind = Kind.TEXT
    options: Mapping[str, str] = field(default_factory=dict)
    width: int = 12
    help: str = ""
    is_fixed: bool = False
    is_spare: bool = False


@dataclass(frozen=True)
class PayloadRow:
    """One payload row read from a worksheet row.

    ``columns`` leads from the row's names to the columns they came from, where the two differ; ``column`` is where a
    problem of the row as a whole belongs.
    """

    key: str
    row: dict[str, Any]
    column: str
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CellProblem:
    """A cell of which no payload value can be made, so that the checks of the payload would never see it."""

    column: str
    message: str


@dataclass(frozen=True)
class Figure:
    """A figure of one class or stage, for the comparison with another week. None: nothing is filed.

    ``about`` as findings write it (``class:…``, ``stage:…``). A change of ``much`` or more is marked.
    """

    about: str
    who: str
    name: str
    value: int | None
    unit: str
    much: int


@dataclass(frozen=True)
class Table(ABC):
    """One worksheet. ``blank_rows``: how many rows there are to fill in; 0 when its rows are given."""

    title: str
    lead: str
    columns: tuple[TableColumn, ...]
    blank_rows: int = 0

    keys: ClassVar[tuple[str, ...]]

    @abstractmethod
    def records(self, payload: Mapping[str, Any]) -> Iterator[Record]:
        """The worksheet's rows for a payload; for {} the given rows, blank."""

    @abstractmethod
    def payload_rows(self, record: Record) -> Iterator[PayloadRow | CellProblem]:
        """What one worksheet row says; nothing when only its fixed cells are filled."""

    @abstractmethod
    def figures(self, payload: Mapping[str, Any]) -> Iterator[Figure]:
        """What the preview sets beside last week's."""

    def column(self, name: str) -> TableColumn:
        return next(column for column in self.columns if column.name == name)


def is_ticked(record: Record, column: str) -> bool | CellProblem:
    """Whether a tick column says 是; a CellProblem when it says neither 是 nor 否."""
    value = record.get(column, False)
    if isinstance(value, bool):
        return value
    return CellProblem(column, f"应填“{YES}”或留空，现为“{str(value)[:30]}”。")


def day_options(days: Mapping[str, Sequence[FormDay]]) -> dict[str, str]:
    """The week's dates as a dropdown shows them, school days first; a day off, or a swapped workday, says why.

    Where stages differ, a day on which any of them has lessons is a school day.
    """
    merged: dict[str, FormDay] = {}
    for column in days.values():
        for day in column:
            if day.iso not in merged or day.is_school_day:
                merged[day.iso] = day
    ordered = sorted(merged.values(), key=lambda day: (not day.is_school_day, day.date))
    return {day.iso: f"{day.iso}（{day.name}{f'，{day.note}' if day.note else ''}）" for day in ordered}
