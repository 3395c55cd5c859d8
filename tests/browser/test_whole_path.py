"""The whole way in a real browser over real processes: sign in, file a week, see the alert, act on it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.intake import services
from shuangjian.rules.drain import drain
from tests import make
from tests.processes import Processes, until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def school() -> Any:
    make.calendar()
    return make.school(classes=["2026-05-01"], town=make.town(), centre=make.centre())


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser's console complained of: scripts that fail, and content that the policy forbids."""
    seen: list[str] = []
    # 422 is the answer that asks for a note; the browser logs it like a failure.
    is_bad = lambda said: said.type == "error" and "422" not in said.text  # noqa: E731
    page.on("console", lambda message: seen.append(message.text) if is_bad(message) else None)
    page.on("pageerror", lambda error: seen.append(str(error)))
    return seen


def _sign_in(page: Page, address: str, username: str, password: str = make.PASSWORD) -> None:
    page.goto(f"{address}/login/")
    page.fill("[name=login]", username)
    page.fill("[name=password]", password)
    page.click("button[type=submit]")


def _over_the_limit(school: Any, week: Week) -> dict[str, Any]:
    day = week.days[2].isoformat()
    return make.full_payload(school, week, homework=[make.item("2026-05-01", day, 75)])


def test_a_wrong_password_is_told_and_the_right_one_opens_the_unit_s_page(
    page: Page, live_server: Any, school: Any, complaints: list[str]
) -> None:
    make.user("school", school, username="filer")
    _sign_in(page, live_server.url, "filer", "wrong-password")
    expect(page.locator("body")).to_contain_text("登录名或密码")
    _sign_in(page, live_server.url, "filer")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("body")).to_contain_text("示范一小")
    expect(page.locator("body")).to_contain_text("演示数据")
    assert complaints == []


def test_a_submitted_week_becomes_an_alert_that_a_town_official_closes(
    page: Page,
    live_server: Any,
    school: Any,
    processes: Processes,
    complaints: list[str],
) -> None:
    week = make.WEEK  # of the past: the worker keeps its own clock, and a late return is judged as well
    processes.worker()
    processes.beat()
    filer = make.user("school", school, username="filer")
    make.user("town", school.town, username="official")
    services.save_draft(school, week, _over_the_limit(school, week), actor=filer, now=clock.now())
    _sign_in(page, live_server.url, "filer")
    page.goto(f"{live_server.url}/units/{school.code}/returns/{week.key}/")
    page.get_by_role("button", name="提交周报").click()
    expect(page.locator("body")).to_contain_text("还差一句说明，周报没有提交")
    page.fill("#return-note", "周三两科单元练习排在同一天，下周错开")
    page.get_by_role("button", name="提交周报").click()
    expect(page.locator("body")).to_contain_text("第 1 版")
    until(lambda: school.alerts.filter(rule="HW-02").exists(), "no alert was raised")
    alert = school.alerts.get(rule="HW-02")
    page.goto(f"{live_server.url}/alerts/{alert.pk}/")
    for text in ("书面作业当日总时长超限", "75 分钟", "60 分钟", "2.1.1", "五年级"):
        expect(page.locator("body")).to_contain_text(text)
    page.get_by_role("button", name="签收").click()
    expect(page.locator("body")).to_contain_text("已签收")
    expect(page.get_by_role("button", name="办结")).to_have_count(0)

    page.context.clear_cookies()
    _sign_in(page, live_server.url, "official")
    page.goto(f"{live_server.url}/alerts/{alert.pk}/")
    page.locator("summary", has_text="办结预警").click()
    page.fill("#close-reason", "已约谈，下周起压减")
    page.locator("form", has=page.locator("#close-reason")).locator("button[type=submit]").click()
    expect(page.locator("body")).to_contain_text("已办结")
    alert.refresh_from_db()
    assert (alert.state, alert.reason) == ("closed", "已约谈，下周起压减")
    assert complaints == []


@pytest.mark.parametrize("role", ["bureau", "town", "school"])
def test_no_page_scrolls_sideways_on_a_phone(browser: Browser, live_server: Any, school: Any, role: str) -> None:
    week = make.WEEK  # of the past: the worker keeps its own clock, and a late return is judged as well
    make.user(role, {"town": school.town, "school": school}.get(role), username="someone")
    payload = _over_the_limit(school, week)
    services.submit_return(school, week, actor=make.Somebody(), now=clock.now(), door="api", payload=payload)
    drain(clock.now)
    alert = school.alerts.get(rule="HW-02")
    phone = browser.new_page(viewport={"width": 390, "height": 844})
    _sign_in(phone, live_server.url, "someone")
    paths = ["/", "/alerts/", f"/alerts/{alert.pk}/", "/rules/", "/rules/HW-02/", "/units/", "/filings/", "/calendar/"]
    paths += [f"/units/{school.code}/", f"/units/{school.code}/returns/{week.key}/"]
    for path in paths:
        answer = phone.goto(f"{live_server.url}{path}")
        assert answer is not None
        assert answer.status in (200, 403), path
        width = phone.evaluate("() => document.documentElement.scrollWidth")
        assert width <= 390, f"{path} is {width} px wide"
    phone.close()
