"""Workbooks that people fill in: which kinds stand in one file, its template, and what an uploaded one says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shuangjian.core.errors import InvalidInput, Problem
from shuangjian.core.excel.cells import ReadSheet, SheetRow
from shuangjian.core.excel.reading import Limits, meta_of, open_workbook
from shuangjian.core.excel.writing import Choice, WorkbookBuilder
from shuangjian.core.excel.writing import Column as Written
from training_orgs.rows import Column, Kind, get_kind
from training_orgs.rows.csv_rows import header_keys
from training_orgs.rows.declare import INSTITUTION
from training_orgs.rows.table import Table, of_sheet

GUIDE = "说明"
_LIMITS = Limits(rows=5_200)
_HEADER_WITHIN = 6
_MOST = 50


@dataclass(frozen=True)
class Book:
    """One workbook: ``kinds`` are its sheets, in the order in which they are saved."""

    key: str
    label: str
    kinds: tuple[str, ...]
    lead: str

    @property
    def every_kind(self) -> list[Kind]:
        return [get_kind(key) for key in self.kinds]


BOOKS = {
    book.key: book
    for book in (
        Book("register", "机构档案", ("orgs", "licences", "registrations", "annual-checks", "safety-checks"),
             "机构、办学许可、法人登记、年检和安全核查；同一文件里新登记的机构可以接着填它的证照。"),
        Book("staff", "人员", ("staff", "qualifications"),
             "从业人员和教师资格。身份证号只用于比对，系统只留标识和后四位。"),
        Book("courses", "课程", ("courses", "course-sessions"),
             "课程、每周课时段和任课教师；单独增加或取消的场次填在“场次”表。"),
        Book("orders", "收费", ("fee-orders", "refunds", "consumptions"),
             "收费订单（一行一项明细，同一合同可占多行）、退费和课消。"),
        Book("ledger", "资金监管", ("custody-accounts", "reserves", "ledger"), "监管账户、风险保证金和监管账户流水。"),
        Book("complaints", "投诉举报", ("complaints",), "各渠道受理的投诉举报；不知道是哪个单位的，填所称单位或地点。"),
    )
}  # fmt: skip


def columns_of(kind: Kind, *, is_own: bool) -> list[Column]:
    """The columns of a sheet; an institution's own file needs none for the institution."""
    return [column for column in kind.every_column if not (is_own and column is INSTITUTION)]


def template(book: Book, kinds: Sequence[Kind], *, is_own: bool) -> bytes:
    """The blank workbook: a sheet a kind with dropdowns, and how each column is filled in."""
    builder = WorkbookBuilder(f"{book.label}导入模板")
    builder.meta({"book": book.key, "version": "1"})
    guide = builder.sheet(
        GUIDE,
        [Written("栏目", width=28, is_locked=True), Written("怎样填", width=90, is_locked=True)],
        notices=[f"{book.label}导入模板", "带 * 的必填。填好后保存为 .xlsx 上传，先核对，确认之后才保存。"],
        body_rows=1,
        is_landscape=False,
    )
    number = guide.first_row
    for kind in kinds:
        for column in columns_of(kind, is_own=is_own):
            guide.write(number, [f"{kind.label} · {column.label}", _how(column)])
            number += 1
    kept: dict[tuple[str, ...], Choice] = {}
    for kind in kinds:
        written = [_written(builder, kept, column) for column in columns_of(kind, is_own=is_own)]
        notices = [f"{kind.label}：每行一条。不用公式，不合并单元格，不留隐藏行，不改表名和表头。"]
        builder.sheet(kind.label, written, notices=notices, body_rows=2_000)
    return builder.to_bytes()


def _how(column: Column) -> str:
    words = ["必填" if column.is_required else "选填", column.help]
    if column.cell.choices and len(column.cell.choices) < 15:
        words.append("可填：" + "、".join(column.cell.choices.values()))
    return "；".join(word for word in words if word)


def _written(builder: WorkbookBuilder, kept: dict[tuple[str, ...], Choice], column: Column) -> Written:
    words = tuple(column.cell.choices.values())
    rule = None
    if words and not column.cell.is_list:
        if words not in kept:
            kept[words] = builder.options(f"选项_{len(kept) + 1}", words)
        rule = Choice(kept[words].name, "请从下拉列表中选择。")
    title = column.label + ("*" if column.is_required else "")
    width = max(12, min(30, 2 * len(title) + 2))
    return Written(title, column.cell.shown, width, rule, column.help[:250])


