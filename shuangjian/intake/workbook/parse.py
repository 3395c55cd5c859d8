"""An uploaded workbook as a payload, and every problem of the file with the cell it stands in.

Values are converted by type only. What the payload's own checks can see is left to them (``check_payload``), so that
a mistake gives the same sentence here as in the form and the API; here it also gets its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shuangjian.core.errors import Problem
from shuangjian.core.excel.reading import ReadWorkbook
from shuangjian.intake.sections import Form, check_payload
from shuangjian.intake.sheets import Rows
from shuangjian.intake.workbook.file_checks import Header, find_header, merged_cells, meta_problems, missing_sheets
from shuangjian.intake.workbook.layout import HEADER_ROW, Meta
from shuangjian.intake.workbook.places import FileProblem, Place
from shuangjian.intake.workbook.tables import CellProblem, PayloadRow, Table
from shuangjian.intake.workbook.values import payload_value

# A row that a sentence names by its index, with the blanks that part it from Chinese.
_NAMED_ROW = re.compile(r" ?(\w+)\[(\d+)\] ?", re.ASCII)
_PATH = re.compile(r"(\w+)\[(\d+)\](?:\.(\w+))?", re.ASCII)


@dataclass(frozen=True)
class ParsedRow:
    """Where one payload row came from."""

    table: Table
    header: Header
    number: int
    source: PayloadRow

    def place(self, name: str = "") -> Place:
        """The cell of the payload name; of the row as a whole without one."""
        column = self.source.columns.get(name, name) if name else self.source.column
        return self.header.place(self.number, column)


@dataclass
class Parsed:
    """The file's rows, unchecked, and what is wrong with the file itself. ``unread``: cells that hold something that
    could not be read, so that nobody is told that they are empty."""

    payload: Rows = field(default_factory=dict)
    rows: dict[tuple[str, int], ParsedRow] = field(default_factory=dict)
    problems: list[FileProblem] = field(default_factory=list)
    unread: set[Place] = field(default_factory=set)

    def add(self, row: ParsedRow) -> None:
        key = row.source.key
        self.rows[key, len(self.payload[key])] = row
        self.payload[key].append(row.source.row)


def check_workbook(workbook: ReadWorkbook, form: Form, tables: Sequence[Table]) -> tuple[Rows, list[FileProblem]]:
    """(the payload as the file has it, every problem of file and content in the order of the file)."""
    problems = meta_problems(workbook, Meta.of(form.institution, form.week))
    if problems:  # made for another week or school: whatever stands in it would be wrong here
        return {}, problems
    parsed = Parsed(problems=missing_sheets(workbook, tables))
    for table in tables:
        _read_table(workbook, table, parsed)
    unread = parsed.unread | {problem.place for problem in parsed.problems}
    found = [_placed(problem, parsed) for problem in check_payload(form, parsed.payload).problems]
    parsed.problems += [problem for problem in found if problem.place not in unread]
    order = {table.title: number for number, table in enumerate(tables)}
    return parsed.payload, sorted(
        parsed.problems, key=lambda p: (order.get(p.place.sheet, -1), p.place.row, p.place.column)
    )


def _read_table(workbook: ReadWorkbook, table: Table, parsed: Parsed) -> None:
    for key in table.keys:
        parsed.payload.setdefault(key, [])
    sheet = workbook.sheets.get(table.title)
    if sheet is None:
        return
    header, problems = find_header(sheet, table)
    parsed.problems += problems
    if header is None:
        return
    merged, problems = merged_cells(sheet, header)
    parsed.problems += problems
    parsed.unread |= {header.cell(row, index) for row, index in merged}
    hidden: list[int] = []
    for row in sheet.rows:
        if row.number <= HEADER_ROW:
            continue
        cells = {
            index: cell
            for index, cell in enumerate(row.cells)
            if cell.value is not None and not (isinstance(cell.value, str) and not cell.value.strip())
        }
        record, wrong, note = _read_row(header, row.number, cells, merged)
        parsed.problems += wrong
        said = [] if note else list(table.payload_rows(record))
        if row.is_hidden and (said or wrong):
            hidden.append(row.number)
        for each in said:
            if isinstance(each, CellProblem):
                parsed.problems.append(FileProblem(header.place(row.number, each.column), each.message))
            else:
                parsed.add(ParsedRow(table, header, row.number, each))
    if hidden:
        parsed.problems.append(_hidden(header, hidden))


def _read_row(
    header: Header, number: int, cells: Mapping[int, Any], merged: frozenset[tuple[int, int]]
) -> tuple[dict[str, Any], list[FileProblem], bool]:
    """(record, problems of its cells, whether the row is a note and no data)."""
    record: dict[str, Any] = {}
    problems: list[FileProblem] = []
    understood = 0
    for index, cell in cells.items():
        column = header.columns.get(index)
        if (number, index) in merged:
            continue
        if cell.is_formula:
            problems.append(
                FileProblem(
                    header.cell(number, index),
                    f"是公式（{str(cell.value)[:40]}），不是数值。请选中后复制，再“选择性粘贴→数值”。",
                )
            )
        elif column is None:
            problems.append(
                FileProblem(header.cell(number, index), f"“{str(cell.value)[:40]}”不在任何一列表头之下，请删除。")
            )
        else:
            record[column.name], is_understood = payload_value(column, cell.value)
            understood += is_understood and index in header.telling
    only = next(iter(cells.items())) if len(cells) == 1 else None
    if only is not None and isinstance(only[1].value, str) and not only[1].is_formula and not understood:
        message = f"“{only[1].value.strip()[:40]}”像是表格之外的备注，本行其他格都是空的。请删除，备注不要写在此表。"
        return {}, [FileProblem(header.cell(number, only[0]), message)], True
    return record, problems, False


def _hidden(header: Header, numbers: Sequence[int]) -> FileProblem:
    listed = "、".join(str(number) for number in numbers[:10]) + ("等" if len(numbers) > 10 else "")
    return FileProblem(
        header.place(numbers[0], ""),
        f"第 {listed} 行被隐藏，其中有数据（共 {len(numbers)} 行）。请显示后核对：选中全表，右键“取消隐藏”；"
        "如是筛选造成的，点“数据→清除”。不需要的行请删除。",
    )


def _placed(problem: Problem, parsed: Parsed) -> FileProblem:
    """A problem of the payload at its cell; rows that its sentence names by index are named by sheet and row."""
    match = _PATH.fullmatch(problem.path)
    row = parsed.rows.get((match[1], int(match[2]))) if match else None
    message = _NAMED_ROW.sub(lambda found: _named(found, parsed), problem.message)
    if match is None or row is None:
        return FileProblem(Place("", 0, -1, ""), f"{problem.path}：{message}" if problem.path else message)
    return FileProblem(row.place(match[3] or ""), message, help=_help(row, match[3] or ""))


def _named(found: re.Match[str], parsed: Parsed) -> str:
    row = parsed.rows.get((found[1], int(found[2])))
    return f"“{row.table.title}”第 {row.number} 行" if row else found[0]


def _help(row: ParsedRow, name: str) -> str:
    wanted = row.source.columns.get(name, name)
    return next((column.help for column in row.table.columns if column.name == wanted), "")
