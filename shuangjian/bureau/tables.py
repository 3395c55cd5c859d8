"""CSV tables of reference data: read as people save them, with every error named by line and column."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from shuangjian.core.errors import InvalidInput, Problem

ValueT = TypeVar("ValueT")

_MOST_PROBLEMS = 50


@dataclass(frozen=True)
class Line:
    """One record: ``number`` is its line in the file; ``values`` are stripped text by column name."""

    number: int
    values: dict[str, str]

    def get(self, column: str) -> str:
        """The text of ``column``; empty when the table does not have it."""
        return self.values.get(column, "")


@dataclass
class Problems:
    """Collects what is wrong in a table, so that one run names every line that has to be mended."""

    found: list[Problem] = field(default_factory=list)

    def add(self, line: Line, column: str, message: str) -> None:
        """Note that ``column`` of ``line`` is wrong; ``message`` says what and how to mend it."""
        self.found.append(Problem(f"第 {line.number} 行 {column}".rstrip(), message))

    def read(self, line: Line, column: str, parse: Callable[[str], ValueT]) -> ValueT | None:
        """``parse`` of the text in ``column``; its ValueError becomes a problem, and the value None."""
        try:
            return parse(line.get(column))
        except ValueError as error:
            self.add(line, column, str(error))
            return None

    def raise_if_any(self) -> None:
        """InvalidInput with all of them (the first fifty), before anything is saved."""
        if self.found:
            total = len(self.found)
            message = f"表格有 {total} 处需要修改，没有导入任何数据。请改好后重新导入。"
            raise InvalidInput(self.found[:_MOST_PROBLEMS], message)


@dataclass(frozen=True)
class ImportResult:
    """How many records an import created, changed and found as they are."""

    created: int
    changed: int
    unchanged: int

    def __str__(self) -> str:
        return f"新增 {self.created}，修改 {self.changed}，未变 {self.unchanged}"

    @property
    def written(self) -> int:
        return self.created + self.changed

    def as_dict(self) -> dict[str, int]:
        return {"created": self.created, "changed": self.changed, "unchanged": self.unchanged}


def read_table(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> list[Line]:
    """The records of a CSV file; InvalidInput when it cannot be read or its columns do not fit.

    UTF-8 with or without BOM, or GBK as Excel and WPS save it. Lines that begin with # are comments; blank lines are
    skipped. The first other line names the columns, in any order.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput([Problem(str(path), f"文件打不开（{error.strerror}），请检查路径和权限。")]) from error
    return parse_table(decode(data), required, optional)


def decode(data: bytes) -> str:
    """Text of a CSV file in UTF-8 (BOM or not) or GBK."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput([Problem("", "文件编码无法识别，请另存为“CSV UTF-8（逗号分隔）”后重试。")])


def parse_table(
    text: str, required: Sequence[str], optional: Sequence[str] = (), *, columns: Sequence[str] = ()
) -> list[Line]:
    """As read_table, from text. With ``columns`` the text has no header: every line is a record."""
    records = _records(text)
    if not columns:
        try:
            _, header = next(records)
        except StopIteration:
            raise InvalidInput([Problem("", f"文件是空的，第一行应为表头：{','.join(required)}。")]) from None
        columns = [name.strip() for name in header]
        refuse_bad_header(columns, required, optional)
    lines, problems = [], Problems()
    for number, cells in records:
        line = Line(number, dict(zip(columns, (cell.strip() for cell in cells), strict=False)))
        if len(cells) != len(columns):
            problems.add(line, "", f"有 {len(cells)} 列，应有 {len(columns)} 列，请检查逗号和引号。")
        lines.append(line)
    problems.raise_if_any()
    return lines


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    position = 0

    def without_comments() -> Iterator[str]:
        nonlocal position
        for position, raw in enumerate(io.StringIO(text), start=1):  # noqa: B007 - read by the caller
            if raw.strip() and not raw.startswith("#"):
                yield raw

    try:
        for cells in csv.reader(without_comments(), strict=True):
            if any(cell.strip() for cell in cells):
                yield position, cells
    except csv.Error as error:
        message = "这一行不是正确的 CSV，请检查引号是否成对。"
        raise InvalidInput([Problem(f"第 {position} 行", message)]) from error


def refuse_bad_header(columns: Sequence[str], required: Sequence[str], optional: Sequence[str]) -> None:
    """InvalidInput when a required column is missing, or one is unknown or there twice."""
    known = [*required, *optional]
    problems = [Problem(f"表头 {name}", "缺少这一列，请补上。") for name in required if name not in columns]
    problems += [
        Problem(f"表头 {name or '（空）'}", f"不认识这一列，可用的列：{'、'.join(known)}。")
        for name in columns
        if name not in known
    ]
    problems += [
        Problem(f"表头 {name}", "这一列出现了两次，请删去一列。") for name in set(columns) if columns.count(name) > 1
    ]
    if problems:
        raise InvalidInput(problems)


def required_text(text: str) -> str:
    """The text itself; ValueError when it is empty."""
    if not text:
        raise ValueError("不能为空，请填写。")
    return text


def whole_number(text: str) -> int:
    """A whole number from 0; ValueError otherwise."""
    required_text(text)
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"“{text}”不是 0 或正整数，请填半角数字。")
    return int(text)


def parsed_date(text: str) -> dt.date:
    """A date written 2026-09-01 (or 2026/9/1, as Excel saves it); ValueError otherwise."""
    try:
        year, month, day = (int(part) for part in text.replace("/", "-").split("-"))
        return dt.date(year, month, day)
    except ValueError:
        raise ValueError(f"“{text}”不是日期，请写作 2026-09-01。") from None


def optional_date(text: str) -> dt.date | None:
    """As parsed_date; None when empty."""
    return parsed_date(text) if text else None


def one_of(*choices: str) -> Callable[[str], str]:
    """A parser that accepts exactly these words."""

    def parse(text: str) -> str:
        if text not in choices:
            words = "、".join(choice for choice in choices if choice)
            raise ValueError(f"“{text}”不在可填的值之内，请填 {words} 之一{'，或留空' if '' in choices else ''}。")
        return text

    return parse
