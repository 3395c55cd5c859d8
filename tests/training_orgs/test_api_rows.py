"""The REST door of the training registers: lists, dry runs, paths of problems, scope, masking, Idempotency-Key."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shuangjian.accounts.tokens import create_api_token
from shuangjian.core import clock
from shuangjian.evidence.models import Complaint
from tests import make as platform
from tests.api.conftest import Call, caller, paths
from tests.training_orgs import make
from training_orgs.models import FeeOrder, OrgProfile, Staff, StatusChange

NOW = "2026-11-20 10:00+08:00"


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def world(db: None) -> SimpleNamespace:
    east, west = platform.town("440113007", "演示东街"), platform.town("440113008", "演示西街")
    unit, other = make.org("示范培训中心", town=east), make.org("示范二中心", town=west)
    make.course(unit, "K01")
    return SimpleNamespace(east=east, west=west, unit=unit, other=other)


@pytest.fixture
def call(world: SimpleNamespace) -> Call:
    later = clock.now() + clock.dt.timedelta(days=1)

    def token(**options: Any) -> str:
        return create_api_token(name="测试", actor=None, expires_at=later, **{"can_write": True, **options})[1]

    return caller(
        {
            "district": token(),
            "reader": token(can_write=False),
            "town": token(town=world.east),
            "own": token(institution=world.unit),
            "other": token(institution=world.other),
        }
    )


def order(**changed: Any) -> dict[str, Any]:
    return {
        "contract_no": "HT001", "pupil": "X001", "paid_on": "2026-09-01", "starts_on": "2026-09-01",
        "ends_on": "2026-11-30", "channel": "custody", "lines": [{"course": "K01", "hours": 30, "amount": 3000}],
    } | changed  # fmt: skip


def test_a_list_is_tried_first_and_then_saved_with_a_result_for_each(call: Call, world: SimpleNamespace) -> None:
    body = [order(), order(contract_no="HT002")]
    tried = call("POST", "/fee-orders/?dry_run=1", "own", body)
    assert (tried.status_code, tried.json()["dry_run"], tried.json()["created"]) == (200, True, 2)
    assert not FeeOrder.objects.exists()
    done = call("POST", "/fee-orders/", "own", body)
    assert done.status_code == 201, done.content
    keys = list(FeeOrder.objects.order_by("contract_no").values_list("pk", flat=True))
    assert done.json()["results"] == [
        {"index": 0, "id": keys[0], "outcome": "created"}, {"index": 1, "id": keys[1], "outcome": "created"},
    ]  # fmt: skip
    again = call("POST", "/fee-orders/", "own", body)
    assert (again.status_code, again.json()["unchanged"]) == (200, 2)
    shown = call("GET", f"/fee-orders/{keys[0]}/", "own").json()
    assert (shown["amount"], shown["lines"][0]["course"]) == (3000, "K01")


def test_problems_come_with_paths_and_nothing_is_saved(call: Call) -> None:
    wrong = order(contract_no="HT003", lines=[{"course": "K01", "hours": -1, "amount": 3000}])
    answer = call("POST", "/fee-orders/", "own", [order(), wrong, order(contract_no="HT004", ends_on="2026-08-01")])
    assert answer.status_code == 422
    assert paths(answer) == ["[1].lines[0].hours", "[2].ends_on"]
    assert not FeeOrder.objects.exists()


@pytest.mark.parametrize("body", [[], {}, [1], "x", None, [order(lines=3)], [{"x": {}}], [order(amount=1)]])
def test_what_is_no_list_of_orders_is_refused(call: Call, body: Any) -> None:
    answer = call("POST", "/fee-orders/", "own", body)
    assert answer.status_code in (400, 422)
    assert paths(answer)
    assert not FeeOrder.objects.exists()


def test_an_institution_files_its_own_rows_only(call: Call, world: SimpleNamespace) -> None:
    answer = call("POST", "/fee-orders/", "own", order(institution=world.other.code))
    assert paths(answer) == ["[0].institution"]
    assert call("POST", "/annual-checks/", "own", []).status_code == 404
    assert call("POST", "/ads/", "own", []).status_code == 403
    assert call("POST", "/fee-orders/", "town", order(institution=world.unit.code)).status_code == 403
    assert call("POST", "/fee-orders/", "reader", order()).status_code == 403
    assert call("POST", "/fee-orders/", "district", order(institution=world.unit.code)).status_code == 201
    assert call("GET", "/fee-orders/", "other").json()["results"] == []
    assert call("GET", f"/fee-orders/{FeeOrder.objects.get().pk}/", "other").status_code == 404


def test_a_repeated_key_answers_the_same_and_writes_once(call: Call) -> None:
    first = call("POST", "/fee-orders/", "own", order(), **{"Idempotency-Key": "k1"})
    second = call("POST", "/fee-orders/", "own", order(), **{"Idempotency-Key": "k1"})
    assert second.content == first.content
    assert second["Idempotency-Replayed"] == "true"
    assert FeeOrder.objects.count() == 1


def test_people_are_masked_but_for_the_bureau_and_their_own_institution(call: Call, world: SimpleNamespace) -> None:
    make.staff(world.unit, identity_tail="002X")
    seen = {role: call("GET", "/staff/", role).json()["results"] for role in ("district", "own", "town", "other")}
    assert [row["name"] for row in seen["district"]] == ["王示范"] == [row["name"] for row in seen["own"]]
    assert (seen["town"][0]["name"], seen["town"][0]["identity_tail"]) == ("王**", "")
    assert seen["other"] == []
    assert "identity_hash" not in seen["district"][0]
    assert Staff.objects.exists()


def test_a_complaint_is_never_shown_to_whom_it_is_about(call: Call, world: SimpleNamespace) -> None:
    row = {
        "channel": "12345", "received_on": "2026-11-19", "institution": world.unit.code, "topic": "退费纠纷",
        "text": "虚构投诉", "complainant_name": "李虚构", "complainant_phone": "13800000000",
    }  # fmt: skip
    answer = call("POST", "/complaints/", "district", [row])
    assert answer.status_code == 201, answer.content
    assert Complaint.objects.get().institution_id == world.unit.pk
    told = call("GET", "/complaints/", "district").content.decode()  # not even to the district
    assert "虚构投诉" in told
    assert "李虚构" not in told
    assert "13800000000" not in told
    assert call("GET", "/complaints/", "own").json()["results"] == []
    assert call("POST", "/complaints/", "own", [row]).status_code == 403


def test_lists_of_orders_and_courses_cost_the_same_for_any_number(call: Call, world: SimpleNamespace) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert call("GET", path, "district").status_code == 200
        return len(captured)

    course = make.course(world.unit, "K02")
    make.order(world.unit, "A", ((course, 1, 1),))
    call("GET", "/towns/", "district")  # the token notes its first use of the day
    before = [queries(path) for path in ("/fee-orders/", "/courses/", "/training-orgs/")]
    for number in range(5):
        more = make.course(make.org(f"示范{number}"), f"L{number}")
        make.order(more.institution, f"B{number}", ((more, 1, 1), (more, 2, 2)))
    assert [queries(path) for path in ("/fee-orders/", "/courses/", "/training-orgs/")] == before


def test_institutions_are_filed_by_the_district_alone_and_read_with_their_profile(call: Call) -> None:
    row = {
        "uscc": make.uscc(501),
        "name": "示范艺术中心",
        "category": "arts",
        "town": "演示东街",
        "address": "示范路2号",
    }
    assert call("POST", "/training-orgs/", "other", row).status_code == 422
    answer = call("POST", "/training-orgs/", "district", row | {"phone": "13812345678"})
    assert answer.status_code == 201, answer.content
    shown = call("GET", f"/training-orgs/{row['uscc']}/", "town").json()
    assert (shown["profile"]["category"], shown["phone"], shown["town"]) == ("arts", "138****5678", "440113007")


def test_an_institution_is_read_as_it_was_on_a_day(call: Call, world: SimpleNamespace) -> None:
    make.licence(world.unit, issued_on="2021-10-01", expires_on="2026-10-31")
    world.unit.org_profiles.update(valid_until="2026-05-31")
    OrgProfile.objects.create(institution=world.unit, valid_from="2026-06-01", category="arts", address="示范路9号")
    StatusChange.objects.create(institution=world.unit, status="suspended", on="2026-11-01", reason="停业")

    def read(query: str) -> tuple[str, str, str]:
        one = call("GET", f"/training-orgs/{world.unit.code}/{query}", "town").json()
        listed = call("GET", f"/training-orgs/{query}", "town").json()["results"][0]
        assert listed == one
        return one["profile"]["category"], one["licence_state"], one["org_status"]

    assert read("") == ("arts", "neither", "suspended")
    assert read("?as_of=2026-10-31") == ("arts", "licence_only", "active")
    assert read("?as_of=2026-05-31") == ("subject", "licence_only", "active")
    assert call("GET", "/training-orgs/?as_of=2021-01-01", "town").json()["results"][0]["profile"] is None
    for wrong in ("2026-02-30", "gestern"):
        answer = call("GET", f"/training-orgs/{world.unit.code}/?as_of={wrong}", "town")
        assert (answer.status_code, paths(answer)) == (400, ["as_of"])
