"""签收, 办结 and 排除 from the page: who may, what it does, and what htmx gets back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from shuangjian.alerts.models import Alert
from shuangjian.journal.models import AuditEntry
from shuangjian.rules.models import Dismissal
from tests.dashboards.world import World

Visit = Callable[[str], Client]
REASON = {"reason": "已到校核实，作业时长已调整"}


def post(client: Client, world: World, act: str, **options: object) -> int:
    return client.post(f"/alerts/{world.alert.pk}/{act}/", REASON, **options).status_code


@pytest.mark.parametrize(
    ("person", "acknowledge", "close", "dismiss"),
    [
        ("bureau", 302, 302, 302),
        ("centre", 302, 302, 403),
        ("town", 302, 302, 403),
        ("school", 302, 403, 403),
        ("other centre", 404, 404, 404),
        ("other town", 404, 404, 404),
        ("other school", 404, 404, 404),
        ("sysadmin", 403, 403, 403),
    ],
)
@pytest.mark.parametrize("act", ["acknowledge", "close", "dismiss"])
def test_each_act_is_for_those_who_may(
    visit: Visit, world: World, person: str, act: str, acknowledge: int, close: int, dismiss: int
) -> None:
    expected = {"acknowledge": acknowledge, "close": close, "dismiss": dismiss}[act]
    assert post(visit(person), world, act) == expected
    world.alert.refresh_from_db()
    assert (world.alert.state != Alert.State.OPEN) == (expected == 302)


def test_the_page_offers_only_what_the_role_may_do(visit: Visit, world: World) -> None:
    def offered(person: str) -> list[str]:
        shown = visit(person).get(f"/alerts/{world.alert.pk}/").content.decode()
        return [act for act in ("acknowledge", "close", "dismiss") if f'/{act}/"' in shown]

    assert offered("bureau") == ["acknowledge", "close", "dismiss"]
    assert offered("town") == ["acknowledge", "close"]
    assert offered("school") == ["acknowledge"]


def test_an_act_is_never_done_by_following_a_link(visit: Visit, world: World) -> None:
    for act in ("acknowledge", "close", "dismiss"):
        assert visit("bureau").get(f"/alerts/{world.alert.pk}/{act}/").status_code == 405


def test_closing_needs_a_reason_and_keeps_what_was_typed(visit: Visit, world: World) -> None:
    answer = visit("town").post(f"/alerts/{world.alert.pk}/close/", {"reason": "  "})
    assert answer.status_code == 422
    assert "请填写办结说明" in answer.content.decode()
    long = visit("town").post(f"/alerts/{world.alert.pk}/close/", {"reason": "长" * 401})
    assert "长" * 401 in long.content.decode()
    world.alert.refresh_from_db()
    assert world.alert.closed_at is None


def test_htmx_gets_the_alert_again_with_what_was_done_on_top(visit: Visit, world: World) -> None:
    answer = visit("town").post(f"/alerts/{world.alert.pk}/acknowledge/", headers={"HX-Request": "true"})
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" not in shown
    assert "已签收，处理期限不变。" in shown
    assert "签收预警" not in shown


def test_the_second_of_two_who_acknowledge_is_told_so(visit: Visit, world: World) -> None:
    assert post(visit("town"), world, "acknowledge") == 302
    answer = visit("school").post(f"/alerts/{world.alert.pk}/acknowledge/", headers={"HX-Request": "true"})
    assert "不能再签收" in answer.content.decode()


def test_what_was_done_is_in_the_history_with_its_reason_and_in_the_journal(visit: Visit, world: World) -> None:
    post(visit("town"), world, "close")
    shown = visit("school").get(f"/alerts/{world.alert.pk}/").content.decode()
    assert "办结" in shown
    assert REASON["reason"] in shown
    assert AuditEntry.objects.filter(act="close_alert").count() == 1


def test_a_dismissed_false_alarm_is_left_out_of_the_unit_and_shown_as_such(visit: Visit, world: World) -> None:
    post(visit("bureau"), world, "dismiss")
    assert Dismissal.objects.filter(finding=world.finding).exists()
    assert "75 分钟" not in visit("school").get("/").content.decode()
    assert "已排除（误报）" in visit("school").get(f"/alerts/{world.alert.pk}/").content.decode()


def test_a_form_without_its_token_changes_nothing(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.people["town"])
    assert client.post(f"/alerts/{world.alert.pk}/acknowledge/").status_code == 403
    world.alert.refresh_from_db()
    assert world.alert.state == Alert.State.OPEN
