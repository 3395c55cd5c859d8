"""The outbox: what is acknowledged is judged, whatever raises, dies or comes twice."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection, transaction

from shuangjian.core import clock
from shuangjian.intake.models import ReturnVersion
from shuangjian.journal.models import ClockTimestamp, EvaluationRequest
from shuangjian.journal.services import request_evaluation
from shuangjian.rules import drain as outbox
from shuangjian.rules.declare import unregister
from shuangjian.rules.models import Finding
from tests import make
from tests.faults.parallel import together

pytestmark = pytest.mark.django_db(transaction=True)

NOW = clock.at(dt.date(2026, 11, 9), 9 * 60)


def _drain() -> int:
    return outbox.drain(lambda: NOW)


def _school_over_the_limit(name: str = "示范一小") -> Any:
    school = make.school(name, classes=["2026-05-01"])
    make.submitted(school, homework=[make.item("2026-05-01", "2026-11-04", 75)])
    return school


def test_a_rule_that_raises_is_parked_after_three_attempts_and_the_others_flow(raising_rule: str) -> None:
    make.calendar()
    school = _school_over_the_limit()
    for _ in range(outbox.MOST_ATTEMPTS):
        _drain()
        EvaluationRequest.objects.filter(done_at__isnull=True).update(next_at=ClockTimestamp())
    assert Finding.objects.open().filter(rule="HW-02", institution=school).count() == 1
    (parked,) = outbox.parked()
    assert (parked.rules, parked.attempts) == ([raising_rule], 3)
    assert "division by zero" in parked.error
    assert not EvaluationRequest.objects.filter(done_at__isnull=True, parked_at__isnull=True).exists()


def test_a_parked_request_is_judged_after_its_cause_was_mended(raising_rule: str) -> None:
    make.calendar()
    _school_over_the_limit()
    for _ in range(outbox.MOST_ATTEMPTS):
        _drain()
        EvaluationRequest.objects.filter(done_at__isnull=True).update(next_at=ClockTimestamp())
    unregister(raising_rule)
    assert outbox.release_parked() == 1
    _drain()
    assert not EvaluationRequest.objects.filter(done_at__isnull=True).exists()


def test_a_second_failing_submit_of_the_same_school_does_not_pile_up_parked_rows(raising_rule: str) -> None:
    make.calendar()
    school = _school_over_the_limit()
    for minutes in (76, 77, 78, 79):
        make.submitted(school, homework=[make.item("2026-05-01", "2026-11-04", minutes)])
        for _ in range(outbox.MOST_ATTEMPTS):
            _drain()
            EvaluationRequest.objects.filter(done_at__isnull=True).update(next_at=ClockTimestamp())
    assert outbox.parked().count() == 1


def test_a_crash_in_mid_evaluation_leaves_the_request_pending_and_the_next_drain_judges_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make.calendar()
    school = _school_over_the_limit()

    class Killed(BaseException):
        """As a kill -9: nothing in the process gets to tidy up, PostgreSQL rolls back."""

    def die(*args: Any, **kwargs: Any) -> None:
        raise Killed

    monkeypatch.setattr("shuangjian.rules.engine._write", die)
    with pytest.raises(Killed):
        _drain()
    assert EvaluationRequest.objects.filter(done_at__isnull=True).count() > 0
    assert not Finding.objects.exists()
    monkeypatch.undo()
    _drain()
    assert Finding.objects.open().filter(institution=school, rule="HW-02").count() == 1


def test_a_transaction_that_fails_leaves_neither_the_fact_nor_its_request() -> None:
    make.calendar()
    school = make.school(classes=["2026-05-01"])
    EvaluationRequest.objects.all().delete()
    with pytest.raises(RuntimeError), transaction.atomic():
        make.submitted(school)
        raise RuntimeError
    assert not ReturnVersion.objects.exists()
    assert not EvaluationRequest.objects.exists()


def test_two_drains_at_once_share_the_work_and_double_nothing() -> None:
    make.calendar()
    schools = [_school_over_the_limit(f"示范{n}小") for n in "一二三四五六"]
    results = together([_drain, _drain, _drain])
    assert all(isinstance(result, int) for result in results), results
    assert Finding.objects.filter(rule="HW-02").count() == len(schools)
    assert not EvaluationRequest.objects.filter(done_at__isnull=True).exists()


def test_a_district_request_becomes_one_a_town() -> None:
    make.calendar()
    town = make.town()
    make.school(town=town, classes=["2026-05-01"])
    EvaluationRequest.objects.all().delete()
    request_evaluation(scope="district", since=make.WEEK.monday, until=make.WEEK.sunday, cause="测试")
    assert outbox.drain_one(lambda: NOW)
    scopes = EvaluationRequest.objects.filter(done_at__isnull=True).values_list("scope", "town_id")
    assert sorted(scopes, key=str) == sorted([("town", town.pk), ("unassigned", None)], key=str)


def test_done_requests_are_forgotten_after_seven_days() -> None:
    make.calendar()
    make.school(classes=["2026-05-01"])
    _drain()
    later = clock.now() + dt.timedelta(days=outbox.KEEP_DONE_DAYS, minutes=1)
    assert outbox.forget_done(clock.now()) == 0
    assert outbox.forget_done(later) > 0
    assert connection.in_atomic_block is False
