"""Every refusal is a problem+json in Chinese that says where and how to mend, and no input is a 500."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError, DataError, InterfaceError, OperationalError
from django.test import Client

from shuangjian.api.views.units import TownViewSet
from shuangjian.intake.models import WeeklyReturn
from tests import make
from tests.api.conftest import ROOT, WEEK, Call, paths

MEMBERS = {"type", "title", "status", "detail", "code", "instance", "request_id", "errors"}


def assert_problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.content[:400]
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body.keys() >= MEMBERS
    assert (body["status"], body["request_id"]) == (status, answer["X-Request-Id"])
    assert any("\u4e00" <= letter <= "\u9fff" for letter in body["detail"]), body["detail"]
    return body


@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer ", "Bearer wrong", "Basic abc", "Token x", "Bearer \x00", "Bearer ä"]
)
def test_it_answers_401_without_a_live_token(cast: SimpleNamespace, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = Client().get(f"{ROOT}/towns/", headers=headers)
    assert_problem(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("role", ["expired", "revoked"])
def test_it_answers_401_to_a_token_past_its_time(call: Call, role: str) -> None:
    assert_problem(call("GET", "/towns/", role), 401)


def test_the_session_of_a_signed_in_person_opens_nothing(cast: SimpleNamespace) -> None:
    client = Client()
    client.force_login(make.user("bureau"))
    assert_problem(client.get(f"{ROOT}/towns/"), 401)


def test_it_answers_403_to_a_reading_token_that_writes(call: Call, returns: str) -> None:
    for method, tail in (("PUT", ""), ("POST", "submit/"), ("POST", "preview/")):
        assert assert_problem(call(method, returns + tail, "district_read", {}), 403)["code"] == "read_only_token"
    assert not WeeklyReturn.objects.exists()


@pytest.mark.parametrize("path", ["/api/", "/api/v1/nothing/", "/api/v2/towns/", "/api/v1/towns", "/api/%00"])
def test_an_unknown_address_is_a_problem_too(path: str) -> None:
    for method in ("get", "post", "delete"):
        assert_problem(getattr(Client(), method)(path), 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_it_answers_405_naming_the_methods_that_work(call: Call, method: str) -> None:
    answer = call(method, "/towns/")
    assert_problem(answer, 405)
    assert "GET" in answer["Allow"]


@pytest.mark.parametrize("action", ["assign", "rectify", "verify", "return"])
def test_acts_of_a_later_time_are_not_routed(call: Call, action: str) -> None:
    assert_problem(call("POST", f"/alerts/1/{action}/"), 404)


BROKEN = [
    b"{",
    b"",
    b"\xff\xfe{}",
    b"{'a': 1}",
    b'{"a": NaN}',
    b'{"a": Infinity}',
    b'{"a": -Infinity}',
    b'{"a": 1, "a": 2}',
    b'{"a": ' + b"[" * 30 + b"]" * 30 + b"}",
    b"[" * 100_000,
    b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    b'{"a": "\x01"}',
]


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_it_refuses_broken_json_telling_where(call: Call, returns: str, body: bytes) -> None:
    answer = call("PUT", returns, "institution", body, Content_Type="application/json")
    assert_problem(answer, 400)
    assert not WeeklyReturn.objects.exists()


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"homework": [{"day": 1}, {"minutes": 1, "minutes": 2}]}', "homework[1].minutes"),
        (b'{"homework": [], "homework": []}', "homework"),
        (b'{"homework": [{"minutes": NaN}]}', "homework[0].minutes"),
        (b'{"homework": [{"minutes": -Infinity}]}', "homework[0].minutes"),
        (b"NaN", ""),
        (b'{"\\ud800": 1, "\\ud800": 2}', "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_what_two_programs_would_read_differently_is_refused_at_its_path(
    call: Call, returns: str, body: bytes, path: str
) -> None:
    answer = call("PUT", returns, "institution", body)
    assert_problem(answer, 400)
    assert paths(answer) == [path]
    assert not WeeklyReturn.objects.exists()


@pytest.mark.parametrize("number", [b"1e309", b"-1e309", b"9" * 400, b"9" * 5000, b"-" + b"9" * 400])
def test_a_number_that_nothing_can_hold_is_named_at_its_cell_in_the_words_of_form_and_sheet(
    call: Call, returns: str, number: bytes
) -> None:
    row = b'{"homework": [{"class": "2026-03-01", "day": "%s", "subject": "%s", "written": true, "minutes": %s}]}'
    body = row % (str(WEEK.monday).encode(), "语文".encode(), number)
    answer = call("PUT", returns, "institution", body)
    problem = assert_problem(answer, 422)["errors"][0]
    assert problem["path"] == "homework[0].minutes"
    assert problem["message"].startswith("“分钟数”应为 1–300 的整数（分钟），现为超出范围的数。")
    typed = make.item("2026-03-01", str(WEEK.monday), "1e309")  # type: ignore[arg-type]
    assert call("PUT", returns, "institution", {"homework": [typed]}).json()["errors"] == [problem]
    assert not WeeklyReturn.objects.exists()


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        (b'{"homework": 1e309}', "homework"),
        (b'{"homework": [1e309]}', "homework[0]"),
        (b'{"homework": [{"class": 1e309}]}', "homework[0].class"),
        (b'{"homework": [{"done_at_school": 1e309}]}', "homework[0].done_at_school"),
        (b'{"after_school": [{"content": [1e309]}]}', "after_school[0].content"),
        (b'{"school_day": [{"first_lesson": 1e309}]}', "school_day[0].first_lesson"),
        (b'{"x": 1e309}', "x"),
    ],
)
def test_an_infinite_number_is_refused_in_every_kind_of_cell(
    call: Call, returns: str, cells: bytes, shown: str
) -> None:
    for method, tail in (("PUT", ""), ("POST", "submit/"), ("POST", "preview/")):
        answer = call(method, returns + tail, "institution", cells)
        assert_problem(answer, 422)
        assert shown in paths(answer)
    reason = call("POST", returns + "withdraw/", "institution", b'{"reason": 1e309}')
    assert reason.status_code == 400
    assert not WeeklyReturn.objects.exists()


def test_a_syntax_error_names_line_and_column(call: Call, returns: str) -> None:
    answer = call("PUT", returns, "institution", b'{"homework": [\n{"class": }]}')
    assert "第 2 行第 11 列" in assert_problem(answer, 400)["detail"]


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"]
)
def test_it_refuses_other_media_types(call: Call, returns: str, content_type: str) -> None:
    assert_problem(call("PUT", returns, "institution", b"a=1", Content_Type=content_type), 415)


def test_it_refuses_ten_megabytes_by_their_length_without_reading_them(call: Call, returns: str) -> None:
    body = b'{"homework": [' + b" " * (10 * 1024 * 1024) + b"]}"
    for method, tail in (("PUT", ""), ("POST", "submit/"), ("POST", "preview/")):
        answer = call(method, returns + tail, "institution", body, Idempotency_Key="k1")
        assert "MB" in assert_problem(answer, 413)["detail"]
    assert not WeeklyReturn.objects.exists()


@pytest.mark.parametrize("accept", ["text/html", "application/xml"])
def test_it_answers_406_to_whoever_wants_no_json(call: Call, accept: str) -> None:
    assert_problem(call("GET", "/towns/", Accept=accept), 406)


def test_an_unexpected_error_tells_nothing_but_its_number(
    call: Call, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: TownViewSet) -> Any:
        raise RuntimeError("the password is secret")

    monkeypatch.setattr(TownViewSet, "rows", broken)
    answer = call("GET", "/towns/", X_Request_Id="request-0001")
    body = assert_problem(answer, 500)
    assert body["request_id"] == "request-0001"
    assert b"secret" not in answer.content
    assert "request-0001" in caplog.text


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError, DatabaseError])
def test_a_database_that_dies_under_the_request_is_503_and_asks_to_come_again(
    call: Call, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    """Seen under kill -9 of the server: psycopg2 raises any of the three."""

    def die(self: Any) -> Any:
        raise kind("server closed the connection unexpectedly")

    monkeypatch.setattr(TownViewSet, "rows", die)
    answer = call("GET", "/towns/")
    assert_problem(answer, 503)
    assert answer["Retry-After"] == "5"


def test_a_statement_that_the_database_refuses_is_no_absence(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Any) -> Any:
        raise DataError("integer out of range")

    monkeypatch.setattr(TownViewSet, "rows", fail)
    assert_problem(call("GET", "/towns/"), 500)


def test_an_answer_that_cannot_be_rendered_is_a_problem_too(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "shuangjian.api.serializers.units.TownSerializer.to_representation", lambda self, row: {"a": object()}
    )
    assert_problem(call("GET", "/towns/"), 500)


LISTS = [
    "towns", "schools", "classes", "calendar", "calendar/terms", "calendar/breaks", "calendar/overrides", "clauses",
    "rules", "parameters", "institutions", "weekly-returns", "homework-items", "service-days", "filings", "findings",
    "alerts", "compliance", "school-days", "visits",
]  # fmt: skip


def test_every_list_answers_pages_and_refuses_what_it_does_not_know(call: Call) -> None:
    for name in LISTS:
        answer = call("GET", f"/{name}/")
        assert answer.status_code == 200, answer.content
        assert answer.json().keys() >= {"next", "previous", "results"}
        unknown = call("GET", f"/{name}/?instituton=x")
        assert_problem(unknown, 400)
        assert paths(unknown) == ["instituton"]
        assert "page_size" in unknown.json()["errors"][0]["message"]


QUERIES = [
    "page_size=0", "page_size=501", "page_size=x", "page_size=٣", "page_size=", "cursor=x", "cursor=W10", "cursor=",
    "cursor=WzAsWzFdXQ%00", "page_size=1&page_size=2", "%00=1", "cursor=" + "WzAsW" * 2000,
]  # fmt: skip


def test_it_refuses_bad_paging(call: Call) -> None:
    for name in LISTS:
        for query in QUERIES:
            assert_problem(call("GET", f"/{name}/?{query}"), 400)


FILTERS = [
    ("findings", "severity=x"), ("findings", "since=2026-13-01"), ("findings", "updated_since=2026-11-02"),
    ("findings", "updated_since=2026-11-02T08:00:00"), ("findings", "updated_since=0001-01-01T00:00:00%2B08:00"),
    ("alerts", "state=x"), ("filings", "week=2026-W60"), ("filings", "week=9999-W52"), ("weekly-returns", "state=x"),
    ("homework-items", "day=x"), ("homework-items", "subject=x"), ("classes", "grade=x"), ("schools", "stage=x"),
    ("calendar", "week=x"), ("calendar", "stage=x"), ("institutions", "kind=x"), ("compliance", "week=x"),
    ("compliance", "level=x"), ("compliance", "as_of=2026-01-01"), ("compliance", "as_of=x"),
    ("service-days", "stage=x"), ("service-days", "content=x"), ("school-days", "day=x"), ("homework-items", "kind=x"),
    ("homework-items", "marked_by=x"), ("filings", "state=x"), ("filings/summary", "level=x"),
]  # fmt: skip


def test_it_refuses_a_bad_filter_value_naming_it(call: Call) -> None:
    for name, query in FILTERS:
        answer = call("GET", f"/{name}/?{query}")
        assert_problem(answer, 400)
        assert paths(answer) == [query.split("=")[0]]


ODD_PATHS = [
    "/towns/%00/", "/schools/%00/", "/institutions/a%00b/", "/clauses/%00/", "/rules/%00/", "/parameters/%00/",
    "/findings/99999999999999999999/", "/findings/%00/", "/findings/999999999999999999/", "/alerts/0/", "/alerts/-1/",
    "/alerts/x/", "/alerts/٣/", "/compliance/%00/", "/compliance/nobody/", f"/schools/%00/weekly-returns/{WEEK.key}/",
    "/findings/1/explain/", "/schools/x/weekly-returns/x/versions/99999999999999999999/", "/towns/%F0%9F/",
]  # fmt: skip


def test_odd_addresses_are_not_found(call: Call) -> None:
    for path in ODD_PATHS:
        assert_problem(call("GET", path), 404)


def test_numbers_beyond_any_column_find_nothing(call: Call) -> None:
    for value in ("999999999999999999999", "-1", "0", "1e5", "0.5"):
        answer = call("GET", f"/classes/?grade={value}")
        assert (answer.status_code, answer.json()["results"]) == (200, [])


def test_a_very_high_version_is_not_found(call: Call, cast: SimpleNamespace, returns: str) -> None:
    call("POST", returns + "submit/", "institution", make.full_payload(cast.school, WEEK))
    assert_problem(call("GET", returns + "versions/99999999999999999999/", "institution"), 404)


def test_an_answer_is_not_kept_by_shared_caches(call: Call) -> None:
    answer = call("GET", "/towns/")
    assert answer["Cache-Control"] == "private, no-cache"
    assert "Authorization" in answer["Vary"]
