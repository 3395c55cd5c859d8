"""The clash radar and the money of an institution, as the bureau works with them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from shuangjian.accounts.models import User
from shuangjian.bureau.calendar import rebuild_unit_days
from shuangjian.core import clock
from tests import make as platform
from tests.training_orgs import money_make as make
from training_orgs.models import FeeOrder
from training_orgs.services.lesson_links import token_of
from training_orgs.services.reconciliation import reconcile

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def bureau(page: Page, live_server: Any) -> Page:
    person = User(username="jiaoyuju", name="示范", role_kind="bureau")
    person.set_password(platform.PASSWORD)
    person.save()
    page.set_default_timeout(10_000)
    page.goto(f"{live_server.url}/login/")
    page.fill("[name=login]", "jiaoyuju")
    page.fill("[name=password]", platform.PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(f"{live_server.url}/")
    return page


@pytest.fixture
def unit(db: Any) -> Any:
    """Next Saturday is a rest day of the calendar made here, whatever day it is."""
    platform.calendar()
    today = clock.today()
    rebuild_unit_days(cause="开始", actor=None)
    org = make.org(town=platform.town())
    course = make.course(org, starts_on=today, ends_on=today + dt.timedelta(days=90), title="示范数学课")
    saturday = today + dt.timedelta(days=(5 - today.weekday()) % 7 or 7)
    make.session(course, str(saturday), 540, 630)
    order = make.order(course, "H1", str(today - dt.timedelta(days=30)), 1000)
    make.entry(org, str(today - dt.timedelta(days=30)), 1, "payment", 1000, 1000)
    make.taken(order, str(today - dt.timedelta(days=3)), 100)
    FeeOrder.objects.update(consumed=100)
    make.refund(order, "T1", str(today - dt.timedelta(days=2)), 300)
    reconcile([org.pk])
    return org


def test_the_radar_leads_to_the_course_before_the_lesson_is_held(bureau: Page, live_server: Any, unit: Any) -> None:
    bureau.goto(f"{live_server.url}/training/radar/")
    expect(bureau.locator("h1")).to_have_text("未来 30 天有 1 门课程排课冲突")
    row = bureau.locator("tbody tr").first
    assert "休息日，学科类课程不得上课" in row.inner_text()
    assert "《指引》2.4.2.1" in row.inner_text()
    bureau.click("a:has-text('结束过晚')")
    expect(bureau.locator("main")).to_contain_text("没有排课冲突")
    bureau.go_back()
    bureau.click("a:has-text('示范数学课')")
    bureau.wait_for_url("**/courses/")
    expect(bureau.locator("#radar")).to_contain_text("示范数学课")


def test_a_refund_is_paid_once_and_the_day_that_disagrees_opens_beside_the_list(
    bureau: Page, live_server: Any, unit: Any
) -> None:
    bureau.goto(f"{live_server.url}/training/{unit.code}/money/")
    expect(bureau.locator("h1")).to_contain_text("1 天对不上账")
    bureau.locator("#days ~ .sj-table-wrap a.sj-row__link").first.click()
    expect(bureau.locator("#drawer-body")).to_contain_text("待家长确认")
    bureau.goto(f"{live_server.url}/training/{unit.code}/money/")
    bureau.click("a:has-text('退款')")
    bureau.click("main button[type=submit]")
    bureau.wait_for_url("**/money/")
    assert "已退" in bureau.locator("#refunds + .sj-table-wrap").inner_text()
    assert FeeOrder.objects.get().refunded == 300


def test_the_form_of_a_course_shows_its_clashes_before_it_is_saved(bureau: Page, live_server: Any, unit: Any) -> None:
    bureau.goto(f"{live_server.url}/training/{unit.code}/courses/new/")
    for name, value in (("number", "K9"), ("title", "示范新课"), ("subject", "数学"), ("lesson_minutes", "45")):
        bureau.fill(f"[name={name}]", value)
    for name, label in (("category", "学科类"), ("stage", "初中"), ("mode", "线下")):
        bureau.select_option(f"[name={name}]", label=label)
    bureau.fill("[name=starts_on]", "2026-09-28")
    bureau.fill("[name=ends_on]", "2026-10-11")
    bureau.fill("[name=slots]", "周六 09:00-10:30")
    bureau.click("button:has-text('先检查排课')")
    clashes = bureau.locator("#clashes")
    expect(clashes).to_contain_text("2026-10-03（周六）")
    assert "2026-10-10（周六）" in clashes.inner_text()  # a swapped workday: in school hours, no rest day
    assert clashes.locator("tbody tr").count() == 2
    assert not unit.courses.filter(number="K9").exists()
    bureau.click("button:has-text('保存课程')")
    bureau.wait_for_url(f"**/training/{unit.code}/")
    assert unit.courses.get(number="K9").sessions.count() == 2


def test_parents_confirm_a_lesson_on_their_phone_by_the_link_of_their_order(
    browser: Browser, live_server: Any, unit: Any
) -> None:
    order = FeeOrder.objects.get()
    make.taken(order, str(clock.today() - dt.timedelta(days=2)), 100)
    phone = browser.new_page(viewport={"width": 390, "height": 844})
    phone.set_default_timeout(10_000)
    phone.goto(f"{live_server.url}/lessons/{token_of(order)}/")
    expect(phone.locator("h1")).to_have_text("有 2 次课等待家长确认")
    assert phone.evaluate("() => document.documentElement.scrollWidth") <= 390
    phone.get_by_label("示范数学课").first.check()
    phone.get_by_role("button", name="确认勾选的课").click()
    expect(phone.locator("main")).to_contain_text("已确认 1 次课")
    expect(phone.locator("h1")).to_have_text("有 1 次课等待家长确认")
    phone.close()
