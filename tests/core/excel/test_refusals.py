"""What is not a workbook, not whole, too large or made to hurt is refused with a sentence, before it is read."""

import io
import zipfile

import pytest

from shuangjian.core.errors import InvalidInput
from shuangjian.core.excel.reading import Limits, open_workbook
from shuangjian.core.excel.xml_scan import Budget, scan
from tests.core.excel import workbooks
from tests.core.excel.workbooks import SHEET, STRINGS, TYPES, WORKBOOK, packed, plain, strings, worksheet

OLE2 = bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 1_000


def refused(data: bytes, limits: Limits = Limits()) -> tuple[str, str, str]:  # noqa: B008 - frozen
    """Path, code and sentence of the one problem."""
    with pytest.raises(InvalidInput) as caught:
        open_workbook(data, limits=limits)
    assert caught.value.status == 422
    (problem,) = caught.value.problems
    assert problem.message.endswith("。")
    return problem.path, problem.code, problem.message


def test_the_plain_workbook_that_these_tests_spoil_is_read() -> None:
    assert open_workbook(packed(plain())).sheets["作业"].rows[0].cells[0].value == 1


@pytest.mark.parametrize(
    ("data", "code", "named"),
    [
        (b"", "empty", "文件是空的"),
        (OLE2 + "EncryptedPackage".encode("utf-16-le"), "encrypted", "取消打开密码"),
        (OLE2 + "Workbook".encode("utf-16-le"), "old-xls", ".xls"),
        (OLE2 + "WordDocument".encode("utf-16-le"), "not-xlsx", "Word"),
        (b"%PDF-1.7\n", "not-xlsx", "这是 PDF 文件，"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "not-xlsx", "这是图片，"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 50, "not-xlsx", "图片"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 50, "not-xlsx", "图片"),
        (b"Rar!\x1a\x07\0", "not-xlsx", "压缩包"),
        ("学校,班级\n示范小学,一(1)班\n".encode("gb18030") * 1_000, "not-xlsx", "CSV"),
        ("\ufeff学校,班级\n".encode() * 1_000, "not-xlsx", "CSV"),
        ("学校\t班级\n".encode("utf-16"), "not-xlsx", "CSV"),
        (b"\xef\xbb\xbf <HTML><table><tr><td>1</td></tr></table>", "not-xlsx", "网页"),
        (b'<?xml version="1.0"?><Workbook/>', "not-xlsx", "XML"),
        (bytes(range(256)), "not-xlsx", "无法识别"),
        (packed({"word/document.xml": "x", TYPES: "x", "_rels/.rels": "x"}), "not-xlsx", "Word 文档"),
        (packed({"mimetype": "x", "content.xml": "x"}), "not-xlsx", ".ods"),
        (packed({TYPES: "x", "_rels/.rels": "x", "xl/workbook.bin": "x"}), "not-xlsx", ".xlsb"),
        (packed({"填报.xlsx": "x"}), "not-xlsx", "里面不是工作簿"),
    ],
)
def test_other_files_are_told_by_name(data: bytes, code: str, named: str) -> None:
    path, found, message = refused(data)
    assert (path, found) == ("文件", code)
    assert named in message


def test_a_workbook_cut_at_any_byte_is_called_incomplete() -> None:
    whole = packed({**plain(), "xl/media/inner.xlsx": packed(plain())})
    for length in range(1, len(whole)):
        assert refused(whole[:length])[1] == "truncated", length


def test_a_workbook_inside_the_part_that_is_left_of_a_cut_file_is_not_taken_for_the_file() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("xl/media/image.bin", packed(plain()))
        archive.writestr("xl/media/long.bin", b"x" * 20_000)
    cut = buffer.getvalue()[:-15_000]
    assert WORKBOOK in zipfile.ZipFile(io.BytesIO(cut)).namelist()  # so the library alone would take it
    assert refused(cut)[1] == "truncated"


def test_a_file_over_the_size_limit_is_refused_with_both_sizes() -> None:
    path, code, message = refused(b"x" * (6 * 1024 * 1024))
    assert (path, code) == ("文件", "too-large")
    assert "6 MB" in message
    assert "5 MB" in message


def test_surplus_rows_are_refused_naming_the_sheet_and_the_first_row_over_the_limit() -> None:
    rows = workbooks.numbered_rows(1, 3_000) + workbooks.numbered_rows(3_007, 13_000)
    path, _, message = refused(packed(plain(rows)))
    assert path == "作业"
    assert message.startswith("第 3007 行起超出上限（每张工作表最多 3000 行）")


def test_exactly_the_rows_of_the_limit_are_read() -> None:
    assert len(open_workbook(packed(plain(workbooks.numbered_rows(1, 3_000)))).sheets["作业"].rows) == 3_000


