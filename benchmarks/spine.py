"""Prints the figures of the spine: submit → alert through real processes, and one school's week in one evaluation.

    .venv/bin/python -m shuangjian.local.with_services .venv/bin/python -m benchmarks.spine

Everything runs on throw-away servers: PostgreSQL, Valkey, gunicorn, a Celery worker and beat. Figures are for the
machine that runs it; the ratio to a baseline of the same run is what travels.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "shuangjian.settings.dev"
django.setup()

from django.core.management import call_command  # noqa: E402

from benchmarks.served import percentile, portal, post, until, write_token  # noqa: E402
from schools.classes import classes_in_week  # noqa: E402
from schools.fiction import payloads  # noqa: E402
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


def main() -> None:
    """Fill the fictional world, then measure."""
    call_command("migrate", verbosity=0)
    call_command("prepare_demo", stdout=open(os.devnull, "w"))  # noqa: SIM115
    week = Week.of(clock.today()).plus(-1)
    schools = list(Institution.objects.filter(kind="school", is_fictional=True, closed_on=None).order_by("code"))
    print(f"{len(schools)} schools, {os.cpu_count()} cores, week {week.key}")
    _one_school_s_week(max(schools, key=lambda school: school.school.classes.count()), week)
    with portal():
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
    token = write_token()
    waits, answers = [], []
    for number in range(SUBMITS):
        school = schools[number % len(schools)]
        body, code = _payload(school, week, number)
        began = time.perf_counter()
        post(f"/api/v1/schools/{school.code}/weekly-returns/{week.key}/submit/", token, body)
        answers.append((time.perf_counter() - began) * 1000)
        until(partial(_shows, school, week, code), f"the alert of {school.code}")
        waits.append((time.perf_counter() - began) * 1000)
    answers.sort()
    waits.sort()
    print(
        f"submit answered (REST, gunicorn): p50 {percentile(answers, 50):.0f} ms, p95 {percentile(answers, 95):.0f} ms"
    )
    print(
        f"submit → alert visible, {SUBMITS} submits through the real worker: p50 {percentile(waits, 50):.0f} ms, "
        f"p95 {percentile(waits, 95):.0f} ms (bound 2000), max {waits[-1]:.0f} ms; "
        f"{percentile(waits, 50) / percentile(answers, 50):.1f} × the submit's own answer"
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


def _milliseconds(call: Callable[[], None]) -> tuple[float, float]:
    call()
    times = []
    for _ in range(EVALUATIONS):
        began = time.perf_counter()
        call()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times), percentile(sorted(times), 95)


if __name__ == "__main__":
    main()
