"""Prints how long one fee order by REST takes until its findings show, through the real web, worker and beat.

    .venv/bin/python -m shuangjian.local.with_services .venv/bin/python -m benchmarks.order_latency
    … -m benchmarks.order_latency --institutions 60 --orders 10000 --submits 20        # small, to try

Everything runs on throw-away servers. Without ``--here`` it fills the database of ``DATABASE_URL`` as
``benchmarks.training_world`` does and judges nothing: each order asks only for its own institution, from its day on.
Each order has 61 hours of one subject (TO-14); the wait ends when that finding and its alert can be read.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuangjian.settings.dev")
django.setup()

from django.core.management import call_command  # noqa: E402

from benchmarks import training_world  # noqa: E402
from benchmarks.figures import Figure, tell  # noqa: E402
from benchmarks.served import percentile, portal, post, until, write_token  # noqa: E402
from shuangjian.alerts.models import Alert  # noqa: E402
from shuangjian.core import clock  # noqa: E402
from shuangjian.rules.models import Finding  # noqa: E402
from training_orgs.models import Course, CourseSession, FeeOrder  # noqa: E402

SUBMITS, BOUND = 100, 2.0  # orders; seconds to the 95th percentile
RULE, HOURS = "TO-14", 61


def main() -> None:
    asked = _asked()
    if not asked.here:
        call_command("migrate", verbosity=0)
        call_command("load_reference_data", stdout=open(os.devnull, "w"))  # noqa: SIM115
        training_world.build(asked.institutions, asked.orders, asked.seed)
    courses = _one_course_each()
    print(
        f"{len(courses):,} institutions, {FeeOrder.objects.count():,} orders, {CourseSession.objects.count():,} "
        f"sessions, {os.cpu_count()} cores",
        flush=True,
    )
    with portal():
        answers, waits = _measure(courses, asked.submits)
    _tell(sorted(answers), sorted(waits))


def _one_course_each() -> list[Course]:
    """The newest subject course of each institution, in the order of their codes."""
    courses = Course.objects.filter(is_subject=True).order_by("institution__code", "-starts_on", "number")
    return list(courses.distinct("institution__code").select_related("institution"))


def _measure(courses: Sequence[Course], submits: int) -> tuple[list[float], list[float]]:
    """(seconds to the answer, seconds until finding and alert show) of each order, one after another."""
    token, answers, waits = write_token(), [], []
    for number in range(submits):
        course = courses[number * 7 % len(courses)]  # 7: neighbours in the list are of different towns
        body = _order(course, f"CS{number:05d}")
        began = time.perf_counter()
        post("/api/v1/fee-orders/", token, body)
        answers.append(time.perf_counter() - began)
        until(partial(_shows, course, body), f"the finding of {body['contract_no']}")
        waits.append(time.perf_counter() - began)
    return answers, waits


def _order(course: Course, contract: str) -> dict[str, Any]:
    today = clock.today()
    line = {"course": course.number, "hours": HOURS, "amount": HOURS * 20}
    return {
        "institution": course.institution.code, "contract_no": contract, "pupil": contract, "paid_on": str(today),
        "starts_on": str(today), "ends_on": str(today + dt.timedelta(days=60)), "channel": "custody", "lines": [line],
    }  # fmt: skip


def _shows(course: Course, body: dict[str, Any]) -> bool:
    of_rule = {"institution": course.institution_id, "rule": RULE}
    found = Finding.objects.open().filter(**of_rule, about=f"order:{body['contract_no']}", observed=HOURS)
    return found.exists() and Alert.objects.filter(**of_rule).unclosed().exists()


def _tell(answers: list[float], waits: list[float]) -> None:
    half, most = percentile(waits, 50), percentile(waits, 95)
    own = percentile(answers, 50)
    tell(
        Figure(
            f"one fee order by REST → its finding and alert, {len(waits)} orders through the worker",
            f"p50 {half * 1000:.0f} ms, p95 {most * 1000:.0f} ms, max {waits[-1] * 1000:.0f} ms",
            f"the request's own answer, p50 {own * 1000:.0f} ms, p95 {percentile(answers, 95) * 1000:.0f} ms",
            f"{half / own:.1f} ×",
            f"p95 ≤ {BOUND:g} s",
            most <= BOUND,
        )
    )


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.order_latency", description=__doc__)
    parser.add_argument("--institutions", type=int, default=training_world.FULL[0])
    parser.add_argument("--orders", type=int, default=training_world.FULL[1])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--submits", type=int, default=SUBMITS)
    parser.add_argument("--here", action="store_true", help="the database holds such a world already")
    return parser.parse_args()


if __name__ == "__main__":
    main()
