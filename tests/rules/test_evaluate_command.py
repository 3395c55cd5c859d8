"""``manage.py evaluate``, the sweep, and the health page that tells when judging is stuck."""

from __future__ import annotations

import datetime as dt
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from shuangjian.core import clock
from shuangjian.journal.models import EvaluationRequest
from shuangjian.rules import heartbeat
from shuangjian.rules.drain import drain
from shuangjian.rules.models import Finding
from shuangjian.rules.sweep import open_sweep
from tests import make

pytestmark = pytest.mark.django_db

NOW = clock.at(dt.date(2026, 11, 9), 9 * 60)


@pytest.fixture
def school() -> Any:
    make.calendar()
    school = make.school(classes=["2026-05-01"], town=make.town())
    items = [make.item("2026-05-01", "2026-11-04", 75), make.item("2026-05-01", "2026-11-05", 76)]
    make.submitted(school, homework=items, now=NOW)
    return school


def _evaluate(*arguments: str) -> str:
    output = StringIO()
    call_command("evaluate", *arguments, stdout=output)
    return output.getvalue()


def test_it_judges_one_rule_of_one_institution_over_the_given_days(school: Any) -> None:
    output = _evaluate(
        "--rule", "HW-02", "--institution", school.code, "--since", "2026-11-02", "--until", "2026-11-08"
    )
    assert "新增 2" in output
    assert set(Finding.objects.values_list("rule", flat=True)) == {"HW-02"}


def test_a_second_run_adds_nothing(school: Any) -> None:
    _evaluate()
    assert "新增 0，变化 0，消除 0" in _evaluate()


def test_without_an_institution_it_goes_town_by_town(school: Any) -> None:
    make.school("示范二小")
    output = _evaluate("--rule", "HW-02")
    assert "市桥街道：" in output
    assert "镇街待核实：" in output


def test_asking_for_three_days_of_a_week_clears_nothing_of_a_weekly_rule(school: Any) -> None:
    items = [make.item("2026-05-01", f"2026-11-0{n}", 80) for n in range(2, 7)]
    make.submitted(school, homework=items, now=NOW)
    _evaluate()
    assert Finding.objects.open().filter(rule="HW-03").count() == 1
    _evaluate("--rule", "HW-03", "--since", "2026-11-03", "--until", "2026-11-04")
    assert Finding.objects.open().filter(rule="HW-03").count() == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rule", "HW-99"], "没有规则 HW-99"),
        (["--institution", "440113"], "没有代码"),
        (["--since", "today"], "不是日期"),
        (["--since", "2026-11-08", "--until", "2026-11-02"], "早于"),
    ],
)
def test_a_wrong_argument_is_told_with_its_mend(school: Any, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        _evaluate(*arguments)


def test_the_sweep_asks_for_the_term_town_by_town(school: Any) -> None:
    EvaluationRequest.objects.all().delete()
    run = open_sweep(dt.date(2026, 11, 9))
    assert (run.kind, run.since, run.until) == ("sweep", dt.date(2026, 9, 1), dt.date(2026, 11, 9))
    assert [request.scope for request in EvaluationRequest.objects.all()] == ["district"]
    drain(lambda: NOW)
    assert Finding.objects.open().filter(rule="HW-02").count() == 2


def test_ready_when_nothing_waits_and_the_clock_ticks(school: Any, client: Client) -> None:
    drain(lambda: NOW)
    heartbeat.beat()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert client.get("/healthz").json() == {"status": "ok"}


def test_not_ready_without_a_beat(school: Any, client: Client) -> None:
    drain(lambda: NOW)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "beat" in str(answer.json()["problems"])


def test_not_ready_while_a_request_is_parked_or_waits_too_long(school: Any, client: Client) -> None:
    heartbeat.beat()
    EvaluationRequest.objects.update(next_at=clock.now() - dt.timedelta(minutes=2))
    assert client.get("/readyz").status_code == 503
    EvaluationRequest.objects.update(parked_at=clock.now())
    report = client.get("/readyz").json()
    assert report["parked_requests"] > 0
    assert report["status"] == "stuck"
