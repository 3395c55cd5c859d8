"""Visits by REST: planned, written as a whole, handed in; what was read guards what is written; problems with paths."""

from __future__ import annotations

import datetime as dt
import uuid
from types import SimpleNamespace
from typing import Any

import pytest

from inspections.models import Visit
from inspections.services.visits import review_visit
from shuangjian.accounts.tokens import create_api_token
from shuangjian.core import clock
from tests.api.conftest import Call, caller, paths
from tests.inspections import visit_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(cast: SimpleNamespace) -> Call:
    later = clock.now() + dt.timedelta(days=1)

    def token(**scope: Any) -> str:
        return create_api_token(name="测试", actor=None, can_write=True, expires_at=later, **scope)[1]

    return caller(
        {
            "district_write": token(),
            "town": token(town=cast.east),
            "other_town": token(town=cast.west),
            "org": token(institution=cast.org),
            "other_org": token(institution=cast.other),
        }
    )


def document(cast: SimpleNamespace, **said: Any) -> dict[str, Any]:
    begun = clock.now() - dt.timedelta(hours=1)
    return {
        "institution": cast.org.code,
        "inspectors": ["jiancha1", "jiancha2"],
        "started_at": begun.isoformat(),
        "place": {"latitude": 22.937244, "longitude": 113.384129, "accuracy_m": 12, "note": ""},
        "people_met": [{"name": "虚构甲", "post": "校长"}],
        "result": "ordered",
        "summary": "",
        "answers": [
            {"item": "S-01", "verdict": "ok"},
            {
                "item": "S-02", "verdict": "failed", "note": "登记本放在柜面", "decision": "confirmed",
                "due_on": (begun.date() + dt.timedelta(days=10)).isoformat(),
            },
            {"item": "S-03", "verdict": "na"},
        ],
        **said,
    }  # fmt: skip


def opened(cast: SimpleNamespace, call: Call, **said: Any) -> tuple[str, Any]:
    path = f"/visits/{uuid.uuid4()}/"
    answer: Any = call("PUT", path, "town", document(cast, **said))
    assert answer.status_code == 201, answer.content.decode()
    return path, answer


def test_a_whole_visit_goes_from_one_document_to_being_filed(cast: SimpleNamespace, call: Call) -> None:
    path, answer = opened(cast, call)
    assert answer.json()["state"] == "under_way"
    assert answer["ETag"] == '"r1"' or answer["ETag"].startswith('"r')
    handed: Any = call("POST", path + "hand-in/", "town", {"inspector": "jiancha1"})
    assert (handed.status_code, handed.json()["state"]) == (200, "handed_in"), handed.content.decode()
    assert handed.json()["handed_in_by"] == "jiancha1"
    visit = Visit.objects.get()
    review_visit(visit.pk, decision="file", actor=cast.bureau)
    read: Any = call("GET", path, "town")
    assert read.json()["answers"][1]["observation"].startswith("GC-")
    assert [each["number"] for each in read.json()["versions"]] == [1]
    found: Any = call("GET", "/observations/?source=visit", "town")
    assert len(found.json()["results"]) == 1


def test_the_same_document_sent_three_times_answers_the_same_visit(cast: SimpleNamespace, call: Call) -> None:
    path, said = f"/visits/{uuid.uuid4()}/", document(cast)
    answers: list[Any] = [call("PUT", path, "town", said) for _ in range(3)]
    assert [each.status_code for each in answers] == [201, 200, 200]
    assert answers[0].json() == answers[1].json() == answers[2].json()


