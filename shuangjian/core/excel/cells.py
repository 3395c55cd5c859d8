"""What a workbook is once it has been read: plain values, no styles, no formula results."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

OPTIONS_SHEET = "选项"  # the two sheets that a template carries beside its data
META_SHEET = "_meta"

CellValue = str | int | float | bool | dt.date | dt.datetime | dt.time | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. Of a formula ``value`` is its text ("=A1+1"), never the result that was saved beside it; cells that
    share one formula all show it as the first of them has it. 1e309 is ``inf``, an error value is text ("#REF!")."""

    value: CellValue = None
    is_formula: bool = False


EMPTY = Cell()


@dataclass(frozen=True, slots=True)
class SheetRow:
    """``number`` is the row's number in the sheet, from 1; ``cells`` begins at column A and ends at the last value."""

    number: int
    cells: tuple[Cell, ...]
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class ReadSheet:
    """``rows`` in the sheet's order, those without any value left out; ``merged`` holds ranges such as "B3:B5"."""

    title: str
    rows: tuple[SheetRow, ...]
    merged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadWorkbook:
    """Sheets by title in the workbook's order, hidden ones included; chart sheets have no cells and are left out."""

    sheets: Mapping[str, ReadSheet]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a workbook may hold. ``bytes`` of the file, ``unpacked`` bytes of all its parts, ``rows`` and
    ``columns`` with a value in each sheet, ``strings`` in the shared table; ``cells`` (empty ones that carry a format
    count too) and ``characters`` of text in the whole workbook."""

    bytes: int = 5 * 1024 * 1024
    unpacked: int = 25 * 1024 * 1024
    rows: int = 3_000
    columns: int = 60
    sheets: int = 20
    strings: int = 60_000
    cells: int = 200_000
    characters: int = 4_000_000


def column_letter(index: int) -> str:
    """The letter of the column with this index from 0: 0 is "A", 26 is "AA"."""
    letters = ""
    number = index + 1
    while number > 0:
        number, remainder = divmod(number - 1, 26)
        letters = chr(ord("A") + remainder) + letters
    return letters
