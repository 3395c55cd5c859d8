"""CSV files as rows of a kind: columns by key or Chinese header, UTF-8 or GBK, # begins a comment."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from shuangjian.bureau.tables import decode
from shuangjian.core.errors import InvalidInput, Problem
from training_orgs.rows.batch import MOST_PROBLEMS
from training_orgs.rows.declare import Kind
from training_orgs.rows.table import Table, of_csv

_AT_A_TIME = 10_000


def read_csv(path: Path, kind: Kind) -> Table:
    """The records of the file; InvalidInput when it cannot be opened or is no table of the kind."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput([Problem(str(path), f"文件打不开（{error.strerror}），请检查路径和权限。")]) from error
    return parse_csv(decode(data), kind)


def parse_csv(text: str, kind: Kind) -> Table:
    """As ``read_csv``, from text. Equal texts are kept once: a large file repeats a few thousand."""
    records = _records(text)
    first = next(records, None)
    if first is None:
        names = ",".join(short_key(column.key) for column in kind.every_column)
        raise InvalidInput([Problem("", f"文件是空的，第一行应为表头，可用的列：{names}。")])
    keys = header_keys(first[1], kind, "表头 {}")
    lines: list[int] = []
    columns: list[list[str]] = [[] for _ in keys]
    once: dict[str, str] = {}
    problems: list[Problem] = []
    chunk: list[list[str]] = []

    def take() -> None:
        for column, cells in zip(columns, zip(*chunk, strict=True), strict=True):
            column.extend([once.setdefault(cell, cell) for cell in map(str.strip, cells)])
        chunk.clear()

    for line, cells in records:
        if len(cells) != len(keys):
            message = f"有 {len(cells)} 列，应有 {len(keys)} 列，请检查逗号和引号。"
            problems.append(Problem(f"第 {line} 行", message, "cells"))
            continue
        lines.append(line)
        chunk.append(cells)
        if len(chunk) == _AT_A_TIME:
            take()
    if chunk:
        take()
    if problems:
        raise InvalidInput(problems[:MOST_PROBLEMS], f"有 {len(problems)} 处需要修改，数据没有保存。")
    if not lines:
        raise InvalidInput([Problem("", "文件只有表头，没有数据行，请每项填一行。")])
    return of_csv(lines, dict(zip(keys, columns, strict=True)))


def short_key(key: str) -> str:
    """A column's name in a file: those of an order's line stand there without the list's name."""
    return key.rpartition(".")[2]


def header_keys(header: Sequence[Any], kind: Kind, place: str) -> list[str]:
    """The kind's column of each header cell. InvalidInput for one that is unknown, there twice or missing.

    ``place`` is where a header cell stands, with {} for its text.
    """
    known: dict[str, str] = {}
    for column in kind.every_column:
        for name in (column.label, short_key(column.key), column.key):
            known.setdefault(name, column.key)
    keys: list[str] = []
    problems: list[Problem] = []
    for cell in header:
        name = str(cell or "").strip().rstrip("*＊").strip()
        key = known.get(name, "")
        if not key:
            names = "、".join(f"{column.label}（{short_key(column.key)}）" for column in kind.every_column)
            problems.append(
                Problem(place.format(name or "（空）"), f"不认识这一列，可用的列：{names}。", "unknown_column")
            )
        elif key in keys:
            problems.append(Problem(place.format(name), "这一列出现了两次，请删去一列。", "duplicate"))
        keys.append(key)
    for column in kind.every_column:
        if column.is_required and column.key not in keys:
            problems.append(Problem(place.format(column.label), "缺少这一列，请补上。", "required"))
    if problems:
        raise InvalidInput(problems)
    return keys


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line on which the record begins, its cells); blank lines and comments left out."""
    reader = csv.reader(io.StringIO(text), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            message = "这一行不是正确的 CSV，请检查引号是否成对。"
            raise InvalidInput([Problem(f"第 {line} 行", message, "csv")]) from error
        if cells and not cells[0].startswith("#") and any(cell and not cell.isspace() for cell in cells):
            yield line, cells