def test_what_was_read_guards_what_is_written(cast: SimpleNamespace, call: Call) -> None:
    path, _ = opened(cast, call)
    read: Any = call("GET", path, "town")
    changed = {"summary": "甲改的"}
    first: Any = call("PUT", path, "town", changed, If_Match=read["ETag"])
    assert first.status_code == 200
    second: Any = call("PUT", path, "town", {"summary": "乙改的"}, If_Match=read["ETag"])
    assert second.status_code == 412
    assert second.json()["current"]["summary"] == "甲改的"
    assert second["ETag"] == first["ETag"]
    third: Any = call("PUT", path, "town", {"summary": "乙改的", "revision": read.json()["revision"]})
    assert (third.status_code, third.json()["code"]) == (409, "stale")
    assert call("PUT", path, "town", {"summary": "丙"}, If_None_Match="*").status_code == 412
    assert call("PUT", f"/visits/{uuid.uuid4()}/", "town", document(cast), If_Match="*").status_code == 412
    unread = document(cast, answers=[{"item": "S-01", "verdict": "ok", "revision": 7}])
    never: Any = call("PUT", f"/visits/{uuid.uuid4()}/", "town", unread)
    assert (never.status_code, never.json()["current"]) == (409, None)


def test_unchanged_visits_are_not_sent_again(cast: SimpleNamespace, call: Call) -> None:
    path, _ = opened(cast, call)
    read: Any = call("GET", path, "town")
    assert call("GET", path, "town", If_None_Match=read["ETag"]).status_code == 304
    visit_make.answer(Visit.objects.get(), "S-01", cast.first, verdict="na")
    assert call("GET", path, "town", If_None_Match=read["ETag"]).status_code == 200


def test_problems_are_told_in_chinese_with_their_paths(cast: SimpleNamespace, call: Call) -> None:
    path, _ = opened(cast, call, people_met=[], answers=[{"item": "S-02", "verdict": "failed"}])
    answer: Any = call("POST", path + "hand-in/", "town", {"inspector": "jiancha1"})
    assert answer.status_code == 422
    assert paths(answer) == [
        "people_met", "answers[S-01].verdict", "answers[S-02].note", "answers[S-02].decision", "answers[S-03].verdict",
        "result",
    ]  # fmt: skip
    wrong: Any = call("PUT", f"/visits/{uuid.uuid4()}/", "town", document(cast, colour=1, revision="x"))
    assert paths(wrong) == ["colour", "revision"]
    nobody: Any = call("POST", path + "hand-in/", "town", {"inspector": "nobody"})
    assert paths(nobody) == ["inspector"]


def test_many_visits_are_planned_at_once_or_none(cast: SimpleNamespace, call: Call) -> None:
    row = {
        "institution": cast.org.code,
        "planned_on": clock.today().isoformat(),
        "inspectors": ["jiancha1", "jiancha2"],
    }
    wrong = [row, {**row, "institution": cast.other.code}, {**row, "inspectors": ["jiancha1"]}, {**row, "colour": 1}, 3]
    refused: Any = call("POST", "/visits/", "town", wrong)
    assert refused.status_code == 422
    assert paths(refused) == ["[1].institution", "[2].inspectors", "[3].colour", "[4].non_field_errors"]
    assert not Visit.objects.exists()
    tried: Any = call("POST", "/visits/?dry_run=1", "town", [row, row])
    assert (tried.status_code, tried.json()["created"], Visit.objects.count()) == (200, 0, 0)
    made: Any = call("POST", "/visits/", "town", [row, row], Idempotency_Key="plan-1")
    again: Any = call("POST", "/visits/", "town", [row, row], Idempotency_Key="plan-1")
    assert made.status_code == 201
    assert made.json() == again.json()
    assert Visit.objects.count() == 2


def test_a_planned_visit_is_begun_and_called_off_by_its_town_s_program(cast: SimpleNamespace, call: Call) -> None:
    row = {
        "institution": cast.org.code,
        "planned_on": clock.today().isoformat(),
        "inspectors": ["jiancha1", "jiancha2"],
    }
    made: Any = call("POST", "/visits/", "town", [row, row])
    first, second = (f"/visits/{each['key']}/" for each in made.json()["results"])
    place = {"latitude": 22.937, "longitude": 113.384, "accuracy_m": 5, "note": ""}
    begun: Any = call("POST", first + "start/", "town", {"place": place})
    assert (begun.status_code, begun.json()["place"]["distance_m"]) == (200, 0)
    assert call("POST", second + "cancel/", "town", {}).status_code == 400
    gone: Any = call("POST", second + "cancel/", "town", {"reason": "机构已搬走"})
    assert gone.json()["state"] == "cancelled"


