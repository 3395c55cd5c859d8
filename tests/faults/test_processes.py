"""Worker killed, Redis flushed, Redis stopped: nothing acknowledged is lost, and findings equal the oracle's."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest
import redis
from django.db import connection
from kombu.connection import Connection

from shuangjian.celery import app
from shuangjian.core import clock
from shuangjian.journal.models import EvaluationRequest
from shuangjian.local.valkey import Valkey
from shuangjian.rules.models import Evaluation, Finding
from tests import make
from tests.oracle import live, oracle, worlds
from tests.processes import Processes, until

pytestmark = pytest.mark.django_db(transaction=True)


def _all_judged() -> bool:
    return not EvaluationRequest.objects.filter(done_at__isnull=True).exists()


def _assert_equals_oracle(world: live.World) -> None:
    """RP depends on the real clock, which the world's worker does not share; the content rules do not."""
    expected = {finding for finding in oracle.findings(world) if not finding[0].startswith("RP")}
    found = {finding for finding in live.found() if not finding[0].startswith("RP")}
    assert found == expected
    assert expected, "a world without findings proves nothing"


def _bystander() -> Any:
    """A connection of its own, beside the test's."""
    parameters = connection.get_connection_params()
    return psycopg2.connect(**{k: v for k, v in parameters.items() if k not in ("cursor_factory", "context")})


def _is_someone_waiting_for_findings() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE relation = 'rules_finding'::regclass AND NOT granted)"
        )
        return bool(cursor.fetchone()[0])


def test_a_worker_killed_in_mid_evaluation_loses_and_doubles_nothing(processes: Processes) -> None:
    world = worlds.make_world(8)
    schools = live.load(world)
    live.file_returns(world, schools)
    for _ in range(3):
        with _bystander() as holder:
            # Nobody can write a finding now: the worker stands in the middle of an evaluation when it is killed.
            holder.cursor().execute("LOCK TABLE rules_finding IN EXCLUSIVE MODE")
            worker, beat = processes.worker(), processes.beat()
            until(_is_someone_waiting_for_findings, "no worker began an evaluation")
            processes.kill(worker)
            processes.kill(beat)
        assert not _all_judged()
    processes.worker()
    processes.beat()
    until(_all_judged, "requests stayed pending")
    _assert_equals_oracle(world)


def test_flushing_redis_costs_no_evaluation(processes: Processes, broker: Valkey) -> None:
    world = worlds.make_world(8)
    schools = live.load(world)
    live.file_returns(world, schools)
    client = redis.Redis(unix_socket_path=str(broker.socket))
    assert client.llen("celery") > 0, "the doorbell did not ring"
    client.flushall()
    processes.worker()
    processes.beat()
    until(_all_judged, "requests stayed pending after the flush")
    _assert_equals_oracle(world)


def test_without_the_outbox_flushing_redis_loses_the_evaluations_for_ever(processes: Processes, broker: Valkey) -> None:
    """The guard switched off: the same schools asked for by messages alone. This is the failure that it prevents."""
    world = worlds.make_world(8)
    schools = live.load(world)
    live.file_returns(world, schools)
    EvaluationRequest.objects.all().delete()
    span = (world["terms"][0]["starts_on"], "2027-07-31")

    def ask(school: Any) -> None:
        with Connection(broker.url) as connection_to_broker:
            app.send_task("tests.evaluate", (school.pk, *span), connection=connection_to_broker)

    for school in schools.values():
        ask(school)
    client = redis.Redis(unix_socket_path=str(broker.socket))
    assert client.llen("celery") >= len(schools)
    client.flushall()
    processes.worker("--include", "tests.faults.celery_only")
    processes.beat()
    last = max(schools.values(), key=lambda school: school.pk)
    ask(last)  # the way works: what is asked after the flush is judged
    until(lambda: Evaluation.objects.filter(cause="nothing but a message").exists(), "the later message was lost too")
    until(lambda: not client.llen("celery"), "messages stayed in the queue")
    judged = set(Finding.objects.values_list("institution_id", flat=True))
    assert judged <= {last.pk}
    suspected = {code for rule, code, *_ in oracle.findings(world) if not rule.startswith("RP")}
    assert suspected - {last.code}, "nothing was to be found in the schools whose messages were lost"


def test_submits_are_taken_while_redis_is_away_and_judged_when_it_is_back(
    processes: Processes, broker: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    make.calendar()
    school = make.school(classes=["2026-05-01"])
    processes.worker()
    processes.beat()
    until(_all_judged, "worker and beat never began")
    broker.stop()
    make.submitted(school, homework=[make.item("2026-05-01", "2026-11-04", 75)], now=clock.now())
    assert "The doorbell did not ring" in caplog.text
    assert not _all_judged()
    broker.start()
    until(_all_judged, "requests stayed pending after Redis returned", seconds=90)
    assert Finding.objects.open().filter(institution=school, rule="HW-02").count() == 1
