"""The Excel door in a real browser: download, edit by a program, upload, mend, look, confirm, and see the alert."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from playwright.sync_api import Browser, Page, expect

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.intake.models import ReturnVersion, WeeklyReturn
from shuangjian.rules.drain import drain
from tests import make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# A week of the past: the browser keeps its own clock, and a late return is as good.
WEEK = Week.parse("2026-W45")
CLASSES = {"五年级（1）班": "2026-05-01", "五年级（2）班": "2026-05-02"}


@pytest.fixture
def school() -> Institution:
    make.calendar()
    school = make.school(town=make.town(), centre=make.centre(), classes=CLASSES.values())
    make.user("school", school, username="filer")
    return school


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the console complained of, besides the answer 422 to a file with mistakes."""
    seen: list[str] = []
    page.on("console", lambda said: seen.append(said.text) if said.type == "error" and "422" not in said.text else None)
    page.on("pageerror", lambda error: seen.append(str(error)))
    return seen


@pytest.fixture
def home(page: Page, live_server: Any, school: Institution) -> Page:
    if Week.of(clock.today()).plus(1) < WEEK:
        pytest.skip("the clock of this machine stands before the week that the test files")
    page.set_default_timeout(20_000)
    _sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/units/{school.code}/returns/{WEEK.key}/")
    return page


def _sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/login/")
    page.fill("[name=login]", "filer")
    page.fill("[name=password]", make.PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(f"{address}/")


def _download(page: Page, folder: Path, name: str) -> Path:
    with page.expect_download() as download:
        page.get_by_role("link", name=name).first.click()
    target = folder / "周报.xlsx"
    download.value.save_as(target)
    return target


def _edit(path: Path, *changes: Callable[[Workbook], None]) -> None:
    book = openpyxl.load_workbook(path)
    for change in changes:
        change(book)
    book.save(path)


def _fill_in(book: Workbook) -> None:
    """A lawful week as a clerk types it: one lesson time, 80 minutes of service, no homework but one item."""
    for row in range(4, 9):
        book["作息"].cell(row, 3).value = dt.time(8, 20)
        book["课后服务"].cell(row, 3).value = 80
    for row in (4, 5):
        for column in range(2, 7):
            book["作业勾选"].cell(row, column).value = "是"
    book["作业勾选"]["D4"] = None
    for column, value in enumerate(("五年级（1）班", dt.date(2026, 11, 4), "语文", 75, "是"), 1):
        book["作业"].cell(4, column).value = value


def _spoil(book: Workbook) -> None:
    book["作业"]["D4"] = "75分钟"
    book["作息"]["C5"] = "8点20"


def _mend(book: Workbook) -> None:
    book["作业"]["D4"] = 75
    book["作息"]["C5"] = dt.time(8, 20)


def _upload(page: Page, path: Path) -> None:
    page.set_input_files("#workbook-file", path)
    page.get_by_role("button", name="上传并核对").click()


def test_a_week_goes_in_as_a_workbook_and_becomes_an_alert(
    home: Page, live_server: Any, school: Institution, tmp_path: Path, complaints: list[str]
) -> None:
    path = _download(home, tmp_path, "下载模板")
    _edit(path, _fill_in, _spoil)
    home.get_by_role("link", name="上传填好的表格").click()
    _upload(home, path)
    expect(home.locator("h1")).to_have_text("表格有 2 处需要修改，没有保存任何内容")
    rows = home.locator(".wb-table tbody tr")
    expect(rows.nth(0)).to_contain_text("作息")
    expect(rows.nth(1)).to_contain_text("75分钟")
    home.get_by_role("button", name="工作表").click()
    expect(rows.nth(0)).to_contain_text("75分钟")
    home.locator("button[data-sheet=作业]").click()
    expect(home.locator(".wb-table tbody tr:visible")).to_have_count(1)
    assert not WeeklyReturn.objects.exists()

    _edit(path, _mend)
    _upload(home, path)
    expect(home.locator("h1")).to_contain_text("表格无误，提交会产生")
    expect(home.locator(".rf-preview")).to_contain_text("HW-02")
    expect(home.locator(".rf-preview")).to_contain_text("五年级（1）班 11-04（周三）")
    assert not ReturnVersion.objects.exists()

    home.get_by_role("button", name="确认提交").click()
    expect(home.locator("body")).to_contain_text("周报还没有提交。填错的请先修改")
    home.fill("#workbook-note", "周三两科单元练习排在同一天，下周错开")
    home.get_by_role("button", name="确认提交").click()
    expect(home.locator("body")).to_contain_text("已提交第 1 版")
    assert ReturnVersion.objects.get().door == "file"
    drain(clock.now)
    alert = school.alerts.get(rule="HW-02")
    home.goto(f"{live_server.url}/alerts/{alert.pk}/")
    expect(home.locator("body")).to_contain_text("75 分钟")
    expect(home.locator("body")).to_contain_text("五年级")
    assert complaints == []


def test_a_prefilled_download_comes_back_as_the_same_version(home: Page, school: Institution, tmp_path: Path) -> None:
    make.submitted(school, WEEK, homework=[make.item("2026-05-01", "2026-11-04", 30)])
    home.reload()
    path = _download(home, tmp_path, "下载表格（已填内容）")
    _edit(path)
    home.get_by_role("link", name="上传填好的表格").click()
    _upload(home, path)
    expect(home.locator("body")).to_contain_text("文件内容与已提交的版本相同")
    home.get_by_role("button", name="确认提交").click()
    expect(home.locator("body")).to_contain_text("内容与第 1 版相同，没有产生新版本")
    assert ReturnVersion.objects.count() == 1


def test_the_pages_of_the_workbook_fit_a_phone(
    browser: Browser, live_server: Any, school: Institution, tmp_path: Path
) -> None:
    make.submitted(school, WEEK, homework=[make.item("2026-05-01", "2026-11-04", 30)])
    phone = browser.new_page(viewport={"width": 390, "height": 844})
    _sign_in(phone, live_server.url)
    phone.goto(f"{live_server.url}/units/{school.code}/returns/{WEEK.key}/workbook/")
    path = _download(phone, tmp_path, "下载表格（已填内容）")
    for change in (_spoil, _mend):
        _edit(path, change)
        _upload(phone, path)
        expect(phone.locator("h1")).to_contain_text("表格有 2 处" if change is _spoil else "表格无误")
        width = phone.evaluate("() => document.documentElement.scrollWidth")
        assert width <= 390, f"{phone.url} is {width} px wide"
    phone.close()
