"""The grid of the largest usual school: all of it, within its weight. Prints (-s) the time to its first paint."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.intake import services
from tests import make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WEEK = Week.parse("2026-W45")
SUBJECTS = ("语文", "数学", "英语", "科学", "劳动")
TIMES = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return { server: page.responseStart - page.requestStart, loaded: page.domContentLoadedEventEnd,
    paint: paint.startTime, bytes: page.decodedBodySize };
}"""


def test_thirty_classes_with_five_items_each_are_painted_whole(page: Page, live_server: Any) -> None:
    make.calendar()
    codes = [f"2026-{grade:02d}-{number:02d}" for grade in range(1, 7) for number in range(1, 6)]
    school = make.school(town=make.town(), centre=make.centre(), classes=codes)
    make.user("school", school, username="filer")
    days = [day.isoformat() for day in WEEK.days[:5]]
    items = [make.item(code, day, 10, subject) for code in codes for day in days for subject in SUBJECTS]
    payload = make.full_payload(school, WEEK, homework=items)
    now = clock.at(WEEK.days[4], 17 * 60)
    services.save_draft(school, WEEK, payload, actor=make.Somebody(), now=now)
    page.goto(f"{live_server.url}/login/")
    page.fill("[name=login]", "filer")
    page.fill("[name=password]", make.PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(f"{live_server.url}/")
    runs = []
    for _ in range(5):
        page.goto(f"{live_server.url}/units/{school.code}/returns/{WEEK.key}/")
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
        runs.append(page.evaluate(TIMES))
    for run in runs:
        print({name: round(value) for name, value in run.items()})
    assert page.locator("[data-class]").count() == 30
    assert page.locator("[data-class] input[name$='-m1']").count() >= 30 * len(SUBJECTS)
    # The page must not grow back: what it weighs is what it takes to lay out. 787,501 bytes with every key filled.
    assert max(run["bytes"] for run in runs) < 900_000
