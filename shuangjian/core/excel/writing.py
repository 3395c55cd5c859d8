"""Templates and exports as .xlsx, and safe cells for .csv.

Whatever a text begins with, it is written as text: no formula, no link, no number is ever made of it. Sheets are
protected without a password, so that a template keeps its shape by accident and nobody is locked out of it.
"""

from __future__ import annotations

import datetime as dt
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from shuangjian.core.excel.cells import META_SHEET, OPTIONS_SHEET, CellValue, column_letter

__all__ = [
    "META_SHEET",
    "OPTIONS_SHEET",
    "Between",
    "Choice",
    "Column",
    "DataSheet",
    "Kind",
    "WorkbookBuilder",
    "plain_csv_cell",
    "safe_csv_cell",
]

CREATED = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - one fixed moment, so that equal content gives equal bytes
FONT = "宋体"

_LONGEST_TEXT = 32_767  # Excel's own limits; the library only warns and leaves the cell or the rule out
_LONGEST_MESSAGE = 255
_LAST_ROW = 1_048_576
_A4 = 9
_DANGEROUS = re.compile(r"'*(?:[\s\0]*[=+\-@＝＋－＠]|[\t\r\n\0])")
_APPEARANCE: dict[str, dict[str, Any]] = {
    "notice": {"text_wrap": True, "valign": "vcenter", "font_color": "#1F3864"},
    "header": {"bold": True, "text_wrap": True, "align": "center", "bg_color": "#DCE6F1", "border": 1},
    "body": {},
    "locked": {"bg_color": "#F2F2F2"},
}


class Kind(StrEnum):
    """What a column holds; the value is its number format."""

    TEXT = "@"
    WHOLE = "0"
    DECIMAL = "0.0#"
    DATE = "yyyy-mm-dd"
    TIME = "hh:mm"
    MOMENT = "yyyy-mm-dd hh:mm"
    PERCENT = "0.0%"


@dataclass(frozen=True)
class Choice:
    """One of the texts that ``WorkbookBuilder.options`` keeps under ``name``."""

    name: str
    message: str = "请从下拉列表中选择。"

    def options(self) -> dict[str, Any]:
        return {"validate": "list", "source": f"={self.name}"}


@dataclass(frozen=True)
class Between:
    """A number, date or time from ``minimum`` to ``maximum``, both included; whole numbers only where both are int."""

    minimum: int | float | dt.date | dt.time
    maximum: int | float | dt.date | dt.time
    message: str = ""

    def options(self) -> dict[str, Any]:
        return {"validate": self._what, "criteria": "between", "minimum": self.minimum, "maximum": self.maximum}

    @property
    def _what(self) -> str:
        if isinstance(self.minimum, dt.time):
            return "time"
        if isinstance(self.minimum, dt.date):
            return "date"
        return "integer" if isinstance(self.minimum, int) and isinstance(self.maximum, int) else "decimal"

    def sentence(self) -> str:
        noun = {"time": "时间，写作 17:30", "date": "日期，写作 2026-11-24", "integer": "整数", "decimal": "数"}[
            self._what
        ]
        ends = [f"{end:%H:%M}" if isinstance(end, dt.time) else str(end) for end in (self.minimum, self.maximum)]
        return f"请填 {ends[0]} 到 {ends[1]} 之间的{noun}。"


@dataclass(frozen=True)
class Column:
    """One column of a data sheet: its title in the header row, what it holds and what may be typed into it.

    ``is_locked`` columns (a prefilled name) cannot be edited. ``hint`` appears beside the cell while it is filled in.
    """

    title: str
    kind: Kind = Kind.TEXT
    width: float = 12
    rule: Choice | Between | None = None
    hint: str = ""
    is_locked: bool = False


