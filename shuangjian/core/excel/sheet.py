"""One worksheet: cells with a value, hidden rows, merged ranges; refused at the first cell beyond the limits."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shuangjian.core.excel import refusals, serials
from shuangjian.core.excel.cells import EMPTY, Cell, CellValue, Limits, ReadSheet, SheetRow, column_letter
from shuangjian.core.excel.package import Package
from shuangjian.core.excel.parts import SheetEntry, TextCollector, is_yes, unescape
from shuangjian.core.excel.xml_scan import Attributes, Budget, scan

_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})", re.ASCII)
_RANGE = re.compile(r"\$?[A-Z]{1,3}\$?[1-9]\d{0,6}(?::\$?[A-Z]{1,3}\$?[1-9]\d{0,6})?", re.ASCII)
_NAMES = frozenset({"row", "c", "v", "f", "t", "rPh", "mergeCell"})
_TEXTS = frozenset({"v", "f", "t"})
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_MOST_MERGED = 10_000
# Rows that only carry a format are left behind by clearing old content; a few thousand are harmless, a million are not.
_MOST_ROW_ELEMENTS = 70_000


@dataclass(frozen=True)
class Shared:
    """What all sheets of a workbook refer to."""

    strings: list[str]
    formats: list[serials.Format]
    is_1904: bool


def read_sheet(package: Package, entry: SheetEntry, shared: Shared, limits: Limits, budget: Budget) -> ReadSheet:
    """InvalidInput, at the sheet's title, for a sheet that is too large or not well-formed."""
    reader = _SheetReader(entry.title, shared, limits, budget)
    pieces = package.pieces(entry.part)
    scan(pieces, budget, reader.start, reader.end, names=_NAMES, texts=_TEXTS, path=entry.title)
    return reader.result()


