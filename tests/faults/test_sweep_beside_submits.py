"""A sweep starves no submit: with two worker processes one stays free, and a submit goes between two portions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg2
import pytest
from django.db import connection

from shuangjian.core import clock
from shuangjian.core.locks import _INSTITUTION
from shuangjian.journal.models import EvaluationRequest, Run
from shuangjian.journal.services import request_evaluation
from shuangjian.rules import drain as outbox
from shuangjian.rules.models import Evaluation, Finding
from tests import make
from tests.processes import Processes, until

pytestmark = pytest.mark.django_db(transaction=True)

NOW = clock.at(dt.date(2026, 11, 10), 9 * 60)


def _towns(count: int) -> list[Any]:
    """A school with 30 minutes of homework in each of so many towns, judged."""
    make.calendar()
    schools = []
    for number in range(count):
        town = make.town(f"44011300{number + 1}", f"演示{number + 1}街")
        schools.append(make.school(f"示范{number + 1}小", town=town, classes=["2026-05-01"]))
    outbox.drain(lambda: NOW)
    return schools


def _sweep() -> Run:
    request_evaluation(scope="district", since=make.WEEK.monday, until=make.WEEK.sunday, cause="测试")
    return Run.objects.latest("pk")


def _over_the_limit(school: Any) -> None:
    make.submitted(school, homework=[make.item("2026-05-01", "2026-11-04", 75)])


class _HeldLocks:
    """The advisory locks of some institutions, held by a connection of its own: whoever judges these waits."""

    def __init__(self, schools: list[Any]) -> None:
        parameters = connection.get_connection_params()
        self.session = psycopg2.connect(
            **{k: v for k, v in parameters.items() if k not in ("cursor_factory", "context")}
        )
        self.schools = schools

    def __enter__(self) -> None:
        cursor = self.session.cursor()
        for school in self.schools:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_INSTITUTION, school.pk])

    def __exit__(self, *_: object) -> None:
        self.session.close()


def _waiting_for_locks() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return int(cursor.fetchone()[0])


def test_a_sweep_that_stands_still_keeps_one_worker_process_free_for_submits(processes: Processes) -> None:
    """Two towns cannot go on; without the lock that lets one town at a time be judged, both processes would stand."""
    schools = _towns(4)
    worker_free = schools[3]
    with _HeldLocks(schools[:2]):
        run = _sweep()
        processes.worker()
        processes.beat()
        until(lambda: _waiting_for_locks() > 0, "no worker began the sweep")
        _over_the_limit(worker_free)
        found = Finding.objects.open().filter(institution=worker_free, rule="HW-02")
        until(lambda: found.exists(), "the submit was not judged while the sweep stood still", seconds=20)
        assert _waiting_for_locks() == 1
        towns = EvaluationRequest.objects.filter(scope="town", done_at__isnull=True)
        assert towns.count() == 4, "another town was judged beside the one that stands still"
    until(lambda: Run.objects.filter(pk=run.pk, finished_at__isnull=False).exists(), "the sweep did not end")
    assert set(run.parts.values_list("state", flat=True)) == {"done"}


def test_a_submit_goes_between_two_portions_of_a_town(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "UNIT_DAYS_AT_ONCE", 7)
    (school,) = _towns(1)
    make.school("示范九小", town=school.town, classes=["2026-05-01"])
    outbox.drain(lambda: NOW)
    _sweep()
    outbox.drain_one(lambda: NOW)  # the fan-out
    outbox.drain_one(lambda: NOW)  # the first portion
    _over_the_limit(school)
    outbox.drain_one(lambda: NOW)
    assert Evaluation.objects.latest("pk").scope == f"institution:{school.pk}"
    outbox.drain_one(lambda: NOW)
    assert Evaluation.objects.latest("pk").scope == f"town:{school.town_id}"


def test_a_submit_goes_before_the_single_schools_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = _towns(2)
    make.exception(dt.date(2026, 11, 4), "closed", institution=first)
    _over_the_limit(second)
    outbox.drain_one(lambda: NOW)
    assert Evaluation.objects.latest("pk").scope == f"institution:{second.pk}"


@pytest.mark.parametrize(("days", "units"), [(1, 20), (7, 20), (154, 8), (365, 3), (3000, 1)])
def test_the_longer_the_dates_the_fewer_schools_a_transaction_judges(days: int, units: int) -> None:
    first = dt.date(2026, 8, 31)
    assert outbox.units_at_once(outbox.Span(first, first + dt.timedelta(days=days - 1))) == units
