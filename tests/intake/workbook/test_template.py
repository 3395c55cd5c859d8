"""What the downloaded workbook holds, read back by another library; and that nothing is lost on the way and back."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from shuangjian.bureau.models import Institution
from shuangjian.core.weeks import Week
from shuangjian.intake.payloads import sha256
from shuangjian.intake.sections import Form, check_payload
from shuangjian.intake.workbook.files import WeekTables
from shuangjian.intake.workbook.layout import FIRST_ROW, HEADER_ROW
from tests import make
from tests.intake.workbook.conftest import MONDAY, WEEK, edited, rich_payload


def book_of(school: Institution, week: Week = WEEK, payload: dict[str, Any] | None = None) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(WeekTables.of(school, week).template(payload)))


def headers(book: Workbook, title: str) -> list[Any]:
    return [cell.value for cell in book[title][HEADER_ROW]]


def test_the_sheets_come_in_the_order_of_the_form_and_the_helpers_are_hidden(school: Institution) -> None:
    book = book_of(school)
    shown = [sheet.title for sheet in book if sheet.sheet_state == "visible"]
    assert shown == ["填写说明", "作息", "课后服务", "作业", "作业勾选"]
    assert book["_meta"].sheet_state == "veryHidden"
    assert {row[0].value: row[1].value for row in book["_meta"].iter_rows()} == {
        "模板版本": "1",
        "学校标识码": school.code,
        "周次": "2026-W45",
    }
    assert book["本周日期"].sheet_state == "hidden"


def test_the_heading_names_school_and_week_and_says_that_the_data_are_a_demonstration(school: Institution) -> None:
    book = book_of(school)
    for title in ("填写说明", "作息", "课后服务", "作业", "作业勾选"):
        heading = book[title]["A1"].value
        assert "示范一校" in heading
        assert "2026年第45周（11.2–11.8）" in heading
        assert "演示数据" in heading
    school.is_fictional = False
    assert "演示数据" not in book_of(school)["作业"]["A1"].value


def test_each_stage_and_school_day_has_its_row_and_only_these(school: Institution) -> None:
    book = book_of(school)
    rows = [(row[0].value, row[1].value) for row in book["作息"].iter_rows(min_row=FIRST_ROW)]
    days = [dt.datetime.combine(day, dt.time()) for day in WEEK.days[:5]]
    assert rows == [(stage, day) for stage in ("小学", "初中") for day in days]
    assert [row[0].value for row in book["作业勾选"].iter_rows(min_row=FIRST_ROW)] == [
        "一年级（1）班", "三年级（1）班", "七年级（2）班",
    ]  # fmt: skip
    assert headers(book, "作业勾选") == [
        "班级", "11-02（周一）", "11-03（周二）", "11-04（周三）", "11-05（周四）", "11-06（周五）", "本周无课",
    ]  # fmt: skip


def test_a_swapped_workday_is_a_school_day_and_a_holiday_tells_its_reason(school: Institution) -> None:
    swapped = Week.parse("2026-W41")  # 10-05 to 10-11: 国庆 until Wednesday, and Saturday taught instead
    book = book_of(school, swapped)
    assert headers(book, "作业勾选")[1:-1] == ["10-08（周四）", "10-09（周五）", "10-10（周六）"]
    shown = [cell.number_format for cell in book["本周日期"]["A"]]
    assert shown[2] == 'yyyy-mm-dd"（周六，调休上课）"'
    assert shown[3] == 'yyyy-mm-dd"（周一，测试放假）"'
    assert [cell.value.date() for cell in book["本周日期"]["A"]][:3] == [dt.date(2026, 10, day) for day in (8, 9, 10)]
    said = {row[1].value for row in book["填写说明"].iter_rows()}
    assert "2026-10-10（周六，调休上课）：上课" in said
    assert "2026-10-05（周一，测试放假）：不上课" in said


def test_headers_and_given_cells_are_protected_and_the_rest_is_open(school: Institution) -> None:
    book = book_of(school, payload=rich_payload(school))
    for title in ("作息", "课后服务", "作业", "作业勾选"):
        sheet = book[title]
        assert sheet.protection.sheet, title
        assert all(cell.protection.locked for cell in sheet[HEADER_ROW]), title
        assert not sheet.cell(FIRST_ROW, 3).protection.locked, title
    assert book["作息"].cell(FIRST_ROW, 1).protection.locked
    assert book["作业勾选"].cell(FIRST_ROW, 1).protection.locked
    assert not book["作业"].cell(FIRST_ROW, 1).protection.locked


def test_dropdowns_offer_the_school_s_own_classes_and_the_week_s_days(school: Institution) -> None:
    book = book_of(school)
    rules = {str(rule.sqref).split(":")[0]: rule for rule in book["作业"].data_validations.dataValidation}
    assert rules["A4"].type == rules["B4"].type == rules["C4"].type == "list"
    names = book.defined_names
    sheet, _, area = names[rules["A4"].formula1].attr_text.partition("!")
    offered = [row[0].value for row in book[sheet.strip("'")][area.replace("$", "")]]
    assert offered == ["一年级（1）班", "三年级（1）班", "七年级（2）班"]
    assert book[sheet.strip("'")].sheet_state == "hidden"
    sheet, _, area = names[rules["B4"].formula1].attr_text.partition("!")
    assert [row[0].value.date() for row in book[sheet.strip("'")][area.replace("$", "")]] == WEEK.days
    assert rules["D4"].type == "whole"
    assert str(rules["D4"].sqref) == "D4:D4903"
    assert rules["D4"].prompt == "全班平均完成时间，只填数字。"


def test_days_are_dates_shown_with_their_weekday(school: Institution) -> None:
    book = book_of(school, payload=rich_payload(school))
    assert book["作业"]["B4"].value == dt.datetime.combine(WEEK.monday, dt.time())
    formats = [
        (rule.formula[0], rule.dxf.numFmt.formatCode)
        for area in book["作业"].conditional_formatting
        for rule in area.rules
    ]
    assert ("$B4=DATE(2026,11,2)", 'yyyy-mm-dd"（周一）"') in formats
    assert len(formats) == 7


def test_what_looks_like_a_formula_is_text(school: Institution) -> None:
    cell = book_of(school, payload=rich_payload(school))["作业"]["M4"]
    assert (cell.value, cell.data_type) == ("=照片 12", "s")


@pytest.mark.parametrize("is_saved_again", [False, True])
def test_download_then_upload_gives_the_same_payload(school: Institution, is_saved_again: bool) -> None:
    stored = check_payload(Form.of(school, WEEK), rich_payload(school)).payload
    tables = WeekTables.of(school, WEEK)
    data = tables.template(stored)
    if is_saved_again:
        data = edited(data, lambda book: None)
    payload, problems = tables.read(data, stored)
    assert [str(problem) for problem in problems] == []
    checked = check_payload(tables.form, payload)
    assert checked.problems == checked.gaps == []
    assert sha256(checked.payload) == sha256(stored)


ODD_TEXTS = [
    "1", "007", "1E5", "=1+1", "+5", "-", "@x", "'quote", "2026-11-02", "是", "TRUE", "#REF!", "１", "a、b", "A  B",
    "🙂组", "https://gongshi.invalid/?a=1&b=<c>",
]  # fmt: skip
SHARES = [0, 1, 1.0, 0.0, 0.07, 0.29, 0.3333, 0.9, 0.9999]


def test_texts_and_shares_that_a_spreadsheet_likes_to_change_stay_as_they_are(school: Institution) -> None:
    items = [
        make.item("2026-03-01", MONDAY, number + 1, alternative=text[:20], published_on=MONDAY, publication=text)
        for number, text in enumerate(ODD_TEXTS)
    ]
    items += [
        make.item("2026-03-01", MONDAY, number + 1, "数学", done_at_school=share) for number, share in enumerate(SHARES)
    ]
    stored = check_payload(Form.of(school, WEEK), make.full_payload(school, homework=items)).payload
    assert len(stored["homework"]) == len(ODD_TEXTS) + len(SHARES)
    tables = WeekTables.of(school, WEEK)
    for data in (tables.template(stored), edited(tables.template(stored), lambda book: None)):
        payload, problems = tables.read(data, stored)
        assert problems == []
        assert sha256(check_payload(tables.form, payload).payload) == sha256(stored)


def test_rows_in_another_order_are_still_the_stored_payload(school: Institution) -> None:
    stored = check_payload(Form.of(school, WEEK), rich_payload(school)).payload
    stored = {key: rows[::-1] for key, rows in stored.items()}
    tables = WeekTables.of(school, WEEK)
    payload, problems = tables.read(tables.template(stored), stored)
    assert problems == []
    assert sha256(payload) == sha256(stored)


def test_without_a_stored_payload_the_rows_come_back_all_the_same(school: Institution) -> None:
    stored = check_payload(Form.of(school, WEEK), rich_payload(school)).payload
    tables = WeekTables.of(school, WEEK)
    payload, _ = tables.read(tables.template(stored), None)
    for key in stored:
        rows = check_payload(tables.form, payload).payload[key]
        assert sorted(rows, key=repr) == sorted(stored[key], key=repr), key


def test_a_tick_on_a_day_that_is_no_school_day_any_more_is_not_lost(school: Institution) -> None:
    stored = rich_payload(school)
    stored["homework_none"].append({"class": "2026-03-01", "day": "2026-11-08"})
    book = book_of(school, payload=stored)
    assert "11-08（周日）" in headers(book, "作业勾选")
    tables = WeekTables.of(school, WEEK)
    assert {"class": "2026-03-01", "day": "2026-11-08"} in tables.read(tables.template(stored), None)[0][
        "homework_none"
    ]


def test_a_blank_template_says_nothing(school: Institution) -> None:
    tables = WeekTables.of(school, WEEK)
    payload, problems = tables.read(tables.template(None), None)
    assert problems == []
    assert not any(payload.values())


def test_last_week_is_carried_over_to_the_same_weekdays(school: Institution) -> None:
    tables = WeekTables.of(school, WEEK.plus(1))
    rows = tables.carried_over(WEEK, rich_payload(school))
    payload, problems = tables.read(tables.template(rows), None)
    assert problems == []
    assert [row["day"] for row in payload["homework"]] == ["2026-11-09", "2026-11-09", "2026-11-10", "2026-11-14"]
    assert payload["class_off"] == []


def test_a_week_without_a_school_day_has_no_rows_to_fill_in(school: Institution) -> None:
    book = book_of(school, Week.parse("2027-W06"))
    assert book["作息"].max_row == HEADER_ROW
    assert MONDAY not in str(book["填写说明"]["B4"].value)


def test_a_heading_longer_than_its_narrow_sheet_gets_the_lines_it_needs(school: Institution) -> None:
    school.name = "示范地区示范镇示范实验学校附属第一小学"
    book = book_of(school)
    assert book["作息"].row_dimensions[1].height == book["作息"].row_dimensions[2].height == 36
    assert book["作业"].row_dimensions[1].height == 18


def test_the_same_school_and_week_give_the_same_file(school: Institution) -> None:
    tables = WeekTables.of(school, WEEK)
    assert tables.template(rich_payload(school)) == tables.template(rich_payload(school))


def test_a_school_of_one_stage_has_only_its_own_rows(friday: None) -> None:
    make.calendar()
    school = make.school("示范二小", classes=["2026-02-01"])
    book = book_of(school)
    assert {row[0].value for row in book["课后服务"].iter_rows(min_row=FIRST_ROW)} == {"小学"}
