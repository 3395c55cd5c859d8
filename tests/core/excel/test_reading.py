"""Cells, rows and sheets as Excel, WPS, LibreOffice and libraries write them, read as people see them."""

import datetime as dt
import math

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from shuangjian.core.excel.reading import Cell, ReadSheet, column_letter, open_workbook
from tests.core.excel import workbooks
from tests.core.excel.workbooks import MAIN, RELATIONS, SHEET, STRINGS, STYLES, WORKBOOK, packed, plain, strings, styles


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def only_sheet(data: bytes) -> ReadSheet:
    (sheet,) = open_workbook(data).sheets.values()
    return sheet


def values(data: bytes) -> list[list[object]]:
    return [[cell.value for cell in row.cells] for row in only_sheet(data).rows]


def one_cell(cell: str, **others: str) -> Cell:
    (row,) = only_sheet(packed(plain(f'<row r="1">{cell}</row>', **others))).rows
    return row.cells[0]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('<c r="A1"><v>45</v></c>', 45),
        ('<c r="A1"><v>-0.5</v></c>', -0.5),
        ('<c r="A1"><v>1E3</v></c>', 1000.0),
        ('<c r="A1"><v>.5</v></c>', 0.5),
        ('<c r="A1"><v>1e309</v></c>', math.inf),
        ('<c r="A1"><v>-1e309</v></c>', -math.inf),
        ('<c r="A1" t="n"><v> 7 </v></c>', 7),
        ('<c r="A1"><v>NaN</v></c>', "NaN"),
        ('<c r="A1"><v>1_000</v></c>', "1_000"),
        ('<c r="A1"><v>٣</v></c>', "٣"),
        (f'<c r="A1"><v>{"9" * 400}</v></c>', math.inf),
        ('<c r="A1" t="b"><v>1</v></c>', True),
        ('<c r="A1" t="b"><v>0</v></c>', False),
        ('<c r="A1" t="e"><v>#REF!</v></c>', "#REF!"),
        ('<c r="A1" t="str"><v>文字</v></c>', "文字"),
        ('<c r="A1" t="d"><v>2026-11-24</v></c>', dt.date(2026, 11, 24)),
        ('<c r="A1" t="d"><v>2026-11-24T17:30:00Z</v></c>', moment("2026-11-24 17:30")),
        ('<c r="A1" t="d"><v>不知道</v></c>', "不知道"),
        ('<c r="A1" t="inlineStr"><is><t>内联</t></is></c>', "内联"),
        ('<c r="A1" t="inlineStr"><is><r><t>一</t></r><r><t>二</t></r></is></c>', "一二"),
        ('<c r="A1" t="inlineStr"><is><t xml:space="preserve"> a </t></is></c>', " a "),
        ('<c r="A1" t="inlineStr"><is><t>a&#10;b_x000D__x0009_</t></is></c>', "a\nb\r\t"),
        ('<c r="A1" t="inlineStr"><is><t>_x005F_x0041_ _x0000_ _xD800_</t></is></c>', "_x0041_ _x0000_ _xD800_"),
        ('<c r="A1" t="inlineStr"><is><t>&lt;!DOCTYPE &amp;amp;</t></is></c>', "<!DOCTYPE &amp;"),
        ('<c r="A1" t="inlineStr"><is><t><![CDATA[<b>]]></t></is></c>', "<b>"),
    ],
)
def test_a_value_is_read_by_its_type(cell: str, value: object) -> None:
    read = one_cell(cell)
    assert (read.value, type(read.value), read.is_formula) == (value, type(value), False)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="A1"><f>SUM(B1:B3)</f><v>12</v></c>', "=SUM(B1:B3)"),
        ('<c r="A1" t="str"><f>"a"&amp;"b"</f><v>ab</v></c>', '="a"&"b"'),
        ('<c r="A1" t="e"><f>1/0</f><v>#DIV/0!</v></c>', "=1/0"),
        ('<c r="A1"><f t="array" ref="A1:A2">B1:B2*2</f><v>2</v></c>', "=B1:B2*2"),
        ('<c r="A1"><f t="dataTable" ref="A1"/><v>2</v></c>', "="),
        ('<c r="A1"><v>12</v><f>B1</f></c>', "=B1"),
        ('<c r="A1"><f>[1]Sheet1!A1</f><v>12</v></c>', "=[1]Sheet1!A1"),
    ],
)
def test_a_formula_is_read_as_a_formula_and_never_as_the_result_saved_beside_it(cell: str, text: str) -> None:
    assert one_cell(cell) == Cell(text, is_formula=True)


