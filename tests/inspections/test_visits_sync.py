"""The whole visit as one document, by a program on behalf of inspectors: once or many times it is one visit."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import Any

import pytest

from inspections.models import Visit
from inspections.services.documents import document_of
from inspections.services.sync import put_visit
from inspections.services.visits import Stale, hand_in_visit, plan_visits
from shuangjian.accounts.tokens import create_api_token
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput
from shuangjian.journal.models import AuditEntry
from tests.inspections import visit_make
from tests.inspections.visit_make import NOW, TODAY, photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(cast: SimpleNamespace) -> SimpleNamespace:
    later = clock.now().replace(year=clock.now().year + 1)
    cast.token = create_api_token(name="东街", actor=None, town=cast.east, can_write=True, expires_at=later)[0]
    cast.other_token = create_api_token(name="西街", actor=None, town=cast.west, can_write=True, expires_at=later)[0]
    return cast


def document(cast: SimpleNamespace, **said: Any) -> dict[str, Any]:
    return {
        "institution": cast.org.code,
        "inspectors": ["jiancha1", "jiancha2"],
        "lead": "jiancha2",
        "started_at": "2026-11-24T09:12:00+08:00",
        "place": {"latitude": 22.937244, "longitude": 113.384129, "accuracy_m": 11.6, "note": "临街一层"},
        "people_met": [{"name": "虚构甲", "post": "校长"}],
        "result": "ordered",
        "summary": "前台登记本任人翻看",
        "answers": [
            {"item": "S-01", "verdict": "ok"},
            {
                "item": "S-02", "verdict": "failed", "note": "登记本放在柜面", "decision": "confirmed", "severity": 3,
                "due_on": "2026-12-04",
            },
            {"item": "S-03", "verdict": "na"},
        ],
        **said,
    }  # fmt: skip


def paths(error: InvalidInput) -> list[str]:
    return [each.path for each in error.problems]


def test_the_same_document_three_times_is_one_visit_unchanged(cast: SimpleNamespace) -> None:
    key = uuid.uuid4()
    first = put_visit(key, document(cast), actor=cast.token, now=NOW)
    stored, entries = document_of(first.visit), AuditEntry.objects.count()
    again = [put_visit(key, document(cast), actor=cast.token, now=NOW) for _ in range(2)]
    assert first.is_new
    assert not any(each.is_new for each in again)
    assert document_of(again[-1].visit) == stored
    assert (Visit.objects.count(), AuditEntry.objects.count()) == (1, entries)
    assert stored["lead"] == "jiancha2"
    assert stored["place"]["accuracy_m"] == 12
    assert stored["started_at"] == "2026-11-24T09:12:00+08:00"


def test_the_document_sent_again_after_handing_in_is_no_change(cast: SimpleNamespace) -> None:
    key = uuid.uuid4()
    visit = put_visit(key, document(cast), actor=cast.token, now=NOW).visit
    hand_in_visit(visit.pk, actor=cast.token, on_behalf=cast.first, now=NOW)
    assert put_visit(key, document(cast), actor=cast.token, now=NOW).visit.state == "handed_in"
    with pytest.raises(Conflict):
        put_visit(key, document(cast, summary="改了"), actor=cast.token, now=NOW)


def test_what_is_read_can_be_sent_back(cast: SimpleNamespace) -> None:
    key = uuid.uuid4()
    visit = put_visit(key, document(cast), actor=cast.token, now=NOW).visit
    photo(visit, cast.first, item="S-01")
    read = document_of(visit)
    assert put_visit(key, read, actor=cast.token, now=NOW).visit.revision == visit.revision
    read["summary"] = "改过一次"
    changed = put_visit(key, read, actor=cast.token, now=NOW).visit
    assert changed.revision == visit.revision + 1


def test_a_document_from_an_old_revision_overwrites_nothing(cast: SimpleNamespace) -> None:
    key = uuid.uuid4()
    put_visit(key, document(cast), actor=cast.token, now=NOW)
    read = document_of(Visit.objects.get(key=key))
    put_visit(key, {**read, "summary": "甲改的"}, actor=cast.token, now=NOW)
    with pytest.raises(Stale) as refused:
        put_visit(key, {**read, "summary": "乙改的"}, actor=cast.token, now=NOW)
    assert refused.value.stored["summary"] == "甲改的"
    with pytest.raises(Stale):  # without any revision only what is equal passes
        put_visit(key, document(cast), actor=cast.token, now=NOW)


def test_an_answer_changed_meanwhile_keeps_the_whole_document_out(cast: SimpleNamespace) -> None:
    key = uuid.uuid4()
    visit = put_visit(key, document(cast), actor=cast.token, now=NOW).visit
    read = document_of(visit)
    visit_make.answer(visit, "S-01", cast.first, verdict="na")
    read["answers"][0]["verdict"], read["summary"] = "failed", "也改了"
    with pytest.raises(Stale):
        put_visit(key, read, actor=cast.token, now=NOW)
    assert Visit.objects.get(key=key).summary == "前台登记本任人翻看"


def test_a_planned_visit_is_begun_by_its_document(cast: SimpleNamespace) -> None:
    planned = plan_visits([cast.org], planned_on=TODAY, inspectors=[cast.first, cast.second], actor=cast.town, now=NOW)[
        0
    ]
    said = document(cast, lead="jiancha1", revision=planned.revision)
    done = put_visit(planned.key, said, actor=cast.token, now=NOW)
    assert (done.is_new, done.visit.state, done.visit.result) == (False, "under_way", "ordered")
    assert put_visit(planned.key, said, actor=cast.token, now=NOW).visit.revision == done.visit.revision


def test_everything_that_cannot_be_read_is_told_at_once(cast: SimpleNamespace) -> None:
    wrong = document(
        cast, colour="red", started_at="24.11.2026", people_met="虚构甲", place={"latitude": "22"},
        answers=[{"verdict": "ok"}, {"item": "S-01", "due_on": "soon"}, {"item": "S-01"}],
    )  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        put_visit(uuid.uuid4(), wrong, actor=cast.token, now=NOW)
    assert paths(refused.value) == [
        "colour", "people_met", "started_at", "place.latitude", "answers[0].item", "answers[S-01].due_on",
        "answers[S-01]",
    ]  # fmt: skip
    assert not Visit.objects.exists()


@pytest.mark.parametrize("body", [None, [], "x", 3])
def test_what_is_no_document_is_refused(cast: SimpleNamespace, body: Any) -> None:
    with pytest.raises(InvalidInput):
        put_visit(uuid.uuid4(), body, actor=cast.token, now=NOW)


def test_a_town_s_program_neither_opens_nor_reads_nor_names_across_the_border(cast: SimpleNamespace) -> None:
    with pytest.raises(InvalidInput) as refused:
        put_visit(uuid.uuid4(), document(cast, institution=cast.other.code), actor=cast.token, now=NOW)
    assert paths(refused.value) == ["institution"]
    with pytest.raises(InvalidInput) as refused:
        put_visit(uuid.uuid4(), document(cast, inspectors=["jiancha1", "jiancha3"]), actor=cast.token, now=NOW)
    assert paths(refused.value) == ["inspectors"]
    key = uuid.uuid4()
    put_visit(key, document(cast), actor=cast.token, now=NOW)
    with pytest.raises(Conflict) as taken:
        put_visit(key, document(cast), actor=cast.other_token, now=NOW)
    assert cast.org.name not in taken.value.message


def test_where_and_when_a_visit_began_is_written_once(cast: SimpleNamespace) -> None:
    key = uuid.uuid4()
    put_visit(key, document(cast), actor=cast.token, now=NOW)
    moved = document(cast, started_at="2026-11-24T09:30:00+08:00")
    moved["place"] = {**moved["place"], "latitude": 23.0}
    with pytest.raises(InvalidInput) as refused:
        put_visit(key, moved, actor=cast.token, now=NOW)
    assert paths(refused.value) == ["place", "started_at"]
