"""Prints how fast fee orders come in from one CSV file, against the tables' own COPY of the same rows.

    .venv/bin/python -m shuangjian.local.with_services .venv/bin/python -m benchmarks.fee_orders [ORDERS]

Makes a database of its own beside the one that DATABASE_URL names, in it 1,200 fictional institutions with ten courses
each, and a file of 200,000 orders (260,000 lines). Each load is a process of its own into emptied tables; it ends with
the daily balances derived and the requests to judge written. The ratio to COPY of the same run is what travels.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from urllib.parse import urlsplit, urlunsplit

import psycopg2

INSTITUTIONS, COURSES, ORDERS, RUNS = 1_200, 10, 200_000, 3
BOUND = 10_000  # order rows a second, on two cores
_NAME = "fee_orders_benchmark"
_GIVEN = os.environ.get("DATABASE_URL", "")
if not _GIVEN:
    raise SystemExit("DATABASE_URL is not set; shuangjian.local.with_services starts servers (docs/benchmarks.md).")
os.environ["DATABASE_URL"] = urlunsplit(urlsplit(_GIVEN)._replace(path=f"/{_NAME}"))
os.environ["DJANGO_SETTINGS_MODULE"] = "shuangjian.settings.dev"

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from training_orgs.models import FeeLine, FeeOrder  # noqa: E402
from training_orgs.rows import get_kind, save_rows  # noqa: E402
from training_orgs.rows.csv_rows import read_csv  # noqa: E402

_HEADER = (
    "institution", "contract_no", "pupil", "paid_on", "starts_on", "ends_on", "channel", "is_loan", "currency",
    "course", "hours", "gift_hours", "lesson_minutes", "amount",
)  # fmt: skip
_WORLD = """
INSERT INTO bureau_institution (code, name, pinyin, kind, category, stages, town_candidates, status, registered_on,
  is_fictional, source)
SELECT 'TEST' || lpad(n::text, 8, '0'), '示范机构' || n, lpad(n::text, 6, '0'), 'training_org', 'subject', '{}', '',
  'active', '2021-09-01', true, '测速' FROM generate_series(1, %(institutions)s) n;
INSERT INTO training_orgs_trainingorg (institution_id, legal_person, phone)
SELECT id, '', '' FROM bureau_institution WHERE source = '测速';
INSERT INTO training_orgs_course (institution_id, number, title, text, category, subject, stage, mode, lesson_minutes,
  is_full_time, starts_on, ends_on, identified)
SELECT i.id, 'K' || n, '示范课程', '', 'subject', (ARRAY['语文', '数学', '英语'])[1 + n %% 3], 'junior', 'offline', 45,
  false, '2026-03-01', '2026-11-30', ''
FROM bureau_institution i, generate_series(1, %(courses)s) n WHERE i.source = '测速';
"""


def main(orders: int) -> None:
    """Make the institutions and the file, load it several times, and measure the baseline."""
    with _own_database(), tempfile.TemporaryDirectory() as folder:
        call_command("migrate", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute(_WORLD, {"institutions": INSTITUTIONS, "courses": COURSES})
            cursor.execute("ANALYZE")
        path = Path(folder) / "orders.csv"
        lines = _write(path, orders)
        print(
            f"{INSTITUTIONS} institutions, {orders} orders, {lines} lines, {path.stat().st_size / 1e6:.0f} MB of CSV; "
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        )
        _copy(_load(path, orders))
        again = _run(path)
        print(
            f"the same file again, all as it was: {again['seconds']:.1f} s, {orders / again['seconds']:,.0f} orders/s"
        )


def _write(path: Path, orders: int) -> int:
    """Three orders in ten have two lines; dates over nine months."""
    random, lines = Random(5), 0  # noqa: S311 - a load, not a secret
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        for number in range(orders):
            paid = dt.date(2026, 3, 1) + dt.timedelta(random.randrange(200))
            head = (
                f"TEST{1 + number % INSTITUTIONS:08d}", f"HT{number:08d}", f"X{random.randrange(60_000):06d}", paid,
                paid, paid + dt.timedelta(60 + random.randrange(30)), random.choice(("监管账户", "其他渠道")), "否",
                "元",
            )  # fmt: skip
            for course in random.sample(range(1, COURSES + 1), 2 if number % 10 < 3 else 1):
                hours = random.randrange(10, 60)
                writer.writerow((*head, f"K{course}", hours, 0, 45, f"{hours * 55}.50"))
                lines += 1
    return lines


def _load(path: Path, orders: int) -> float:
    runs = []
    for _ in range(RUNS):
        with connection.cursor() as cursor:
            cursor.execute(
                "TRUNCATE training_orgs_feeorder, training_orgs_dailybalance, journal_evaluationrequest CASCADE"
            )
        run = _run(path)
        assert FeeOrder.objects.count() == orders
        runs.append(run["seconds"])
        print(
            f"fee orders: {run['seconds']:.1f} s, {orders / run['seconds']:,.0f} orders/s (bound {BOUND:,}); "
            f"reading the file {run['read']:.1f} s; processor here {run['own']:.1f} s; peak memory "
            f"{run['megabytes']:.0f} MB, {run['at_start']:.0f} before the file; load {os.getloadavg()[0]:.1f}"
        )
    return statistics.median(runs)


def _run(path: Path) -> dict[str, float]:
    words = [sys.executable, "-m", "benchmarks.fee_orders", "--load", str(path)]
    environment = {**os.environ, "DATABASE_URL": _GIVEN}
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _child(path: Path) -> None:
    at_start, own = _megabytes(), time.process_time()
    began = time.perf_counter()
    kind = get_kind("fee-orders")
    table = read_csv(path, kind)
    read = time.perf_counter() - began
    save_rows(kind, table, actor=None)
    run = {"seconds": time.perf_counter() - began, "read": read, "own": time.process_time() - own}
    print(json.dumps({**run, "at_start": at_start, "megabytes": _megabytes()}))


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _copy(seconds: float) -> None:
    """The baseline: the finished order and line rows by COPY into the same tables with their indexes and keys."""
    copied = 0.0
    with tempfile.TemporaryDirectory() as folder, transaction.atomic(), connection.cursor() as cursor:
        files = []
        for model in (FeeOrder, FeeLine):
            path = Path(folder) / model._meta.db_table
            with path.open("wb") as file:
                cursor.copy_expert(f"COPY {model._meta.db_table} TO STDOUT", file)
            files.append((model._meta.db_table, path))
        cursor.execute("TRUNCATE training_orgs_feeorder CASCADE")
        for table, path in files:
            with path.open("rb") as file:
                began = time.perf_counter()
                cursor.copy_expert(f"COPY {table} FROM STDIN", file)
                copied += time.perf_counter() - began
        began = time.perf_counter()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        copied += time.perf_counter() - began
    print(f"COPY of the finished rows: {copied:.1f} s; the import takes {seconds / copied:.1f} × as long")


@contextmanager
def _own_database() -> Iterator[None]:
    def execute(statement: str) -> None:
        server = psycopg2.connect(_GIVEN)
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute(statement)
        server.close()

    execute(f"DROP DATABASE IF EXISTS {_NAME} WITH (FORCE)")
    execute(f"CREATE DATABASE {_NAME}")
    try:
        yield
    finally:
        connection.close()
        execute(f"DROP DATABASE IF EXISTS {_NAME} WITH (FORCE)")


if __name__ == "__main__":
    if "--load" in sys.argv:
        _child(Path(sys.argv[-1]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else ORDERS)
