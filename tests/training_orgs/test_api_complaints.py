"""Complaints by API: act by act from clue to closed, in scope, in order of the states, without the complainant."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from shuangjian.accounts.tokens import create_api_token
from shuangjian.core import clock
from shuangjian.evidence.models import Complaint, Observation
from shuangjian.evidence.services import register_complaints
from shuangjian.journal.models import EvaluationRequest
from tests import make as platform
from tests.api.conftest import Call, caller, paths
from tests.training_orgs import make


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel("2026-11-20 10:00+08:00", tick=False):
        yield


@pytest.fixture
def world(db: None) -> SimpleNamespace:
    east, west = platform.town("440113007", "演示东街"), platform.town("440113008", "演示西街")
    unit = make.org("示范培训中心", town=east)
    row = {
        "channel": "12345", "received_on": "2026-11-18", "topic": "退费纠纷", "text": "李虚构 13800000000 投诉不退费",
        "institution": unit.code, "complainant_name": "李虚构", "complainant_phone": "13800000000",
    }  # fmt: skip
    return SimpleNamespace(east=east, west=west, unit=unit, row=row, complaint=_registered(row))


@pytest.fixture
def call(world: SimpleNamespace) -> Call:
    later = clock.now() + clock.dt.timedelta(days=1)

    def token(**options: Any) -> str:
        return create_api_token(name="测试", actor=None, expires_at=later, can_write=True, **options)[1]

    return caller({"district": token(), "town": token(town=world.east), "own": token(institution=world.unit)})


def _registered(row: dict[str, Any]) -> Complaint:
    return register_complaints([row], actor=platform.Somebody()).complaints[0]


def at(complaint: Complaint, act: str = "") -> str:
    return f"/complaints/{complaint.number}/{act and act + '/'}"


def test_a_complaint_goes_from_clue_to_closed_and_what_was_found_is_judged(call: Call, world: SimpleNamespace) -> None:
    one = world.complaint
    assert call("POST", at(one, "check"), "town", {}).json()["state"] == "checking"
    found = {"is_confirmed": True, "kind": "safety", "text": "消防通道堵塞", "occurred_on": "2026-11-17", "severity": 4}
    decided = call("POST", at(one, "decide"), "town", found)
    assert (decided.status_code, decided.json()["state"]) == (200, "confirmed"), decided.content
    observation = Observation.objects.get()
    assert (observation.institution, observation.severity, observation.state) == (world.unit, 4, "confirmed")
    assert EvaluationRequest.objects.filter(institution=world.unit, cause="核查查实").exists()
    closed = call("POST", at(one, "reply"), "town", {"reply": "已责令整改", "replied_on": "2026-11-19"})
    assert (closed.json()["state"], closed.json()["replied_on"]) == ("closed", "2026-11-19")
    assert "李虚构" not in closed.content.decode()
    assert "13800000000" not in closed.content.decode()
    for path in (at(one), at(one, "check"), at(one, "reply")):
        assert call("GET" if path == at(one) else "POST", path, "own", None).status_code in (403, 404)


def test_an_act_out_of_its_state_is_a_conflict_that_says_how_to_go_on(call: Call, world: SimpleNamespace) -> None:
    early = call("POST", at(world.complaint, "decide"), "district", {"is_confirmed": False, "reason": "查无此事"})
    assert early.status_code == 409
    assert "请先开始核查" in early.json()["detail"]
    assert call("POST", at(world.complaint, "reply"), "district", {"reply": "已答复"}).status_code == 409


def test_what_is_wrong_is_named_at_its_path_and_nothing_is_decided(call: Call, world: SimpleNamespace) -> None:
    call("POST", at(world.complaint, "check"), "district", {})
    for body, path in (
        ({}, "is_confirmed"),
        ({"is_confirmed": False}, "reason"),
        ({"is_confirmed": True, "kind": "no-such", "text": "示范"}, "kind"),
        ({"is_confirmed": True, "kind": "safety", "text": "李虚构所述属实"}, "text"),
        ({"is_confirmed": True, "colour": "red"}, "colour"),
    ):
        answer = call("POST", at(world.complaint, "decide"), "district", body)
        assert answer.status_code in (400, 422), answer.content
        assert paths(answer) == [path]
    world.complaint.refresh_from_db()
    assert (world.complaint.state, Observation.objects.count()) == ("checking", 0)


def test_only_the_district_takes_a_decision_back_and_its_observation_counts_no_longer(
    call: Call, world: SimpleNamespace
) -> None:
    call("POST", at(world.complaint, "check"), "town", {})
    call("POST", at(world.complaint, "decide"), "town", {"is_confirmed": True, "kind": "safety", "text": "示范情况"})
    number = Observation.objects.get().number
    assert call("POST", at(world.complaint, "withdraw"), "town", {"reason": "认定有误"}).status_code == 403
    # What a complaint led to is taken back with the complaint's decision.
    assert call("POST", f"/observations/{number}/withdraw/", "district", {"reason": "认定有误"}).status_code == 409
    back = call("POST", at(world.complaint, "withdraw"), "district", {"reason": "认定有误"}).json()
    assert (back["state"], back["is_confirmed"]) == ("checking", None)
    assert Observation.objects.get().state == "checking"


def test_a_repeat_is_tied_to_the_first_and_answered_with_it(call: Call, world: SimpleNamespace) -> None:
    again = _registered(world.row)
    assert paths(call("POST", at(again, "duplicate"), "town", {"of": again.number})) == ["of"]
    assert call("POST", at(again, "duplicate"), "town", {"of": world.complaint.number}).status_code == 200
    again.refresh_from_db()
    assert again.duplicate_of == world.complaint
    assert call("POST", at(again, "check"), "town", {}).status_code == 409
    assert call("POST", at(again, "reply"), "town", {"reply": "与前一件一并答复"}).json()["state"] == "closed"


def test_a_town_links_within_its_jurisdiction_only(call: Call, world: SimpleNamespace) -> None:
    row = {key: value for key, value in world.row.items() if key != "institution"} | {
        "town": world.east.code,
        "named": "示范路补习点",
    }
    open_one = _registered(row | {"channel_no": "B"})
    elsewhere = make.org("示范二中心", town=world.west)
    assert call("POST", at(open_one, "link"), "town", {"institution": elsewhere.code}).status_code == 404
    linked = call("POST", at(open_one, "link"), "town", {"institution": world.unit.code})
    assert linked.json()["institution"] == world.unit.code