def test_cells_that_share_a_formula_are_all_formulas() -> None:
    shared = (
        '<row r="1"><c r="A1"><f t="shared" ref="A1:A3" si="0">B1*2</f><v>2</v></c></row>'
        '<row r="2"><c r="A2"><f t="shared" si="0"/><v>4</v></c></row>'
        '<row r="3"><c r="A3"><f t="shared" si="7"/><v>4</v></c></row>'
    )
    rows = only_sheet(packed(plain(shared))).rows
    assert [row.cells[0] for row in rows] == [Cell("=B1*2", True), Cell("=B1*2", True), Cell("=", True)]


@pytest.mark.parametrize(
    ("shown", "serial", "value"),
    [
        (14, "46350", dt.date(2026, 11, 24)),
        ("yyyy-mm-dd", "46350", dt.date(2026, 11, 24)),
        ("yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;;@", "46350", dt.date(2026, 11, 24)),
        ("[$-804]yyyy年m月d日", "46350", dt.date(2026, 11, 24)),
        ("m月", "46350", dt.date(2026, 11, 24)),
        (31, "46350", dt.date(2026, 11, 24)),
        (58, "46350", dt.date(2026, 11, 24)),
        ("yyyy-mm-dd", "46350.5", moment("2026-11-24 12:00")),
        (22, "46350.729166666664", moment("2026-11-24 17:30")),
        (22, "46350", moment("2026-11-24 00:00")),
        ("yyyy/m/d h:mm", "46350.729166666664", moment("2026-11-24 17:30")),
        (20, "0.72916666666666663", dt.time(17, 30)),
        (32, "0.72916666666666663", dt.time(17, 30)),
        ("上午/下午h&quot;时&quot;mm&quot;分&quot;", "0.72916666666666663", dt.time(17, 30)),
        ("h:mm AM/PM", "0", dt.time(0)),
        ("mm:ss", "0.5", dt.time(12)),
        ("h:mm", "46350.5", moment("2026-11-24 12:00")),
        ("[h]:mm", "0.5", dt.time(12)),
        ("[h]:mm", "1.1041666666666667", "26:30:00"),
        (14, "1", dt.date(1900, 1, 1)),
        (14, "59", dt.date(1900, 2, 28)),
        (14, "61", dt.date(1900, 3, 1)),
        (14, "0", 0),
        (14, "-1", -1),
        (14, "2958465", dt.date(9999, 12, 31)),
        (14, "2958466", 2958466),
        (14, "1e309", math.inf),
        (0, "46350", 46350),
        ("General", "46350", 46350),
        ("G/通用格式", "46350", 46350),
        ("0.00E+00", "46350", 46350),
        ("#,##0&quot;d&quot;", "46350", 46350),
        ("[Red]0.0", "46350", 46350),
        ("0分钟", "75", 75),
        (9, "0.5", 0.5),
        ("@", "46350", 46350),
    ],
)
def test_a_number_is_read_as_its_format_shows_it(shown: str | int, serial: str, value: object) -> None:
    read = one_cell(f'<c r="A1" s="1"><v>{serial}</v></c>', styles=styles(0, shown)).value
    assert (read, type(read)) == (value, type(value))


def test_dates_of_a_workbook_that_counts_from_1904_are_the_same_days() -> None:
    parts = plain('<row r="1"><c r="A1" s="0"><v>44888</v></c><c r="B1"><v>0</v></c></row>', styles=styles(14))
    parts[WORKBOOK] = str(parts[WORKBOOK]).replace("<sheets>", '<workbookPr date1904="1"/><sheets>')
    assert values(packed(parts)) == [[dt.date(2026, 11, 24), dt.date(1904, 1, 1)]]


def test_a_style_that_is_not_there_leaves_a_number() -> None:
    assert one_cell('<c r="A1" s="99"><v>46350</v></c>', styles=styles(14)).value == 46350
    assert one_cell('<c r="A1" s="x"><v>46350</v></c>').value == 46350


def test_rich_text_is_read_plain_and_without_how_it_is_read_aloud() -> None:
    text = "<r><rPr><b/></rPr><t>课后</t></r><r><t>服务</t></r><rPh sb='0' eb='2'><t>kehou</t></rPh>"
    assert one_cell('<c r="A1" t="s"><v>1</v></c>', strings=strings("<t>x</t>", text)).value == "课后服务"


