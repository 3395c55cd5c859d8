"""The figures of 监测分析 in a real browser: drawn under the security policy, walked by key, tables on a phone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from shuangjian.core import clock
from tests import make
from tests.dashboards.world import WEEK, World, build, judge

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LATER = clock.at(dt.date(2026, 11, 17), 10 * 60)
NEXT = WEEK.plus(1)
PAGES = ["/trends/", "/trends/?measure=density", "/trends/heat/", "/trends/heat/?by=unit", "/trends/rules/"]
DRAWN = """() => [...document.querySelectorAll("figure canvas")].map((canvas) => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return pixels.some((value) => value !== 0);
})"""


TALLEST_NAME = """() => {
  for (const table of document.querySelectorAll(".sj-chart__table")) table.open = true;
  const names = [...document.querySelectorAll(".sj-chart__table tbody th")];
  return Math.max(0, ...names.map((name) => name.getBoundingClientRect().height));
}"""


@pytest.fixture
def world(transactional_db: None) -> World:
    world = build()
    make.submitted(world.school, NEXT, homework=[make.item("2026-03-01", "2026-11-10", 90)])
    judge([world.school, world.silent, world.other], NEXT, LATER)
    return world


def test_each_figure_is_drawn_and_the_policy_refuses_nothing(sign_in: Callable[[str], Page], live_server: Any) -> None:
    page = sign_in("bureau")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for url in [*PAGES, "/trends/filings/"]:
        page.goto(f"{live_server.url}{url}")
        expect(page.locator("figure canvas").first).to_be_visible()
        drawn = page.evaluate(DRAWN)
        assert drawn, url
        assert all(drawn), url
    assert complaints == []


def test_arrow_keys_walk_over_the_grid_and_enter_opens_the_unit_s_week(
    sign_in: Callable[[str], Page], live_server: Any, world: World
) -> None:
    page = sign_in("town")
    page.goto(f"{live_server.url}/trends/heat/")
    grid = page.locator("figure [role=application]")
    grid.focus()
    page.keyboard.press("ArrowRight")
    voice = page.locator("figure [aria-live]")
    expect(voice).to_contain_text("第36周")
    page.keyboard.press("ArrowRight")
    expect(voice).to_contain_text("第37周")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/units/{world.silent.code}/?week=2026-W37")


FIGURE = """(chart) => {
  const figure = document.createElement("figure");
  figure.className = "sj-chart";
  figure.dataset.chart = "marks";
  figure.innerHTML = '<div class="sj-chart__canvas"></div>';
  const source = document.createElement("script");
  source.type = "application/json";
  source.id = "marks";
  source.textContent = JSON.stringify(chart);
  figure.append(source);
  document.querySelector("main").append(figure);
  document.dispatchEvent(new CustomEvent("sj:content", { detail: { root: document } }));
  const plot = window.echarts.getInstanceByDom(figure.querySelector(".sj-chart__canvas"));
  return plot.getOption().series[0].markLine.data.map((mark) => [mark.xAxis, mark.label.formatter]);
}"""


def test_the_words_over_neighbouring_markers_never_lie_on_each_other(
    sign_in: Callable[[str], Page], live_server: Any
) -> None:
    page = sign_in("bureau")
    page.goto(f"{live_server.url}/trends/rules/")
    weeks = [f"第{number}周" for number in range(36, 56)]
    marker = {"label": "校历变动", "kind": "calendar"}
    marks = [(39, 1), (40, 2), (41, 1), (51, 1)]
    chart = {
        "id": "marks", "kind": "line", "title": "", "unit": "", "columns": ["周次", "HW-02"],
        "rows": [[week, 1] for week in weeks],
        "markers": [
            {"x": "第40周", "label": "标准值变动", "kind": "standard", "count": 1},
            *({**marker, "x": f"第{week}周", "count": count} for week, count in marks),
        ],
    }  # fmt: skip
    assert page.evaluate(FIGURE, chart) == [
        ["第40周", "标准值变动"],
        ["第39周", "校历变动 4 项"],
        ["第40周", ""],
        ["第41周", ""],
        ["第51周", "校历变动"],
    ]


def test_a_figure_can_be_taken_along_as_a_table_that_a_spreadsheet_opens(
    sign_in: Callable[[str], Page], live_server: Any, world: World
) -> None:
    page = sign_in("town")
    page.goto(f"{live_server.url}/trends/heat/")
    with page.expect_download() as started:
        page.click("[data-save=csv]")
    text = started.value.path().read_text(encoding="utf-8-sig")
    assert world.silent.name in text
    assert "预警，另有数据不足" in text
    assert "未开始" in text or "不应报" in text
    with page.expect_download() as started:
        page.click("[data-save=png]")
    assert started.value.path().read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("person", ["bureau", "town"])
def test_on_a_phone_nothing_scrolls_sideways_and_the_grid_is_a_table_of_links(
    sign_in: Callable[[str], Page], live_server: Any, world: World, person: str
) -> None:
    page = sign_in(person)
    page.set_viewport_size({"width": 390, "height": 844})
    for url in [*PAGES, "/trends/filings/", "/"]:
        page.goto(f"{live_server.url}{url}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, url
        assert page.evaluate(TALLEST_NAME) < 80, f"{url}: a name stands upright, one character a line"
    page.goto(f"{live_server.url}/trends/heat/?by=unit")
    expect(page.locator(f"table.sj-heat a[href='/units/{world.silent.code}/?week={WEEK.key}']")).to_be_visible()


def test_without_script_the_tables_stand_open(browser: Any, sign_in: Callable[[str], Page], live_server: Any) -> None:
    page = sign_in("bureau")
    plain = browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state()).new_page()
    for url in PAGES:
        plain.goto(f"{live_server.url}{url}")
        expect(plain.locator("figure table").first).to_be_visible()


def test_the_home_fetches_its_figures_after_it_has_been_shown(sign_in: Callable[[str], Page], live_server: Any) -> None:
    page = sign_in("bureau")
    expect(page.locator("[hx-get='/trends/glance/'] canvas").first).to_be_visible()
