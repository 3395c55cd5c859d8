"""A whole visit in a phone's browser over real processes: from the search on the spot to the recheck of what was
ordered, with the alert in between."""

from __future__ import annotations

import re
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from inspections.models import Visit
from shuangjian.alerts.models import Alert, Rectification
from tests.browser.visit_make import phone, sign_in
from tests.inspections import visit_make
from tests.processes import Processes, until
from training_orgs.models import TrainingOrg

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast(settings: Any, tmp_path: Path) -> SimpleNamespace:
    settings.MEDIA_ROOT = tmp_path / "media"
    cast = visit_make.cast()
    TrainingOrg.objects.create(institution=cast.org)  # its people's first page is that of the register
    return cast


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    file = tmp_path / "IMG_0001.jpg"
    file.write_bytes(visit_make.jpeg(7, side=900))
    return file


def watched(context: BrowserContext) -> tuple[Page, list[str]]:
    """A page, and what its console complained of: scripts that fail, and content that the policy forbids."""
    page, seen = context.new_page(), list[str]()
    page.on("console", lambda said: seen.append(said.text) if said.type == "error" and "422" not in said.text else None)
    page.on("pageerror", lambda error: seen.append(str(error)))
    return page, seen


def narrow(page: Page) -> None:
    width = page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= 390, f"{page.url} is {width} px wide"


def large(page: Page, *selectors: str) -> None:
    """Every target that one touches in a hurry is 48 px high at least."""
    for selector in selectors:
        for target in page.locator(selector).all():
            box = target.bounding_box()
            assert box is None or box["height"] >= 48, (selector, target.inner_text(), box)


def begin_on_the_spot(page: Page, address: str, cast: SimpleNamespace) -> Visit:
    sign_in(page, address, cast.first.username)
    page.wait_for_url(f"{address}/visits/today/")
    narrow(page)
    large(page, ".vf-big", ".sj-bottom a")
    page.get_by_role("link", name="现场检查").click()
    page.fill("#unit-search", "虚构培训一")
    page.locator("main").get_by_role("button", name="查找").click()
    page.get_by_role("link", name="虚构培训一部").click()
    expect(page.locator("[data-place-state]")).to_contain_text("已定位")
    page.locator("summary", has_text="一起检查的人").click()
    page.locator(".vf-ticks label").filter(has=page.locator(f'[value="{cast.second.username}"]')).click()
    narrow(page)
    page.get_by_role("button", name="开始突击检查").click()
    page.wait_for_url(re.compile(r"/visits/[0-9a-f-]{36}/$"))
    visit = Visit.objects.get()
    assert visit.distance_m is not None
    assert visit.distance_m < 100
    return visit


def fill_in(page: Page, visit: Visit, picture: Path) -> None:
    expect(page.locator("[data-progress]")).to_have_text("已答 0/3")
    narrow(page)
    large(page, ".vf-choice:visible", ".vf-bar .btn", ".vf-photos__acts label:visible")
    page.locator("#item-S-01 label", has_text="符合").first.click()
    failed = page.locator("#item-S-02")
    failed.locator("label", has_text="不符合").click()
    failed.locator("label", has_text="查实").click()
    expect(page.locator("#due-S-02")).not_to_have_value("")  # proposed from the severity
    page.fill("#note-S-02", "前台登记本任人翻看")
    page.fill("#requirement-S-02", "登记本收入抽屉，改用单页登记")
    page.set_input_files('#item-S-02 input[capture="environment"]', picture)
    page.locator("#item-S-03 label", has_text="符合").first.click()
    expect(page.locator("#item-S-03 [data-photo-missing]")).to_be_visible()
    page.locator("#item-S-03 summary").click()
    page.set_input_files('#item-S-03 input[capture="environment"]', picture)
    expect(page.locator("#item-S-03 [data-photo-missing]")).to_be_hidden()
    for code in ("S-01", "S-02", "S-03"):
        expect(page.locator(f"#item-{code} [data-state]")).to_contain_text("已保存")
    expect(page.locator("[data-progress]")).to_have_text("已答 3/3")
    until(lambda: visit.photos.count() == 2, "the photos did not arrive")
    # The phone hears of it a moment later, and hands nothing in before.
    expect(page.locator(".vf-bar [data-unsent]")).to_be_hidden()


def hand_in(page: Page, visit: Visit) -> None:
    page.locator("[data-hand-in] button").click()
    summary = page.locator(".sj-errors")
    expect(summary).to_contain_text("请填写被检查单位在场人员")
    summary.get_by_role("link", name="检查结果").click()
    page.locator('[name="met_name"]').first.fill("虚构甲")
    page.locator('[name="met_post"]').first.fill("校长")
    page.select_option("#visit-result", "ordered")
    expect(page.locator("form[data-details] [data-state]")).to_contain_text("已保存")
    page.locator("[data-hand-in] button").click()
    expect(page.locator("main")).to_contain_text("已提交，等待审核")
    visit.refresh_from_db()
    assert visit.state == "handed_in"


