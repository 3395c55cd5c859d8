"""Templates keep their shape, hold no live formula, and come back as they were written."""

import csv
import datetime as dt
import io
import warnings

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangjian.core.excel.reading import Cell, meta_of, open_workbook
from shuangjian.core.excel.writing import (
    META_SHEET,
    OPTIONS_SHEET,
    Between,
    Choice,
    Column,
    Kind,
    WorkbookBuilder,
    plain_csv_cell,
    safe_csv_cell,
)
from tests.core.excel.workbooks import unpacked

LONG = [f"第 {number} 个很长的选项，合在一起远远超过二百五十五个字" for number in range(60)]
DANGEROUS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\0=1",
    " =1",
    "＝1+1",
    "'=1",
    "''@",
    "=HYPERLINK(1)",
]


@pytest.fixture(autouse=True)
def _nothing_is_left_out_with_a_mere_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield


def template() -> bytes:
    builder = WorkbookBuilder("一周填报表")
    reasons = builder.options("原因", LONG)
    columns = [
        Column("学校", width=20, is_locked=True),
        Column("原因", rule=reasons, hint="从列表中选一项"),
        Column("分钟", Kind.WHOLE, rule=Between(0, 300)),
        Column("比例", Kind.PERCENT, rule=Between(0.0, 1.0)),
        Column("日期", Kind.DATE, rule=Between(dt.date(2026, 11, 23), dt.date(2026, 11, 29))),
        Column("下课", Kind.TIME, rule=Between(dt.time(0), dt.time(18), message="请填不晚于 18:00 的时间。")),
    ]
    sheet = builder.sheet("作业", columns, notices=["一周填报表", "=说明"], body_rows=50)
    assert sheet.first_row == 4
    sheet.write(4, ["示范小学", LONG[3], 45, 0.25, dt.date(2026, 11, 24), dt.time(17, 30)])
    sheet.write(5, ["虚构小学", None, 0])
    builder.meta({"version": "3", "week": "2026-W48"})
    return builder.to_bytes()


@pytest.fixture(scope="module")
def book() -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(template()))


def test_a_template_is_read_back_as_it_was_written() -> None:
    read = open_workbook(template())
    assert list(read.sheets) == ["作业", OPTIONS_SHEET, META_SHEET]
    assert meta_of(read) == {"version": "3", "week": "2026-W48"}
    rows = [(row.number, [cell.value for cell in row.cells]) for row in read.sheets["作业"].rows]
    assert rows == [
        (1, ["一周填报表"]),
        (2, ["=说明"]),
        (3, ["学校", "原因", "分钟", "比例", "日期", "下课"]),
        (4, ["示范小学", LONG[3], 45, 0.25, dt.date(2026, 11, 24), dt.time(17, 30)]),
        (5, ["虚构小学", None, 0]),
    ]
    assert not any(cell.is_formula for row in read.sheets["作业"].rows for cell in row.cells)


def test_a_workbook_that_was_not_made_here_has_no_meta_data() -> None:
    builder = WorkbookBuilder()
    builder.sheet("表", [Column("甲")])
    assert meta_of(open_workbook(builder.to_bytes())) == {}


def test_equal_content_gives_equal_bytes() -> None:
    assert template() == template()


def test_headers_and_locked_columns_are_protected_and_the_rest_can_be_filled_in_without_a_password(book) -> None:
    sheet = book["作业"]
    assert sheet.protection.sheet
    assert sheet.protection.password is None
    locked = {at: sheet[at].protection.locked for at in ("A1", "B2", "C3", "A4", "B4", "F4")}
    assert locked == {"A1": True, "B2": True, "C3": True, "A4": True, "B4": False, "F4": False}
    assert not sheet.column_dimensions["C"].protection.locked, "the empty rows below"
    assert sheet.column_dimensions["A"].protection.locked


def test_rules_hold_for_the_rows_to_fill_in_and_say_in_chinese_what_to_enter(book) -> None:
    rules = {str(rule.sqref): rule for rule in book["作业"].data_validations.dataValidation}
    assert set(rules) == {f"{letter}4:{letter}53" for letter in "BCDEF"}
    assert (rules["B4:B53"].type, rules["B4:B53"].formula1) == ("list", "原因")
    assert rules["B4:B53"].prompt == "从列表中选一项"
    assert (rules["C4:C53"].type, rules["C4:C53"].formula1, rules["C4:C53"].formula2) == ("whole", "0", "300")
    assert rules["C4:C53"].error == "请填 0 到 300 之间的整数。"
    assert rules["D4:D53"].type == "decimal"
    assert (rules["E4:E53"].type, rules["E4:E53"].formula1) == ("date", "46349")
    assert rules["E4:E53"].error == "请填 2026-11-23 到 2026-11-29 之间的日期，写作 2026-11-24。"
    assert (rules["F4:F53"].type, rules["F4:F53"].formula2) == ("time", "0.75")
    assert rules["F4:F53"].error == "请填不晚于 18:00 的时间。"


