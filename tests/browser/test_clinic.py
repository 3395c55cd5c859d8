"""The order clinic as a parent meets it: on a phone, without an account, mistakes at their fields, then the verdict."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 390, "height": 844}


def _fill(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.fill(f"[name='{name}']", value)


def test_a_parent_learns_on_a_phone_what_is_wrong_with_an_order(page: Page, live_server: Any) -> None:
    page.set_default_timeout(10_000)
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/clinic/")
    expect(page.locator("h1")).to_have_text("培训收费是否合规，填一填就知道")
    _fill(page, paid_on="2026-09-01", starts_on="2026-09-01", ends_on="2026-08-01")
    page.click("button[type=submit]")
    assert "服务止早于服务起" in page.locator(".sj-field--error:has([name=ends_on])").inner_text()
    assert "sj-field--error" in (page.locator(".sj-field:has([name=line0-hours])").get_attribute("class") or "")

    _fill(page, ends_on="2026-12-01", **{"line0-subject": "数学", "line0-hours": "61", "line0-amount": "6100"})
    _fill(page, **{"line0-taken_hours": "11"})
    page.click("button[type=submit]")
    expect(page.locator("h1")).to_have_text("这份订单有 2 条疑似问题")
    for rule in ("TO-13", "TO-14"):
        expect(page.locator(f"[data-rule={rule}]")).to_have_attribute("data-outcome", "suspected")
    assert "未上的课应退 ¥5,000.00" in page.inner_text("main")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.input_value("[name=line0-hours]") == "61"  # nothing typed is lost


def test_a_second_subject_is_opened_when_it_is_wanted(page: Page, live_server: Any) -> None:
    page.set_default_timeout(10_000)
    page.goto(f"{live_server.url}/clinic/")
    _fill(page, paid_on="2026-09-01", starts_on="2026-09-01", ends_on="2026-11-30")
    _fill(page, **{"line0-subject": "数学", "line0-hours": "40", "line0-amount": "2000"})
    page.click("summary:has-text('科目 2')")
    _fill(page, **{"line1-subject": "物理", "line1-hours": "40", "line1-amount": "2000"})
    page.click("button[type=submit]")
    expect(page.locator("h1")).to_have_text("这份订单没有发现疑似问题，有规则因数据不足没有判断")
    assert page.locator("[data-outcome=lawful]").count() >= 4