def test_empty_rows_and_columns_with_a_format_left_far_outside_do_no_harm() -> None:
    left = '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="1"/></row>' + "".join(
        f'<row r="{n}" ht="15"><c r="A{n}" s="1"/></row>' for n in range(65_000, 65_536)
    )
    (row,) = open_workbook(packed(plain(left))).sheets["作业"].rows
    assert [cell.value for cell in row.cells] == [1]


def test_a_value_right_of_the_last_column_is_refused_naming_its_cell() -> None:
    path, code, message = refused(packed(plain('<row r="4"><c r="BI4"><v>1</v></c></row>')))
    assert (path, code) == ("作业", "too-many-columns")
    assert "BI4" in message
    assert "BH" in message


def test_a_21st_sheet_is_refused() -> None:
    one = '<sheet name="表{n}" sheetId="{n}" r:id="r1"/>'
    parts = plain()
    text = str(parts[WORKBOOK])
    start, end = text.index("<sheet name"), text.index("</sheets>")

    def of(count: int) -> bytes:
        sheets = "".join(one.format(n=n) for n in range(count))
        return packed({**parts, WORKBOOK: text[:start] + sheets + text[end:]})

    assert len(open_workbook(of(20)).sheets) == 20
    assert refused(of(21))[1] == "too-many-sheets"


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "/etc/x", "C:/x", "xl/../../x", "..\\x", "x\n.xml"])
def test_paths_out_of_the_archive_are_refused(name: str) -> None:
    assert refused(packed({**plain(), name: "x"}))[1] == "damaged"


def test_two_parts_of_one_name_are_refused() -> None:
    other = worksheet('<row r="1"><c r="A1"><v>2</v></c></row>')
    assert "重名" in refused(packed({**plain(), SHEET.upper(): other}))[2]


def test_an_encrypted_entry_is_refused_as_encrypted() -> None:
    data = bytearray(packed(plain()))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert refused(bytes(data))[1] == "encrypted"


def test_parts_packed_in_a_way_that_states_its_own_need_of_memory_are_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        for name, content in plain().items():
            archive.writestr(name, content)
    assert refused(buffer.getvalue())[1] == "damaged"


@pytest.mark.parametrize("stated", [1, 40, 10_000])
def test_a_part_with_another_size_than_it_states_is_refused(stated: int) -> None:
    assert refused(workbooks.with_lying_size(packed(plain()), SHEET, stated))[1] == "damaged"


def test_a_part_that_states_more_than_everything_may_hold_is_not_even_inflated() -> None:
    data = workbooks.with_lying_size(packed(plain()), SHEET, 2**32 - 2)
    assert refused(data)[1] == "too-large-unpacked"


@pytest.mark.parametrize("part", ["xl/vbaProject.bin", "xl/macrosheets/sheet1.xml"])
def test_macros_are_refused(part: str) -> None:
    assert refused(packed({**plain(), part: "x"}))[1] == "macros"


def test_macros_under_another_name_are_refused_by_their_relation() -> None:
    parts = plain()
    more = workbooks.relations(("r1", "worksheet", "worksheets/sheet1.xml"), ("r9", "vbaProject", "harmless.bin"))
    assert refused(packed({**parts, workbooks.RELATIONS: more, "xl/harmless.bin": "x"}))[1] == "macros"


@pytest.mark.parametrize("part", ["xl/embeddings/oleObject1.bin", "xl/activeX/activeX1.xml"])
def test_embedded_objects_are_refused(part: str) -> None:
    path, code, message = refused(packed({**plain(), part: "x"}))
    assert (path, code) == ("文件", "embedded")
    assert "请删除插入的对象" in message


def test_links_to_other_workbooks_are_ignored() -> None:
    parts = {**plain(), "xl/externalLinks/externalLink1.xml": "not even XML"}
    assert list(open_workbook(packed(parts)).sheets) == ["作业"]


@pytest.mark.parametrize("where", [SHEET, WORKBOOK, "docProps/core.xml", "customXml/item1.xml"])
def test_a_doctype_is_refused_in_every_part_also_where_nothing_reads_it(where: str) -> None:
    parts = plain()
    text = str(parts.get(where, "<a/>"))
    spoiled = text.replace("<w", "<!DOCTYPE a []><w", 1) if "<w" in text else "<!DOCTYPE a []><a/>"
    assert "DOCTYPE" in refused(packed({**parts, where: spoiled}))[2]


