"""A workbook of an institution in a real browser: download, fill in, upload, mend, look, confirm, and the finding."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from playwright.sync_api import Page, expect

from shuangjian.core import clock
from shuangjian.rules.drain import drain
from tests import make as platform
from tests.training_orgs import make
from training_orgs.models import FeeOrder

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ORDERS = "收费订单"


@pytest.fixture
def unit(db: Any) -> Any:
    """An institution with its papers and one course, and another that files for itself."""
    platform.calendar()
    unit = make.org(town=platform.town())
    make.licence(unit)
    make.registration(unit)
    make.course(unit, "K01")
    platform.user("org", unit, username="jigou")
    return unit


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the console complained of, besides the answer 422 to a file with mistakes."""
    seen: list[str] = []
    page.on("console", lambda said: seen.append(said.text) if said.type == "error" and "422" not in said.text else None)
    page.on("pageerror", lambda error: seen.append(str(error)))
    return seen


@pytest.fixture
def home(page: Page, live_server: Any, unit: Any) -> Page:
    page.set_default_timeout(20_000)
    _sign_in(page, live_server.url, "jigou")
    return page


def _sign_in(page: Page, address: str, login: str) -> None:
    page.goto(f"{address}/login/")
    page.fill("[name=login]", login)
    page.fill("[name=password]", platform.PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/login/" not in url)


def _order(contract: str, hours: Any, amount: Any, **changed: Any) -> dict[str, Any]:
    today = clock.today()
    return {
        "合同编号": contract, "学员代号": f"X{contract}", "收费日期": today - dt.timedelta(days=3), "服务起": today,
        "服务止": today + dt.timedelta(days=60), "收费渠道": "监管账户", "课程编号": "K01", "课时": hours,
        "金额（元）": amount,
    } | changed  # fmt: skip


def _edit(path: Path, change: Callable[[Workbook], None]) -> None:
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)


def _write(rows: list[dict[str, Any]]) -> Callable[[Workbook], None]:
    """The rows below the header of the template's sheet, which stays as it is."""

    def change(book: Workbook) -> None:
        sheet = book[ORDERS]
        head = next(row for row in sheet.iter_rows() if len([cell for cell in row if cell.value]) > 1)
        at = {str(cell.value).rstrip("*"): cell.column for cell in head if cell.value}
        for number, row in enumerate(rows, head[0].row + 1):
            for name, value in row.items():
                sheet.cell(number, at[name]).value = value

    return change


def _upload(page: Page, path: Path) -> None:
    page.set_input_files("#workbook-file", path)
    page.get_by_role("button", name="上传并核对").click()


def test_orders_go_in_as_a_workbook_after_their_mistakes_and_findings_were_shown(
    home: Page, live_server: Any, unit: Any, tmp_path: Path, complaints: list[str]
) -> None:
    home.goto(f"{live_server.url}/training/import/orders/")
    with home.expect_download() as download:
        home.get_by_role("link", name="下载收费模板").click()
    path = tmp_path / "收费.xlsx"
    download.value.save_as(path)
    _edit(path, _write([_order("HT001", 30, -3000), _order("HT002", 61, 6100, 课程编号="K99")]))
    _upload(home, path)
    expect(home.locator("h1")).to_have_text("表格有需要修改之处，没有保存任何内容")
    rows = home.locator(".wb-table tbody tr")
    expect(rows).to_have_count(2)
    for row, (number, column) in enumerate((("3", "金额（元）"), ("4", "课程编号"))):
        expect(rows.nth(row).locator("th")).to_have_text(ORDERS)
        expect(rows.nth(row).locator("td").nth(0)).to_have_text(number)
        expect(rows.nth(row).locator("td").nth(1)).to_have_text(column)
    assert not FeeOrder.objects.exists()

    _edit(path, _write([_order("HT001", 30, 3000), _order("HT002", 61, 6100)]))
    _upload(home, path)
    expect(home.locator("h1")).to_contain_text("表格无误，确认后新增或修改 2 条，会产生")
    foreseen = home.locator("#foreseen")
    expect(foreseen).to_contain_text("TO-14 预收费超60课时")
    expect(foreseen).to_contain_text("61 课时（标准 60 课时）")
    assert "机构" not in foreseen.locator("thead th").all_inner_texts()  # it is their own
    assert not FeeOrder.objects.exists()
    wide = home.evaluate("() => [document.documentElement.scrollWidth, window.innerWidth]")
    assert wide[0] <= wide[1], wide

    home.get_by_role("button", name="确认导入").click()
    expect(home.locator("body")).to_contain_text("已导入。收费订单：新增 2，修改 0，未变 0。")
    assert sorted(FeeOrder.objects.values_list("institution", "contract_no")) == [
        (unit.pk, "HT001"), (unit.pk, "HT002"),
    ]  # fmt: skip
    drain(clock.now)
    home.goto(f"{live_server.url}/training/{unit.code}/")
    expect(home.locator("#findings")).to_contain_text("TO-14 预收费超60课时")
    assert complaints == []