def test_programs_neither_review_nor_correct(cast: SimpleNamespace, call: Call) -> None:
    path, _ = opened(cast, call)
    call("POST", path + "hand-in/", "town", {"inspector": "jiancha1"})
    for act in ("review", "correct"):
        answer: Any = call("POST", f"{path}{act}/", "district_write", {"decision": "file", "reason": "试试"})
        assert (answer.status_code, answer.json()["code"]) == (403, "person_needed")
    assert Visit.objects.get().state == "handed_in"


def test_nobody_outside_lists_opens_guesses_or_writes_a_visit(cast: SimpleNamespace, call: Call) -> None:
    path, _ = opened(cast, call)
    for role in ("other_town", "other_org"):
        assert call("GET", path, role).status_code == 404
        listed: Any = call("GET", "/visits/", role)
        assert listed.json()["results"] == []
    # A key that is taken answers as one that never was.
    assert call("PUT", path, "other_town", {"institution": cast.other.code}).status_code == 404
    assert call("POST", path + "start/", "other_town", {}).status_code == 404
    assert call("GET", path, "org").status_code == 404


def test_the_list_is_filtered_and_tells_what_has_changed(cast: SimpleNamespace, call: Call) -> None:
    path, answer = opened(cast, call)
    number = answer.json()["number"]

    def numbers(query: str) -> list[str]:
        listed: Any = call("GET", f"/visits/?{query}", "district_write")
        assert listed.status_code == 200, listed.content.decode()
        return [each["number"] for each in listed.json()["results"]]

    for query in ("state=under_way", "kind=unannounced", "inspector=jiancha2", f"institution={cast.org.code}"):
        assert numbers(query) == [number]
    for query in ("state=filed", "inspector=jiancha3", "until=2020-01-01", f"town={cast.west.code}"):
        assert numbers(query) == []
    since = clock.now().isoformat().replace("+", "%2B")
    assert numbers(f"updated_since={since}") == []
    visit_make.answer(Visit.objects.get(), "S-01", cast.first, verdict="na")
    assert numbers(f"updated_since={since}") == [number]
    assert call("GET", "/visits/?colour=red", "district_write").status_code == 400


def test_an_institution_s_program_reads_filed_visits_only_and_less_of_them(cast: SimpleNamespace, call: Call) -> None:
    path, _ = opened(cast, call, purpose="有人投诉", companions=[{"name": "虚构乙", "unit": "居委会"}])
    assert call("GET", "/visits/", "org").json()["results"] == []  # type: ignore[attr-defined]
    call("POST", path + "hand-in/", "town", {"inspector": "jiancha1"})
    review_visit(Visit.objects.get().pk, decision="file", actor=cast.bureau)
    answer: Any = call("GET", "/visits/", "org")
    told = answer.json()["results"]
    assert [each["items"][0]["note"] for each in told] == ["登记本放在柜面"]
    for hidden in ("投诉", "虚构乙", "jiancha1", str(Visit.objects.get().key)):
        assert hidden not in answer.content.decode()
    assert call("GET", path, "org").status_code == 404
    assert call("GET", "/visits/", "other_org").json()["results"] == []  # type: ignore[attr-defined]


def test_lists_and_documents_take_a_constant_number_of_queries(
    cast: SimpleNamespace, call: Call, django_assert_max_num_queries: Any
) -> None:
    for _ in range(3):
        path, _ = opened(cast, call)
    with django_assert_max_num_queries(12):
        call("GET", "/visits/", "town")
    with django_assert_max_num_queries(18):
        call("GET", path, "town")
