"""What can be wrong with the file itself: the wrong template, sheets, headers, merged cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shuangjian.core.excel.reading import ReadSheet, ReadWorkbook, column_letter, meta_of
from shuangjian.core.weeks import Week
from shuangjian.intake.workbook.layout import HEADER_ROW, SCHOOL, VERSION, WEEK, Meta
from shuangjian.intake.workbook.places import FileProblem, Place
from shuangjian.intake.workbook.tables import Kind, Table, TableColumn

_RANGE = re.compile(r"([A-Z]+)(\d+)(?::([A-Z]+)(\d+))?")
_AGAIN = "请在周报页面重新下载模板，把内容复制过去。"


@dataclass(frozen=True)
class Header:
    """The columns of one worksheet by their index from 0. ``telling``: those whose cells are no free text, so that a
    lone cell which can be read there is data and no note."""

    sheet: str
    columns: Mapping[int, TableColumn]

    @property
    def telling(self) -> frozenset[int]:
        return frozenset(index for index, column in self.columns.items() if column.kind is not Kind.TEXT)

    def place(self, row: int, name: str) -> Place:
        """The cell of a column by its name; the whole row when the sheet has no such column."""
        index = next((index for index, column in self.columns.items() if column.name == name), -1)
        return self.cell(row, index)

    def cell(self, row: int, index: int) -> Place:
        column = self.columns.get(index)
        return Place(self.sheet, row, index, column.header if column else "")


def meta_problems(workbook: ReadWorkbook, expected: Meta) -> list[FileProblem]:
    """Whether the workbook was made from this template for this school and week; only the first reason is told."""
    pairs = meta_of(workbook)
    message = ""
    if VERSION not in pairs or SCHOOL not in pairs or WEEK not in pairs:
        message = f"这不是本平台的周报模板，或模板信息已被删除。{_AGAIN}"
    elif pairs[VERSION] != expected.version:
        message = f"模板版本是 {pairs[VERSION][:20]}，现行版本是 {expected.version}，列和选项可能不同。{_AGAIN}"
    elif pairs[SCHOOL] != expected.school:
        message = (
            f"这是另一所学校的模板（学校标识码 {pairs[SCHOOL][:20]}），本校是 {expected.school}。"
            "请下载本校的模板填写；如传错文件，请换一个。"
        )
    elif pairs[WEEK] != expected.week:
        message = (
            f"这是{_week_words(pairs[WEEK])}的模板，现在填的是{_week_words(expected.week)}。"
            "请到那一周的周报页面上传，或下载本周的模板。"
        )
    return [FileProblem(Place("", 0, -1, ""), message)] if message else []


def _week_words(key: str) -> str:
    try:
        return Week.parse(key).label
    except ValueError:
        return key[:20]


def missing_sheets(workbook: ReadWorkbook, tables: Sequence[Table]) -> list[FileProblem]:
    """Worksheets that were deleted or renamed."""
    return [
        FileProblem(
            Place(table.title, 0, -1, ""),
            f"文件里没有“{table.title}”这张工作表，可能已改名或删除。请把表名改回“{table.title}”，或重新下载模板填写。",
        )
        for table in tables
        if table.title not in workbook.sheets
    ]


def find_header(sheet: ReadSheet, table: Table) -> tuple[Header | None, list[FileProblem]]:
    """The worksheet's columns; None, with the reasons, when its header row is not the template's."""
    row = next((row for row in sheet.rows if row.number == HEADER_ROW), None)
    found = {
        index: str(cell.value).strip()
        for index, cell in enumerate(row.cells if row else ())
        if cell.value is not None and str(cell.value).strip()
    }
    expected = [column for column in table.columns if not column.is_spare or column.header in found.values()]
    problems = _header_problems(table.title, found, expected)
    if problems:
        return None, problems
    by_header = {column.header: column for column in expected}
    return Header(table.title, {index: by_header[header] for index, header in found.items()}), []


def _header_problems(title: str, found: Mapping[int, str], expected: Sequence[TableColumn]) -> list[FileProblem]:
    headers = [column.header for column in expected]
    if not set(headers) & set(found.values()):
        return [
            FileProblem(
                Place(title, HEADER_ROW, -1, ""),
                f"第 {HEADER_ROW} 行应是表头（{'、'.join(headers[:4])}…）。请不要在表头上方插入或删除行。",
            )
        ]
    problems = _repeated_or_unknown(title, found, headers)
    renamed = {index for index in found if found[index] not in headers}
    for index, header in enumerate(headers):
        if header in found.values():
            continue
        if index in renamed:
            message = f"表头现为“{found[index]}”，模板中是“{header}”，请改回“{header}”。"
        else:
            message = f"缺少“{header}”这一列，可能已被删除或改名。请恢复此列，或重新下载模板填写。"
        problems.append(FileProblem(Place(title, HEADER_ROW, index, header), message))
    present = [header for header in found.values() if header in headers]
    in_order = [header for header in headers if header in present]
    if not problems and present != in_order:
        wrong = next(n for n, (one, other) in enumerate(zip(present, in_order, strict=True)) if one != other)
        index = [index for index, header in found.items() if header in headers][wrong]
        problems.append(
            FileProblem(
                Place(title, HEADER_ROW, index, in_order[wrong]),
                f"列的次序变了：这里应是“{in_order[wrong]}”，现为“{present[wrong]}”。请按模板的次序放回。",
            )
        )
    return problems


def _repeated_or_unknown(title: str, found: Mapping[int, str], headers: Sequence[str]) -> list[FileProblem]:
    """Headers that stand twice, and ones that the template does not have and no missing column explains."""
    problems = []
    first: dict[str, int] = {}
    missing_at = {index for index, header in enumerate(headers) if header not in found.values()}
    for index, header in found.items():
        place = Place(title, HEADER_ROW, index, header)
        if header in first:
            message = f"表头“{header}”重复，{column_letter(first[header])} 列已有。请删除多出的一列。"
            problems.append(FileProblem(place, message))
        elif header not in headers and index not in missing_at:
            problems.append(FileProblem(place, f"模板中没有“{header}”这一列，请删除此列。"))
        first.setdefault(header, index)
    return problems


def merged_cells(sheet: ReadSheet, header: Header) -> tuple[frozenset[tuple[int, int]], list[FileProblem]]:
    """The cells of the data area that are merged, and one problem for each merged range."""
    cells: set[tuple[int, int]] = set()
    problems = []
    width = max(header.columns, default=0) + 1
    for name in sheet.merged:
        match = _RANGE.fullmatch(name)
        if match is None or int(match[4] or match[2]) < HEADER_ROW:
            continue
        top, bottom = int(match[2]), int(match[4] or match[2])
        left, right = _index(match[1]), _index(match[3] or match[1])
        if left >= width:
            continue
        # Rows beyond what a sheet may hold have no values: nothing is lost when they are not marked one by one.
        cells |= {
            (row, column) for row in range(top, min(bottom, 5000) + 1) for column in range(left, min(right, width) + 1)
        }
        problems.append(
            FileProblem(
                header.cell(top, left),
                f"{name} 是合并单元格，读不出每一行各是什么。请取消合并，并把每一行都填上。",
            )
        )
    return frozenset(cells), problems


def _index(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
