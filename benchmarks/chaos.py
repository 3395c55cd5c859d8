"""Kill -9 of worker, web and PostgreSQL at random while a district submits; in the end nothing may be lost.

    .venv/bin/python -m benchmarks.chaos [--schools 240] [--weeks 4] [--kills 60] [--seed N] [--home FOLDER]

Own durable servers, web, worker and beat as docker-compose.yml has them; whatever dies is started again. Each school
submits once a minute on average and repeats a request, with its Idempotency-Key, until it is acknowledged. Counted as
a kill in mid evaluation is one whose transaction PostgreSQL rolled back while it held the locks of what it judged.

Exit code 1 unless: every acknowledged return is a version, in its order and once, and the last one stands; each left
a request that is done and one entry in the audit journal; the open findings are those that were planted, and for some
schools those of the independent oracle (tests/oracle) in all their weeks; each alert is there once and counts right;
judging everything again changes no row; /readyz is green.

``--plant`` loses something on purpose, to show that the run sees it: ``early-done`` (the drain marks a request done
before it is judged) or ``lazy-commit`` (PostgreSQL acknowledges before it has written).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random, SystemRandom
from typing import TYPE_CHECKING

from benchmarks import figures, world
from benchmarks.figures import Figure
from benchmarks.killing import Clients, Killer
from benchmarks.portal import Portal, own_portal

if TYPE_CHECKING:
    from benchmarks.district import Sent
    from shuangjian.bureau.models import Institution
    from shuangjian.core.weeks import Week

ROUNDS, MID_EVALUATION, SAMPLE = 4, 20, 12
DRAIN_SECONDS, RUN_SECONDS = 180, 1800
_LAZY = {"synchronous_commit": "off", "wal_writer_delay": "10s", "wal_writer_flush_after": "1GB"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--schools", type=int, default=240)
    parser.add_argument("--weeks", type=int, default=4, help="teaching weeks of history")
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(1_000_000))
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--home", type=Path, help="keep the district there for further runs")
    parser.add_argument("--plant", choices=["early-done", "lazy-commit"], help="lose something on purpose")
    options = parser.parse_args()
    print(f"seed {options.seed}; {world.when()}", flush=True)
    with own_portal(options.port, options.home) as portal:
        world.build(portal, schools=options.schools, weeks=options.weeks, seed=5)
        plant(portal, options.plant)
        failures = rage(portal, options.kills, options.seed)
    for failure in failures[:40]:
        print(f"NOT: {failure}")
    print(f"seed {options.seed}: {f'{len(failures)} things are lost or wrong' if failures else 'nothing is lost'}")
    return bool(failures)


def plant(portal: Portal, what: str | None) -> None:
    """Lose something on purpose."""
    if what == "early-done":
        portal.extra["worker"] = ["--include", "benchmarks.planted_loss"]
    if what == "lazy-commit":
        portal.postgres.stop()
        portal.postgres.settings |= _LAZY
        portal.postgres.start()


def rage(portal: Portal, kills: int, seed: int) -> list[str]:
    """Submit and kill; then let everything settle, and tell what is lost or wrong."""
    from django.db import connection

    from benchmarks import district

    week = district.week_to_file()
    schools = district.schools_of(week)
    rounds = [district.returns(schools, week, number, seed) for number in range(ROUNDS)]
    tokens = district.tokens(schools)
    print(f"{len(schools)} schools, {district.sizes()['items']:,} items of history, week {week.key}", flush=True)
    world.checkpoint(portal)  # what is not part of the load is not to be lost, whatever was planted
    connection.close()  # it would not survive the server
    portal.start_parts()
    clients = Clients(portal, rounds, tokens, week.key, seed)
    killer = Killer(portal, Random(seed))  # noqa: S311 - a load, not a secret
    began = time.monotonic()
    clients.start()
    try:
        killer.run(kills, min(MID_EVALUATION, kills), RUN_SECONDS, clients)
    finally:
        clients.finish(portal.mend)
    print(f"{killer.told()}; in {time.monotonic() - began:.0f} s; {world.when()}")
    answers = ", ".join(f"{count} × {status or 'none'}" for status, count in sorted(clients.answers.items()))
    print(f"{sum(map(len, clients.acknowledged.values()))} returns acknowledged; answers: {answers}", flush=True)
    failures = clients.refused + settle(portal) + check(portal, clients, schools, week)
    acknowledged = sum(map(len, clients.acknowledged.values()))
    figures.tell(
        Figure(
            f"kill -9 while {len(schools)} schools submit: {killer.told()}",
            f"{acknowledged} returns acknowledged, {len(failures)} things lost or wrong",
            bound="nothing lost, findings = oracle",
            is_met=not failures,
        )
    )
    return failures


def settle(portal: Portal) -> list[str]:
    """Everything runs again, and the outbox empties itself."""
    from shuangjian.journal.models import EvaluationRequest

    portal.mend()
    portal.wait_until_ready()
    began = time.monotonic()
    while EvaluationRequest.objects.filter(done_at__isnull=True, parked_at__isnull=True).exists():
        if time.monotonic() - began > DRAIN_SECONDS:
            return [f"requests are still pending after {DRAIN_SECONDS} s"]
        time.sleep(0.5)
    print(f"the outbox was empty {time.monotonic() - began:.1f} s after the last answer", flush=True)
    return []


def check(portal: Portal, clients: Clients, schools: list[Institution], week: Week) -> list[str]:
    """Every comparison, with its time."""
    from benchmarks import district, settled

    acknowledged = {pk: sent for pk, sent in clients.acknowledged.items() if sent}
    stands: dict[int, Sent] = {pk: sent[-1] for pk, sent in acknowledged.items()}
    sample = Random(len(stands)).sample(schools, min(SAMPLE, len(schools)))  # noqa: S311
    checks: dict[str, Callable[[], list[str]]] = {
        "the last acknowledged return stands": lambda: district.lost_returns(stands, week),
        "every acknowledged return is a version, once": lambda: district.lost_versions(acknowledged, week),
        "every version left a request, and all are done": lambda: district.lost_requests(week),
        "every version has its entry in the audit journal": lambda: settled.lost_entries(week),
        "findings are those that were planted": lambda: district.wrong_findings(stands, week),
        "alerts are those that were planted": lambda: district.wrong_alerts(stands, week),
        "no alert was raised twice": lambda: district.doubled_alerts(week),
        f"findings of {len(sample)} schools are the oracle's": lambda: settled.unlike_the_oracle(sample),
        "judging everything again changes no row": settled.changed_by_judging_again,
        "/readyz is green": lambda: [] if portal.ask("GET", "/readyz").status == 200 else ["/readyz is not green"],
    }
    failures = []
    for name, compare in checks.items():
        began = time.monotonic()
        wrong = compare()
        failures += wrong
        print(f"{'NOT' if wrong else 'ok '} {name} ({len(wrong)} differ; {time.monotonic() - began:.1f} s)", flush=True)
    if not any(sent.findings for sent in stands.values()):
        failures.append("nothing was planted: the comparison proves nothing")
    return failures


if __name__ == "__main__":
    sys.exit(main())
