"""Every mistake that a file can hold, with the sentence and the cell that the school is told. Nothing is ever saved."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl.workbook import Workbook

from shuangjian.bureau.models import Institution
from shuangjian.intake.sections import MOST_PROBLEMS, check_payload
from tests.intake.workbook.conftest import Door, edited, rich_payload

Change = Callable[[Workbook], None]


def put(title: str, cell: str, value: Any) -> Change:
    def change(book: Workbook) -> None:
        book[title][cell] = value

    return change


def said(door: Door, change: Change) -> list[str]:
    return [str(problem) for problem in door.after(change)]


# The file itself --------------------------------------------------------------------------------------------------


def test_a_missing_worksheet_is_named(door: Door) -> None:
    assert said(door, lambda book: book.remove(book["课后服务"])) == [
        "「课后服务」：文件里没有“课后服务”这张工作表，可能已改名或删除。请把表名改回“课后服务”，或重新下载模板填写。"
    ]


def test_a_renamed_worksheet_is_a_missing_one(door: Door) -> None:
    def rename(book: Workbook) -> None:
        book["作业"].title = "作业表"

    assert [problem.place.sheet for problem in door.after(rename)] == ["作业"]


def test_a_renamed_header_is_told_with_both_names(door: Door) -> None:
    assert said(door, put("作业", "D3", "时长")) == [
        "「作业」第 3 行 D 列（分钟）：表头现为“时长”，模板中是“分钟”，请改回“分钟”。"
    ]


def test_a_deleted_column_is_told(door: Door) -> None:
    assert said(door, lambda book: book["作业"].delete_cols(4)) == [
        "「作业」第 3 行 D 列（分钟）：缺少“分钟”这一列，可能已被删除或改名。请恢复此列，或重新下载模板填写。"
    ]


def test_a_moved_column_is_told(door: Door) -> None:
    def move(book: Workbook) -> None:
        sheet = book["作业"]
        for row in range(3, 8):
            fourth, fifth = sheet.cell(row, 4), sheet.cell(row, 5)
            fourth.value, fifth.value = fifth.value, fourth.value

    assert said(door, move) == [
        "「作业」第 3 行 D 列（分钟）：列的次序变了：这里应是“分钟”，现为“是否书面”。请按模板的次序放回。"
    ]


def test_a_header_that_stands_twice_is_told(door: Door) -> None:
    assert said(door, put("作业", "N3", "分钟")) == [
        "「作业」第 3 行 N 列（分钟）：表头“分钟”重复，D 列已有。请删除多出的一列。"
    ]


def test_a_column_of_one_s_own_is_told(door: Door) -> None:
    assert said(door, put("作业", "N3", "备注")) == [
        "「作业」第 3 行 N 列（备注）：模板中没有“备注”这一列，请删除此列。"
    ]


def test_a_row_inserted_above_the_header_is_told(door: Door) -> None:
    assert said(door, lambda book: book["作业"].insert_rows(1)) == [
        "「作业」第 3 行：第 3 行应是表头（班级、日期、学科、分钟…）。请不要在表头上方插入或删除行。"
    ]


@pytest.mark.parametrize(
    ("cell", "value", "sentence"),
    [
        (
            "B1",
            "0",
            "文件：模板版本是 0，现行版本是 1，列和选项可能不同。请在周报页面重新下载模板，把内容复制过去。",
        ),
        (
            "B2",
            "44011319999",
            "文件：这是另一所学校的模板（学校标识码 44011319999），本校是 44011339001。"
            "请下载本校的模板填写；如传错文件，请换一个。",
        ),
        (
            "B3",
            "2026-W44",
            "文件：这是2026年第44周（10.26–11.1）的模板，现在填的是2026年第45周（11.2–11.8）。"
            "请到那一周的周报页面上传，或下载本周的模板。",
        ),
    ],
)
def test_a_template_of_another_version_school_or_week_is_refused_alone(
    door: Door, cell: str, value: str, sentence: str
) -> None:
    def change(book: Workbook) -> None:
        book["_meta"][cell] = value
        book["作业"]["D4"] = "６０"

    assert said(door, change) == [sentence]


def test_a_workbook_that_is_no_template_is_refused(door: Door) -> None:
    assert said(door, lambda book: book.remove(book["_meta"])) == [
        "文件：这不是本平台的周报模板，或模板信息已被删除。请在周报页面重新下载模板，把内容复制过去。"
    ]


# Cells ------------------------------------------------------------------------------------------------------------


def test_a_formula_is_named_by_its_cell_and_how_to_paste_values(door: Door) -> None:
    assert said(door, put("作业", "D4", "=10+10")) == [
        "「作业」第 4 行 D 列（分钟）：是公式（=10+10），不是数值。请选中后复制，再“选择性粘贴→数值”。"
    ]


NUMBERS = [
    ("６０", "“分钟数”应为 1–300 的整数（分钟），现为“６０”。请改用半角数字。没有作业请勾选“当日无作业”。"),
    (
        "60分钟",
        "“分钟数”应为 1–300 的整数（分钟），现为“60分钟”。请只填数字，不带单位。没有作业请勾选“当日无作业”。",
    ),
    (7.5, "“分钟数”应为 1–300 的整数（分钟），现为7.5。没有作业请勾选“当日无作业”。"),
    (0, "“分钟数”应为 1–300 的整数（分钟），现为0。没有作业请勾选“当日无作业”。"),
    (True, "“分钟数”应为 1–300 的整数（分钟），现为true。没有作业请勾选“当日无作业”。"),
]


def test_a_line_break_inside_a_cell_is_told_how_to_mend(door: Door) -> None:
    (problem,) = door.after(put("作业", "M4", "公示栏\n照片 3"))
    assert (problem.place.row, problem.place.letter) == (4, "M")
    assert "格内不换行" in problem.help


@pytest.mark.parametrize(("typed", "sentence"), NUMBERS)
def test_a_number_that_is_none_gives_the_sentence_of_the_form_and_the_api(
    door: Door, school: Institution, typed: Any, sentence: str
) -> None:
    problems = door.after(put("作业", "D4", typed))
    assert [str(problem) for problem in problems] == [f"「作业」第 4 行 D 列（分钟）：{sentence}"]
    assert problems[0].help == "全班平均完成时间，只填数字。"
    payload = rich_payload(school)
    payload["homework"][0]["minutes"] = typed
    assert [problem.message for problem in check_payload(door.tables.form, payload).problems] == [sentence]


def test_a_number_beyond_all_numbers_is_refused(door: Door) -> None:
    """1e309 cannot be typed into Excel, but it can be written into the file."""
    source, target = zipfile.ZipFile(io.BytesIO(edited(door.data, put("作业", "D4", 271)))), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as changed:
        for part in source.namelist():
            changed.writestr(part, source.read(part).replace(b"<v>271</v>", b"<v>1e309</v>"))
    _, problems = door.tables.read(target.getvalue(), None)
    assert [str(problem) for problem in problems] == [
        "「作业」第 4 行 D 列（分钟）：“分钟数”应为 1–300 的整数（分钟），现为超出范围的数。"
        "没有作业请勾选“当日无作业”。"
    ]


@pytest.mark.parametrize(
    ("title", "cell", "typed", "sentence"),
    [
        (
            "作业",
            "A4",
            "三年级（9）班",
            "「作业」第 4 行 A 列（班级）：示范一校在 2026-W45 没有在用的班级“三年级（9）班”，"
            "请核对班级代码（如 2026-03-01）；新班级先在“班级”页登记，已停用的班级不填。",
        ),
        (
            "作业",
            "B4",
            dt.date(2026, 11, 12),
            "「作业」第 4 行 B 列（日期）：“日期”2026-11-12 不在本周（2026-W45，2026-11-02 至 2026-11-08）内，"
            "请改为本周日期或填到所在周的周报。",
        ),
        (
            "作业",
            "B4",
            "下周一",
            '「作业」第 4 行 B 列（日期）：“日期”应为日期，如 "2026-11-02"，现为“下周一”。',
        ),
        (
            "作业",
            "E4",
            "对",
            "「作业」第 4 行 E 列（是否书面）：“是否书面”应为“是”或“否”（接口用 true 或 false），现为“对”。",
        ),
        ("作业", "E4", None, "「作业」第 4 行 E 列（是否书面）：缺少“是否书面”，请填写。"),
        (
            "作业",
            "K4",
            90,
            "「作业」第 4 行 K 列（校内完成占比）：“校内完成占比”应在 0 与 1 之间（即 0%–100%，最多四位小数），"
            "现为90。",
        ),
        (
            "作业",
            "L4",
            None,
            "「作业」第 4 行 L 列（公示日期）：有公示链接或照片，但没有公示日期，请填写公示日期。",
        ),
        (
            "作息",
            "C4",
            "8点20",
            '「作息」第 4 行 C 列（第一节课）：“第一节课”应为 24 小时制时刻，如 "08:20"，现为“8点20”。',
        ),
        (
            "作息",
            "C4",
            dt.time(13, 0),
            "「作息」第 4 行 C 列（第一节课）：“第一节课”13:00 不合常理，应在 06:00 与 12:00 之间，请核对。",
        ),
        (
            "课后服务",
            "D4",
            "是",
            "「课后服务」第 4 行 D 列（当日无课后服务）：小学 2026-11-02 已填服务分钟数，不能再勾选“当日无课后服务”，"
            "请删除一处。",
        ),
        ("课后服务", "D4", "没有", "「课后服务」第 4 行 D 列（当日无课后服务）：应填“是”或留空，现为“没有”。"),
        (
            "作业勾选",
            "B5",
            "是",
            "「作业勾选」第 5 行 B 列（11-02（周一））：2026-03-01 班 2026-11-02 已填作业，不能再勾选“当日无作业”，"
            "请删除一处。",
        ),
        ("作业勾选", "C5", "无", "「作业勾选」第 5 行 C 列（11-03（周二））：应填“是”或留空，现为“无”。"),
        ("作业", "P4", "看这里", "「作业」第 4 行 P 列：“看这里”不在任何一列表头之下，请删除。"),
        (
            "作业",
            "A30",
            "填表人：张三",
            "「作业」第 30 行 A 列（班级）：“填表人：张三”像是表格之外的备注，本行其他格都是空的。"
            "请删除，备注不要写在此表。",
        ),
        (
            "作息",
            "A16",
            "以上由教务处填写",
            "「作息」第 16 行 A 列（学段）：“以上由教务处填写”像是表格之外的备注，本行其他格都是空的。"
            "请删除，备注不要写在此表。",
        ),
    ],
)
def test_a_wrong_cell_is_named_with_what_is_wrong_and_how_to_mend_it(
    door: Door, title: str, cell: str, typed: Any, sentence: str
) -> None:
    assert said(door, put(title, cell, typed)) == [sentence]


def test_contents_name_the_word_that_is_none(door: Door) -> None:
    (sentence,) = said(door, put("课后服务", "I4", "作业指导，手工"))
    assert sentence.startswith("「课后服务」第 4 行 I 列（服务内容）：“服务内容”只能从 homework（作业指导）、")
    assert sentence.endswith("中选择，现有“手工”。")


def test_a_tick_for_no_service_beside_people_served_is_told(door: Door) -> None:
    def change(book: Workbook) -> None:
        for column, value in {"C": None, "D": "是", "F": 10, "H": 0, "I": None, "J": None}.items():
            book["课后服务"][f"{column}5"] = value

    assert said(door, change) == ["「课后服务」第 5 行 F 列（实际参加人数）：已在“当日无课后服务”填“是”，此处请留空。"]


# Rows -------------------------------------------------------------------------------------------------------------


def test_hidden_rows_with_data_are_refused_by_their_numbers(door: Door) -> None:
    def hide(book: Workbook) -> None:
        for row in (5, 6, 40):
            book["作业"].row_dimensions[row].hidden = True

    assert said(door, hide) == [
        "「作业」第 5 行：第 5、6 行被隐藏，其中有数据（共 2 行）。请显示后核对：选中全表，右键“取消隐藏”；"
        "如是筛选造成的，点“数据→清除”。不需要的行请删除。"
    ]


def test_merged_cells_are_refused_and_not_told_as_empty_ones(door: Door) -> None:
    assert said(door, lambda book: book["作业"].merge_cells("A4:A5")) == [
        "「作业」第 4 行 A 列（班级）：A4:A5 是合并单元格，读不出每一行各是什么。请取消合并，并把每一行都填上。"
    ]


def test_equal_rows_are_told_with_both_row_numbers(door: Door) -> None:
    def repeat(book: Workbook) -> None:
        for column in range(1, 14):
            book["作业"].cell(20, column).value = book["作业"].cell(6, column).value

    assert said(door, repeat) == [
        "「作业」第 20 行 A 列（班级）：与“作业”第 6 行重复（班级、日期、学科和内容完全相同），请删除一行。"
    ]


def test_a_stage_and_day_that_stand_twice_are_told_with_both_row_numbers(door: Door) -> None:
    def repeat(book: Workbook) -> None:
        for column in range(1, 4):
            book["作息"].cell(14, column).value = book["作息"].cell(4, column).value

    assert said(door, repeat) == [
        "「作息」第 14 行 C 列（第一节课）：与“作息”第 4 行重复（同一学段同一天），请删除一行。"
    ]


def test_far_too_many_rows_are_refused_by_the_sheet(door: Door) -> None:
    def fill(book: Workbook) -> None:
        for row in range(4, 10_004):
            book["作业"].cell(row, 1).value = "三年级（1）班"

    (problem,) = door.after(fill)
    assert problem.place.sheet == "作业"
    assert "最多 5000 行" in problem.message


def test_all_problems_of_a_file_are_told_at_once_in_its_order(door: Door) -> None:
    def spoil(book: Workbook) -> None:
        put("作业勾选", "C5", "无")(book)
        put("作业", "D5", "60分钟")(book)
        put("作业", "D4", "=1+1")(book)
        put("作息", "C4", "8点20")(book)
        book.remove(book["课后服务"])

    places = [str(problem.place) for problem in door.after(spoil)]
    assert places == [
        "「作息」第 4 行 C 列（第一节课）",
        "「课后服务」",
        "「作业」第 4 行 D 列（分钟）",
        "「作业」第 5 行 D 列（分钟）",
        "「作业勾选」第 5 行 C 列（11-03（周二））",
    ]


def test_a_file_with_hundreds_of_problems_tells_how_many(door: Door) -> None:
    def spoil(book: Workbook) -> None:
        for row in range(4, 304):
            for column, value in enumerate(("三年级（1）班", dt.date(2026, 11, 2), "语文", "６０", "是"), 1):
                book["作业"].cell(row, column).value = value

    problems = door.after(spoil)
    assert len(problems) == 300 > MOST_PROBLEMS
