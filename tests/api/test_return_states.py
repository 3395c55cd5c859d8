"""A weekly return's review over HTTP: notes, locks, what stands in the way of a write, its life and its changes."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest

from shuangjian.core import clock
from shuangjian.intake import review
from shuangjian.intake.models import ReopenRequest, ReturnVersion, WeeklyReturn
from tests import make
from tests.api.conftest import WEEK, Call, paths

DAY = WEEK.monday.isoformat()
REASON = "第45周数据已汇总上报"


def payload(cast: SimpleNamespace, minutes: int = 30, **fields: Any) -> dict[str, Any]:
    return make.full_payload(cast.school, WEEK, homework=[make.item("2026-03-01", DAY, minutes, **fields)])


def asked(cast: SimpleNamespace) -> dict[str, Any]:
    return {"institution": cast.school, "week": WEEK, "actor": make.Somebody(), "now": clock.now()}


@pytest.fixture
def locked(cast: SimpleNamespace) -> SimpleNamespace:
    """第45周 of 示范一小, submitted with 30 minutes, approved, accepted and locked."""
    make.submitted(cast.school, WEEK, homework=payload(cast)["homework"])
    review.approve_return(**asked(cast))
    review.accept_return(**asked(cast))
    review.lock_return(**asked(cast), reason=REASON)
    return cast


def reopen(cast: SimpleNamespace) -> None:
    request = ReopenRequest.objects.get()
    review.grant_reopen(
        request.pk, actor=make.Somebody(), now=clock.now(), until=clock.now() + dt.timedelta(days=3), answer="同意"
    )


def cells(answer: Any) -> list[tuple[str, ...]]:
    names = ("section", "where", "column", "yours", "saved")
    return [tuple(each[name] for name in names) for each in answer.json()["differences"]]


def test_a_note_travels_with_the_version_and_the_body_stays_the_payload(
    call: Call, cast: SimpleNamespace, returns: str
) -> None:
    note = "三年级（1）班周二停课 & 补课"
    answer = call("POST", f"{returns}submit/?note={quote(note)}", "institution", payload(cast))
    assert (answer.status_code, answer.json()["note"]) == (200, note)
    assert call("GET", returns + "versions/", "town").json()["results"][0]["note"] == note
    assert call("GET", f"/weekly-returns/?week={WEEK.key}", "town").json()["results"][0]["note"] == note
    assert ReturnVersion.objects.get().note == note


def test_a_note_belongs_to_what_an_idempotency_key_stands_for(call: Call, cast: SimpleNamespace, returns: str) -> None:
    first = call("POST", returns + "submit/?note=a", "institution", payload(cast), Idempotency_Key="k")
    again = call("POST", returns + "submit/?note=a", "institution", payload(cast), Idempotency_Key="k")
    assert (first.status_code, again["Idempotency-Replayed"]) == (200, "true")
    assert (
        call("POST", returns + "submit/?note=b", "institution", payload(cast), Idempotency_Key="k").status_code == 422
    )


@pytest.mark.parametrize(
    ("query", "status", "path"),
    [
        ("note=" + "长" * 401, 422, "note"),
        ("nota=x", 400, "nota"),
        ("note=%00", 400, "note"),
        ("note=a&note=b", 400, "note"),
    ],
)
def test_a_note_that_cannot_be_kept_is_refused_by_its_name(
    call: Call, cast: SimpleNamespace, returns: str, query: str, status: int, path: str
) -> None:
    answer = call("POST", f"{returns}submit/?{quote(query, safe='=&%')}", "institution", payload(cast))
    assert (answer.status_code, paths(answer)) == (status, [path])
    assert not ReturnVersion.objects.exists()


@pytest.mark.parametrize(("method", "tail"), [("PUT", ""), ("POST", "submit/")])
def test_a_locked_return_answers_409_with_the_reason_the_way_on_and_what_differs(
    call: Call, locked: SimpleNamespace, returns: str, method: str, tail: str
) -> None:
    answer = call(method, returns + tail, "institution", payload(locked, 45))
    body = answer.json()
    assert (answer.status_code, body["code"]) == (409, "locked")
    assert REASON in body["detail"]
    assert "申请更正" in body["detail"]
    assert (body["current"]["state"], body["current"]["is_locked"]) == ("locked", True)
    assert (body["current"]["lock_reason"], body["current"]["reopened_until"]) == (REASON, None)
    assert body["current"]["locked_at"].endswith("+08:00")
    assert cells(answer) == [("作业", "三年级（1）班 11-02（周一） 语文", "分钟数", "45", "30")]
    assert body["differences_total"] == 1
    assert ReturnVersion.objects.count() == 1
    assert WeeklyReturn.objects.get().draft is None


def test_the_very_content_that_is_locked_may_be_sent_again(call: Call, locked: SimpleNamespace, returns: str) -> None:
    for method, tail in (("PUT", ""), ("POST", "submit/")):
        assert call(method, returns + tail, "institution", payload(locked)).status_code == 200
    assert ReturnVersion.objects.count() == 1


def test_a_school_asks_for_a_correction_and_corrects_with_a_note(
    call: Call, locked: SimpleNamespace, returns: str
) -> None:
    shown = call("POST", returns + "ask-reopen/", "institution", {"reason": "周一语文分钟数填错"}).json()
    assert (shown["reopen_request"]["state"], shown["reopen_request"]["reason"]) == ("pending", "周一语文分钟数填错")
    assert call("POST", returns + "ask-reopen/", "institution", {"reason": "再问"}).status_code == 409
    reopen(locked)
    opened = call("GET", returns, "institution").json()
    assert (opened["state"], opened["is_locked"], opened["reopen_request"]["answer"]) == ("locked", False, "同意")
    assert opened["reopened_until"] is not None
    without = call("POST", returns + "submit/", "institution", payload(locked, 45))
    assert (without.status_code, paths(without)) == (422, ["note"])
    corrected = call("POST", f"{returns}submit/?note={quote('更正分钟数')}", "institution", payload(locked, 45))
    assert (corrected.json()["version"], corrected.json()["state"]) == (2, "submitted")
    newest = call("GET", returns + "versions/", "town").json()["results"][-1]
    assert (newest["number"], newest["note"], newest["is_correction"]) == (2, "更正分钟数", True)


def test_only_the_school_asks_and_only_for_what_is_locked(call: Call, locked: SimpleNamespace, returns: str) -> None:
    for role in ("town", "district_write"):
        answer = call("POST", returns + "ask-reopen/", role, {"reason": "x"})
        assert (answer.status_code, answer.json()["code"]) == (403, "role")
    assert call("POST", returns + "ask-reopen/", "other_institution", {"reason": "x"}).status_code == 404
    assert call("POST", returns + "ask-reopen/", "institution", {}).status_code == 400
    WeeklyReturn.objects.update(state="submitted")
    assert call("POST", returns + "ask-reopen/", "institution", {"reason": "x"}).status_code == 409


@pytest.mark.parametrize("act", ["approve", "accept", "lock"])
def test_a_program_decides_nothing_in_the_place_of_a_person(
    call: Call, cast: SimpleNamespace, returns: str, act: str
) -> None:
    make.submitted(cast.school, WEEK)
    for role in ("district_write", "town", "institution"):
        answer = call("POST", f"{returns}{act}/", role)
        assert (answer.status_code, answer.json()["code"]) == (403, "person_needed")
    assert call("POST", f"{returns}{act}/", "other_town").status_code == 404
    assert WeeklyReturn.objects.get().state == "submitted"


@pytest.mark.parametrize(("method", "tail"), [("PUT", ""), ("POST", "submit/")])
def test_an_overtaken_editor_learns_each_cell_that_differs(
    call: Call, cast: SimpleNamespace, returns: str, method: str, tail: str
) -> None:
    call("PUT", returns, "institution", payload(cast))
    call("PUT", returns, "institution", payload(cast, 40, kind="layered"))
    late = call(method, returns + tail, "institution", payload(cast, 45, done_at_school=0.9), If_Match='"r1"')
    assert (late.status_code, late["ETag"], late.json()["current"]["revision"]) == (412, '"r2"', 2)
    where = "三年级（1）班 11-02（周一） 语文"
    assert cells(late) == [
        ("作业", where, "分钟数", "45", "40"),
        ("作业", where, "作业类型", "基础作业", "分层作业"),
        ("作业", where, "校内完成占比", "90%", "100%"),
    ]
    gone = call("POST", returns + "submit/", "institution", None, If_Match='"r1"')
    assert (gone.status_code, gone.json()["differences"]) == (412, [])


@pytest.mark.parametrize(
    "content",
    [
        {"homework": 5, "x": [1]},
        {"homework": [1, None, {"class": [["x"]], "day": {"a": 1}, "subject": None, "minutes": "\ud83d\ude00"}]},
        {"after_school": [{"stage": "senior", "day": 7, "content": [{"a": []}], "wanting": True}] * 3},
        {"school_day": {"stage": 1}},
    ],
)
def test_content_that_passes_no_check_is_compared_as_it_stands(
    call: Call, cast: SimpleNamespace, returns: str, content: Any
) -> None:
    call("PUT", returns, "institution", payload(cast))
    answer = call("POST", returns + "submit/", "institution", content, If_Match='"r7"')
    assert answer.status_code == 412, answer.content
    assert answer.json()["differences_total"] >= len(answer.json()["differences"]) > 0


def test_a_refusal_lists_five_hundred_cells_and_counts_all(call: Call, cast: SimpleNamespace, returns: str) -> None:
    call("PUT", returns, "institution", payload(cast))
    many = [make.item("2026-03-01", DAY, 10, "数学", alternative=f"第{n}层") for n in range(600)]
    late = call("PUT", returns, "institution", make.full_payload(cast.school, WEEK, homework=many), If_Match='"r9"')
    assert late.status_code == 412
    assert (len(late.json()["differences"]), late.json()["differences_total"]) == (500, 601)


def test_the_life_of_a_return_is_listed_with_who_when_and_what_was_said(
    call: Call, locked: SimpleNamespace, returns: str
) -> None:
    steps = call("GET", returns + "events/", "institution").json()["results"]
    assert [(step["act"], step["act_text"], step["from_state"], step["to_state"]) for step in steps] == [
        ("submit", "提交", "draft", "submitted"),
        ("approve", "审核通过", "submitted", "approved"),
        ("accept", "接收", "approved", "accepted"),
        ("lock", "锁定", "accepted", "locked"),
    ]
    assert (steps[-1]["note"], steps[-1]["actor"], steps[-1]["version"]) == (REASON, "测试", 1)
    assert call("GET", returns + "events/?page_size=3").json()["next"]


def test_changes_between_two_versions_name_each_cell(call: Call, cast: SimpleNamespace, returns: str) -> None:
    for minutes in (30, 40, 45):
        make.submitted(cast.school, WEEK, homework=payload(cast, minutes)["homework"])
    make.submitted(cast.other, WEEK, homework=payload(cast, 9)["homework"])
    where = "三年级（1）班 11-02（周一） 语文"

    def changes(number: int, query: str = "") -> Any:
        return call("GET", f"{returns}versions/{number}/changes/{query}", "town").json()

    change = {"section": "作业", "where": where, "column": "分钟数", "old": "40", "new": "45"}
    assert changes(3) == {"from": 2, "to": 3, "changes": [change]}
    assert changes(3, "?from=1")["changes"] == [{**change, "old": "30"}]
    assert changes(1, "?from=3")["changes"] == [{**change, "old": "45", "new": "30"}]
    assert changes(2, "?from=2")["changes"] == []
    assert len(call("GET", returns + "versions/", "town").json()["results"]) == 3
    first = changes(1)
    assert first["from"] == 0
    assert {each["old"] for each in first["changes"]} >= {"没有这一行"}


@pytest.mark.parametrize(
    ("query", "status"), [("?from=9", 404), ("?from=x", 400), ("?from=-1", 400), ("?since=1", 400)]
)
def test_changes_from_a_version_that_is_none_are_refused(
    call: Call, cast: SimpleNamespace, returns: str, query: str, status: int
) -> None:
    make.submitted(cast.school, WEEK)
    assert call("GET", f"{returns}versions/1/changes/{query}").status_code == status
    assert call("GET", f"{returns}versions/2/changes/").status_code == 404
    assert call("GET", f"{returns}versions/1/changes/", "other_institution").status_code == 404
