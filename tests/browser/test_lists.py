"""The black list in a real browser: two people decide, the institution appeals on its phone, a third act undoes it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from shuangjian.bureau.models import Institution
from shuangjian.lists.models import ListCriteria, ListEntry
from tests import make as platform
from tests.training_orgs import make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def unit(db: Any) -> Institution:
    platform.calendar()
    ListCriteria.objects.create(
        kind="black", version="2026-1", text="无证无照", valid_from="2026-01-01", reference="示范文件"
    )
    return make.org("示范培训一部", town=platform.town())


def signed_in(browser: Browser, address: str, login: str, role: str, unit: Any = None, **options: Any) -> Page:
    person = platform.user(role, unit, username=login)
    page = browser.new_context(**options).new_page()
    page.set_default_timeout(10_000)
    page.goto(f"{address}/login/")
    page.fill("[name=login]", person.username)
    page.fill("[name=password]", platform.PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/login/" not in url)
    return page


def test_two_people_list_an_institution_and_its_appeal_takes_it_off_again(
    browser: Browser, live_server: Any, unit: Institution
) -> None:
    address = live_server.url
    first, second = (signed_in(browser, address, login, "bureau") for login in ("first", "second"))
    first.goto(f"{address}/lists/propose/?kind=black")
    first.fill("[name=institution]", unit.code)
    first.select_option("[name=criteria]", label="黑名单 2026-1")
    first.fill("[name=decision_no]", "示范决〔2026〕1号")
    first.fill("[name=reason]", "查实无证无照")
    first.click("button:has-text('提交复核')")
    expect(first.locator("h1")).to_have_text("示范培训一部：列入黑名单，待复核")
    expect(first.locator("main")).to_contain_text("您是提出人，须由另一人复核")
    decision = first.url
    own = signed_in(browser, address, "org-own", "org", unit, viewport=PHONE)
    own.goto(decision)
    expect(own.locator("h1")).not_to_contain_text("黑名单")  # nobody's business before a second person has decided

    second.goto(decision)
    second.get_by_label("通过，立即生效").check()
    second.get_by_role("button", name="提交复核").click()
    expect(second.locator("h1")).to_have_text("示范培训一部：列入黑名单，已决定")
    second.goto(f"{address}/lists/?kind=black")
    expect(second.locator("h1")).to_have_text("现在黑名单上有 1 家机构")

    own.goto(decision)
    assert own.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    assert "first" not in own.locator("main").inner_text()
    own.click("summary:has-text('对这项决定提出申诉')")
    own.fill("[name=text]", "许可证已补办")
    own.get_by_role("button", name="提交申诉").click()
    expect(own.locator("main")).to_contain_text("待答复；答复前原决定继续有效")

    second.goto(decision)
    second.get_by_label("撤销原决定").check()
    second.fill("[name=answer]", "核实已取得许可证")
    second.get_by_role("button", name="提交答复").click()
    assert ListEntry.objects.get().left_on is None  # the undoing waits for another person too
    second.click("a:has-text('移出的决定')")
    undoing = second.url
    first.goto(undoing)
    first.get_by_label("通过，立即生效").check()
    first.get_by_role("button", name="提交复核").click()
    expect(first.locator("h1")).to_have_text("示范培训一部：移出黑名单，已决定")
    first.goto(f"{address}/lists/?kind=black")
    expect(first.locator("h1")).to_have_text("现在黑名单上没有机构")
