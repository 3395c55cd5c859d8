"""The one page of an institution in a real browser: its parts, another day's state, a phone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.rules.declare import all_rules
from shuangjian.rules.engine import evaluate
from shuangjian.rules.periods import Span
from tests import make as platform
from tests.training_orgs import make
from training_orgs.models import OrgProfile, Refund, SiteSighting, StatusChange

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MOVED_ON = dt.date(2026, 6, 1)
LONG_NAME = "示范培训中心" * 6


@pytest.fixture
def unit(db: Any) -> Institution:
    """Something of everything is on record of it; its licence has run out, and one order has too many hours."""
    platform.calendar()
    today = clock.today()
    unit = make.org(
        town=platform.town(), profile={"valid_until": MOVED_ON - dt.timedelta(days=1), "address": "示范路1号"}
    )
    OrgProfile.objects.create(
        institution=unit, valid_from=MOVED_ON, sign_name=LONG_NAME, category="subject", address="示范路2号" * 8
    )
    make.licence(unit, expires_on=today - dt.timedelta(days=10))
    make.registration(unit)
    make.staff(unit)
    course = make.course(unit, "K01", days=(str(today - dt.timedelta(days=1)),), title=LONG_NAME)
    order = make.order(unit, "HT001", ((course, 61, 6100),))
    Refund.objects.create(institution=unit, order=order, number="T1", requested_on=today, amount=100)
    SiteSighting.objects.create(institution=unit, seen_on=today, place="示范路2号", staff=3, source="巡查")
    StatusChange.objects.create(institution=unit, status="suspended", on=MOVED_ON, reason="示范原因")
    judge(unit)
    return unit


def judge(unit: Institution) -> None:
    today = clock.today()
    evaluate(all_rules(), [unit.pk], Span(dt.date(2026, 8, 31), today), now=clock.now(), cause="测试")


def sign_in(page: Page, address: str, role: str, unit: Any = None) -> None:
    person = platform.user(role, unit, username=f"{role}-page")
    page.set_default_timeout(10_000)
    page.goto(f"{address}/login/")
    page.fill("[name=login]", person.username)
    page.fill("[name=password]", platform.PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/login/" not in url)


def headings(page: Page) -> list[str]:
    return [text.splitlines()[0] for text in page.locator("main h2").all_inner_texts()]


def test_the_page_leads_from_its_findings_to_every_part_that_is_on_record(
    page: Page, live_server: Any, unit: Institution
) -> None:
    sign_in(page, live_server.url, "bureau")
    page.goto(f"{live_server.url}/training/{unit.code}/")
    expect(page.locator("h1")).to_contain_text("条疑似问题，有照无证")
    parts = headings(page)
    for title in ("基本情况", "经过", "历次档案", "证照", "从业人员", "课程", "收费", "退费", "现场发现", "状态变更"):
        assert any(part.startswith(title) for part in parts), (title, parts)
    assert "已到期 10 天" in page.locator("#papers + .sj-table-wrap").inner_text()
    page.click("#findings a:has-text('TO-14')")
    expect(page.locator("#drawer-body")).to_contain_text("61 课时")
    expect(page.locator("#drawer-body")).to_contain_text("《指引》")
    page.go_back()
    expect(page.locator("#findings")).to_be_visible()
    page.click("#courses ~ p a:has-text('查看全部')")
    page.wait_for_url("**/courses/")


def test_another_day_shows_what_was_in_force_then_and_leads_back_to_today(
    page: Page, live_server: Any, unit: Institution
) -> None:
    sign_in(page, live_server.url, "bureau")
    page.goto(f"{live_server.url}/training/{unit.code}/")
    facts = page.locator("dl.sj-facts").first
    expect(facts).to_contain_text("示范路2号")
    page.fill("#as-of", "2026-05-31")
    page.click("button:has-text('查看当日档案')")
    page.wait_for_url("**as_of=2026-05-31")
    expect(facts).to_contain_text("示范路1号")
    expect(page.locator("main")).to_contain_text("有证有照")
    expect(page.locator("main")).to_contain_text("状态：正常")
    page.click("a:has-text('回到今天')")
    expect(facts).to_contain_text("示范路2号")
    expect(page.locator("main")).to_contain_text("状态：暂停")


def test_an_institution_reads_its_own_page_and_may_file_but_not_decide(
    page: Page, live_server: Any, unit: Institution
) -> None:
    sign_in(page, live_server.url, "org", unit)
    page.goto(f"{live_server.url}/training/{unit.code}/")
    expect(page.locator("h1")).to_contain_text("有照无证")
    assert page.locator("main a:has-text('变更状态')").count() == 0
    page.click("summary:has-text('登记数据')")
    page.click("main a[href$='/fee-orders/new/']")
    label = page.locator("label", has_text="合同编号")
    assert label.locator(".sj-optional").count() == 0
    assert page.locator("label", has_text="服务止").locator(".sj-optional").count() == 1


@pytest.mark.parametrize("address", ["", "?as_of=2026-05-31"])
def test_the_page_fits_a_phone(browser: Browser, live_server: Any, unit: Institution, address: str) -> None:
    phone = browser.new_page(viewport={"width": 390, "height": 844})
    sign_in(phone, live_server.url, "bureau")
    phone.goto(f"{live_server.url}/training/{unit.code}/{address}")
    expect(phone.locator("#papers")).to_be_visible()
    wide = phone.evaluate(
        "() => [...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > 390.5)"
        ".slice(0, 5).map(e => e.tagName + '.' + e.className)"
    )
    assert phone.evaluate("() => document.documentElement.scrollWidth") <= 390, wide
    phone.close()
