"""Prints the figures of the spine: submit → alert through real processes, and one school's week in one evaluation.

    .venv/bin/python -m shuangjian.local.with_services .venv/bin/python -m benchmarks.spine

Everything runs on throw-away servers: PostgreSQL, Valkey, gunicorn, a Celery worker and beat. Figures are for the
machine that runs it; the ratio to a baseline of the same run is what travels.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "shuangjian.settings.dev"
django.setup()

from django.core.management import call_command  # noqa: E402

from schools.classes import classes_in_week  # noqa: E402
from schools.fiction import payloads  # noqa: E402
from shuangjian.accounts.tokens import create_api_token  # noqa: E402
from shuangjian.alerts.models import Alert  # noqa: E402
from shuangjian.bureau.models import Institution  # noqa: E402
from shuangjian.core import clock  # noqa: E402
from shuangjian.core.weeks import Week  # noqa: E402
from shuangjian.intake.sections import Form  # noqa: E402
from shuangjian.rules import engine  # noqa: E402
from shuangjian.rules.declare import all_rules  # noqa: E402
from shuangjian.rules.periods import Span  # noqa: E402

SUBMITS = 100
EVALUATIONS = 50
ADDRESS = "127.0.0.1:8765"


def main() -> None:
    """Fill the fictional world, then measure."""
    call_command("migrate", verbosity=0)
    call_command("prepare_demo", stdout=open(os.devnull, "w"))  # noqa: SIM115
    week = Week.of(clock.today()).plus(-1)
    schools = list(Institution.objects.filter(kind="school", is_fictional=True, closed_on=None).order_by("code"))
    print(f"{len(schools)} schools, {os.cpu_count()} cores, week {week.key}")
    _one_school_s_week(max(schools, key=lambda school: school.school.classes.count()), week)
    with _portal():
        _submit_to_alert(schools, week)


def _one_school_s_week(school: Institution, week: Week) -> None:
    """All rules over the largest school's week: a whole evaluation, against only asking the rules (read-only)."""
    now, span, rules = clock.now(), Span(week.monday, week.sunday), all_rules()

    def ask() -> None:
        with engine.rehearsal():
            engine.foresee(rules, [school.pk], span, now=now)

    def evaluate() -> None:
        engine.evaluate(rules, [school.pk], span, now=now, cause="benchmark")

    asked, evaluated = _milliseconds(ask), _milliseconds(evaluate)
    print(
        f"one school's week, {len(rules)} rules, {school.school.classes.count()} classes: "
        f"median {evaluated[0]:.1f} ms, p95 {evaluated[1]:.1f} ms (bound 100); "
        f"{evaluated[0] / asked[0]:.2f} × asking the rules only"
    )


def _submit_to_alert(schools: list[Institution], week: Week) -> None:
    """Each submit plants or mends one violation; waits until the alert shows or is gone. p95 bound: 2 s."""
    _, token = _token()
    waits, answers = [], []
    for number in range(SUBMITS):
        school = schools[number % len(schools)]
        body, code = _payload(school, week, number)
        began = time.perf_counter()
        _post(f"/api/v1/schools/{school.code}/weekly-returns/{week.key}/submit/", token, body)
        answers.append((time.perf_counter() - began) * 1000)
        _until(lambda school=school, code=code: _shows(school, week, code))
        waits.append((time.perf_counter() - began) * 1000)
    answers.sort()
    waits.sort()
    print(f"submit answered (REST, gunicorn): p50 {_p(answers, 50):.0f} ms, p95 {_p(answers, 95):.0f} ms")
    print(
        f"submit → alert visible, {SUBMITS} submits through the real worker: p50 {_p(waits, 50):.0f} ms, "
        f"p95 {_p(waits, 95):.0f} ms (bound 2000), max {waits[-1]:.0f} ms; "
        f"{_p(waits, 50) / _p(answers, 50):.1f} × the submit's own answer"
    )


def _payload(school: Institution, week: Week, number: int) -> tuple[dict[str, Any], int]:
    """A lawful return with one day of short service in it; which minutes tell the alert that belongs to it."""
    days = Form.of(school, week).school_days
    classes = {code: facts.grade for code, facts in classes_in_week(school, week).items()}
    body = payloads.lawful(classes, days, Random(number))  # noqa: S311 - a load, not a secret
    minutes = 10 + number % 60
    for row in body["after_school"]:
        row["minutes"] = minutes
    return body, minutes


def _shows(school: Institution, week: Week, minutes: int) -> bool:
    alert = Alert.objects.filter(institution=school, rule="AS-02", period=week.key).unclosed().first()
    if alert is None:
        return False
    return school.findings.filter(
        rule="AS-02", occurred_on__range=(week.monday, week.sunday), observed=minutes, cleared_at__isnull=True
    ).exists()


def _token() -> tuple[Any, str]:
    expires = clock.now() + dt.timedelta(days=1)
    return create_api_token(name="benchmark", expires_at=expires, actor=None, can_write=True)


def _post(path: str, token: str, body: dict[str, Any]) -> None:
    request = urllib.request.Request(
        f"http://{ADDRESS}{path}",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            answer.read()
    except urllib.error.HTTPError as refused:
        raise RuntimeError(f"{path}: {refused.code} {refused.read().decode()}") from refused


def _milliseconds(call: Callable[[], None]) -> tuple[float, float]:
    call()
    times = []
    for _ in range(EVALUATIONS):
        began = time.perf_counter()
        call()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times), _p(sorted(times), 95)


def _p(ordered: list[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("waited 60 s in vain")
        time.sleep(0.01)


@contextmanager
def _portal() -> Iterator[None]:
    """gunicorn, worker and beat, as bin/demo runs them, with the restricted database role."""
    environment = {**os.environ, "DATABASE_ROLE": "app"}
    schedule = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"benchmark-beat-{os.getpid()}")  # noqa: S108
    commands = [
        ["gunicorn", "shuangjian.wsgi:application", "-b", ADDRESS, "-k", "gthread", "-w", "2", "--threads", "4"],
        ["celery", "-A", "shuangjian.celery:app", "worker", "-c", "2", "--loglevel", "warning"],
        [
            "celery",
            "-A",
            "shuangjian.celery:app",
            "beat",
            "--schedule",
            schedule,
            "--pidfile=",
            "--loglevel",
            "warning",
        ],
    ]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", *command], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for command in commands
    ]
    try:
        _until(_answers)
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


def _answers() -> bool:
    try:
        with urllib.request.urlopen(f"http://{ADDRESS}/readyz", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


if __name__ == "__main__":
    main()
