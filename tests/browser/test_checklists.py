"""An officer revises a checklist in a browser, at the width of a phone: every button is pressed as it is rendered."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from inspections.services.checklist_loading import load_checklists
from inspections.services.checklists import in_use
from tests import make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def bureau(page: Page, live_server: Any) -> Page:
    load_checklists(actor=None)
    make.user("bureau", username="jiaoyuju")
    page.set_default_timeout(10_000)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/login/")
    page.fill("[name=login]", "jiaoyuju")
    page.fill("[name=password]", make.PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(f"{live_server.url}/")
    return page


def codes(page: Page) -> list[str]:
    return page.locator(".cl-items .cl-code").all_inner_texts()


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def test_an_officer_moves_changes_removes_and_publishes(bureau: Page, live_server: Any) -> None:
    bureau.goto(f"{live_server.url}/checklists/subject_org/")
    press(bureau, "修订检查表")
    expect(bureau.locator("h1")).to_have_text("第 2 版草稿与使用中的版本相同")
    press(bureau, "A-02 上移")
    assert codes(bureau)[:3] == ["A-02", "A-01", "A-03"]
    press(bureau, "“消防安全”上移")
    assert codes(bureau)[-3:] == ["A-25", "A-26", "A-27"]

    bureau.get_by_role("link", name="修改 A-01", exact=True).click()
    bureau.select_option("[name=severity]", "3")
    bureau.focus("[name=group]")
    with bureau.expect_navigation():
        bureau.keyboard.press("Enter")  # the form's own act is saving, never removing
    expect(bureau.locator("h1")).to_have_text("第 2 版草稿：新增 0 项，修改 1 项，移除 0 项")
    expect(bureau.locator("#item-A-01")).to_contain_text("已修改")

    bureau.get_by_role("link", name="修改 A-09", exact=True).click()
    press(bureau, "移除 A-09")
    assert bureau.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    bureau.get_by_role("link", name="查看改动并启用").click()
    expect(bureau.locator("h1")).to_have_text("第 2 版：新增 0 项，修改 1 项，移除 1 项")
    press(bureau, "启用第 2 版")
    expect(bureau.locator(".sj-field--error")).to_contain_text("请写修订说明")
    bureau.fill("[name=note]", "示范修订。")
    press(bureau, "启用第 2 版")
    expect(bureau.locator("h1")).to_have_text("学科类培训机构：检查 29 项，其中 4 项必须拍照")
    used = in_use("subject_org")
    assert used is not None
    assert (used.number, used.note) == (2, "示范修订。")
