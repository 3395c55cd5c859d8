"""Reads the CSV file into the rows of each school's week, naming every line that is no row."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from shuangjian.bureau.tables import refuse_bad_header
from shuangjian.core.errors import InvalidInput, Problem
from shuangjian.intake.bulk.mistakes import Mistakes

REQUIRED = ("school_code", "week")
PART = "part"
USUAL_PART = "homework"
_NUL = "这一行含有空字符（NUL），文件可能已损坏或不是文本文件，请重新另存为“CSV UTF-8（逗号分隔）”。"
_NOT_UTF8 = (
    "文件不是 UTF-8 编码，这一行读不出来。请在 Excel 或 WPS 中打开，选择“另存为”，"
    "文件类型选“CSV UTF-8（逗号分隔）(*.csv)”，再重新导入。"
)

Cells = tuple[str, ...]


@dataclass
class PartRows:
    """The rows of one part of a return: cells in the header's order, and the line of each."""

    rows: list[Cells] = field(default_factory=list)
    lines: array[int] = field(default_factory=lambda: array("I"))


@dataclass
class FiledReturn:
    """What the file says of one school's week. ``is_whole``: no line of it was spoilt."""

    school_code: str
    week: str
    first_line: int
    parts: dict[str, PartRows] = field(default_factory=dict)
    is_whole: bool = True

    @property
    def rows(self) -> int:
        return sum(len(part.rows) for part in self.parts.values())


@dataclass
class FiledTable:
    """The file: its columns, and its returns in the order in which they begin."""

    columns: tuple[str, ...]
    returns: list[FiledReturn]


class _Stripped(dict[str, str]):
    """Each distinct text once, without blanks around it: a district's week repeats a few thousand values."""

    def __missing__(self, text: str) -> str:
        stripped = text.strip()
        self[text] = stripped = self.setdefault(stripped, stripped)
        return stripped


def read_returns(path: Path, optional: Collection[str], mistakes: Mistakes) -> FiledTable:
    """The rows of the file by school and week; what is wrong with single lines goes to ``mistakes``.

    UTF-8 with or without BOM; lines that begin with # are comments, blank ones are skipped; the first other line
    names the columns, in any order. InvalidInput when the file cannot be read at all. Memory follows the number of
    rows and of distinct values, not the size of the texts.
    """
    try:
        with path.open("rb") as file:
            return _read(_records(file, mistakes), optional, mistakes)
    except OSError as error:
        raise InvalidInput([Problem(str(path), f"文件打不开（{error.strerror}），请检查路径和权限。")]) from error


def _read(records: Iterator[tuple[int, list[str]]], optional: Collection[str], mistakes: Mistakes) -> FiledTable:
    columns = _header(records, optional, mistakes)
    width = len(columns)
    code_at, week_at = (columns.index(name) for name in REQUIRED)
    part_at = columns.index(PART) if PART in columns else None
    returns: dict[tuple[str, str], FiledReturn] = {}
    stripped = _Stripped().__getitem__
    for line, cells in records:
        row = tuple(map(stripped, cells))
        if len(row) != width:
            message = f"有 {len(row)} 列，应有 {width} 列，请检查逗号和引号。"
            mistakes.add(line, "", message, "cells")
            if len(row) <= max(code_at, week_at):
                mistakes.is_torn = True
                continue
        key = row[code_at], row[week_at]
        filed = returns.get(key)
        if filed is None:
            filed = returns[key] = FiledReturn(*key, line)
        if len(row) != width:
            filed.is_whole = False
            continue
        name = row[part_at] or USUAL_PART if part_at is not None else USUAL_PART
        part = filed.parts.get(name)
        if part is None:
            part = filed.parts[name] = PartRows()
        part.rows.append(row)
        part.lines.append(line)
    if not returns and not mistakes.total:
        raise InvalidInput([Problem("", "文件只有表头，没有数据行，请每项填一行。")])
    return FiledTable(columns, list(returns.values()))


def _header(records: Iterator[tuple[int, list[str]]], optional: Collection[str], mistakes: Mistakes) -> tuple[str, ...]:
    first = next(records, None)
    if first is None:
        mistakes.raise_if_any()
        raise InvalidInput([Problem("", f"文件是空的，第一行应为表头：{','.join([*REQUIRED, PART, *optional])}。")])
    columns = tuple(name.strip() for name in first[1])
    try:
        refuse_bad_header(columns, REQUIRED, [PART, *optional])
    except InvalidInput as error:
        for problem in error.problems:
            mistakes.add(0, problem.path, problem.message, problem.code)
        raise mistakes.refusal() from error
    return columns


def _records(file: BinaryIO, mistakes: Mistakes) -> Iterator[tuple[int, list[str]]]:
    """(line on which the record begins, its cells) of each record that is neither blank nor a comment."""
    reader = csv.reader(_texts(file, mistakes), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            mistakes.add(line, "", "这一行不是正确的 CSV，请检查引号是否成对。", "csv")
            mistakes.is_torn = True
            continue
        if any(map(str.strip, cells)) and not cells[0].startswith("#"):
            yield line, cells


def _texts(file: BinaryIO, mistakes: Mistakes) -> Iterator[str]:
    """The file's lines as text. The first that is not UTF-8 ends the reading: the rest would say the same."""
    for number, raw in enumerate(file, start=1):
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            mistakes.add(number, "", _NOT_UTF8, "encoding")
            mistakes.is_torn = True
            return
        if "\0" in text:
            mistakes.add(number, "", _NUL, "nul")
            mistakes.is_torn = True
            text = "\n"
        yield text