def test_a_doctype_across_two_pieces_is_found() -> None:
    for before in range(64 * 1024 - 12, 64 * 1024 + 2):
        content = b"<!--".ljust(before - 3) + b"--><!DOCTYPE a><a/>"
        assert "DOCTYPE" in refused(packed({**plain(), "docProps/core.xml": content}))[2]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_an_encoding_that_would_hide_a_doctype_is_refused(encoding: str) -> None:
    hidden = worksheet("").replace("UTF-8", "UTF-16").replace("<w", '<!DOCTYPE a [<!ENTITY b "c">]><w', 1)
    assert refused(packed({**plain(), SHEET: hidden.encode(encoding)}))[:2] == ("作业", "damaged")


def test_another_encoding_is_refused_also_where_it_is_not_declared() -> None:
    undeclared = worksheet("").removeprefix(workbooks.XML)
    assert refused(packed({**plain(), SHEET: undeclared.encode("utf-16")}))[:2] == ("作业", "damaged")
    assert open_workbook(packed({**plain(), SHEET: undeclared.encode("utf-8-sig")}))


def test_the_parser_itself_refuses_a_doctype_too() -> None:
    def nothing(*_: object) -> None: ...

    with pytest.raises(InvalidInput, match="DOCTYPE"):
        scan([b"<!DOCTYPE a><a/>"], Budget(9, 9, 9), nothing, nothing, names=frozenset())


def test_a_sheet_in_another_declared_encoding_is_refused_and_not_misread() -> None:
    text = worksheet('<row r="1"><c r="A1" t="str"><v>学校</v></c></row>').replace("UTF-8", "ISO-8859-1")
    assert "ISO-8859-1" in refused(packed({**plain(), SHEET: text}))[2]


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="0"/>',
        '<row r="1048577"/>',
        '<row r="x"/>',
        '<row r="1e999"/>',
        '<row r="1.5"/>',
        '<row r="1"><c r="A2"><v>1</v></c></row>',
        '<row r="1"><c r="AAAA1"><v>1</v></c></row>',
        '<row r="1"><c r="XFE1"><v>1</v></c></row>',
        '<row r="1"><c r="1A"><v>1</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>9</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>-1</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>x</v></c></row>',
        '<row r="1">',
        "&unknown;",
        "\x01",
    ],
)
def test_cells_that_are_nowhere_or_hold_nothing_make_the_sheet_damaged(rows: str) -> None:
    assert refused(packed(plain(rows, strings=strings("<t>a</t>"))))[:2] == ("作业", "damaged")


@pytest.mark.parametrize("part", [SHEET, WORKBOOK])
def test_a_missing_part_is_refused(part: str) -> None:
    parts = plain()
    del parts[part]
    assert refused(packed(parts))[1] == "damaged"


def test_a_workbook_of_chart_sheets_only_or_of_none_is_refused() -> None:
    parts = plain()
    charts = workbooks.relations(("r1", "chartsheet", "chartsheets/sheet1.xml"))
    assert refused(packed({**parts, workbooks.RELATIONS: charts}))[1] == "no-sheets"
    none = str(parts[WORKBOOK]).replace("sheetId", "x").replace("<sheet ", "<leaf ")
    assert refused(packed({**parts, WORKBOOK: none}))[1] == "no-sheets"


@pytest.mark.parametrize("title", ["", "长" * 256])
def test_a_sheet_without_a_title_that_can_be_shown_is_refused(title: str) -> None:
    assert refused(packed(plain(title=title)))[:2] == ("文件", "damaged")


def test_two_sheets_of_one_title_are_refused() -> None:
    parts = plain()
    one = '<sheet name="作业" sheetId="1" r:id="r1"/>'
    assert refused(packed({**parts, WORKBOOK: str(parts[WORKBOOK]).replace(one, one * 2)}))[1] == "damaged"


def test_a_text_longer_than_a_cell_of_excel_is_refused() -> None:
    fits = f'<row r="1"><c r="A1" t="str"><v>{"字" * 32_767}</v></c></row>'
    assert open_workbook(packed(plain(fits)))
    assert refused(packed(plain(fits.replace("<v>", "<v>字"))))[:2] == ("作业", "text-too-long")


def test_elements_nested_deeper_than_any_program_writes_are_refused() -> None:
    deep = f"{'<x>' * 5_000}{'</x>' * 5_000}"
    assert refused(packed(plain(deep)))[:2] == ("作业", "too-many-elements")


def test_shared_strings_are_counted_by_the_limits_given() -> None:
    data = packed({**plain(strings=strings("<t>a</t>", "<t>b</t>"))})
    assert STRINGS in workbooks.unpacked(data)
    assert open_workbook(data, limits=Limits(strings=2))
    assert refused(data, Limits(strings=1))[1] == "too-many-strings"