class DataSheet:
    """A sheet of rows under locked headers. Rows are numbered from 1, as Excel and ``reading`` number them.

    ``worksheet`` is xlsxwriter's own (numbered from 0) for what only one template needs.
    """

    def __init__(self, worksheet: Worksheet, columns: Sequence[Column], formats: _Formats, first_row: int) -> None:
        self.worksheet = worksheet
        self.columns = tuple(columns)
        self.first_row = first_row
        self._formats = formats

    def write(self, number: int, values: Sequence[CellValue]) -> None:
        """Fill row ``number``; None leaves a cell empty. ValueError for what Excel cannot hold."""
        if len(values) > len(self.columns):
            raise ValueError(f"row {number} has {len(values)} values for {len(self.columns)} columns")
        for index, (column, value) in enumerate(zip(self.columns, values, strict=False)):
            if value is not None:
                look = "locked" if column.is_locked else "body"
                self._formats.write(self.worksheet, number - 1, index, value, look, column.kind)


class _Formats:
    """The formats of one workbook, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[tuple[str, str, bool], Format] = {}

    def of(self, look: str, number_format: str = Kind.TEXT, *, is_quoted: bool = False) -> Format:
        key = (look, str(number_format), is_quoted)
        if key not in self._made:
            properties = {"font_name": FONT, "font_size": 11, "valign": "vcenter", **_APPEARANCE[look]}
            made = self._book.add_format({**properties, "num_format": str(number_format), "locked": look != "body"})
            if is_quoted:
                made.set_quote_prefix()
            self._made[key] = made
        return self._made[key]

    def write(self, sheet: Worksheet, row: int, column: int, value: CellValue, look: str, kind: Kind) -> None:
        """Write by the value's type alone. A text that could be taken for a formula also gets Excel's quote prefix:
        it then stays text when somebody edits the cell and presses Enter."""
        written: int
        if isinstance(value, str):
            if len(value.encode("utf-16-le")) // 2 > _LONGEST_TEXT:
                raise ValueError(f"{column_letter(column)}{row + 1}: Excel keeps {_LONGEST_TEXT} characters in a cell")
            form = self.of(look, kind, is_quoted=_DANGEROUS.match(value) is not None)
            written = sheet.write_string(row, column, value, form)
        elif isinstance(value, bool):
            written = sheet.write_boolean(row, column, value, self.of(look, kind))
        elif isinstance(value, int | float):
            if not math.isfinite(value):
                raise ValueError(f"{column_letter(column)}{row + 1}: Excel has no {value}")
            written = sheet.write_number(row, column, value, self.of(look, kind))
        elif value is None:
            written = sheet.write_blank(row, column, None, self.of(look, kind))
        else:
            written = sheet.write_datetime(row, column, value, self.of(look, kind))
        if written:
            raise ValueError(f"{column_letter(column)}{row + 1} was not written: outside what a sheet can hold")


class WorkbookBuilder:
    """Builds one workbook in memory; the same calls give the same bytes.

    Data sheets come in the order in which they are made; the sheets of options (hidden) and of meta data (very
    hidden: Excel's menus do not show it) come last.
    """

    def __init__(self, title: str = "", *, created: dt.datetime = CREATED) -> None:
        self._buffer = io.BytesIO()
        plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self._book = xlsxwriter.Workbook(self._buffer, {"in_memory": True, **plain})
        self._book.set_properties({"title": title, "created": created})
        self._formats = _Formats(self._book)
        self._options: dict[str, tuple[str, ...]] = {}
        self._meta: dict[str, str] = {}

    def options(self, name: str, texts: Sequence[str]) -> Choice:
        """Keep a list for dropdowns under a defined name. A list written into the rule itself may hold 255 characters,
        and beyond that the library leaves the rule out; a range has no such limit."""
        if name in self._options or not texts:
            raise ValueError(f"options {name!r} need a new name and at least one text")
        letter = column_letter(len(self._options))
        if self._book.define_name(name, f"='{OPTIONS_SHEET}'!${letter}$2:${letter}${len(texts) + 1}"):
            raise ValueError(f"{name!r} cannot be the name of a range")
        self._options[name] = tuple(texts)
        return Choice(name)

    def meta(self, pairs: Mapping[str, str]) -> None:
        """Keep pairs for the reader of the filled workbook (``reading.meta_of``), such as the template's version."""
        self._meta.update(pairs)

    def sheet(
        self,
        title: str,
        columns: Sequence[Column],
        *,
        notices: Sequence[str] = (),
        body_rows: int = 1_000,
        is_landscape: bool = True,
    ) -> DataSheet:
        """A sheet with ``notices`` (one row each, over all columns), a header row and ``body_rows`` rows to fill in.

        The rows down to the header are locked, frozen and repeated on every printed page; the rules of the columns
        hold for ``body_rows`` rows from ``DataSheet.first_row``.
        """
        worksheet = self._book.add_worksheet(title)
        header = len(notices)
        for index, column in enumerate(columns):
            look = "locked" if column.is_locked else "body"
            worksheet.set_column(index, index, column.width, self._formats.of(look, column.kind))
            self._formats.write(worksheet, header, index, column.title, "header", Kind.TEXT)
            self._restrict(worksheet, header + 1, index, body_rows, column)
        for row, notice in enumerate(notices):
            if len(columns) > 1:
                worksheet.merge_range(row, 0, row, len(columns) - 1, "", self._formats.of("notice"))
            self._formats.write(worksheet, row, 0, notice, "notice", Kind.TEXT)
            worksheet.set_row(row, 18 * (notice.count("\n") + 1))
        self._set_up(worksheet, header, is_landscape)
        return DataSheet(worksheet, columns, self._formats, first_row=header + 2)

    def to_bytes(self) -> bytes:
        """The finished workbook; nothing can be added to it afterwards."""
        if self._options:
            sheet = self._book.add_worksheet(OPTIONS_SHEET)
            for index, (name, texts) in enumerate(self._options.items()):
                for row, text in enumerate((name, *texts)):
                    self._formats.write(sheet, row, index, text, "locked", Kind.TEXT)
            sheet.protect()
            sheet.hide()
        if self._meta:
            sheet = self._book.add_worksheet(META_SHEET)
            for row, pair in enumerate(self._meta.items()):
                for index, text in enumerate(pair):
                    self._formats.write(sheet, row, index, text, "locked", Kind.TEXT)
            sheet.protect()
            sheet.very_hidden()
        self._book.close()
        return self._buffer.getvalue()

    def _restrict(self, sheet: Worksheet, row: int, index: int, rows: int, column: Column) -> None:
        rule = column.rule
        if rule is None and not column.hint:
            return
        options: dict[str, Any] = {"validate": "any"}
        if rule is not None:
            if isinstance(rule, Choice) and rule.name not in self._options:
                raise ValueError(f"column {column.title!r}: no options are kept under {rule.name!r}")
            message = rule.message or (rule.sentence() if isinstance(rule, Between) else "")
            options = {**rule.options(), "error_title": "请修改", "error_message": message}
        if column.hint:
            options |= {"input_title": column.title[:32], "input_message": column.hint}
        texts = (options.get("error_message", ""), column.hint)
        last = min(row + rows, _LAST_ROW) - 1
        if any(len(text) > _LONGEST_MESSAGE for text in texts) or sheet.data_validation(
            row, index, last, index, options
        ):
            raise ValueError(f"column {column.title!r}: the rule was not accepted (messages may have 255 characters)")

    def _set_up(self, sheet: Worksheet, header: int, is_landscape: bool) -> None:
        sheet.freeze_panes(header + 1, 0)
        sheet.repeat_rows(0, header)
        sheet.set_paper(_A4)
        if is_landscape:
            sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
        sheet.set_footer("&L&A&R第 &P 页，共 &N 页")
        widening = {"format_cells": True, "format_columns": True, "format_rows": True}
        sheet.protect("", {**widening, "insert_rows": True, "delete_rows": True, "sort": True, "autofilter": True})


def safe_csv_cell(value: object) -> str:
    """``value`` as a CSV cell that no spreadsheet takes for a formula; None is "".

    A text that begins with = + - @ (also full-width, also after blanks), TAB, CR, LF or NUL gets one apostrophe in
    front, and so does such a text that already has apostrophes there: ``plain_csv_cell`` takes exactly one away again,
    so that every text comes back as it was. Numbers stay numbers (-5 is no formula).
    """
    if value is None:
        return ""
    if isinstance(value, str) and _DANGEROUS.match(value):
        return f"'{value}"
    return str(value)


def plain_csv_cell(text: str) -> str:
    """The text that ``safe_csv_cell`` was given; for the reader of a CSV file that was exported here."""
    return text[1:] if text.startswith("'") and _DANGEROUS.match(text) else text