def test_rows_keep_their_numbers_and_those_without_a_value_are_left_out() -> None:
    rows = (
        '<row r="2"><c r="B2"><v>1</v></c><c r="D2" s="1"/></row><row r="3" ht="20"/>'
        '<row r="5"><c r="A5" t="str"><v></v></c></row><row r="9" hidden="1"><c r="A9"><v>2</v></c></row>'
    )
    read = only_sheet(packed(plain(rows))).rows
    assert [(row.number, [cell.value for cell in row.cells], row.is_hidden) for row in read] == [
        (2, [None, 1], False),
        (9, [2], True),
    ]


def test_rows_and_cells_without_positions_follow_each_other() -> None:
    last = "<row><c><v>5</v></c></row>"
    rows = '<row><c><v>1</v></c><c/><c><v>2</v></c></row><row r="4"><c r="C4"><v>3</v></c><c><v>4</v></c></row>'
    read = only_sheet(packed(plain(rows + last))).rows
    assert [(row.number, [cell.value for cell in row.cells]) for row in read] == [
        (1, [1, None, 2]),
        (4, [None, None, 3, 4]),
        (5, [5]),
    ]


def test_rows_and_cells_out_of_order_are_put_in_order() -> None:
    rows = '<row r="3"><c r="B3"><v>4</v></c><c r="A3"><v>3</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>'
    assert values(packed(plain(rows))) == [[1], [3, 4]]


def test_merged_ranges_are_told_and_only_their_first_cell_has_a_value() -> None:
    parts = plain()
    after = '<mergeCells count="2"><mergeCell ref="B3:B5"/><mergeCell ref="$A$1:$XFD$1048576"/></mergeCells>'
    parts[SHEET] = workbooks.worksheet('<row r="3"><c r="B3"><v>1</v></c><c r="B4"/></row>'.replace("B4", "C3"), after)
    sheet = only_sheet(packed(parts))
    assert sheet.merged == ("B3:B5", "A1:XFD1048576")
    assert [cell.value for cell in sheet.rows[0].cells] == [None, 1]


def test_a_wrong_dimension_is_not_believed() -> None:
    parts = plain()
    parts[SHEET] = workbooks.worksheet(
        '<row r="1"><c r="A1"><v>1</v></c><c r="C1"><v>2</v></c></row>', before='<dimension ref="A1"/>'
    )
    assert values(packed(parts)) == [[1, None, 2]]


def test_prefixed_elements_and_absolute_part_paths_are_read() -> None:
    parts = plain(strings=strings("<t>学校</t>"), styles=styles(14))
    parts[SHEET] = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="A1" t="s"><x:v>0</x:v></x:c>'
        '<x:c r="B1" s="0"><x:v>46350</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    parts[RELATIONS] = str(parts[RELATIONS]).replace('Target="', 'Target="/xl/')
    parts["_rels/.rels"] = str(parts["_rels/.rels"]).replace('Target="', 'Target="/')
    assert values(packed(parts)) == [["学校", dt.date(2026, 11, 24)]]


def test_part_names_in_other_case_and_with_windows_separators_are_found() -> None:
    parts = plain(strings=strings("<t>学校</t>"))
    parts["xl/SharedStrings.xml"] = parts.pop(STRINGS)
    moved = {name.replace("/", "\\"): content for name, content in parts.items()}
    assert values(packed(parts)) == values(packed(moved)) == [[1]]


def test_a_workbook_part_under_another_name_is_found_by_its_relation() -> None:
    parts = plain(strings=strings("<t>学校</t>"))
    parts["book/main.xml"] = parts.pop(WORKBOOK)
    parts["book/_rels/main.xml.rels"] = str(parts.pop(RELATIONS)).replace('Target="', 'Target="../xl/')
    parts["_rels/.rels"] = str(parts["_rels/.rels"]).replace(WORKBOOK, "book/main.xml")
    assert values(packed(parts)) == [[1]]