def test_an_institution_finds_its_own_sheets_and_nobody_else_s(home: Page, live_server: Any, unit: Any) -> None:
    other = make.org("示范二中心")
    make.course(other, "K77")
    home.goto(f"{live_server.url}/training/import/")
    expect(home.locator("main")).to_contain_text(f"{unit.name}的数据")
    assert home.locator("tbody th").all_inner_texts() == ["机构档案", "人员", "课程", "收费", "资金监管"]
    assert home.goto(f"{live_server.url}/training/import/complaints/").status == 403  # type: ignore[union-attr]
    assert home.goto(f"{live_server.url}/training/{other.code}/").status == 404  # type: ignore[union-attr]


def test_a_course_of_another_institution_is_unknown_and_a_column_for_it_is_refused(
    home: Page, live_server: Any, unit: Any, tmp_path: Path
) -> None:
    other = make.org("示范二中心")
    make.course(other, "K77")
    home.goto(f"{live_server.url}/training/import/orders/")
    with home.expect_download() as download:
        home.get_by_role("link", name="下载收费模板").click()
    path = tmp_path / "收费.xlsx"
    download.value.save_as(path)
    _edit(path, _write([_order("HT001", 30, 3000, 课程编号="K77")]))
    _upload(home, path)
    expect(home.locator(".wb-table tbody tr")).to_have_count(1)
    expect(home.locator(".wb-table tbody tr")).to_contain_text("课程编号")

    def foreign(book: Workbook) -> None:
        sheet = book[ORDERS]
        head = next(row for row in sheet.iter_rows() if len([cell for cell in row if cell.value]) > 1)
        column = max(cell.column for cell in head if cell.value) + 1
        sheet.cell(head[0].row, column).value = "机构代码"
        sheet.cell(head[0].row + 1, column).value = other.code

    _edit(path, foreign)
    _upload(home, path)
    expect(home.locator(".wb-table")).to_contain_text("机构代码")
    assert not FeeOrder.objects.exists()


def test_the_pages_of_the_import_fit_a_phone(home: Page, live_server: Any, tmp_path: Path) -> None:
    home.set_viewport_size({"width": 390, "height": 844})
    home.goto(f"{live_server.url}/training/import/orders/")
    with home.expect_download() as download:
        home.get_by_role("link", name="下载收费模板").click()
    path = tmp_path / "收费.xlsx"
    download.value.save_as(path)
    for hours, words in (("许多", "表格有需要修改之处"), (61, "表格无误")):
        _edit(path, _write([_order("HT001", hours, 6100)]))
        _upload(home, path)
        expect(home.locator("h1")).to_contain_text(words)
        width = home.evaluate("() => document.documentElement.scrollWidth")
        assert width <= 390, f"{words}: {width} px wide"
