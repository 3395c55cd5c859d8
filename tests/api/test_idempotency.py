"""Idempotency-Key and racing writers, with threads on PostgreSQL."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse

from shuangjian.alerts.models import Alert, AlertEvent
from shuangjian.api import idempotency
from shuangjian.api.models import IdempotencyKey
from shuangjian.api.tasks import forget_old_keys
from shuangjian.celery import app
from shuangjian.core import clock
from shuangjian.intake import services as intake_services
from shuangjian.intake.models import ReturnVersion, WeeklyReturn
from shuangjian.journal.models import AuditEntry, EvaluationRequest
from tests import make
from tests.api.conftest import WEEK, Call, caller, make_tokens
from tests.api.judged import judge

DAY = WEEK.monday.isoformat()


def payload(cast: SimpleNamespace, **replaced: Any) -> dict[str, Any]:
    return make.full_payload(cast.school, WEEK, **replaced)


def together(count: int, act: Callable[[int], HttpResponse]) -> list[HttpResponse]:
    """``act`` in that many threads that start at once, each with a connection of its own."""
    barrier = threading.Barrier(count)

    def run(number: int) -> HttpResponse:
        try:
            barrier.wait(timeout=30)
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.fixture
def world(transactional_db: None) -> SimpleNamespace:
    """The cast outside of a test transaction, so that threads see it."""
    make.calendar()
    east, west = make.town("440113007", "演示东街"), make.town("440113008", "演示西街")
    cast = SimpleNamespace(
        east=east,
        west=west,
        school=make.school("示范一小", town=east, classes=["2026-03-01"]),
        other=make.school("示范二小", town=west, classes=["2026-03-01"]),
    )
    cast.call = caller(make_tokens(cast))
    cast.returns = f"/schools/{cast.school.code}/weekly-returns/{WEEK.key}/"
    return cast


def test_twenty_parallel_submits_with_one_key_make_one_version_and_equal_answers(world: SimpleNamespace) -> None:
    body = payload(world)
    answers = together(
        20, lambda n: world.call("POST", world.returns + "submit/", "institution", body, Idempotency_Key="one-key")
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer for answer in answers) == 1
    assert (ReturnVersion.objects.count(), IdempotencyKey.objects.count()) == (1, 1)
    assert AuditEntry.objects.filter(act="submit_return").count() == 1


def test_twenty_parallel_drafts_with_one_key_make_one_revision(world: SimpleNamespace) -> None:
    body = payload(world, homework=[make.item("2026-03-01", DAY, 30)])
    answers = together(20, lambda n: world.call("PUT", world.returns, "institution", body, Idempotency_Key="k"))
    assert {answer.status_code for answer in answers} == {201}
    assert {answer["ETag"] for answer in answers} == {'"r1"'}
    assert WeeklyReturn.objects.get().revision == 1


def test_parallel_submits_without_a_key_make_one_version(world: SimpleNamespace) -> None:
    """The draft is there before: making its row would line the threads up by itself."""
    world.call("PUT", world.returns, "institution", {})
    body = payload(world)
    answers = together(8, lambda n: world.call("POST", world.returns + "submit/", "institution", body))
    assert {answer.status_code for answer in answers} == {200}
    assert (ReturnVersion.objects.count(), EvaluationRequest.objects.filter(cause__startswith="周报提交").count()) == (
        1,
        1,
    )


def test_parallel_editors_of_one_revision_let_one_through(world: SimpleNamespace) -> None:
    world.call("PUT", world.returns, "institution", payload(world))
    bodies = [payload(world, homework=[make.item("2026-03-01", DAY, 10 + n)]) for n in range(8)]
    answers = together(8, lambda n: world.call("PUT", world.returns, "institution", bodies[n], If_Match='"r1"'))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


def test_a_key_in_use_answers_409_when_the_wait_is_over(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "WAIT_SECONDS", 1)
    inside, release = threading.Event(), threading.Event()
    submit = intake_services.submit_return

    def slow(*arguments: Any, **options: Any) -> Any:
        inside.set()
        assert release.wait(30)
        return submit(*arguments, **options)

    monkeypatch.setattr(intake_services, "submit_return", slow)
    body = payload(world)

    def send() -> HttpResponse:
        try:
            return world.call("POST", world.returns + "submit/", "institution", body, Idempotency_Key="slow")  # type: ignore[no-any-return]
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(send)
        assert inside.wait(30)
        second = send()
        release.set()
        assert first.result(30).status_code == 200
    assert (second.status_code, second["Retry-After"], json.loads(second.content)["code"]) == (
        409,
        "1",
        "still_running",
    )
    assert send()["Idempotency-Replayed"] == "true"


def test_a_request_that_fails_unexpectedly_leaves_no_claim(
    call: Call, cast: SimpleNamespace, returns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: Any, **options: Any) -> Any:
        raise RuntimeError("out of order")

    with monkeypatch.context() as patch:
        patch.setattr(intake_services, "submit_return", broken)
        assert call("POST", returns + "submit/", "institution", payload(cast), Idempotency_Key="k").status_code == 500
    assert not IdempotencyKey.objects.exists()
    answer = call("POST", returns + "submit/", "institution", payload(cast), Idempotency_Key="k")
    assert (answer.status_code, "Idempotency-Replayed" in answer) == (200, False)


def test_the_same_key_with_another_body_is_refused(call: Call, cast: SimpleNamespace, returns: str) -> None:
    assert call("PUT", returns, "institution", payload(cast), Idempotency_Key="k").status_code == 201
    other = payload(cast, homework=[make.item("2026-03-01", DAY, 30)])
    answer = call("PUT", returns, "institution", other, Idempotency_Key="k")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert WeeklyReturn.objects.get().revision == 1


def test_the_same_content_in_another_spelling_is_replayed(call: Call, cast: SimpleNamespace, returns: str) -> None:
    body = payload(cast)
    first = call("PUT", returns, "institution", body, Idempotency_Key="k")
    spelt = json.dumps(dict(reversed(body.items())), indent=2).encode()
    again = call("PUT", returns, "institution", spelt, Idempotency_Key="k")
    assert again["Idempotency-Replayed"] == "true"
    assert (again.content, again.status_code, again["ETag"]) == (first.content, 201, first["ETag"])
    assert again["Content-Type"] == first["Content-Type"]


def test_a_final_refusal_is_replayed_and_a_passing_one_is_not(call: Call, cast: SimpleNamespace, returns: str) -> None:
    bad = payload(cast, homework=[make.item("2026-03-01", DAY, 301)])
    call("PUT", returns, "institution", bad, Idempotency_Key="bad")
    again = call("PUT", returns, "institution", bad, Idempotency_Key="bad")
    assert (again.status_code, again["Idempotency-Replayed"], again["Content-Type"]) == (
        422, "true", "application/problem+json",
    )  # fmt: skip
    assert call("POST", returns + "submit/", "institution", Idempotency_Key="early").status_code == 409
    call("PUT", returns, "institution", payload(cast))
    assert call("POST", returns + "submit/", "institution", Idempotency_Key="early").status_code == 200


def test_keys_of_two_tokens_and_two_addresses_are_apart(call: Call, cast: SimpleNamespace, returns: str) -> None:
    other = f"/schools/{cast.other.code}/weekly-returns/{WEEK.key}/"
    assert call("PUT", returns, "district_write", payload(cast), Idempotency_Key="k").status_code == 201
    assert call("PUT", other, "district_write", {}, Idempotency_Key="k").status_code == 201
    assert call("PUT", returns, "institution", payload(cast), Idempotency_Key="k").status_code == 200
    assert call("PUT", returns, "other_institution", payload(cast), Idempotency_Key="k").status_code == 404


@pytest.mark.parametrize("key", ["with blank", "长", "x" * 101])
def test_it_refuses_a_key_that_is_no_key(call: Call, cast: SimpleNamespace, returns: str, key: str) -> None:
    answer = call("PUT", returns, "institution", payload(cast), Idempotency_Key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_idempotency_key")


def test_a_key_is_forgotten_after_a_day(call: Call, cast: SimpleNamespace, returns: str) -> None:
    call("PUT", returns, "institution", payload(cast), Idempotency_Key="k")
    now = clock.now()
    assert idempotency.forget_old(now + dt.timedelta(hours=23)) == 0
    IdempotencyKey.objects.update(created_at=now - dt.timedelta(hours=25))
    fresh = call("PUT", returns, "institution", payload(cast), Idempotency_Key="k")
    assert (fresh.status_code, "Idempotency-Replayed" in fresh) == (200, False)
    IdempotencyKey.objects.update(created_at=now - dt.timedelta(hours=25))
    assert forget_old_keys() == 1


def test_beat_forgets_keys_by_a_task_that_exists() -> None:
    names = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert names >= {forget_old_keys.name}


def test_parallel_closings_of_an_alert_with_one_key_answer_alike(world: SimpleNamespace) -> None:
    """Closing twice is a conflict; a key makes one closing of all of them."""
    judge(world)
    alert = Alert.objects.get(rule="HW-02", institution=world.school)
    path, body = f"/alerts/{alert.pk}/close/", {"reason": "已整改"}
    answers = together(8, lambda n: world.call("POST", path, "town", body, Idempotency_Key="close"))
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert AlertEvent.objects.filter(alert=alert, act="closed").count() == 1
    assert world.call("POST", path, "town", body).status_code == 409
