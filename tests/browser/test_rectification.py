"""A school rectifies from a phone: sees what is asked for, photographs, hands in; the town rechecks at a desk."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from shuangjian.alerts.models import Rectification
from shuangjian.alerts.rectifications import order_rectification
from shuangjian.core import clock
from shuangjian.files.models import StoredFile
from shuangjian.files.services import store
from tests.alerts.rectification_make import photo
from tests.browser.visit_make import camera_photo
from tests.dashboards.world import World, build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}


@pytest.fixture
def world(transactional_db: None, settings: Any, tmp_path: Path) -> World:
    settings.MEDIA_ROOT = tmp_path / "media"
    return build()


@pytest.fixture
def item(world: World) -> Rectification:
    """With a photo of how it was, on the alert of the first school."""
    taken = store(photo(side=900, colour=(150, 60, 50)), world.school, "visit:x", None)
    return order_rectification(
        world.school,
        requirement="补挂服务公示牌，写明服务时间、内容、收费和投诉电话，挂在校门口家长看得到的地方。",
        due_on=clock.today() + dt.timedelta(days=10),
        alert=world.alert,
        before=[taken],
        actor=world.people["town"],
    )


def seen(page: Page, name: str) -> None:
    """A picture for whoever looks at the pages, where SCREENSHOTS names a folder; the page never scrolls sideways."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} scrolls sideways"
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/rectification_{name}.png", full_page=True)


def test_a_school_hands_in_from_a_phone_and_the_town_rechecks(
    sign_in: Callable[[str], Page], live_server: Any, item: Rectification, world: World, tmp_path: Path
) -> None:
    shots = [tmp_path / f"IMG_{number}.jpg" for number in range(2)]
    for each in shots:
        each.write_bytes(camera_photo())
    page, address = sign_in("school"), f"{live_server.url}/rectifications/{item.number}/"
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/rectifications/")
    expect(page.locator("#content h1")).to_have_text("1 项整改要办")
    seen(page, "list_phone")
    page.click("a.sj-row__link")
    expect(page).to_have_url(address)
    page.fill("#hand_in_account", "公示牌已做好，挂在校门口左侧，每学期开学前更新。")
    page.set_input_files("input[capture]", shots[0])
    page.set_input_files("input[capture]", shots[1])
    expect(page.locator("[data-chosen] img")).to_have_count(2)
    seen(page, "hand_in_phone")
    page.click("button:has-text('提交整改情况')")
    expect(page.locator("#content h1")).to_have_text("整改已提交，等待复查", timeout=60_000)
    expect(page.locator(".rect-photos img")).to_have_count(3)
    seen(page, "handed_in_phone")
    kept = StoredFile.objects.filter(purpose__endswith=":after")
    assert kept.count() == 2
    assert max(each.size for each in kept) <= 400 * 1024

    page.context.clear_cookies()
    page = sign_in("town")
    page.set_viewport_size(DESK)
    page.goto(f"{live_server.url}/rectifications/")
    expect(page.locator("#content h1")).to_have_text("1 项整改待复查")
    seen(page, "list_desk")
    page.goto(f"{live_server.url}/alerts/{world.alert.pk}/#rectifications")
    expect(page.locator(".rect-item .rect-photos img")).to_have_count(3)
    seen(page, "alert_desk")
    page.set_viewport_size(PHONE)
    seen(page, "alert_phone")
    page.goto(address)
    seen(page, "recheck_phone")
    page.set_viewport_size(DESK)
    seen(page, "recheck_desk")
    page.fill("#recheck_remark", "已到校看过，内容齐全。")
    page.click("button:has-text('复查通过')")
    expect(page.locator("#content h1")).to_contain_text("整改完成")
    seen(page, "passed_desk")


def test_what_is_refused_comes_back_on_the_phone_with_what_was_typed(
    sign_in: Callable[[str], Page], live_server: Any, item: Rectification, tmp_path: Path
) -> None:
    page = sign_in("school")
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/rectifications/{item.number}/")
    wrong = tmp_path / "说明.txt"
    wrong.write_text("不是图片")
    page.fill("#hand_in_account", "已改好。")
    page.set_input_files("#hand_in_photos", wrong)
    page.click("button:has-text('提交整改情况')")
    expect(page.locator(".sj-errors")).to_contain_text("第 1 个文件")
    expect(page.locator("#hand_in_account")).to_have_value("已改好。")
    seen(page, "refused_phone")
