"""Photos from a phone on a slow line: made small before they are sent, kept until they have arrived, each once."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType, Page, expect

from inspections.models import Visit, VisitPhoto
from shuangjian.core import clock
from shuangjian.files.models import PartialUpload
from tests.browser.visit_make import PHONE, camera_photo, phone, sign_in
from tests.inspections import visit_make
from tests.processes import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

COUNT = 12
#: A phone at the edge of its cell: 1.5 Mbit/s up, 150 ms.
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 400_000, "uploadThroughput": 187_500}


@pytest.fixture
def cast(settings: Any, tmp_path: Path) -> SimpleNamespace:
    settings.MEDIA_ROOT = tmp_path / "media"
    return visit_make.cast()


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Twelve pictures that differ."""
    folder = tmp_path_factory.mktemp("camera")
    files = [folder / f"IMG_{number:04}.jpg" for number in range(COUNT)]
    for file in files:
        file.write_bytes(camera_photo())
    return files


def slow(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)


def choose(page: Page, item: str, files: list[Path]) -> None:
    page.locator(f"#item-{item} summary").click()
    page.set_input_files(f'#item-{item} [data-photos] input[type="file"][multiple]', files)


def open_form(page: Page, address: str, visit: Visit, username: str) -> None:
    page.goto(f"{address}/visits/{visit.key}/")
    if "/login/" in page.url:
        sign_in(page, address, username)
        page.goto(f"{address}/visits/{visit.key}/")


def arrived(visit: Visit) -> int:
    return VisitPhoto.objects.filter(visit=visit).count()


def sizes(visit: Visit) -> list[int]:
    keys = VisitPhoto.objects.filter(visit=visit).values("key")
    return sorted(PartialUpload.objects.filter(key__in=keys).values_list("total", flat=True))


