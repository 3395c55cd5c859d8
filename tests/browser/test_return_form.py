"""A filer in a real browser: types a week, sees the totals run, looks ahead, submits, and sees version 1."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.intake.models import WeeklyReturn
from tests import make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# A week of the past: the browser keeps its own clock, and a late return is as good.
WEEK = Week.parse("2026-W45")


@pytest.fixture
def school() -> Institution:
    make.calendar()
    school = make.school(town=make.town(), centre=make.centre(), classes=["2026-01-01", "2026-03-01"])
    make.user("school", school, username="filer")
    return school


@pytest.fixture
def form(page: Page, live_server: Any, school: Institution) -> Page:
    if Week.of(clock.today()).plus(1) < WEEK:
        pytest.skip("the clock of this machine stands before the week that the test files")
    page.set_default_timeout(10_000)
    page.goto(f"{live_server.url}/login/")
    page.fill("[name=login]", "filer")
    page.fill("[name=password]", make.PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(f"{live_server.url}/")
    page.goto(f"{live_server.url}/units/{school.code}/returns/{WEEK.key}/")
    return page


def total(page: Page, code: str, day: int) -> str:
    return page.locator(f"#hw-{code} [data-total='{day}']").inner_text().replace("\n", "")


def fill_lawfully(page: Page) -> None:
    page.fill("#sd-primary-all", "0820")
    page.fill("#as-primary-all", "80")
    page.click("text=全部未填的上课日勾选为无作业")
    page.wait_for_selector("text=已勾选")


def test_a_week_is_filled_in_looked_ahead_and_submitted(form: Page) -> None:
    fill_lawfully(form)
    assert form.input_value("#sd-primary-5") == "08:20"
    form.fill("#hw-2026-03-01-0-m2", "40")
    expect(form.locator("#hw-2026-03-01-none-2")).not_to_be_checked()
    form.keyboard.press("Enter")
    expect(form.locator("#hw-2026-03-01-1-m2")).to_be_focused()
    form.keyboard.type("35")
    assert total(form, "2026-03-01", 2).endswith("75/60")
    expect(form.locator("#hw-2026-03-01 [data-total='2']")).to_have_class("rf-total rf-total--over")
    expect(form.locator("[data-count-over]")).to_have_text("1")

    form.fill("#hw-2026-03-01-pd-2", "11/3")  # as Excel writes it
    form.keyboard.press("Tab")
    expect(form.locator("#hw-2026-03-01-pd-2")).to_have_value("11-03")
    expect(form.locator("[data-form-note]")).to_have_text("都填好了，可以预览或提交。")

    form.click("button[value=preview]")
    expect(form.locator("h1")).to_contain_text("现在提交会产生 1 条疑似问题")
    expect(form.locator(".rf-preview")).to_contain_text("HW-02")
    assert not WeeklyReturn.objects.exists()
    form.click(".rf-rule__list a")
    expect(form.locator("#hw-2026-03-01-0-m2")).to_be_focused()

    form.fill("#hw-2026-03-01-1-m2", "20")
    assert total(form, "2026-03-01", 2).endswith("60/60")
    form.click("button[value=submit]")
    expect(form.locator("h1")).to_contain_text("周报已提交第 1 版")
    expect(form.get_by_role("region", name="版本")).to_contain_text("第 1 版")
    minutes = [row["minutes"] for row in WeeklyReturn.objects.get().current_version.payload["homework"]]
    assert minutes == [40, 20]


def test_a_row_is_added_in_place_and_layers_count_once(form: Page) -> None:
    form.click("#hw-2026-03-01 [data-add-row]")
    expect(form.locator("#hw-2026-03-01-3-subject")).to_be_focused()
    for row, minutes in ((1, "20"), (3, "30")):
        form.select_option(f"#hw-2026-03-01-{row}-subject", "数学")
        form.fill(f"#hw-2026-03-01-{row}-alternative", "分层")
        form.fill(f"#hw-2026-03-01-{row}-m1", minutes)
    assert total(form, "2026-03-01", 1).endswith("30/60")
    form.click(".sj-form-end button[value=save]")
    form.wait_for_selector("text=草稿已保存")
    rows = WeeklyReturn.objects.get().draft["homework"]
    assert [(row["subject"], row["minutes"], row["alternative"]) for row in rows] == [
        ("数学", 20, "分层"),
        ("数学", 30, "分层"),
    ]


def test_a_refused_submit_leads_to_the_cell_and_keeps_the_rest(form: Page) -> None:
    form.fill("#hw-2026-01-01-0-m3", "十分钟")
    form.fill("#as-primary-1", "85")
    form.locator("#hw-2026-01-01 > summary").click()
    form.click("button[value=submit]")
    form.click(".rf-errors a")
    expect(form.locator("#hw-2026-01-01-0-m3")).to_be_focused()
    expect(form.locator("#hw-2026-01-01-0-m3")).to_have_value("十分钟")
    expect(form.locator("#as-primary-1")).to_have_value("85")


def test_it_fits_a_phone(form: Page) -> None:
    form.set_viewport_size({"width": 390, "height": 844})
    assert form.evaluate("document.documentElement.scrollWidth") <= 390
    expect(form.locator("button[value=submit]")).to_be_in_viewport()
    foot = form.locator(".sj-form-end").bounding_box()
    assert foot is not None
    assert foot["height"] <= 80, "what stays at the foot leaves the screen to the form"
    box = form.locator("#hw-2026-03-01-0-m7").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 390
    assert box["width"] >= 36


def test_what_was_typed_survives_a_session_that_ended(form: Page, live_server: Any) -> None:
    form.fill("#hw-2026-03-01-0-m2", "40")
    form.context.clear_cookies(name="sessionid")
    form.get_by_role("button", name="保存草稿").last.click()
    form.wait_for_selector("[name=password]")
    form.fill("[name=login]", "filer")
    form.fill("[name=password]", make.PASSWORD)
    form.click("button[type=submit]")
    form.get_by_role("button", name="恢复所填内容").click()
    form.wait_for_selector("[data-unsaved]")
    assert form.input_value("#hw-2026-03-01-0-m2") == "40"
    form.get_by_role("button", name="保存草稿").last.click()
    form.wait_for_selector("form[data-return-form]:not([data-unsaved])")
    assert form.input_value("#hw-2026-03-01-0-m2") == "40"
    expect(form.get_by_role("button", name="恢复所填内容")).to_have_count(0)
