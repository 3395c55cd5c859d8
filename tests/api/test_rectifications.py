"""Rectifications by API: ordered on an alert, handed in from what was read, listed by filters, with their photos."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from shuangjian.alerts.models import Alert, Rectification
from shuangjian.alerts.rectifications import order_rectification
from shuangjian.core import clock
from shuangjian.files.services import store
from tests import make
from tests.alerts.rectification_make import photo
from tests.api.conftest import Call
from tests.api.judged import judge

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/rectifications/"


@pytest.fixture
def later() -> str:
    return (clock.today() + dt.timedelta(days=9)).isoformat()


@pytest.fixture
def item(cast: SimpleNamespace, settings: Any, tmp_path: Any) -> Rectification:
    settings.MEDIA_ROOT = tmp_path
    taken = store(photo(), cast.school, "visit:x", None)
    return order_rectification(
        cast.school, requirement="示范要求", due_on=clock.today(), before=[taken], actor=make.Somebody()
    )


def test_a_town_orders_on_an_alert_and_the_school_hands_in(cast: SimpleNamespace, call: Call, later: str) -> None:
    judge(cast)
    alert = Alert.objects.get(rule="HW-02", institution=cast.school)
    made = call("POST", ADDRESS, "town", {"alert": alert.pk, "requirement": "压减作业", "due_on": later}).json()
    assert (made["alert"], made["institution"], made["state"]) == (alert.pk, cast.school.code, "open")
    body = {"account": "已压减", "rectified_on": clock.today().isoformat()}
    handed = call("POST", f"{ADDRESS}{made['number']}/hand-in/", "institution", body).json()
    assert [each["act"] for each in handed["steps"]] == ["ordered", "handed_in"]
    assert call("POST", f"{ADDRESS}{made['number']}/hand-in/", "institution", body).status_code == 409


def test_if_match_keeps_from_handing_in_what_was_changed(
    cast: SimpleNamespace, call: Call, item: Rectification, later: str
) -> None:
    address = f"{ADDRESS}{item.number}/"
    tag = call("GET", address, "institution")["ETag"]
    assert call("GET", address, "institution", None, If_None_Match=tag).status_code == 304
    changed = {"requirement": "写明的要求", "due_on": later, "reason": "漏写"}
    assert call("POST", f"{address}change/", "town", changed).status_code == 200
    body = {"account": "已改", "rectified_on": clock.today().isoformat()}
    assert call("POST", f"{address}hand-in/", "institution", body, If_Match=tag).status_code == 412
    assert call("POST", f"{address}hand-in/", "institution", {**body, "revision": 1}).status_code == 409
    tag = call("GET", address, "institution")["ETag"]
    assert call("POST", f"{address}hand-in/", "institution", body, If_Match=tag).status_code == 200


def test_the_school_s_program_learns_of_the_photos_of_before(call: Call, item: Rectification) -> None:
    photos = call("GET", f"{ADDRESS}{item.number}/", "institution").json()["photos"]
    assert [(each["part"], each["media_type"]) for each in photos] == [("before", "image/jpeg")]


@pytest.mark.parametrize(
    ("query", "count"),
    [("state=open", 1), ("state=passed", 0), ("is_waiting=true", 1), ("is_waiting=false", 0), ("alert=999999", 0)],
)
def test_the_list_is_filtered(call: Call, item: Rectification, query: str, count: int) -> None:
    assert len(call("GET", f"{ADDRESS}?{query}", "district_read").json()["results"]) == count
    assert call("GET", f"{ADDRESS}?{query}", "other_town").json()["results"] == []


@pytest.mark.parametrize(
    ("wrong", "path"),
    [({"account": ""}, "account"), ({"rectified_on": "2020-01-01"}, "rectified_on"), ({"colour": "red"}, "colour")],
)
def test_a_mistake_is_named_at_its_path(call: Call, item: Rectification, wrong: dict[str, str], path: str) -> None:
    body = {"account": "已改", "rectified_on": clock.today().isoformat(), **wrong}
    answer = call("POST", f"{ADDRESS}{item.number}/hand-in/", "institution", body)
    assert answer.status_code in (400, 422)
    assert [each["path"] for each in answer.json()["errors"]] == [path]