class _SheetReader:
    def __init__(self, title: str, shared: Shared, limits: Limits, budget: Budget) -> None:
        self._title = title
        self._shared = shared
        self._limits = limits
        self._budget = budget
        self._rows: dict[int, dict[int, Cell]] = {}
        self._hidden: set[int] = set()
        self._merged: list[str] = []
        self._formulas: dict[str, str] = {}
        self._collector = TextCollector(budget)
        self._row_elements = 0
        self._row = 0
        self._column = -1
        self._is_in_row = False
        self._cell: Attributes | None = None
        self._value = ""
        self._formula: str | None = None
        self._shared_formula: str | None = None

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "row":
            self._start_row(attributes)
        elif name == "c" and self._is_in_row:
            self._start_cell(attributes)
        elif name == "f" and self._cell is not None:
            self._shared_formula = attributes.get("si") if attributes.get("t") == "shared" else None
        elif name == "mergeCell":
            self._start_merged(attributes.get("ref", ""))
        else:
            self._collector.start(name)

    def end(self, name: str, text: str) -> None:
        if self._cell is None:
            if name == "row":
                self._is_in_row = False
        elif name == "c":
            self._end_cell(self._cell)
            self._cell = None
        elif name == "v":
            self._value = text
        elif name == "f":
            self._formula = self._formula_text(text)
        else:
            self._collector.end(name, text)

    def result(self) -> ReadSheet:
        rows = []
        for number, cells in sorted(self._rows.items()):
            filled = tuple(cells.get(index, EMPTY) for index in range(max(cells) + 1))
            rows.append(SheetRow(number, filled, number in self._hidden))
        return ReadSheet(self._title, tuple(rows), tuple(self._merged))

    def _start_row(self, attributes: Attributes) -> None:
        written = attributes.get("r")
        number = serials.number(written) if written is not None else self._row + 1
        if number is None or not 1 <= number <= _LAST_ROW or number != int(number):
            raise refusals.damaged(self._title, "行号不对")
        self._row, self._column, self._is_in_row = int(number), -1, True
        self._row_elements += 1
        if self._row_elements > _MOST_ROW_ELEMENTS:
            raise self._too_many_rows()
        if is_yes(attributes.get("hidden")):
            self._hidden.add(self._row)

    def _start_cell(self, attributes: Attributes) -> None:
        self._budget.cells -= 1
        if self._budget.cells < 0:
            message = "单元格过多（包括只带格式的空格）。请把要填报的内容复制到新的模板后再上传。"
            raise refusals.refusal(self._title, message, "too-many-cells")
        reference = attributes.get("r")
        if reference is None:
            self._column += 1
        else:
            match = _REFERENCE.fullmatch(reference)
            if match is None or int(match[2]) != self._row:
                raise refusals.damaged(self._title, f"单元格位置 {reference[:20]} 不对")
            self._column = _index(match[1])
        if self._column >= _LAST_COLUMN:
            raise refusals.damaged(self._title, "列号不对")
        self._cell, self._value, self._formula, self._shared_formula = attributes, "", None, None
        self._collector.clear()

    def _end_cell(self, attributes: Attributes) -> None:
        if self._formula is not None:
            cell = Cell(self._formula, is_formula=True)
        else:
            value = self._typed(attributes)
            if value is None or value == "":
                return
            cell = Cell(value)
        if self._row > self._limits.rows:
            raise self._too_many_rows()
        if self._column >= self._limits.columns:
            last = column_letter(self._limits.columns - 1)
            where = f"{column_letter(self._column)}{self._row}"
            message = f"{where} 有内容，超出上限（每张工作表最多到 {last} 列）。请删除 {last} 列右边的内容后再上传。"
            raise refusals.refusal(self._title, message, "too-many-columns")
        self._rows.setdefault(self._row, {})[self._column] = cell

    def _typed(self, attributes: Attributes) -> CellValue:
        kind, value = attributes.get("t", "n"), self._value
        if kind == "inlineStr":
            return self._collector.text(self._title)
        if kind == "s" and value:
            number = serials.number(value)
            if not isinstance(number, int) or not 0 <= number < len(self._shared.strings):
                raise refusals.damaged(self._title, f"{self._where()} 的文字缺失")
            return self._shared.strings[number]
        if kind == "b" and value:
            return is_yes(value)
        if kind == "d" and value:
            return serials.from_iso(value)
        if kind == "n" and value:
            return self._number(value, attributes.get("s", "0"))
        return unescape(value, self._title)

    def _number(self, text: str, style: str) -> CellValue:
        number = serials.number(text.strip())
        if number is None:
            return unescape(text, self._title)
        formats = self._shared.formats
        index = int(style) if style.isdecimal() and len(style) < 7 else 0
        shown = formats[index] if index < len(formats) else serials.Format.NUMBER
        return serials.from_serial(number, shown, is_1904=self._shared.is_1904)

    def _formula_text(self, text: str) -> str:
        formula = "=" + unescape(text, self._title)
        if self._shared_formula is None:
            return formula
        return self._formulas.setdefault(self._shared_formula, formula)

    def _start_merged(self, reference: str) -> None:
        if not _RANGE.fullmatch(reference):
            raise refusals.damaged(self._title, "合并单元格的范围不对")
        if len(self._merged) >= _MOST_MERGED:
            message = f"合并单元格多于 {_MOST_MERGED} 处。请取消合并后再上传。"
            raise refusals.refusal(self._title, message, "too-many-merged")
        self._merged.append(reference.replace("$", ""))

    def _where(self) -> str:
        return f"{column_letter(self._column)}{self._row}"

    def _too_many_rows(self) -> Exception:
        most = self._limits.rows
        what = f"第 {self._row} 行起超出上限（每张工作表最多 {most} 行）"
        message = f"{what}。请删除第 {most} 行以下的内容和多余空行，或分成几个文件后再上传。"
        return refusals.refusal(self._title, message, "too-many-rows")


def _index(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
