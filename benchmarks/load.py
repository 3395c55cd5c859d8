"""All schools of a district submit within one minute, in production's configuration; then once more during sweeps.

    .venv/bin/python -m benchmarks.load [--schools 240] [--weeks 12] [--seed 5] [--home FOLDER]

Own durable PostgreSQL, Valkey, gunicorn, worker and beat as docker-compose.yml has them. With ``--home`` the district
is built once and copied by later runs. Prints how long the answers and the alerts took, and whether each alert is the
one that was planted. Exit code 1 unless every submit is accepted, every alert is right a minute after the last, and
p95 ≤ 2 s and p99 ≤ 5 s from submit to alert.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from pathlib import Path

from benchmarks import figures, world
from benchmarks.figures import Figure
from benchmarks.portal import Portal, own_portal, until
from benchmarks.submits import Round, at, percentiles, submit_all

WITHIN, PATIENCE = 55.0, 60.0
P95, P99 = 2.0, 5.0  # seconds from submit to alert


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--schools", type=int, default=240)
    parser.add_argument("--weeks", type=int, default=12, help="teaching weeks of history")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--home", type=Path, help="keep the district there for further runs")
    options = parser.parse_args()
    with own_portal(options.port, options.home) as portal:
        world.build(portal, schools=options.schools, weeks=options.weeks, seed=options.seed)
        failures = measure(portal, options.seed)
    for failure in failures:
        print(f"NOT: {failure}")
    print("nothing failed" if not failures else f"{len(failures)} bounds or answers failed", flush=True)
    return bool(failures)


def measure(portal: Portal, seed: int) -> list[str]:
    """Both rounds; what did not hold."""
    from benchmarks import district

    week = district.week_to_file()
    schools = district.schools_of(week)
    tokens = district.tokens(schools)
    first, second = (district.returns(schools, week, number, seed) for number in (1, 2))
    sizes, (planted, kilobytes) = district.sizes(), district.total(first.values())
    print(
        f"{world.when()}: {len(schools)} schools, {sizes['items']:,} items of history ({sizes['size']}), "
        f"week {week.key}, {kilobytes:.0f} kB a return, {planted} planted findings"
    )
    portal.start_parts()
    failures, quiet = [], 0.0
    for name, sent in (("quiet", first), ("during full sweeps", second)):
        with Sweeps(sent is second) as sweeps:
            if sweeps.is_on:
                until(lambda sweeps=sweeps: sweeps.is_running, "no sweep began")  # type: ignore[misc]
            before, began = portal.processor_seconds(), time.monotonic()
            round_ = submit_all(portal, sent, tokens, week.key, within=WITHIN, seed=seed, patience=PATIENCE)
            spent, took = portal.processor_seconds() - before, time.monotonic() - began
        failures += tell(name, round_, len(sent), sweeps, quiet)
        quiet = at(list(round_.alerts.values()), 95)
        print(
            f"    processor: database, web and worker {spent:.0f} s in {took:.0f} s of {os.cpu_count()} cores, "
            f"{spent / len(sent) * 1000:.0f} ms a submit"
        )
        failures += district.wrong_alerts(sent, week) + district.wrong_findings(sent, week)
        failures += district.lost_returns(sent, week)
    failures += district.lost_requests(week)
    if portal.ask("GET", "/readyz").status != 200:
        failures.append("/readyz is not green")
    return failures


def tell(name: str, round_: Round, asked: int, sweeps: Sweeps, quiet: float) -> list[str]:
    """Print the round's figures; what did not hold of them. ``quiet``: p95 to the alert without sweeps, seconds."""
    answers, alerts = list(round_.answers.values()), list(round_.alerts.values())
    span = max(round_.began.values()) - min(round_.began.values())
    accepted = asked - len(round_.refused)
    p95, p99 = at(alerts, 95), at(alerts, 99)
    is_right = accepted == len(alerts) == asked
    is_quick = p95 <= P95 and p99 <= P99
    print(f"{name}, sent within {span:.0f} s; {world.when()}")
    print(f"    answer: {percentiles(answers)}")
    print(f"    submit → alert: {percentiles(alerts)}", flush=True)
    shown = f"{accepted} and {len(alerts)} of {asked}"
    figures.tell(
        Figure(f"{name}: all schools submit within a minute; accepted, and right a minute later", shown,
               bound="all", is_met=is_right)
    )  # fmt: skip
    value, ratio = f"p95 {p95:.2f} s, p99 {p99:.2f} s", f"{p95 / quiet:.1f} ×" if sweeps.is_on else ""
    baseline = "p95 without sweeps" if sweeps.is_on else ""
    bound = f"p95 ≤ {P95:.0f} s, p99 ≤ {P99:.0f} s"
    figures.tell(Figure(f"{name}: submit → alert", value, baseline, ratio, bound, is_quick))
    failures = [f"{name}: school {pk} was answered {status}" for pk, status in round_.refused.items()]
    if len(alerts) < asked:
        failures.append(f"{name}: {asked - len(alerts)} schools' alerts were not right {PATIENCE:.0f} s after the last")
    if sweeps.is_on:
        print(f"    {sweeps.told()}", flush=True)
    return failures if is_quick else [*failures, f"{name}: {value}, bound {bound}"]


class Sweeps:
    """One full sweep after another for the length of a block; the last one is waited for."""

    def __init__(self, is_on: bool) -> None:
        self.is_on = is_on
        self.is_running = False
        self.seconds: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sweep)

    def __enter__(self) -> Sweeps:
        if self.is_on:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self.is_on:
            self._thread.join()

    def told(self) -> str:
        """How many sweeps, and how long each took beside the submits."""
        middle, longest = at(self.seconds, 50), max(self.seconds, default=0)
        return f"{len(self.seconds)} full sweeps, one after another: median {middle:.1f} s, longest {longest:.1f} s"

    def _sweep(self) -> None:
        from django.db import connection

        from shuangjian.core import clock
        from shuangjian.journal.models import EvaluationRequest
        from shuangjian.rules.sweep import open_sweep

        pending = EvaluationRequest.objects.exclude(scope="institution").filter(done_at__isnull=True)
        while not self._stop.is_set():
            began = time.monotonic()
            open_sweep(clock.today())
            self.is_running = True
            until(lambda: not pending.exists(), "a sweep did not end", 900)
            self.seconds.append(time.monotonic() - began)
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
