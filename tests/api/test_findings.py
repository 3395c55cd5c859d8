"""Findings, their explanation, alerts and what a token may do with them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest

from shuangjian.alerts.models import Alert, AlertEvent
from shuangjian.rules.models import Finding
from tests import make
from tests.api.conftest import WEEK, Call, paths
from tests.api.judged import DAY, judge


@pytest.fixture
def judged(cast: SimpleNamespace) -> SimpleNamespace:
    judge(cast)
    return cast


def ours(call: Call, role: str = "institution") -> dict[str, Any]:
    """The first school's HW-02 finding."""
    results: list[dict[str, Any]] = call("GET", "/findings/?rule=HW-02", role).json()["results"]
    return results[0]


def test_a_finding_shows_its_figures_as_numbers_and_as_text(call: Call, judged: SimpleNamespace) -> None:
    finding = ours(call)
    assert (finding["observed"], finding["limit"], finding["unit"]) == (75, 60, "分钟")
    assert (finding["observed_text"], finding["limit_text"]) == ("75 分钟", "60 分钟")
    assert (finding["institution"], finding["about"], finding["occurred_on"]) == (
        judged.school.code,
        "class:2026-03-01",
        DAY,
    )
    assert (finding["return_version"], finding["cleared_at"], finding["is_dismissed"]) == (1, None, False)


def test_a_time_of_day_is_minutes_and_text(call: Call, cast: SimpleNamespace) -> None:
    early = [{"stage": "primary", "day": day.isoformat(), "first_lesson": "08:10"} for day in WEEK.days[:5]]
    preview = call(
        "POST",
        f"/schools/{cast.school.code}/weekly-returns/{WEEK.key}/preview/",
        "institution",
        make.full_payload(cast.school, WEEK, school_day=early),
    ).json()
    found = next(each for each in preview["findings"] if each["rule"] == "SC-01")
    assert (found["observed"], found["observed_text"], found["limit"], found["limit_text"]) == (
        490,
        "08:10",
        500,
        "08:20",
    )


def test_each_token_sees_the_findings_of_its_scope_only(call: Call, judged: SimpleNamespace) -> None:
    seen = {
        role: {each["institution"] for each in call("GET", "/findings/?rule=HW-02", role).json()["results"]}
        for role in ("district_read", "town", "other_town", "institution", "other_institution")
    }
    first, second = {judged.school.code}, {judged.other.code}
    assert seen == {
        "district_read": first | second,
        "town": first,
        "other_town": second,
        "institution": first,
        "other_institution": second,
    }


@pytest.mark.parametrize("tail", ["", "explain/"])
def test_a_finding_outside_of_scope_is_not_found_even_by_its_etag(
    call: Call, judged: SimpleNamespace, tail: str
) -> None:
    address = f"/findings/{ours(call)['id']}/{tail}"
    etag = call("GET", address, "institution")["ETag"]
    assert call("GET", address, "institution", If_None_Match=etag).status_code == 304
    assert call("GET", address, "other_institution", If_None_Match=etag).status_code == 404
    assert call("GET", address, "other_town", If_None_Match="*").status_code == 404
    assert call("GET", address, None, If_None_Match=etag).status_code == 401


def test_the_explanation_is_the_card_of_the_pages(call: Call, judged: SimpleNamespace) -> None:
    card = call("GET", f"/findings/{ours(call)['id']}/explain/", "institution").json()
    assert (card["rule_code"], card["observed_text"], card["limit_text"]) == ("HW-02", "75 分钟", "60 分钟")
    assert (card["clause_id"], card["effective_from"]) == ("2.1.1", "2021-09-01")
    assert "60分钟" in card["clause_text"]


def test_the_explanation_of_a_rule_that_is_gone_is_a_conflict(call: Call, judged: SimpleNamespace) -> None:
    identifier = ours(call)["id"]
    Finding.objects.filter(pk=identifier).update(rule="HW-99")
    assert call("GET", f"/findings/{identifier}/explain/").status_code == 409
    assert call("GET", f"/findings/{identifier}/").json()["title"] == "HW-99"


def test_updated_since_gives_what_changed_from_then_on(call: Call, judged: SimpleNamespace) -> None:
    finding = ours(call)
    for instant in (finding["changed_at"], quote(finding["changed_at"])):
        again = call("GET", f"/findings/?rule=HW-02&updated_since={instant}", "institution").json()["results"]
        assert [each["id"] for each in again] == [finding["id"]]
    later = call("GET", "/findings/?updated_since=2099-01-01T00:00:00Z", "institution").json()["results"]
    assert later == []


def alert(call: Call, role: str = "institution") -> dict[str, Any]:
    results: list[dict[str, Any]] = call("GET", "/alerts/?rule=HW-02", role).json()["results"]
    return results[0]


def test_a_school_acknowledges_and_a_town_closes(call: Call, judged: SimpleNamespace) -> None:
    address = f"/alerts/{alert(call)['id']}/"
    taken = call("POST", address + "acknowledge/", "institution")
    assert (taken.status_code, taken.json()["state"]) == (200, "acknowledged")
    assert call("POST", address + "acknowledge/", "institution").status_code == 409
    refused = call("POST", address + "close/", "institution", {"reason": "已整改"})
    assert (refused.status_code, refused.json()["code"]) == (403, "role")
    closed = call("POST", address + "close/", "town", {"reason": "已核查整改"})
    assert (closed.status_code, closed.json()["state"], closed.json()["reason"]) == (200, "closed", "已核查整改")
    assert [each["act"] for each in closed.json()["events"]] == ["raised", "acknowledged", "closed"]
    assert "东街" in closed.json()["events"][-1]["actor"]


def test_a_false_alarm_is_decided_by_a_person_and_not_by_a_token(call: Call, judged: SimpleNamespace) -> None:
    address = f"/alerts/{alert(call)['id']}/dismiss/"
    for role, code in (("institution", "role"), ("town", "role"), ("district_write", "person_needed")):
        answer = call("POST", address, role, {"reason": "误报"})
        assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert Alert.objects.get(pk=alert(call)["id"]).closed_at is None


@pytest.mark.parametrize("act", ["acknowledge", "close", "dismiss"])
def test_an_alert_outside_of_scope_is_not_found_and_stays_as_it_was(
    call: Call, judged: SimpleNamespace, act: str
) -> None:
    identifier = alert(call)["id"]
    events = AlertEvent.objects.count()
    for role in ("other_institution", "other_town"):
        assert call("POST", f"/alerts/{identifier}/{act}/", role, {"reason": "试探"}).status_code == 404
    assert (AlertEvent.objects.count(), Alert.objects.get(pk=identifier).state) == (events, "open")


@pytest.mark.parametrize("body", [{}, {"reason": "  "}, {"reason": None}, {"reason": ["x"]}, {"why": "x"}, "x"])
def test_closing_needs_a_reason(call: Call, judged: SimpleNamespace, body: Any) -> None:
    answer = call("POST", f"/alerts/{alert(call)['id']}/close/", "town", body)
    assert answer.status_code in (400, 422)
    assert answer.json()["errors"], answer.content
    assert paths(answer) is not None


def test_closing_twice_with_one_key_answers_the_same(call: Call, judged: SimpleNamespace) -> None:
    address = f"/alerts/{alert(call)['id']}/close/"
    first = call("POST", address, "town", {"reason": "已整改"}, Idempotency_Key="close-1")
    again = call("POST", address, "town", {"reason": "已整改"}, Idempotency_Key="close-1")
    assert (again.content, again["Idempotency-Replayed"]) == (first.content, "true")
    assert call("POST", address, "town", {"reason": "已整改"}).status_code == 409
