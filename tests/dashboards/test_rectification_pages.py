"""Pages of 整改: the list by role, one of them with its photos, and every act as a form."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuangjian.alerts.models import Rectification
from shuangjian.alerts.rectifications import hand_in_rectification, order_rectification
from shuangjian.core import clock
from shuangjian.files.services import store
from tests import make
from tests.alerts.rectification_make import photo
from tests.dashboards.world import World

Visit = Callable[[str], Client]


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def item(world: World) -> Rectification:
    """Of the first school, on its alert, with a photo of how it was; ten days from now."""
    taken = store(photo(), world.school, "visit:x", None)
    return order_rectification(
        world.school,
        requirement="压减五年级作业",
        due_on=clock.today() + dt.timedelta(days=10),
        alert=world.alert,
        before=[taken],
        actor=world.people["town"],
    )


def handed_in(item: Rectification, world: World) -> Rectification:
    return hand_in_rectification(
        item.pk, account="已压减", rectified_on=clock.today(), photos=[photo()], actor=world.people["school"]
    )


def shown(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_title_of_the_list_is_the_answer_for_each_role(visit: Visit, world: World, item: Rectification) -> None:
    assert "1 项整改中" in shown(visit("town"), "/rectifications/")
    assert "1 项整改要办" in shown(visit("school"), "/rectifications/")
    assert "没有未完成的整改" in shown(visit("other town"), "/rectifications/")
    Rectification.objects.update(due_on=clock.today() - dt.timedelta(days=3))
    assert "1 项整改要办，1 项已逾期" in shown(visit("school"), "/rectifications/")
    assert "已逾期 3 天" in shown(visit("school"), "/rectifications/")
    handed_in(item, world)
    assert "1 项整改待复查" in shown(visit("town"), "/rectifications/")
    assert "1 项整改已提交，等待复查" in shown(visit("school"), "/rectifications/")


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("", True), ("state=open", True), ("state=passed", False), ("state=all", True), ("due=overdue", False),
        ("kind=school", True), ("kind=training_org", False), ("q=示范", True), ("q=没有这个", False),
        ("state=%00&due=x&kind=x&page=x", True),
    ],
)  # fmt: skip
def test_the_filters_are_in_the_address(visit: Visit, item: Rectification, query: str, is_there: bool) -> None:
    assert (item.number in shown(visit("bureau"), f"/rectifications/?{query}")) is is_there


def test_the_list_of_a_town_is_filtered_by_its_code(visit: Visit, world: World, item: Rectification) -> None:
    own, other = world.people["town"].town, world.people["other town"].town
    assert own is not None
    assert other is not None
    assert item.number in shown(visit("bureau"), f"/rectifications/?town={own.code}")
    assert item.number not in shown(visit("bureau"), f"/rectifications/?town={other.code}")


def test_what_is_overdue_comes_first_then_what_waits_for_the_reader(
    visit: Visit, world: World, item: Rectification
) -> None:
    later = {"due_on": clock.today() + dt.timedelta(days=20), "actor": world.people["town"]}
    waiting = order_rectification(world.school, requirement="待复查的", **later)
    late = order_rectification(world.school, requirement="逾期的", **later)
    handed_in(waiting, world)
    Rectification.objects.filter(pk=late.pk).update(due_on=clock.today() - dt.timedelta(days=1))
    page = shown(visit("town"), "/rectifications/")
    places = [page.index(each.number) for each in (late, waiting, item)]
    assert places == sorted(places)


def test_the_days_left_are_workdays(visit: Visit, world: World, item: Rectification) -> None:
    """From Tuesday 10 to Friday 20 November: eight workdays."""
    assert item.due_on == dt.date(2026, 11, 20)
    assert "还有 8 个工作日" in shown(visit("school"), f"/rectifications/{item.number}/")


@pytest.mark.parametrize(
    ("person", "offered"),
    [("school", ["hand-in"]), ("town", ["change", "cancel"]), ("bureau", ["change", "cancel"])],
)
def test_the_page_offers_what_the_role_may_do(
    visit: Visit, item: Rectification, person: str, offered: list[str]
) -> None:
    page = shown(visit(person), f"/rectifications/{item.number}/")
    acts = [act for act in ("hand-in", "recheck", "change", "cancel") if f'/{act}/"' in page]
    assert acts == offered


def test_before_and_after_are_shown_to_the_school_too(visit: Visit, world: World, item: Rectification) -> None:
    handed_in(item, world)
    page = shown(visit("school"), f"/rectifications/{item.number}/")
    assert page.count('src="/files/') == 2
    address = page.split('<li><a href="/files/')[1].split('"')[0]
    assert visit("school").get(f"/files/{address}").status_code == 200
    assert visit("other school").get(f"/files/{address}").status_code == 404


def test_what_was_handed_in_without_a_photo_is_not_called_missing(
    visit: Visit, world: World, item: Rectification
) -> None:
    pages = (f"/rectifications/{item.number}/", f"/alerts/{world.alert.pk}/")
    assert all("尚未提交" in shown(visit("town"), page) for page in pages)
    hand_in_rectification(item.pk, account="已压减", rectified_on=clock.today(), actor=world.people["school"])
    for page in pages:
        seen = shown(visit("town"), page)
        assert "没有照片" in seen
        assert "尚未提交" not in seen


def test_the_school_hands_in_with_photos_from_camera_and_album(visit: Visit, item: Rectification) -> None:
    answer = visit("school").post(
        f"/rectifications/{item.number}/hand-in/",
        {
            "account": "已压减", "rectified_on": clock.today().isoformat(), "revision": 1,
            "photos": [photo("拍照.jpg"), photo("相册.jpg", (200, 10, 10))],
        },
    )  # fmt: skip
    assert answer.status_code == 302
    item.refresh_from_db()
    assert (item.state, item.account) == ("handed_in", "已压减")
    assert shown(visit("town"), f"/rectifications/{item.number}/").count('src="/files/') == 3


def test_what_is_refused_is_said_at_its_field_and_nothing_typed_is_lost(visit: Visit, item: Rectification) -> None:
    answer = visit("school").post(
        f"/rectifications/{item.number}/hand-in/",
        {
            "account": "写了很久的情况", "rectified_on": "2031-01-01",
            "photos": [photo(), SimpleUploadedFile("图.svg", b"<svg/>")],
        },
    )  # fmt: skip
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "整改完成日期应在" in page
    assert "写了很久的情况" in page
    answer = visit("school").post(
        f"/rectifications/{item.number}/hand-in/",
        {
            "account": "情况", "rectified_on": clock.today().isoformat(),
            "photos": [photo(), SimpleUploadedFile("图.svg", b"<svg/>")],
        },
    )  # fmt: skip
    assert "第 2 个文件：不接受 SVG 图形" in answer.content.decode()
    item.refresh_from_db()
    assert item.state == "open"


def test_a_photo_beyond_the_quota_is_refused_and_not_left_out_silently(visit: Visit, item: Rectification) -> None:
    huge = SimpleUploadedFile("大.jpg", b"\xff\xd8\xff" + b"0" * (20 * 1024 * 1024))
    answer = visit("school").post(
        f"/rectifications/{item.number}/hand-in/",
        {"account": "情况", "rectified_on": clock.today().isoformat(), "photos": [huge]},
    )
    assert (answer.status_code, "大于 20 MB" in answer.content.decode()) == (422, True)


def test_the_town_passes_or_returns_it(visit: Visit, world: World, item: Rectification) -> None:
    handed_in(item, world)
    url, town = f"/rectifications/{item.number}/recheck/", visit("town")
    assert "请选择复查通过" in town.post(url, {"remark": ""}).content.decode()
    assert "还缺什么" in town.post(url, {"remark": "", "decision": "return"}).content.decode()
    assert town.post(url, {"remark": "缺一个班", "decision": "return"}).status_code == 302
    page = shown(visit("school"), f"/rectifications/{item.number}/")
    assert "缺一个班" in page
    assert "复查未通过" in page
    handed_in(item, world)
    assert town.post(url, {"remark": "", "decision": "pass"}).status_code == 302
    assert "整改完成" in shown(visit("school"), f"/rectifications/{item.number}/")


def test_what_was_handed_in_again_meanwhile_is_not_passed_unread(
    visit: Visit, world: World, item: Rectification
) -> None:
    handed_in(item, world)
    url, town = f"/rectifications/{item.number}/", visit("town")
    read = str(re.findall(r'name="revision" value="(\d+)"', shown(town, url))[0])
    assert visit("bureau").post(f"{url}recheck/", {"remark": "缺一个班", "decision": "return"}).status_code == 302
    handed_in(item, world)
    answer = town.post(f"{url}recheck/", {"remark": "", "decision": "pass", "revision": read})
    assert "在您打开之后又提交过" in answer.content.decode()
    item.refresh_from_db()
    assert item.state == "handed_in"
    fresh = str(re.findall(r'name="revision" value="(\d+)"', answer.content.decode())[0])
    assert town.post(f"{url}recheck/", {"remark": "", "decision": "pass", "revision": fresh}).status_code == 302


def test_it_is_changed_and_cancelled_from_its_page(visit: Visit, item: Rectification) -> None:
    later, town = (clock.today() + dt.timedelta(days=15)).isoformat(), visit("town")
    changed = {"requirement": "压减五、六年级作业", "due_on": later, "reason": "一并处理"}
    assert town.post(f"/rectifications/{item.number}/change/", changed).status_code == 302
    page = shown(visit("school"), f"/rectifications/{item.number}/")
    assert "原因：一并处理" in page
    assert town.post(f"/rectifications/{item.number}/cancel/", {"reason": ""}).status_code == 422
    assert town.post(f"/rectifications/{item.number}/cancel/", {"reason": "已合并"}).status_code == 302
    assert "整改已撤销" in shown(visit("school"), f"/rectifications/{item.number}/")


def test_the_alert_lists_its_rectifications_and_takes_an_order(visit: Visit, world: World, item: Rectification) -> None:
    alert = f"/alerts/{world.alert.pk}/"
    assert item.number in shown(visit("school"), alert)
    assert "/rectify/" not in shown(visit("school"), alert)
    town = visit("town")
    assert town.post(f"{alert}rectify/", {"requirement": "", "due_on": "2020-01-01"}).status_code == 422
    due = (clock.today() + dt.timedelta(days=5)).isoformat()
    assert town.post(f"{alert}rectify/", {"requirement": "公示调整后的作业", "due_on": due}).status_code == 302
    assert "公示调整后的作业" in shown(visit("school"), alert)
    refused = town.post(f"{alert}close/", {"reason": "已核实"})
    assert "还有 2 项整改没有完成" in refused.content.decode()


def test_who_may_not_write_yet_changes_nothing(visit: Visit, world: World, item: Rectification) -> None:
    person = world.people["town"]
    person.must_change_password = True
    person.save()
    answer = visit("town").post(f"/rectifications/{item.number}/cancel/", {"reason": "因"})
    assert answer.status_code in (302, 403)
    item.refresh_from_db()
    assert item.state == "open"


@pytest.mark.parametrize("url", ["/rectifications/", "/rectifications/{number}/", "/alerts/{alert}/"])
def test_many_cost_no_more_queries_than_two(visit: Visit, world: World, item: Rectification, url: str) -> None:
    address, client = url.format(number=item.number, alert=world.alert.pk), visit("town")

    def another() -> None:
        more = order_rectification(
            world.school, requirement="再一项", due_on=clock.today() + dt.timedelta(days=9), alert=world.alert,
            actor=world.people["bureau"],
        )  # fmt: skip
        handed_in(more, world)

    def counted() -> int:
        client.get(address)
        make.user("sysadmin")  # a write: pages that are kept are made again
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    another()
    before = counted()
    for _ in range(8):
        another()
    assert counted() == before


def test_a_refusal_says_why_on_its_page(visit: Visit, item: Rectification) -> None:
    answer = visit("town").post(f"/rectifications/{item.number}/hand-in/", {"account": "已改"})
    assert (answer.status_code, "整改情况由该单位自己提交" in answer.content.decode()) == (403, True)