def test_the_strict_variant_of_the_format_is_read() -> None:
    strict = {
        name: str(content)
        .replace(MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main")
        .replace(workbooks.OFFICE, "http://purl.oclc.org/ooxml/officeDocument/relationships")
        for name, content in plain(strings=strings("<t>a</t>")).items()
    }
    assert values(packed(strict)) == [[1]]


def test_sheets_come_in_the_order_of_the_workbook_hidden_ones_too_and_charts_are_left_out() -> None:
    parts = plain()
    sheets = "".join(
        f'<sheet name="{title}" sheetId="{n}" {state}r:id="r{n}"/>'
        for n, title, state in [
            (2, "乙", ""),
            (1, "甲", 'state="hidden" '),
            (4, "图", ""),
            (3, "丙", 'state="veryHidden" '),
        ]
    )
    text = str(parts[WORKBOOK])
    parts[WORKBOOK] = text[: text.index("<sheet ")] + sheets + text[text.index("</sheets>") :]
    parts[RELATIONS] = workbooks.relations(
        ("r1", "worksheet", "worksheets/sheet3.xml"),
        ("r2", "worksheet", "worksheets/sheet1.xml"),
        ("r3", "worksheet", "worksheets/sheet2.xml"),
        ("r4", "chartsheet", "chartsheets/sheet1.xml"),
    )
    parts["xl/chartsheets/sheet1.xml"] = "not read"
    for n in (1, 2, 3):
        parts[f"xl/worksheets/sheet{n}.xml"] = workbooks.worksheet(f'<row r="1"><c r="A1"><v>{n}</v></c></row>')
    read = open_workbook(packed(parts)).sheets
    assert [(title, sheet.rows[0].cells[0].value) for title, sheet in read.items()] == [("乙", 1), ("甲", 3), ("丙", 2)]


def test_foreign_elements_among_the_cells_are_passed_over() -> None:
    rows = (
        '<row r="1" xmlns:o="urn:other" o:dyDescent="0.2"><c r="A1"><v>1</v><o:v>9</o:v><extLst><ext><o:f>x</o:f></ext>'
        '</extLst></c><o:c r="B1"><o:v>2</o:v></o:c></row>'
    )
    assert values(packed(plain(rows))) == [[1]]


def test_the_letter_of_a_column_is_that_of_excel() -> None:
    assert [column_letter(index) for index in (0, 25, 26, 701, 702, 16_383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
    assert column_letter(59) == openpyxl.utils.get_column_letter(60)


def at_midnight(value: object) -> object:
    """A date as the other library reads it."""
    is_date = isinstance(value, dt.date) and not isinstance(value, dt.datetime)
    return dt.datetime.combine(value, dt.time()) if is_date else value


def test_a_workbook_of_another_library_is_read_as_that_library_reads_it(tmp_path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(
        ["学校", 1, 2.5, True, dt.date(2026, 11, 24), moment("2026-11-24 08:05"), dt.time(17, 30), None, "#N/A"]
    )
    sheet.append([None, "=A1", "=SUM(B1:C1)", CellRichText("一", TextBlock(InlineFont(b=True), "二")), "a\nb", " x "])
    sheet.merge_cells("A4:C5")
    sheet["A4"] = "合并"
    sheet.row_dimensions[4].hidden = True
    book.create_sheet("第二张", 0)["C3"] = "丙"
    book.save(tmp_path / "book.xlsx")
    read = open_workbook((tmp_path / "book.xlsx").read_bytes())
    oracle = openpyxl.load_workbook(tmp_path / "book.xlsx")
    assert list(read.sheets) == [sheet.title for sheet in oracle.worksheets]
    for theirs in oracle.worksheets:
        expected = {
            (cell.row, cell.column): (cell.value, cell.data_type == "f")
            for row in theirs.rows
            for cell in row
            if cell.value is not None
        }
        found = {
            (row.number, column): (at_midnight(cell.value), cell.is_formula)
            for row in read.sheets[theirs.title].rows
            for column, cell in enumerate(row.cells, 1)
            if cell.value is not None
        }
        assert found == expected
        assert set(read.sheets[theirs.title].merged) == {str(area) for area in theirs.merged_cells.ranges}
    assert [row.is_hidden for row in read.sheets["Sheet"].rows] == [False, False, True]


def test_a_workbook_whose_styles_other_libraries_cannot_read_is_read() -> None:
    broken = styles(14).replace(
        "<numFmts>", '<fonts><font><family val="99"/><x/></font></fonts><fills><fill/></fills><numFmts>'
    )
    data = packed(plain('<row r="1"><c r="A1" s="0"><v>46350</v></c></row>', styles=broken))
    assert STYLES in workbooks.unpacked(data)
    assert values(data) == [[dt.date(2026, 11, 24)]]
