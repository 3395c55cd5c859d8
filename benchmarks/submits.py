"""A district that submits: one client a school, and a watcher that notes when each school's alerts are right."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

import psycopg2

from benchmarks.portal import DATABASE, Portal

if TYPE_CHECKING:
    from benchmarks.district import Sent

_WATCH_SECONDS = 0.05
_RIGHT = """
SELECT r.institution_id, a.alerts
FROM (SELECT DISTINCT institution_id FROM journal_evaluationrequest
      WHERE id > %(after)s AND scope = 'institution' AND done_at IS NOT NULL) r
LEFT JOIN (SELECT institution_id, array_agg(rule || ' ' || open_findings ORDER BY rule) AS alerts
           FROM alerts_alert WHERE period = %(period)s AND closed_at IS NULL AND rule NOT LIKE 'RP%%'
           GROUP BY 1) a USING (institution_id)
"""


@dataclass
class Round:
    """One submit of every school: seconds to the answer, and to the right alerts, from the moment of sending."""

    statuses: dict[int, int] = field(default_factory=dict)
    began: dict[int, float] = field(default_factory=dict)
    answers: dict[int, float] = field(default_factory=dict)
    alerts: dict[int, float] = field(default_factory=dict)

    @property
    def refused(self) -> dict[int, int]:
        """Status by school of whatever was not accepted; 0 is no answer."""
        return {pk: status for pk, status in self.statuses.items() if not 200 <= status < 300}


def submit_all(
    portal: Portal,
    sent: Mapping[int, Sent],
    tokens: Mapping[int, str],
    week: str,
    *,
    within: float,
    seed: int,
    patience: float,
) -> Round:
    """Every school submits once, at a random instant of ``within`` seconds; then wait at most ``patience`` seconds
    after the last answer for the alerts of all."""
    round_, random = Round(), Random(seed)  # noqa: S311 - a load, not a secret
    start = time.monotonic() + 0.5
    instants = {pk: start + random.random() * within for pk in sent}
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(portal, sent, week, round_, stop))
    watcher.start()

    def client(pk: int) -> None:
        time.sleep(max(0.0, instants[pk] - time.monotonic()))
        began = round_.began[pk] = time.monotonic()
        round_.statuses[pk] = submit(portal, sent[pk], tokens[pk], week, str(uuid.uuid4()))
        round_.answers[pk] = time.monotonic() - began

    clients = [threading.Thread(target=client, args=(pk,)) for pk in sent]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    deadline = time.monotonic() + patience
    while len(round_.alerts) < len(sent) and time.monotonic() < deadline:
        time.sleep(0.1)
    stop.set()
    watcher.join()
    return round_


def submit(portal: Portal, sent: Sent, token: str, week: str, key: str, timeout: float = 60) -> int:
    """One attempt; its status."""
    extra = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": key}
    path = f"/api/v1/schools/{sent.code}/weekly-returns/{week}/submit/"
    return portal.ask("POST", path, body=sent.body, extra=extra, timeout=timeout).status


def _watch(portal: Portal, sent: Mapping[int, Sent], week: str, round_: Round, stop: threading.Event) -> None:
    """Notes for each school the first look at which its request is done and its alerts are exactly the right ones."""
    wanted = {pk: sorted(f"{rule} {count}" for rule, count in each.alerts.items()) for pk, each in sent.items()}
    with psycopg2.connect(portal.postgres.url(DATABASE)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("SELECT coalesce(max(id), 0) FROM journal_evaluationrequest")
        (after,) = cursor.fetchone()
        while not stop.is_set():
            cursor.execute(_RIGHT, {"after": after, "period": week})
            rows, now = cursor.fetchall(), time.monotonic()
            for pk, alerts in rows:
                if pk in round_.began and pk not in round_.alerts and sorted(alerts or []) == wanted[pk]:
                    round_.alerts[pk] = now - round_.began[pk]
            stop.wait(_WATCH_SECONDS)


def percentiles(seconds: Sequence[float]) -> str:
    """p50, p95, p99 and the longest, in milliseconds."""
    told = [f"p{percent} {at(seconds, percent) * 1000:.0f}" for percent in (50, 95, 99)]
    return ", ".join(told) + f", max {max(seconds, default=0) * 1000:.0f} ms"


def at(seconds: Sequence[float], percent: int) -> float:
    """The percentile, by the nearest rank upwards."""
    ordered = sorted(seconds) or [float("inf")]
    return ordered[min(len(ordered) - 1, -(-len(ordered) * percent // 100) - 1)]