def test_a_dropdown_longer_than_255_characters_is_there(book) -> None:
    assert book.defined_names["原因"].attr_text == f"'{OPTIONS_SHEET}'!$A$2:$A$61"
    assert [cell.value for cell in book[OPTIONS_SHEET]["A"]] == ["原因", *LONG]


def test_the_sheets_beside_the_data_are_hidden(book) -> None:
    assert [sheet.sheet_state for sheet in book] == ["visible", "hidden", "veryHidden"]


def test_panes_are_frozen_and_pages_print_on_a4_with_the_headers(book) -> None:
    sheet = book["作业"]
    assert sheet.freeze_panes == "A4"
    assert sheet.print_title_rows == "$1:$3"
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
    assert (sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage) == (0, True)
    assert sheet.column_dimensions["A"].width > 20


@pytest.mark.parametrize(
    "text", [*DANGEROUS, "http://example.invalid/", "mailto:a@example.invalid", "007", "1e5", "{=1}", "_x0041_"]
)
def test_no_text_becomes_a_formula_a_link_or_a_number(text: str) -> None:
    builder = WorkbookBuilder()
    builder.sheet("表", [Column("甲"), Column("乙", Kind.WHOLE)]).write(2, [text, text])
    data = builder.to_bytes()
    xml = bytes(unpacked(data)["xl/worksheets/sheet1.xml"])  # type: ignore[arg-type]
    assert b"<f>" not in xml
    assert b"hyperlink" not in xml
    expected = text.replace("\0", "_x0000_")  # the one character that no cell and no database holds
    assert open_workbook(data).sheets["表"].rows[1].cells == (Cell(expected), Cell(expected))


def test_a_text_that_looks_like_a_formula_stays_text_when_its_cell_is_edited() -> None:
    builder = WorkbookBuilder()
    builder.sheet("表", [Column("甲")]).write(2, ["=1+1"])
    cell = openpyxl.load_workbook(io.BytesIO(builder.to_bytes()))["表"]["A2"]
    assert (cell.data_type, cell.quotePrefix) == ("s", True)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffe\uffff"), min_size=1),
            st.integers(-(10**14), 10**14),
            st.booleans(),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_every_value_comes_back_as_it_was_written(values) -> None:
    builder = WorkbookBuilder()
    builder.sheet("表", [Column(str(index)) for index in range(8)]).write(2, values)
    read = open_workbook(builder.to_bytes()).sheets["表"].rows[1].cells
    assert [(cell.value, type(cell.value)) for cell in read] == [(value, type(value)) for value in values]
    assert not any(cell.is_formula for cell in read)


@pytest.mark.parametrize("value", ["字" * 32_768, "\U00020000" * 16_384, float("inf"), float("nan")])
def test_what_a_cell_cannot_hold_is_an_error_and_not_an_empty_cell(value) -> None:
    sheet = WorkbookBuilder().sheet("表", [Column("甲")])
    with pytest.raises(ValueError, match="A2: Excel"):
        sheet.write(2, [value])
    with pytest.raises(ValueError, match="was not written"):
        sheet.write(1_048_577, [1])
    with pytest.raises(ValueError, match="2 values for 1 columns"):
        sheet.write(2, [1, 2])


def test_rules_that_the_library_would_leave_out_are_errors() -> None:
    builder = WorkbookBuilder()
    with pytest.raises(ValueError, match="no options are kept"):
        builder.sheet("一", [Column("甲", rule=Choice("没有"))])
    with pytest.raises(ValueError, match="255"):
        builder.sheet("二", [Column("甲", hint="长" * 256)])
    with pytest.raises(ValueError, match="name of a range"), pytest.warns(UserWarning, match="Invalid Excel"):
        builder.options("年 级", ["一"])
    builder.options("年级", ["一"])
    with pytest.raises(ValueError, match="new name"):
        builder.options("年级", ["二"])


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_csv_cell_never_begins_as_a_formula_does(text: str) -> None:
    assert safe_csv_cell(text) == f"'{text}"
    assert plain_csv_cell(safe_csv_cell(text)) == text


@pytest.mark.parametrize(
    ("value", "written"), [(None, ""), (-5, "-5"), (0.5, "0.5"), ("示范小学", "示范小学"), ("'好'", "'好'")]
)
def test_other_csv_cells_stay_as_they_are(value: object, written: str) -> None:
    assert safe_csv_cell(value) == written


@settings(max_examples=500)
@given(st.text(st.sampled_from("'=+-@\t\r\n \0＝a,\"")))
def test_every_text_comes_back_from_a_csv_file(text: str) -> None:
    written = safe_csv_cell(text)
    assert written.lstrip()[:1] not in {"=", "+", "-", "@", "＝"} or written == ""
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerow([written, "x"])
    (row,) = csv.reader(io.StringIO(buffer.getvalue(), newline=""))
    assert plain_csv_cell(row[0]) == text
