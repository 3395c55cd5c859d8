"""Those who supervise, in a real browser: details open beside their list, acts show in it, pages fit a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.dashboards.world import WEEK, World, build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def world(transactional_db: None) -> World:
    return build()


def test_a_detail_opens_beside_its_list_and_back_leads_to_the_list(
    sign_in: Callable[[str], Page], live_server: Any, world: World
) -> None:
    page = sign_in("bureau")
    page.goto(f"{live_server.url}/units/?week={WEEK.key}")
    page.click(f"text={world.silent.name}")
    expect(page.locator("#drawer-body h1")).to_contain_text(f"{world.silent.name}第45周")
    expect(page.locator("#content h1")).to_contain_text("所需要关注")
    assert f"/units/{world.silent.code}/" in page.url
    page.go_back()
    expect(page.locator("#drawer")).to_be_hidden()
    assert page.url.endswith(f"/units/?week={WEEK.key}")


def test_an_alert_is_acknowledged_and_closed_beside_the_list_which_shows_it(
    sign_in: Callable[[str], Page], live_server: Any, world: World
) -> None:
    page = sign_in("town")
    page.goto(f"{live_server.url}/alerts/?rule=HW-02")
    in_list = page.locator(f"#content table [id='alert-state-{world.alert.pk}']").first
    expect(in_list).to_contain_text("待签收")
    page.click("a.sj-row__link")
    page.click("button:has-text('签收预警')")
    expect(page.locator("#drawer-body .sj-message--success")).to_contain_text("已签收")
    expect(in_list).to_contain_text("已签收")
    page.click("summary:has-text('办结预警')")
    page.fill("#close-reason", "已到校核实，作业已压减")
    page.click("button:has-text('办结预警')")
    expect(page.locator("#drawer-body")).to_contain_text("人工办结：已到校核实，作业已压减")
    expect(in_list).to_contain_text("已办结")


@pytest.mark.parametrize("person", ["bureau", "school"])
def test_every_page_fits_a_phone_and_leaves_the_console_quiet(
    sign_in: Callable[[str], Page], live_server: Any, world: World, person: str
) -> None:
    page = sign_in(person)
    page.set_viewport_size(PHONE)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    paths = [
        f"/?week={WEEK.key}",
        f"/units/?week={WEEK.key}",
        f"/units/{world.school.code}/?week={WEEK.key}",
        f"/filings/?week={WEEK.key}&state=all",
        "/alerts/",
        f"/alerts/{world.alert.pk}/",
        f"/findings/{world.finding.pk}/",
        "/rules/",
        "/rules/AS-02/",
        "/clauses/",
        "/search/?q=示范",
    ]
    too_wide = {}
    for path in paths:
        page.goto(f"{live_server.url}{path}")
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            too_wide[path] = width
    assert too_wide == {}
    assert complaints == []