def test_twelve_photos_of_four_megabytes_arrive_at_400_kb_or_less(
    browser: Browser, live_server: Any, cast: SimpleNamespace, photos: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    visit = visit_make.begun(cast, now=clock.now())
    before = [file.stat().st_size for file in photos]
    assert min(before) > 3_800_000
    with phone(browser) as context:
        page = context.new_page()
        sign_in(page, live_server.url, cast.first.username)
        open_form(page, live_server.url, visit, cast.first.username)
        slow(page)
        begun = time.monotonic()
        choose(page, "S-03", photos)
        expect(page.locator(".vf-bar [data-unsent]")).to_have_text(f"还有 {COUNT} 张照片未上传")
        told = time.monotonic() - begun
        # The size is told at once, the smaller one as soon as it is known.
        expect(page.locator("#item-S-03 .vf-photo__words").first).to_contain_text(" MB")
        until(lambda: arrived(visit) == COUNT, "the photos did not arrive", seconds=240)
        took = time.monotonic() - begun
        expect(page.locator(".vf-bar [data-unsent]")).to_be_hidden()
        expect(page.locator("#item-S-03 [data-kept] li")).to_have_count(COUNT)
        expect(page.locator("#item-S-03 [data-kept] li").first).to_contain_text(" MB → ")
    received = sizes(visit)
    stored = sorted(VisitPhoto.objects.filter(visit=visit).values_list("stored__size", flat=True))
    with capsys.disabled():
        print(
            f"\n{COUNT} photos, {sum(before) / 1e6:.1f} MB → {sum(received) / 1e6:.2f} MB "
            f"({received[0] // 1000}–{received[-1] // 1000} KB each, kept as {stored[0] // 1000}–{stored[-1] // 1000}) "
            f"in {took:.1f} s at {SLOW['uploadThroughput'] * 8 / 1e6} Mbit/s; told in {told:.1f} s"
        )
    assert received[-1] <= 400_000
    assert len(set(visit.photos.values_list("stored__sha256", flat=True))) == COUNT


def test_a_browser_that_is_closed_in_the_middle_sends_the_rest_when_it_opens_again_each_once(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    live_server: Any,
    cast: SimpleNamespace,
    photos: list[Path],
    tmp_path: Path,
) -> None:
    visit = visit_make.begun(cast, now=clock.now())
    profile = tmp_path / "profile"

    def start() -> Any:
        return browser_type.launch_persistent_context(profile, **browser_type_launch_args, **PHONE)

    first = start()
    page = first.new_page()
    sign_in(page, live_server.url, cast.first.username)
    open_form(page, live_server.url, visit, cast.first.username)
    slow(page)
    choose(page, "S-03", photos)
    until(lambda: arrived(visit) >= 3, "nothing arrived", seconds=120)
    first.close()
    gone = arrived(visit)
    assert 3 <= gone < COUNT, "the line was too fast to be cut in the middle"

    again = start()
    page = again.new_page()
    open_form(page, live_server.url, visit, cast.first.username)
    expect(page.locator(".vf-bar [data-unsent]")).to_contain_text("张照片未上传")
    until(lambda: arrived(visit) == COUNT, "the rest did not arrive", seconds=240)
    expect(page.locator(".vf-bar [data-unsent]")).to_be_hidden()
    page.reload()
    expect(page.locator("#item-S-03 [data-kept] li")).to_have_count(COUNT)
    again.close()
    assert arrived(visit) == COUNT
    assert PartialUpload.objects.count() == COUNT
    assert not PartialUpload.objects.filter(stored__isnull=True).exists()


def test_a_line_that_breaks_leaves_the_answer_and_the_photo_on_the_phone_until_it_is_back(
    browser: Browser, live_server: Any, cast: SimpleNamespace, tmp_path: Path
) -> None:
    visit = visit_make.begun(cast, now=clock.now())
    small = tmp_path / "door.jpg"
    small.write_bytes(visit_make.jpeg(3, side=600))
    with phone(browser) as context:
        page = context.new_page()
        sign_in(page, live_server.url, cast.first.username)
        open_form(page, live_server.url, visit, cast.first.username)
        context.set_offline(True)
        page.locator("#item-S-01 label", has_text="不符合").click()
        expect(page.locator("#item-S-01 [data-state]")).to_contain_text("未保存：网络不通")
        page.set_input_files('#item-S-01 input[capture="environment"]', small)
        expect(page.locator("#item-S-01 .vf-photo__words")).to_contain_text("网络不通")
        context.set_offline(False)
        expect(page.locator("#item-S-01 [data-state]")).to_contain_text("已保存", timeout=30_000)
        until(lambda: arrived(visit) == 1, "the photo did not arrive")
        expect(page.locator(".vf-bar [data-unsent]")).to_be_hidden()
    assert visit.answers.get(item__code="S-01").verdict == "failed"


def test_a_colleague_s_answer_is_shown_beside_one_s_own_and_nothing_is_overwritten(
    browser: Browser, live_server: Any, cast: SimpleNamespace
) -> None:
    visit = visit_make.begun(cast, now=clock.now())
    with phone(browser) as context:
        page = context.new_page()
        sign_in(page, live_server.url, cast.first.username)
        open_form(page, live_server.url, visit, cast.first.username)
        visit_make.answer(visit, "S-01", cast.second, verdict="ok", note="通畅")
        page.locator("#item-S-01 label", has_text="不适用").click()
        box = page.locator("#item-S-01 .vf-conflict")
        expect(box).to_contain_text("已保存的：符合；您填的：不适用")
        assert visit.answers.get(item__code="S-01").verdict == "ok"
        box.get_by_role("button", name="用已保存的").click()
        expect(page.locator('#item-S-01 [name="verdict"][value="ok"]')).to_be_checked()
        expect(page.locator("#note-S-01")).to_have_value("通畅")
        page.locator("#item-S-01 label", has_text="不适用").click()
        expect(page.locator("#item-S-01 [data-state]")).to_contain_text("已保存")
    assert visit.answers.get(item__code="S-01").verdict == "na"


def test_two_people_change_different_fields_of_people_and_result_and_both_stand(
    browser: Browser, live_server: Any, cast: SimpleNamespace
) -> None:
    visit = visit_make.begun(cast, now=clock.now())
    with phone(browser) as context:
        page = context.new_page()
        sign_in(page, live_server.url, cast.first.username)
        open_form(page, live_server.url, visit, cast.first.username)
        visit_make.details(visit, cast.second, people_met=[{"name": "虚构甲", "post": "校长"}])
        page.fill("#visit-summary", "现场整洁")
        state = page.locator("form[data-details] [data-state]")
        expect(state).to_contain_text("已保存")
        expect(page.locator('[name="met_name"]').first).to_have_value("虚构甲")
        visit_make.details(visit, cast.second, summary="另一种说法")
        page.fill("#visit-summary", "现场整洁，通道畅通")
        expect(page.locator("form[data-details] .vf-conflict")).to_contain_text("另一种说法")
    visit.refresh_from_db()
    assert (visit.people_met, visit.summary) == ([{"name": "虚构甲", "post": "校长"}], "另一种说法")


def test_where_both_changed_one_field_only_that_is_asked_about_and_the_colleague_s_others_stay(
    browser: Browser, live_server: Any, cast: SimpleNamespace
) -> None:
    visit = visit_make.begun(cast, now=clock.now())
    with phone(browser) as context:
        page = context.new_page()
        sign_in(page, live_server.url, cast.first.username)
        open_form(page, live_server.url, visit, cast.first.username)
        met = [{"name": "虚构甲", "post": "校长"}]
        visit_make.details(visit, cast.second, people_met=met, summary="同事的说法")
        page.fill("#visit-summary", "自己的说法")
        box = page.locator("form[data-details] .vf-conflict")
        expect(box).to_contain_text("已保存的：同事的说法；您填的：自己的说法")
        expect(box).not_to_contain_text("虚构甲")
        expect(page.locator('[name="met_name"]').first).to_have_value("虚构甲")
        page.fill("#visit-summary", "自己想好的说法")
        state = page.locator("form[data-details] [data-state]")
        expect(state).to_contain_text("请选择")  # and never "正在保存" while nothing is saved
        box.get_by_role("button", name="用我填的").click()
        expect(state).to_contain_text("已保存")
    visit.refresh_from_db()
    assert (visit.people_met, visit.summary) == (met, "自己想好的说法")


def test_what_is_no_photo_says_why_and_handing_in_says_to_take_it_out(
    browser: Browser, live_server: Any, cast: SimpleNamespace, tmp_path: Path
) -> None:
    visit = visit_make.begun(cast, now=clock.now())
    empty, foreign = tmp_path / "empty.jpg", tmp_path / "foreign.heic"
    empty.write_bytes(b"")
    foreign.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    with phone(browser) as context:
        page = context.new_page()
        sign_in(page, live_server.url, cast.first.username)
        open_form(page, live_server.url, visit, cast.first.username)
        page.set_input_files('#item-S-01 input[capture="environment"]', empty)
        expect(page.locator("#item-S-01 .vf-photo__words")).to_contain_text("0 KB，文件是空的")
        page.set_input_files('#item-S-01 input[capture="environment"]', foreign)
        expect(page.locator("#item-S-01 .vf-photo__words").last).to_contain_text("HEIC")
        page.locator("form[data-hand-in] button[type=submit]").click()
        told = "还有 2 张照片未上传，传完再提交；传不上的请删除。"
        expect(page.locator("[data-hand-in-state]")).to_contain_text(told)
    assert not visit.photos.exists()
