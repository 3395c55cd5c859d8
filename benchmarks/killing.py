"""Kill -9 at random: of the worker while it judges, of web, of PostgreSQL; and clients that do not give up."""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import psycopg2

from benchmarks.portal import DATABASE, Portal, until
from benchmarks.submits import submit
from shuangjian.core import locks

if TYPE_CHECKING:
    from benchmarks.district import Sent

#: Of a hundred kills: in mid evaluation, and of each other kind.
MIX = {"worker in mid evaluation": 50, "worker": 4, "web": 10, "one web process": 10, "postmaster": 16, "backend": 10}
_FINAL = frozenset({400, 401, 403, 404, 405, 413, 415, 422})
_AT_WORK = """
SELECT a.pid, a.backend_xid::text FROM pg_stat_activity a JOIN pg_locks l USING (pid)
WHERE a.application_name = 'worker' AND a.backend_xid IS NOT NULL
  AND l.locktype = 'advisory' AND l.granted AND l.classid = %s
LIMIT 1
"""


class Clients:
    """One a school: submits again and again, each return with a key of its own, until it is acknowledged."""

    def __init__(
        self, portal: Portal, rounds: Sequence[Mapping[int, Sent]], tokens: Mapping[int, str], week: str, seed: int
    ) -> None:
        self.portal, self.rounds, self.tokens, self.week, self.seed = portal, rounds, tokens, week, seed
        self.acknowledged: dict[int, list[Sent]] = {pk: [] for pk in tokens}
        self.answers: Counter[int] = Counter()
        self.refused: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._submit, args=(pk,), daemon=True) for pk in tokens]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def finish(self, meanwhile: Any) -> None:
        """No new returns; those under way go on until they are acknowledged, while ``meanwhile`` is called."""
        self._stop.set()
        while any(thread.is_alive() for thread in self._threads):
            meanwhile()
            time.sleep(0.2)

    def _submit(self, pk: int) -> None:
        random = Random(f"{self.seed} {pk}")  # noqa: S311 - a load, not a secret
        while not self._stop.wait(random.uniform(0, 120)):  # all of them once a minute, on average
            number = len(self.acknowledged[pk])
            sent, key = self.rounds[number % len(self.rounds)][pk], str(uuid.uuid4())
            while True:
                status = submit(self.portal, sent, self.tokens[pk], self.week, key, timeout=20)
                self.answers[status] += 1
                if 200 <= status < 300:
                    self.acknowledged[pk].append(sent)
                    break
                if status in _FINAL:
                    self.refused.append(f"{sent.code}: a lawful return was answered {status}")
                    return
                time.sleep(random.uniform(0.2, 1))


class Killer:
    """Kills and mends; ``count`` by kind. A kill counts as one in mid evaluation if the transaction was rolled back."""

    def __init__(self, portal: Portal, random: Random) -> None:
        self.portal, self.random = portal, random
        self.count: Counter[str] = Counter()
        self._connection: Any = None

    def run(self, kills: int, mid_evaluation: int, seconds: float, clients: Clients) -> None:
        """At least that many kills, and that many of them in mid evaluation, unless a client is refused before.

        SystemExit after ``seconds``.
        """
        deadline = time.monotonic() + seconds
        while not clients.refused and (
            self.count.total() < kills or self.count["worker in mid evaluation"] < mid_evaluation
        ):
            if time.monotonic() > deadline:
                raise SystemExit(f"only {self.told()} in {seconds:.0f} s")
            (kind,) = self.random.choices(list(MIX), weights=list(MIX.values()))
            time.sleep(self.random.uniform(0.2, 1.5))
            kind = self._kill(kind)
            if kind:
                self.count[kind] += 1
                print(f"{self.count.total():4} {kind}", flush=True)
            time.sleep(self.random.uniform(0, 0.5))
            self.portal.mend()

    def told(self) -> str:
        """The kills by kind."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.count.most_common())
        return f"{self.count.total()} kills: {kinds}"

    def _kill(self, kind: str) -> str:
        """What was killed in the end; empty when there was nothing to kill."""
        if kind == "worker in mid evaluation":
            return self._kill_at_work()
        if kind in ("worker", "web"):
            self.portal.kill(kind)
        elif kind == "one web process":
            children = _children(self.portal.running["web"].pid)
            if not children:
                return ""
            os.kill(self.random.choice(children), signal.SIGKILL)
        else:
            postmaster = self.portal.postgres.process
            assert postmaster is not None
            victims = [postmaster.pid] if kind == "postmaster" else self._backends()
            if not victims:
                return ""
            os.kill(self.random.choice(victims), signal.SIGKILL)
            if kind == "postmaster":
                postmaster.wait()
        return kind

    def _kill_at_work(self) -> str:
        """Kill the worker while it holds the locks of the institutions that it judges."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            rows = self._asked(_AT_WORK, locks._INSTITUTION)
            if rows:
                time.sleep(self.random.uniform(0, 0.03))  # not always at the beginning
                self.portal.kill("worker")
                return "worker in mid evaluation" if self._was_rolled_back(*rows[0]) else "worker"
            time.sleep(0.002)
        return ""

    def _was_rolled_back(self, pid: int, transaction: str) -> bool:
        """Wait until the session has noticed, then ask what became of its transaction."""
        until(
            lambda: not self._asked("SELECT 1 FROM pg_stat_activity WHERE pid = %s AND backend_xid IS NOT NULL", pid),
            "a session outlives its worker",
        )
        # The first four thousand million transactions of a server have no epoch.
        return self._asked("SELECT pg_xact_status(%s::xid8)", transaction) == [("aborted",)]

    def _backends(self) -> list[int]:
        rows = self._asked("SELECT pid FROM pg_stat_activity WHERE application_name IN ('web', 'worker')")
        return [pid for (pid,) in rows]

    def _asked(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows; none while the server is coming back."""
        try:
            if self._connection is None:
                self._connection = psycopg2.connect(self.portal.postgres.url(DATABASE))
                self._connection.autocommit = True
            with self._connection.cursor() as cursor:
                cursor.execute(query, parameters)
                rows: list[tuple[Any, ...]] = cursor.fetchall()
                return rows
        except psycopg2.Error:
            with suppress(Exception):
                self._connection.close()
            self._connection = None
            time.sleep(0.1)
            return []


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []
