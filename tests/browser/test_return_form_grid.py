"""The grids of the return's form as a sheet: arrows, Enter and Tab, Ctrl+D, and blocks pasted from Excel or WPS."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from tests import make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WEEK = Week.parse("2026-W45")
CLASS = "hw-2026-03-01"


@pytest.fixture
def school() -> Institution:
    make.calendar()
    school = make.school(town=make.town(), centre=make.centre(), classes=["2026-03-01", "2026-03-02"])
    make.user("school", school, username="filer")
    return school


@pytest.fixture
def form(page: Page, live_server: Any, school: Institution) -> Page:
    if Week.of(clock.today()).plus(1) < WEEK:
        pytest.skip("the clock of this machine stands before the week that the test files")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.set_default_timeout(20_000)
    page.goto(f"{live_server.url}/login/")
    page.fill("[name=login]", "filer")
    page.fill("[name=password]", make.PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(f"{live_server.url}/")
    page.goto(f"{live_server.url}/units/{school.code}/returns/{WEEK.key}/")
    return page


def paste(page: Page, cell: str, text: str) -> None:
    """Copy the text as a spreadsheet does, and press Ctrl+V in the cell."""
    page.focus(f"#{cell}")
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("Control+v")


def row(page: Page, start: str, columns: str = "1234567") -> list[str]:
    return [page.input_value(f"#{start}{column}") for column in columns]


def has_focus(page: Page, cell: str) -> None:
    expect(page.locator(f"#{cell}")).to_be_focused()


def test_arrows_enter_and_tab_move_by_cell_and_digits_replace(form: Page) -> None:
    press = form.keyboard.press
    form.fill(f"#{CLASS}-0-m1", "25")
    press("ArrowDown")
    has_focus(form, f"{CLASS}-1-m1")
    press("ArrowRight")
    has_focus(form, f"{CLASS}-1-m2")
    press("ArrowUp")
    press("ArrowLeft")
    has_focus(form, f"{CLASS}-0-m1")
    form.keyboard.type("30")
    assert form.input_value(f"#{CLASS}-0-m1") == "30", "what stood there is replaced"
    press("Tab")
    has_focus(form, f"{CLASS}-0-m2")
    for _ in range(2):
        press("Enter")
    has_focus(form, f"{CLASS}-2-m2")
    press("Shift+Enter")
    has_focus(form, f"{CLASS}-1-m2")
    form.focus(f"#{CLASS}-0-m7")
    press("Tab")
    has_focus(form, f"{CLASS}-0-share")
    form.focus("#sd-primary-2")
    press("ArrowDown")
    has_focus(form, "sd-primary-arrival-2")
    assert form.url.endswith(f"{WEEK.key}/"), "no Enter sends the form"


def test_columns_go_on_from_class_to_class(form: Page) -> None:
    form.focus(f"#{CLASS}-pl-1")
    form.fill(f"#{CLASS}-2-m1", "10")
    for _ in range(4):  # the tick, which minutes close, then date and link, then the next class
        form.keyboard.press("Enter")
    expect(form.locator("#hw-2026-03-02-1-m1")).to_be_focused()


def test_ctrl_d_fills_the_school_days_to_the_right_or_the_items_below(form: Page) -> None:
    form.fill(f"#{CLASS}-0-m2", "15")
    form.keyboard.press("Control+d")
    assert row(form, f"{CLASS}-0-m") == ["", "15", "15", "15", "15", "", ""]
    form.keyboard.press("Control+z")
    assert row(form, f"{CLASS}-0-m") == ["", "15", "", "", "", "", ""]
    form.fill(f"#{CLASS}-0-share", "90")
    form.keyboard.press("Control+d")
    assert [form.input_value(f"#{CLASS}-{item}-share") for item in range(3)] == ["90", "90", "90"]
    form.fill("#as-primary-wanting-1", "40")
    form.keyboard.press("Control+d")
    assert row(form, "as-primary-wanting-", "12345") == ["40"] * 5


def test_a_block_is_pasted_to_the_right_and_down_and_rows_are_added(form: Page) -> None:
    paste(form, f"{CLASS}-1-m1", "10\t11\t12\t13\t14\n20\t\t22\t23\t24\r\n30\t31\t32\t33\t34\r\n")
    assert row(form, f"{CLASS}-1-m") == ["10", "11", "12", "13", "14", "", ""]
    assert row(form, f"{CLASS}-2-m") == ["20", "", "22", "23", "24", "", ""]
    assert row(form, f"{CLASS}-3-m") == ["30", "31", "32", "33", "34", "", ""]
    expect(form.locator(".rf-pasted")).to_contain_text("粘贴已填入 14 格，增加 1 行")
    assert form.locator(f"#{CLASS} [data-total='1']").inner_text().replace("\n", "").endswith("60/60")
    form.keyboard.press("Control+z")
    assert row(form, f"{CLASS}-1-m") == [""] * 7
    expect(form.locator(f"#{CLASS}-3-m1")).to_have_count(0)


def test_row_headers_name_the_subjects_and_headings_the_days(form: Page) -> None:
    paste(form, f"{CLASS}-0-m1", "\t周二\t周六\n英语\t21\t22\n科学\t31\t\n语文\t11\t")
    assert row(form, f"{CLASS}-0-m") == ["", "11", "", "", "", "", ""]
    assert row(form, f"{CLASS}-1-m") == [""] * 7, "mathematics is not in the block"
    assert row(form, f"{CLASS}-2-m") == ["", "21", "", "", "", "22", ""]
    assert form.input_value(f"#{CLASS}-3-subject") == "科学"
    assert row(form, f"{CLASS}-3-m") == ["", "31", "", "", "", "", ""]
    form.get_by_role("button", name="撤销粘贴").click()
    assert row(form, f"{CLASS}-2-m") == [""] * 7


@pytest.mark.parametrize(
    "heads", ["11-02（周一）\t11-04（周三）", "11-02\t11-04", "2026/11/2\t2026/11/4", "11月2日\t11月4日"]
)
def test_headings_may_name_the_days_by_their_dates_behind_a_column_of_classes(form: Page, heads: str) -> None:
    lines = ["三年级(1)班\t英语\t21\t22", "\t语文\t11\t12", "三年级（2）班\t英语\t31\t32", "\t科学\t5\t6"]
    paste(form, f"{CLASS}-0-m1", f"班级\t学科\t{heads}\r\n" + "\r\n".join(lines) + "\r\n")
    assert row(form, f"{CLASS}-0-m") == ["11", "", "12", "", "", "", ""]
    assert row(form, f"{CLASS}-2-m") == ["21", "", "22", "", "", "", ""]
    told = form.locator(".rf-pasted")
    expect(told).to_contain_text("粘贴已填入 4 格；2 格没有填入")
    expect(told).to_contain_text("三年级（2）班 英语：不是这个班，请到该班的格里粘贴")
    expect(told).to_contain_text("三年级（2）班 科学：不是这个班，请到该班的格里粘贴")
    expect(form.locator(f"#{CLASS}-3-m1")).to_have_count(0)


def test_a_date_is_no_number_of_minutes_but_a_day_of_publication(form: Page) -> None:
    paste(form, f"{CLASS}-0-m1", "11-02\t20")
    assert row(form, f"{CLASS}-0-m", "12") == ["", "20"]
    expect(form.locator(".rf-pasted")).to_contain_text("语文 周一“11-02”：请只填数字，不带单位")
    paste(form, f"{CLASS}-pd-2", "11-02\t11-03")
    assert form.input_value(f"#{CLASS}-pd-2").endswith("11-02")


def test_a_paste_never_slides_into_the_weekend(form: Page) -> None:
    paste(form, f"{CLASS}-0-m4", "1\t2\t3\t4")
    assert row(form, f"{CLASS}-0-m") == ["", "", "", "1", "2", "", ""]
    told = form.locator(".rf-pasted")
    expect(told).to_contain_text("粘贴已填入 2 格；2 格没有填入")
    expect(told).to_contain_text("语文 周六“3”：不是上课日")
    paste(form, f"{CLASS}-1-m6", "7\t8")
    assert row(form, f"{CLASS}-1-m") == ["", "", "", "", "", "7", ""], "only the day that was clicked on"


def test_what_is_no_number_is_named_and_full_width_digits_are_left_to_the_check(form: Page) -> None:
    paste(form, f"{CLASS}-0-m1", "60分钟\t２０\t无\t40")
    assert row(form, f"{CLASS}-0-m", "1234") == ["", "２０", "", "40"]
    told = form.locator(".rf-pasted")
    expect(told).to_contain_text("语文 周一“60分钟”：请只填数字，不带单位")
    expect(told).to_contain_text("语文 周三“无”：不是数字")
    form.get_by_role("button", name="保存草稿").last.click()
    expect(form.locator(".rf-errors")).to_contain_text("现为“２０”。请改用半角数字。")
    assert form.input_value(f"#{CLASS}-0-m2") == "２０"


def test_what_was_typed_after_a_paste_outlives_its_undoing(form: Page) -> None:
    paste(form, f"{CLASS}-0-m1", "10\t20")
    form.fill(f"#{CLASS}-0-m2", "25")
    form.get_by_role("button", name="撤销粘贴").click()
    assert row(form, f"{CLASS}-0-m", "12") == ["", "25"]


def test_a_block_is_pasted_into_a_stage_by_the_names_of_its_rows(form: Page) -> None:
    paste(form, "as-primary-1", "18:30后托管名额\t5\t6\n弹性离校\t是\t否\n有需求人数\t40\t41\n接送车辆\t1\t2")
    assert row(form, "as-primary-places-", "123") == ["5", "6", ""]
    assert row(form, "as-primary-leaving-", "123") == ["1", "0", ""]
    assert row(form, "as-primary-wanting-", "123") == ["40", "41", ""]
    expect(form.locator(".rf-pasted")).to_contain_text("接送车辆 周一“1”：没有这一行")


def test_choices_are_seen_without_opening_them(form: Page) -> None:
    words = form.locator(f"#{CLASS} [data-row]").first.locator(".rf-more__words")
    expect(words).to_contain_text("基础作业")
    words.click()
    form.select_option(f"#{CLASS}-0-marked", "peer")
    expect(words.locator(".rf-forbidden")).to_have_text("学生互批")
    form.locator(".rf-choices summary").click()
    form.check("[name='as-primary-content-all-sports']")
    form.check("[name='as-primary-content-2-new_lesson']")
    expect(form.locator("#as-primary-content-2")).to_have_text("文体、讲新课")
    expect(form.locator("#as-primary-content-1")).to_have_text("文体")


def test_no_service_leaves_only_those_who_want_it(form: Page) -> None:
    form.check("#as-primary-none-2")
    for part, is_open in (("", False), ("wanting-", True), ("served-", False), ("late-", True), ("places-", False)):
        field = form.locator(f"#as-primary-{part}2")
        (expect(field).to_be_enabled if is_open else expect(field).to_be_disabled)()
    form.fill("#as-primary-all", "90")
    assert row(form, "as-primary-", "123") == ["90", "", "90"]
    form.uncheck("#as-primary-none-2")
    expect(form.locator("#as-primary-2")).to_be_enabled()


def test_a_day_without_items_has_no_publication(form: Page) -> None:
    expect(form.locator(f"#{CLASS}-pd-1")).to_be_disabled()
    form.fill(f"#{CLASS}-0-m1", "20")
    form.fill(f"#{CLASS}-pd-1", "2026/11/3")
    form.fill("[name=publish-link]", "照片8")
    publish = form.get_by_role("button", name="各班作业均于当天公示")
    publish.click()
    expect(form.locator(".rf-notice")).to_contain_text("没有空白可填")
    assert form.input_value(f"#{CLASS}-pd-1") == "2026-11-03", "as Excel writes it, spelled out; not published that day"
    form.fill(f"#{CLASS}-pd-1", "")
    publish.click()
    expect(form.locator(".rf-notice")).to_contain_text("已在 1 处")
    assert (form.input_value(f"#{CLASS}-pd-1"), form.input_value(f"#{CLASS}-pl-1")) == ("11-02", "照片8")
