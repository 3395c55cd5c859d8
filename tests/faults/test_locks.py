"""The institution lock and the one-unclosed-alert index: each shown to hold, and to be what holds."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.db import connection, transaction

from shuangjian.alerts.models import Alert
from shuangjian.alerts.regroup import regroup
from shuangjian.core import clock
from shuangjian.intake import services, steps
from shuangjian.intake.models import ReturnVersion, WeeklyReturn
from shuangjian.rules import engine, verdict
from shuangjian.rules.declare import get_rule
from shuangjian.rules.models import Finding
from shuangjian.rules.periods import Span
from tests import make
from tests.faults.parallel import together

pytestmark = pytest.mark.django_db(transaction=True)

NOW = clock.at(dt.date(2026, 11, 9), 9 * 60)
SPAN = Span(make.WEEK.monday, make.WEEK.sunday)


def _evaluate(school: Any) -> None:
    engine.evaluate([get_rule("HW-02")], [school.pk], SPAN, now=NOW, cause="测试")


def _correct_while_a_slow_worker_judges(monkeypatch: pytest.MonkeyPatch) -> int:
    """A worker has read the old figures and dawdles; meanwhile the school corrects and a second worker judges.
    Returns the open findings at the end: 0 is right, since the correction came last."""
    make.calendar()
    school = make.school(classes=["2026-05-01"])
    make.submitted(school, homework=[make.item("2026-05-01", "2026-11-04", 75)])
    has_read, may_write = threading.Event(), threading.Event()
    fill: Callable[..., None] = verdict.fill

    def slow_fill(*args: Any, **kwargs: Any) -> None:
        fill(*args, **kwargs)
        if threading.current_thread().name == "slow":
            has_read.set()
            may_write.wait(timeout=10)

    monkeypatch.setattr(verdict, "fill", slow_fill)

    def judge_slowly() -> None:
        _evaluate(school)
        connection.close()

    def correct_and_judge() -> None:
        make.submitted(school, homework=[make.item("2026-05-01", "2026-11-04", 60)], now=NOW)
        _evaluate(school)
        connection.close()

    slow = threading.Thread(target=judge_slowly, name="slow")
    quick = threading.Thread(target=correct_and_judge, name="quick")
    slow.start()
    assert has_read.wait(timeout=10)
    quick.start()
    quick.join(timeout=2)  # with the lock it waits for the slow worker; without it, it is through by now
    may_write.set()
    slow.join(timeout=20)
    quick.join(timeout=20)
    assert not slow.is_alive()
    assert not quick.is_alive()
    return Finding.objects.open().filter(institution=school).count()


def test_a_slow_worker_never_reopens_what_was_corrected_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _correct_while_a_slow_worker_judges(monkeypatch) == 0


def test_without_the_institution_lock_the_slow_worker_does_reopen_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard switched off: this is the failure that it prevents."""
    monkeypatch.setattr(engine, "lock_institutions", lambda ids: None)
    monkeypatch.setattr(steps, "lock_institutions", lambda ids: None)
    assert _correct_while_a_slow_worker_judges(monkeypatch) == 1


def test_the_same_submit_fifty_times_at_once_makes_one_version() -> None:
    make.calendar()
    school = make.school(classes=["2026-05-01"])
    payload = make.full_payload(school)

    def submit() -> WeeklyReturn:
        return services.submit_return(school, make.WEEK, actor=make.Somebody(), now=NOW, door="api", payload=payload)

    results = together([submit] * 50)
    assert [type(r) for r in results] == [WeeklyReturn] * 50, results
    assert ReturnVersion.objects.count() == 1


def _raise_alerts_together() -> tuple[list[Any], int]:
    make.calendar()
    school = make.school(classes=["2026-05-01"])
    make.submitted(school, homework=[make.item("2026-05-01", "2026-11-04", 75)])
    _evaluate(school)
    Alert.objects.all().delete()
    results = together([transaction.atomic(lambda: regroup([school.pk], {"HW-02": SPAN}, NOW))] * 8)
    return results, Alert.objects.unclosed().count()


def test_without_any_lock_the_index_still_holds_one_unclosed_alert() -> None:
    """regroup() itself takes no lock here: the unique indexes alone must hold, and neither may fail a transaction."""
    results, alerts = _raise_alerts_together()
    assert results == [None] * 8
    assert alerts == 1


def test_without_the_index_parallel_regroups_raise_the_alert_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard switched off: the index dropped, and the statement that relies on it made to rely on nothing."""
    monkeypatch.setattr(
        "shuangjian.alerts.regroup._RAISE",
        _without_conflict_clause("shuangjian.alerts.regroup"),
    )
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX alert_one_unclosed")
        cursor.execute("ALTER TABLE alerts_alert DROP CONSTRAINT alert_episode_once")
    try:
        _, alerts = _raise_alerts_together()
        assert alerts > 1
    finally:
        Alert.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE UNIQUE INDEX alert_one_unclosed ON alerts_alert (rule, institution_id, period) "
                "WHERE closed_at IS NULL"
            )
            cursor.execute(
                "ALTER TABLE alerts_alert ADD CONSTRAINT alert_episode_once "
                "UNIQUE (rule, institution_id, period, episode)"
            )


def _without_conflict_clause(module: str) -> str:
    statement = str(import_module(module)._RAISE)
    clause = "ON CONFLICT DO NOTHING"
    assert clause in statement
    # A pause between looking and writing, so that the race is certain and not a matter of luck.
    return statement.replace(clause, "").replace(
        "FROM alert_group g\n  LEFT JOIN latest",
        "FROM alert_group g CROSS JOIN LATERAL (SELECT pg_sleep(0.2)) pause\n  LEFT JOIN latest",
    )
