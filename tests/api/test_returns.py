"""One school's weekly return over HTTP: save, submit, preview, withdraw, send back, and every bad input."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from homework.models import HomeworkItem
from shuangjian.intake.models import ReturnVersion, WeeklyReturn
from tests import make
from tests.api.conftest import WEEK, Call, paths

DAY = WEEK.monday.isoformat()


def payload(cast: SimpleNamespace, **replaced: Any) -> dict[str, Any]:
    return make.full_payload(cast.school, WEEK, **replaced)


def nothing_saved() -> bool:
    return (
        not WeeklyReturn.objects.exists() and not ReturnVersion.objects.exists() and not HomeworkItem.objects.exists()
    )


def test_a_draft_is_created_then_replaced_and_read_back(call: Call, cast: SimpleNamespace, returns: str) -> None:
    first = call("PUT", returns, "institution", payload(cast))
    assert first.status_code == 201, first.content
    assert first["ETag"] == '"r1"'
    again = call("PUT", returns, "institution", payload(cast, homework=[make.item("2026-03-01", DAY, 30)]))
    assert (again.status_code, again["ETag"]) == (200, '"r2"')
    read = call("GET", returns, "institution").json()
    assert read["payload"]["homework"][0]["minutes"] == 30
    assert (read["institution"], read["week"], read["state"]) == (cast.school.code, WEEK.key, "draft")
    assert (read["version"], read["has_draft"]) == (None, True)


def test_if_match_refuses_an_overtaken_editor_with_the_current_version(
    call: Call, cast: SimpleNamespace, returns: str
) -> None:
    call("PUT", returns, "institution", payload(cast))
    second = payload(cast, homework=[make.item("2026-03-01", DAY, 30)])
    assert call("PUT", returns, "institution", second, If_Match='"r1"').status_code == 200
    third = payload(cast, homework=[make.item("2026-03-01", DAY, 45)])
    late = call("PUT", returns, "institution", third, If_Match='"r1"')
    assert (late.status_code, late["ETag"]) == (412, '"r2"')
    current = late.json()["current"]
    assert (current["revision"], current["payload"]["homework"][0]["minutes"]) == (2, 30)


def test_the_etag_of_a_read_serves_as_if_match(call: Call, cast: SimpleNamespace, returns: str) -> None:
    call("PUT", returns, "institution", payload(cast))
    etag = call("GET", returns, "institution")["ETag"]
    assert call("GET", returns, "institution", If_None_Match=etag).status_code == 304
    assert call("PUT", returns, "institution", payload(cast), If_Match=etag).status_code == 200


def test_a_tag_that_a_proxy_weakened_still_serves(call: Call, cast: SimpleNamespace, returns: str) -> None:
    call("PUT", returns, "institution", payload(cast))
    etag = "W/" + call("GET", returns, "institution")["ETag"]
    assert call("GET", returns, "institution", If_None_Match=etag).status_code == 304
    assert call("PUT", returns, "institution", payload(cast), If_Match=etag).status_code == 200


@pytest.mark.parametrize("header", ["r1", '"1"', '"r1", "r2"', '"rx"', '"r"', '"r99999999999"', ""])
def test_it_refuses_an_if_match_that_is_no_tag_of_ours(
    call: Call, cast: SimpleNamespace, returns: str, header: str
) -> None:
    answer = call("PUT", returns, "institution", payload(cast), If_Match=header)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_if_match")
    assert nothing_saved()


def test_a_head_request_answers_without_a_body(call: Call, cast: SimpleNamespace, returns: str) -> None:
    call("PUT", returns, "institution", payload(cast))
    head = call("HEAD", returns, "institution")
    assert (head.status_code, head.content) == (200, b"")
    assert head["ETag"] == call("GET", returns, "institution")["ETag"]


@pytest.mark.parametrize("header", [{"If_Match": "*"}, {"If_Match": '"r4"'}])
def test_if_match_fails_where_nothing_was_saved_yet(
    call: Call, cast: SimpleNamespace, returns: str, header: dict[str, str]
) -> None:
    answer = call("PUT", returns, "institution", payload(cast), **header)
    assert (answer.status_code, answer.json()["current"]) == (412, None)
    assert nothing_saved()


def test_if_none_match_star_creates_and_never_overwrites(call: Call, cast: SimpleNamespace, returns: str) -> None:
    assert call("PUT", returns, "institution", payload(cast), If_None_Match="*").status_code == 201
    other = payload(cast, homework=[make.item("2026-03-01", DAY, 30)])
    assert call("PUT", returns, "institution", other, If_None_Match="*").status_code == 412


def test_a_saved_draft_is_submitted_with_an_empty_body(call: Call, cast: SimpleNamespace, returns: str) -> None:
    call("PUT", returns, "institution", payload(cast))
    answer = call("POST", returns + "submit/", "institution")
    assert (answer.status_code, answer.json()["state"], answer.json()["version"]) == (200, "submitted", 1)


def test_a_payload_is_saved_and_submitted_at_once(call: Call, cast: SimpleNamespace, returns: str) -> None:
    answer = call("POST", returns + "submit/", "institution", payload(cast))
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    again = call("POST", returns + "submit/", "institution", payload(cast))
    assert (again.json()["version"], ReturnVersion.objects.count()) == (1, 1)


def test_a_submit_without_draft_is_a_conflict(call: Call, returns: str) -> None:
    answer = call("POST", returns + "submit/", "institution")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_draft")


def test_a_submit_with_gaps_is_refused_and_nothing_stays(call: Call, cast: SimpleNamespace, returns: str) -> None:
    answer = call("POST", returns + "submit/", "institution", payload(cast, school_day=[]))
    assert answer.status_code == 422
    assert set(paths(answer)) == {"school_day"}
    assert nothing_saved()


def test_a_preview_tells_gaps_and_findings_and_saves_nothing(call: Call, cast: SimpleNamespace, returns: str) -> None:
    heavy = payload(cast, homework=[make.item("2026-03-01", DAY, 75)], school_day=[])
    answer = call("POST", returns + "preview/", "institution", heavy)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert {gap["section"] for gap in body["gaps"]} == {"school_day"}
    found = next(each for each in body["findings"] if each["rule"] == "HW-02")
    assert (found["about"], found["occurred_on"]) == ("class:2026-03-01", DAY)
    assert (found["observed"], found["limit"], found["unit"]) == (75, 60, "分钟")
    assert found["clause"] == "2.1.1"
    assert "75 分钟" in found["message"]
    assert nothing_saved()


def test_a_preview_without_body_looks_at_the_draft(call: Call, cast: SimpleNamespace, returns: str) -> None:
    assert call("POST", returns + "preview/", "institution").status_code == 409
    call("PUT", returns, "institution", payload(cast, homework=[make.item("2026-03-01", DAY, 75)]))
    found = call("POST", returns + "preview/", "institution").json()["findings"]
    assert "HW-02" in {each["rule"] for each in found}


def test_a_town_sends_back_and_the_school_submits_anew(call: Call, cast: SimpleNamespace, returns: str) -> None:
    call("POST", returns + "submit/", "institution", payload(cast))
    refused = call("POST", returns + "send-back/", "institution", {"reason": "自己退回"})
    assert refused.status_code == 403
    sent = call("POST", returns + "send-back/", "town", {"reason": "请核对三年级作业"})
    assert (sent.json()["state"], sent.json()["remark"]) == ("returned", "请核对三年级作业")
    changed = payload(cast, homework=[make.item("2026-03-01", DAY, 20)])
    assert call("POST", returns + "submit/", "institution", changed).json()["version"] == 2
    versions = call("GET", returns + "versions/", "institution").json()["results"]
    assert [each["number"] for each in versions] == [1, 2]
    assert call("GET", returns + "versions/1/", "institution").json()["payload"]["homework"] == []


def test_a_withdrawal_needs_a_reason(call: Call, cast: SimpleNamespace, returns: str) -> None:
    call("POST", returns + "submit/", "institution", payload(cast))
    for body in ({}, {"reason": ""}, {"reason": 5}, {"reason": "好", "why": "x"}, {"reason": "长" * 401}, [1]):
        answer = call("POST", returns + "withdraw/", "institution", body)
        assert answer.status_code in (400, 422), body
        assert paths(answer), body
    assert call("POST", returns + "withdraw/", "institution", {"reason": "填错周次"}).json()["state"] == "withdrawn"


BAD_ROWS: list[tuple[str, dict[str, Any], str]] = [
    ("unknown class", {"homework": [make.item("2026-03-09", DAY, 30)]}, "homework[0].class"),
    ("class of another school", {"homework": [make.item("2026-04-01", DAY, 30)]}, "homework[0].class"),
    ("negative minutes", {"homework": [make.item("2026-03-01", DAY, -5)]}, "homework[0].minutes"),
    ("absurd minutes", {"homework": [make.item("2026-03-01", DAY, 301)]}, "homework[0].minutes"),
    ("huge minutes", {"homework": [make.item("2026-03-01", DAY, 10**18)]}, "homework[0].minutes"),
    ("text for a number", {"homework": [make.item("2026-03-01", DAY, "三十")]}, "homework[0].minutes"),  # type: ignore[arg-type]
    ("fraction", {"homework": [make.item("2026-03-01", DAY, 30.5)]}, "homework[0].minutes"),  # type: ignore[arg-type]
    ("true for a number", {"homework": [make.item("2026-03-01", DAY, True)]}, "homework[0].minutes"),
    ("duplicate row", {"homework": [make.item("2026-03-01", DAY, 30)] * 2}, "homework[1]"),
    ("day of another week", {"homework": [make.item("2026-03-01", "2026-11-30", 30)]}, "homework[0].day"),
    ("no date", {"homework": [make.item("2026-03-01", "2026-02-31", 30)]}, "homework[0].day"),
    ("list for a cell", {"homework": [make.item([["x"]], DAY, 30)]}, "homework[0].class"),  # type: ignore[arg-type]
    ("no list", {"homework": {"class": "2026-03-01"}}, "homework"),
    ("no rows", {"homework": ["x"]}, "homework[0]"),
    (
        "service of 0 minutes",
        {"after_school": [{"stage": "primary", "day": DAY, "minutes": 0}]},
        "after_school[0].minutes",
    ),
    ("strange stage", {"after_school": [{"stage": "senior", "day": DAY, "minutes": 60}]}, "after_school[0].stage"),
    ("stage of others", {"after_school": [{"stage": "junior", "day": DAY, "minutes": 60}]}, "after_school[0].stage"),
    (
        "no clock",
        {"school_day": [{"stage": "primary", "day": DAY, "first_lesson": "8:20"}]},
        "school_day[0].first_lesson",
    ),
    (
        "wide digit",
        {"school_day": [{"stage": "primary", "day": DAY, "first_lesson": "0８:20"}]},
        "school_day[0].first_lesson",
    ),
    (
        "clock and line end",
        {"school_day": [{"stage": "primary", "day": DAY, "first_lesson": "08:20\n"}]},
        "school_day[0].first_lesson",
    ),
    ("unknown part", {"homwork": []}, "homwork"),
    ("NUL", {"homework": [make.item("2026-03-01", DAY, 30, "语\x00文")]}, "homework[0].subject"),
    ("lone surrogate", {"homework": [make.item("2026-03-01", DAY, 30, "\ud800")]}, "homework[0].subject"),
]


@pytest.mark.parametrize(("what", "content", "path"), BAD_ROWS, ids=[row[0] for row in BAD_ROWS])
def test_it_refuses_bad_rows_with_their_path_and_saves_nothing(
    call: Call, returns: str, what: str, content: dict[str, Any], path: str
) -> None:
    for method, address in (("PUT", returns), ("POST", returns + "submit/"), ("POST", returns + "preview/")):
        answer = call(method, address, "institution", content)
        assert answer.status_code == 422, (what, answer.content)
        assert path in paths(answer)
        assert all(each["message"] for each in answer.json()["errors"])
    assert nothing_saved()


@pytest.mark.parametrize(
    "week", ["2026-45", "2026-W54", "2026-W00", "0001-W01", "9999-W52", "W45", "2026-W4５", "2026-W45%0A", "%00"]
)
def test_it_refuses_a_bad_week_key(call: Call, cast: SimpleNamespace, week: str) -> None:
    answer = call("PUT", f"/schools/{cast.school.code}/weekly-returns/{week}/", "institution", payload(cast))
    assert answer.status_code in (400, 404)
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.status_code == 404 or paths(answer) == ["week"]
    assert nothing_saved()


@pytest.mark.parametrize("week", ["2030-W10", "2020-W10"])
def test_it_refuses_a_week_that_cannot_be_filed(call: Call, cast: SimpleNamespace, week: str) -> None:
    answer = call("PUT", f"/schools/{cast.school.code}/weekly-returns/{week}/", "institution", {})
    assert (answer.status_code, paths(answer)) == (422, ["week"])
    assert nothing_saved()


def test_it_refuses_the_classes_of_another_school_year(call: Call, cast: SimpleNamespace) -> None:
    body = {"homework": [make.item("2026-03-01", "2026-03-02", 30)]}
    answer = call("PUT", f"/schools/{cast.school.code}/weekly-returns/2026-W10/", "institution", body)
    assert (answer.status_code, paths(answer)) == (422, ["homework[0].class"])


@pytest.mark.parametrize("body", [b"[]", b"5", b'"x"', b"null", b"[[]]"])
def test_it_refuses_a_body_that_is_no_object(call: Call, returns: str, body: bytes) -> None:
    answer = call("PUT", returns, "institution", body)
    assert answer.status_code == 422, answer.content
    assert nothing_saved()


def test_a_school_of_another_town_is_not_found_whatever_is_sent(call: Call, cast: SimpleNamespace) -> None:
    address = f"/schools/{cast.other.code}/weekly-returns/{WEEK.key}/"
    for method, tail, body in (
        ("GET", "", None),
        ("PUT", "", {}),
        ("POST", "submit/", {}),
        ("POST", "preview/", {}),
        ("POST", "withdraw/", {"reason": "x"}),
        ("GET", "versions/", None),
    ):
        assert call(method, address + tail, "institution", body).status_code == 404
        assert call(method, address + tail, "town", body).status_code == 404


def test_a_kindless_unit_files_nothing(call: Call, cast: SimpleNamespace) -> None:
    cast.school.kind = "training_org"
    cast.school.save(update_fields=["kind"])
    assert (
        call("PUT", f"/schools/{cast.school.code}/weekly-returns/{WEEK.key}/", "district_write", {}).status_code == 404
    )
