"""Uploaded workbooks: judged first, then read; whatever is wrong with one is an InvalidInput in Chinese.

The parts are read here with expat, in one bounded pass, and not with openpyxl: what has been judged and what is read
are then the same thing, a merged range or a style of a hostile or merely odd file cannot cost minutes or memory, and
the date formats of Chinese Excel and WPS (numbers 27 to 58) come out as dates. The tests hold the two side by side.

Of the file only values are taken. Links to other workbooks, pictures, comments, charts, conditional formats and rules
are ignored; macros and embedded objects are refused, because the file is kept and opened again by others.
"""

from __future__ import annotations

from shuangjian.core.excel.cells import (
    META_SHEET,
    Cell,
    CellValue,
    Limits,
    ReadSheet,
    ReadWorkbook,
    SheetRow,
    column_letter,
)
from shuangjian.core.excel.package import Package
from shuangjian.core.excel.parts import read_contents, read_formats, read_strings
from shuangjian.core.excel.sheet import Shared, read_sheet
from shuangjian.core.excel.xml_scan import Budget

__all__ = [
    "Cell",
    "CellValue",
    "Limits",
    "ReadSheet",
    "ReadWorkbook",
    "SheetRow",
    "column_letter",
    "meta_of",
    "open_workbook",
]

_LIMITS = Limits()
# XML elements in all parts together: 200,000 cells have 400,000, or 600,000 where texts stand in the cells.
_MOST_ELEMENTS = 700_000


def open_workbook(data: bytes, *, limits: Limits = _LIMITS) -> ReadWorkbook:
    """What the workbook holds; InvalidInput (422) with one Problem whose path is a sheet's title, or "文件".

    Hidden sheets, rows and columns are read like all others.
    """
    package = Package(data, limits)
    budget = Budget(_MOST_ELEMENTS, limits.cells, limits.characters)
    contents = read_contents(package, limits, budget)
    formats = read_formats(package, contents, budget)
    shared = Shared(read_strings(package, contents, limits, budget), formats, contents.is_1904)
    return ReadWorkbook({entry.title: read_sheet(package, entry, shared, limits, budget) for entry in contents.sheets})


def meta_of(book: ReadWorkbook) -> dict[str, str]:
    """The pairs that ``WorkbookBuilder.meta`` kept; empty when the workbook was not made here."""
    sheet = book.sheets.get(META_SHEET)
    rows = sheet.rows if sheet is not None else ()
    return {str(row.cells[0].value): str(row.cells[1].value) for row in rows if len(row.cells) == 2}