def review(page: Page, address: str, cast: SimpleNamespace, visit: Visit) -> float:
    """The town files it; how many seconds its alert took."""
    sign_in(page, address, cast.town.username)
    page.goto(f"{address}/visits/")
    expect(page.locator("h1")).to_have_text("1 次检查待审核")
    narrow(page)
    page.goto(f"{address}/visits/{visit.key}/")
    expect(page.locator("main")).to_contain_text("前台登记本任人翻看")
    expect(page.locator(".vr-photos img").first).to_be_visible()
    narrow(page)
    begun = time.monotonic()
    page.get_by_role("button", name="审核归档").click()
    until(lambda: Alert.objects.filter(institution=cast.org).exists(), "no alert was raised")
    took = time.monotonic() - begun
    expect(page.locator("#consequences")).to_contain_text("登记本收入抽屉")
    page.goto(f"{address}/alerts/")
    expect(page.locator("main")).to_contain_text("虚构培训一部")
    return took


def rectify(page: Page, address: str, cast: SimpleNamespace, picture: Path) -> Rectification:
    sign_in(page, address, cast.org_person.username)
    page.goto(f"{address}/rectifications/")
    narrow(page)
    page.get_by_role("link", name="登记本收入抽屉").first.click()
    page.wait_for_load_state()
    ordered = Rectification.objects.get()
    page.goto(f"{address}/rectifications/{ordered.number}/")
    narrow(page)
    page.fill("#hand_in_account", "登记本已收起，改用单页登记")
    page.set_input_files("#hand_in_photos", picture)
    page.get_by_role("button", name="提交整改情况").click()
    expect(page.locator("main")).to_contain_text("等待复查")
    return ordered


def recheck(page: Page, address: str, cast: SimpleNamespace, ordered: Rectification) -> None:
    sign_in(page, address, cast.bureau.username)
    page.goto(f"{address}/rectifications/{ordered.number}/")
    page.get_by_role("button", name="复查通过").click()
    expect(page.locator("h1")).to_contain_text("整改完成")


def test_a_visit_goes_from_the_phone_to_the_town_s_alert_and_its_rectification_is_rechecked(
    browser: Browser,
    live_server: Any,
    cast: SimpleNamespace,
    picture: Path,
    processes: Processes,
    capsys: pytest.CaptureFixture[str],
) -> None:
    address, complaints = live_server.url, []
    processes.worker()
    processes.beat()
    with phone(browser) as inspector:
        page, seen = watched(inspector)
        visit = begin_on_the_spot(page, address, cast)
        fill_in(page, visit, picture)
        hand_in(page, visit)
        complaints += seen
    with phone(browser) as town:
        page, seen = watched(town)
        took = review(page, address, cast, visit)
        complaints += seen
    with phone(browser) as org:
        page, seen = watched(org)
        ordered = rectify(page, address, cast, picture)
        complaints += seen
    alert = Alert.objects.get(institution=cast.org)
    with phone(browser) as bureau:
        page, seen = watched(bureau)
        recheck(page, address, cast, ordered)
        until(lambda: Alert.objects.get(pk=alert.pk).open_findings == 0, "the finding did not clear")
        complaints += seen
    ordered.refresh_from_db()
    assert ordered.state == "passed"
    assert ordered.rechecked_by != ordered.handed_in_by
    with capsys.disabled():
        print(
            f"\nfiled → alert {took:.2f} s through the worker; alert is then “{Alert.objects.get(pk=alert.pk).state}”"
        )
    assert complaints == []


def test_the_next_visit_starts_with_what_is_still_open(
    browser: Browser, live_server: Any, cast: SimpleNamespace
) -> None:
    visit_make.filed(cast)
    with phone(browser, permissions=[]) as context:
        page, _ = watched(context)
        sign_in(page, live_server.url, cast.first.username)
        page.goto(f"{live_server.url}/visits/open/?unit={cast.org.code}")
        # No position: told, never in the way.
        expect(page.locator("[data-place-reason]")).to_be_visible(timeout=15_000)
        page.get_by_role("button", name="开始突击检查").click()
        page.wait_for_url(re.compile(r"/visits/[0-9a-f-]{36}/$"))
        expect(page.locator("#open-matters")).to_contain_text(cast.org.rectifications.get().number)
    begun = Visit.objects.get(state="under_way")
    assert begun.latitude is None
    assert begun.place_note != ""