def read_book(data: bytes, book: Book, kinds: Sequence[Kind]) -> dict[str, Table]:
    """The rows of each sheet that has any, by kind. InvalidInput names whatever of the file cannot be read."""
    workbook = open_workbook(data, limits=_LIMITS)
    made_for = meta_of(workbook).get("book", book.key)
    if made_for != book.key:
        other = BOOKS[made_for].label if made_for in BOOKS else "其他"
        raise InvalidInput(
            [Problem("文件", f"这是“{other}”的模板，请在“{other}”页上传，或下载“{book.label}”模板填写。")]
        )
    tables: dict[str, Table] = {}
    problems: list[Problem] = []
    for kind in kinds:
        sheet = workbook.sheets.get(kind.label)
        if sheet is None:
            continue
        try:
            table = _read_sheet(sheet, kind)
        except InvalidInput as refused:
            problems += refused.problems
            continue
        if table is not None:
            tables[kind.key] = table
    if problems:
        raise InvalidInput(problems[:_MOST], f"有 {len(problems)} 处需要修改，数据没有保存。")
    if not tables:
        names = "、".join(kind.label for kind in kinds)
        raise InvalidInput([Problem("文件", f"没有数据行。请在“{names}”表的表头下面每行填一条。", "empty")])
    return tables


def _read_sheet(sheet: ReadSheet, kind: Kind) -> Table | None:
    known = {column.label for column in kind.every_column}
    header = next((row for row in sheet.rows[:_HEADER_WITHIN] if _is_header(row, known)), None)
    if header is None:
        message = f"找不到表头。第一行数据的上面应是：{'、'.join(sorted(known)[:4])}…；请用模板填写。"
        raise InvalidInput([Problem(kind.label, message, "header")])
    titles = [cell.value for cell in header.cells]
    while titles and titles[-1] in (None, ""):
        titles.pop()
    keys = header_keys(titles, kind, f"{kind.label} 第 {header.number} 行 {{}}")
    rows = [row for row in sheet.rows if row.number > header.number and _has_value(row)]
    problems = _unreadable(sheet, kind, keys, titles, rows, header.number)
    if problems:
        raise InvalidInput(problems)
    if not rows:
        return None
    columns = {
        key: [row.cells[at].value if at < len(row.cells) else None for row in rows] for at, key in enumerate(keys)
    }
    return of_sheet(kind.label, [row.number for row in rows], columns)


def _is_header(row: SheetRow, known: set[str]) -> bool:
    titles = {str(cell.value or "").rstrip("*＊").strip() for cell in row.cells}
    return len(titles & known) >= 2


def _has_value(row: SheetRow) -> bool:
    return any(str(cell.value).strip() for cell in row.cells if cell.value is not None)


def _unreadable(
    sheet: ReadSheet, kind: Kind, keys: Sequence[str], titles: Sequence[object], rows: Sequence[SheetRow], header: int
) -> list[Problem]:
    """Formulas, hidden rows, cells beside the table and merged ranges: whatever a reader could only guess at."""
    problems = []
    for row in rows:
        where = f"{kind.label} 第 {row.number} 行"
        if row.is_hidden:
            problems.append(Problem(where, "这一行被隐藏，其中有数据。请取消隐藏后核对，不需要的请删除。", "hidden"))
        for at, cell in enumerate(row.cells):
            if cell.is_formula:
                name = str(titles[at]).rstrip("*") if at < len(titles) else ""
                message = f"是公式（{str(cell.value)[:40]}），不是数值。请复制后“选择性粘贴→数值”。"
                problems.append(Problem(f"{where} {name}".rstrip(), message, "formula"))
            elif at >= len(keys) and cell.value not in (None, ""):
                problems.append(Problem(where, f"“{str(cell.value)[:40]}”不在任何一列表头之下，请删除。", "beside"))
    for name in sheet.merged:
        last = int("".join(char for char in name.rpartition(":")[2] if char.isdigit()))
        if last > header:
            problems.append(Problem(kind.label, f"{name} 是合并单元格，请取消合并并把每一行都填上。", "merged"))
    return problems
