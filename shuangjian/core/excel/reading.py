"""Uploaded workbooks: judged first, then read; whatever is wrong with one is an InvalidInput in Chinese."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from shuangjian.core.errors import InvalidInput, Problem
from shuangjian.core.excel.cells import EMPTY, Cell, CellValue, Limits, ReadSheet, ReadWorkbook, SheetRow, column_letter

__all__ = ["Cell", "CellValue", "Limits", "ReadSheet", "ReadWorkbook", "SheetRow", "column_letter", "open_workbook"]


def open_workbook(data: bytes, *, limits: Limits = Limits()) -> ReadWorkbook:  # noqa: B008 - frozen
    """What the workbook holds; InvalidInput with one Problem whose path is a sheet's title, or "文件"."""
    if len(data) > limits.bytes:
        raise InvalidInput([Problem("文件", "文件太大，请删除与填报无关的内容后再上传。", "too-large")])
    try:
        book = openpyxl.load_workbook(io.BytesIO(data))
    except Exception as error:
        raise InvalidInput([Problem("文件", "打不开这个文件，请另存为 .xlsx 后再上传。", "unreadable")]) from error
    return ReadWorkbook({sheet.title: _sheet(sheet) for sheet in book.worksheets})


def _sheet(sheet: Worksheet) -> ReadSheet:
    rows = []
    for number, cells in enumerate(sheet.iter_rows(), 1):
        read = [_cell(cell.value, cell.data_type == "f") for cell in cells]
        while read and read[-1].value is None:
            read.pop()
        if read:
            rows.append(SheetRow(number, tuple(read), bool(sheet.row_dimensions[number].hidden)))
    return ReadSheet(sheet.title, tuple(rows), tuple(str(found) for found in sheet.merged_cells.ranges))


def _cell(value: Any, is_formula: bool) -> Cell:
    if value is None:
        return EMPTY
    return Cell(str(value) if is_formula else value, is_formula)
