"""The engine over a district as the nightly sweep does it: town by town, each in a transaction; alerts timed apart."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

from shuangjian.bureau.models import Institution, Term, Town
from shuangjian.core import clock
from shuangjian.rules import engine, registries
from shuangjian.rules.declare import Rule
from shuangjian.rules.engine import Receipt
from shuangjian.rules.models import Finding
from shuangjian.rules.periods import Span

#: The present of the fictional worlds: the Monday after the term's last teaching week and one more.
NOW = dt.datetime.fromisoformat(os.environ.get("BENCHMARK_NOW", "2027-02-01T09:00")).replace(tzinfo=clock.LOCAL)


@dataclass(frozen=True)
class Judged:
    """One sweep: seconds without the alerts (by scope), seconds of the alerts and their events, receipts.

    ``processor``: seconds of this process and of its server process, alerts included.
    """

    findings: tuple[float, ...]
    alerts: float
    receipts: tuple[Receipt, ...]
    processor: float = 0.0

    @property
    def seconds(self) -> float:
        return sum(self.findings)

    @property
    def changed(self) -> int:
        """Rows of findings that were written."""
        return sum(r.added + r.changed + r.cleared + r.stale for r in self.receipts)


def scopes() -> list[list[int]]:
    """Institutions by town, and those without one, as the outbox fans a sweep out."""
    rows = Institution.objects.order_by("pk").values_list("town_id", "pk")
    towns: dict[int | None, list[int]] = {pk: [] for pk in [*Town.objects.values_list("pk", flat=True), None]}
    for town, pk in rows:
        towns[town].append(pk)
    return [ids for ids in towns.values() if ids]


def running_term() -> Span:
    """The sweep's own span: from the first day of the last term begun until today."""
    today = NOW.date()
    begun = Term.objects.filter(starts_on__lte=today).order_by("-starts_on").values_list("starts_on", flat=True)[0]
    return Span(begun, today)


def sweep(rules: Sequence[Rule], span: Span, among: Sequence[Sequence[int]] | None = None) -> Judged:
    """Judge every scope once."""
    findings, receipts, in_alerts = [], [], 0.0
    used = processor_seconds()
    with _timed_regroups() as spent:
        for ids in scopes() if among is None else among:
            before, began = sum(spent), time.perf_counter()
            receipts.append(engine.evaluate(rules, ids, span, now=NOW, cause="测速"))
            alerts = sum(spent) - before
            findings.append(time.perf_counter() - began - alerts)
            in_alerts += alerts
    return Judged(tuple(findings), in_alerts, tuple(receipts), processor_seconds() - used)


def processor_seconds() -> float:
    """Of this process and of the server process that serves it: what another program does meanwhile is not in it."""
    connection.ensure_connection()
    try:
        status = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text()
    except OSError:
        return 0.0  # the server runs elsewhere
    ticks = status.rpartition(")")[2].split()[11:13]
    return time.process_time() + sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def open_findings() -> frozenset[tuple[Any, ...]]:
    """(rule, institution, about, occurred_on, observed, limit) of every open finding."""
    rows = Finding.objects.filter(cleared_at=None)
    return frozenset(rows.values_list("rule", "institution", "about", "occurred_on", "observed", "limit"))


@contextmanager
def _timed_regroups() -> Iterator[list[float]]:
    """Whatever follows the findings in the evaluation's transaction is timed apart; yields the seconds."""
    original, spent = list(registries._regroup), []

    def timed(regroup: Any) -> Any:
        def run(*args: Any) -> None:
            began = time.perf_counter()
            regroup(*args)
            spent.append(time.perf_counter() - began)

        return run

    registries._regroup[:] = [timed(each) for each in original]
    try:
        yield spent
    finally:
        registries._regroup[:] = original
