"""Section "tasks": one Celery task per class-day, as rule engines of this kind are usually spread over workers.

10,000 real tasks go through a real worker with two processes and Valkey. Each reads the counting minutes of one class
and day by an index and writes its finding, if there is one, in a transaction of its own: HW-02 by hand, without the
engine. The time for all class-days of the term is extrapolated; the engine judges the same rule over all of them.
"""

from __future__ import annotations

import os
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuangjian.settings.dev")
django.setup()

from celery import Celery  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from benchmarks import judging  # noqa: E402
from benchmarks.figures import Figure, at_least, tell  # noqa: E402
from shuangjian.rules.declare import all_rules  # noqa: E402

TASKS, PROCESSES, TIMES, RUNS, PATIENCE = 10_000, 2, 500, 3, 900
QUEUE = "benchmark-class-days"

app = Celery("benchmark")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_default_queue = QUEUE
# Whatever helps the tasks: no waiting for the next one, and no second delivery.
app.conf.update(worker_prefetch_multiplier=100, task_acks_late=False, task_reject_on_worker_lost=False)

_TABLE = """
DROP TABLE IF EXISTS task_finding;
CREATE TABLE task_finding (school_class_id bigint, occurred_on date, observed numeric(12,4), cap numeric(12,4),
  PRIMARY KEY (school_class_id, occurred_on));
"""
_CLASS_DAYS = "SELECT DISTINCT school_class_id, day FROM homework_homeworkitem"
_DRAWN = f"""
SELECT * FROM ({_CLASS_DAYS}) AS each ORDER BY md5(school_class_id::text || day::text) LIMIT %s
"""  # noqa: S608 - built of constants only
_JUDGE = """
SELECT sum(i.minutes), CASE WHEN c.grade <= 6 THEN 60 ELSE 90 END
FROM homework_homeworkitem i JOIN schools_schoolclass c ON c.id = i.school_class_id
WHERE i.school_class_id = %s AND i.day = %s AND i.counts AND c.grade >= 3 GROUP BY c.grade
"""
_WRITE = """
INSERT INTO task_finding VALUES (%s, %s, %s, %s) ON CONFLICT (school_class_id, occurred_on)
DO UPDATE SET observed = excluded.observed, cap = excluded.cap
"""


_FOUND = "SELECT school_class_id, occurred_on, observed, cap FROM task_finding"
_OF_ENGINE = """
SELECT c.id, f.occurred_on, f.observed, f."limit"
FROM unnest(%s::bigint[], %s::date[]) AS drawn (class_id, day)
JOIN schools_schoolclass c ON c.id = drawn.class_id
JOIN rules_finding f ON f.rule = 'HW-02' AND f.institution_id = c.school_id AND f.occurred_on = drawn.day
  AND f.about = 'class:' || c.code
"""
_FOLDER = "BENCHMARK_TASKS"
_NOTE = struct.Struct("ddq")  # when this process began its first task and ended its last, and how many it did
_mine: dict[str, Any] = {"first": 0.0, "done": 0, "file": None}


@app.task(name="benchmarks.judge_class_day")
def judge_class_day(school_class: int, day: str) -> None:
    """One class, one day."""
    began = time.time()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_JUDGE, [school_class, day])
        total, cap = cursor.fetchone() or (0, 0)
        if total > cap:
            cursor.execute(_WRITE, [school_class, day, total, cap])
    _note(began)


def _note(began: float) -> None:
    """A microsecond's work, so that the tasks carry no weight of being measured."""
    if _mine["file"] is None:
        path = os.path.join(os.environ[_FOLDER], str(os.getpid()))
        _mine.update(file=os.open(path, os.O_CREAT | os.O_WRONLY), first=began)
    _mine["done"] += 1
    os.pwrite(_mine["file"], _NOTE.pack(_mine["first"], time.time(), _mine["done"]), 0)


def main() -> None:
    """Engine and tasks on the same database; the sampled class-days must agree."""
    hw02 = [rule for rule in all_rules() if rule.code == "HW-02"]
    runs = [_engine(hw02) for _ in range(RUNS)]
    engine, processor = min(run.seconds for run in runs), min(run.processor for run in runs)
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)
        cursor.execute(f"SELECT count(*) FROM ({_CLASS_DAYS}) AS each")  # noqa: S608
        (class_days,) = cursor.fetchone()
        cursor.execute(_DRAWN, [TASKS])
        chosen = [(school_class, day.isoformat()) for school_class, day in cursor.fetchall()]
    seconds = _through_a_worker(chosen)
    _must_agree(chosen)
    whole = seconds / len(chosen) * class_days
    value = f"HW-02 over {class_days:,} class-days: {engine:.2f} s, findings written"
    baseline = (
        f"one Celery task per class-day: {len(chosen):,} tasks took {seconds:.1f} s from the first to the last "
        f"({PROCESSES} processes, published before), ÷ {len(chosen):,} × {class_days:,} = {whole:,.0f} s"
    )
    at_least("engine against one task per class-day", value, whole / engine, baseline, TIMES)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)  # the worker's, which has ended
    of_worker = (used.ru_utime + used.ru_stime) / len(chosen) * class_days
    value = f"{processor:.2f} s of processor, server and alerts included"
    baseline = f"the worker's own without the server's, {of_worker:,.0f} s"
    tell(
        Figure("the same, whatever else the machine does", value, baseline, f"{of_worker / processor:,.0f} × less than")
    )


def _engine(rules: Any) -> judging.Judged:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE rules_finding, alerts_alert CASCADE")
    return judging.sweep(rules, judging.running_term())


def _through_a_worker(chosen: list[tuple[int, str]]) -> float:
    """Seconds from the first task to the last; publishing them, and the worker's start, are not counted."""
    with app.connection_for_write() as broker:
        broker.default_channel.queue_declare(QUEUE, durable=True)
        broker.default_channel.queue_purge(QUEUE)
        began = time.perf_counter()
        with app.amqp.producer_pool.acquire(block=True) as producer:
            for school_class, day in chosen:
                judge_class_day.apply_async((school_class, day), producer=producer)
        print(f"publishing {len(chosen):,} tasks took {time.perf_counter() - began:.1f} s, not counted", flush=True)
    command = ["-m", "celery", "-A", "benchmarks.tasks", "worker", "-Q", QUEUE, "-c", str(PROCESSES), "-l", "error"]
    with tempfile.TemporaryDirectory() as folder:
        worker = subprocess.Popen(
            [sys.executable, *command, "--without-gossip", "--without-mingle"],
            env={**os.environ, _FOLDER: folder},
            stdout=subprocess.DEVNULL,
        )
        try:
            return _watch(Path(folder), len(chosen), worker)
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait()


def _watch(folder: Path, tasks: int, worker: subprocess.Popen[bytes]) -> float:
    deadline = time.monotonic() + PATIENCE
    while True:
        notes = [_NOTE.unpack(data) for each in folder.iterdir() if len(data := each.read_bytes()) == _NOTE.size]
        done = sum(count for _, _, count in notes)
        if done >= tasks:
            return max(last for _, last, _ in notes) - min(first for first, _, _ in notes)
        if time.monotonic() > deadline or worker.poll() is not None:
            sys.exit(f"{done} of {tasks} tasks are done: the worker has ended, or is too slow for {PATIENCE} s.")
        time.sleep(0.1)


def _must_agree(chosen: list[tuple[int, str]]) -> None:
    """For the class-days that were drawn, the tasks have written the engine's findings."""
    with connection.cursor() as cursor:
        cursor.execute(_FOUND)
        written = set(cursor.fetchall())
        cursor.execute(_OF_ENGINE, [[each for each, _ in chosen], [day for _, day in chosen]])
        if written != (expected := set(cursor.fetchall())):
            sys.exit(f"Tasks and engine differ: {sorted(written ^ expected, key=str)[:5]}.")
    print(f"{len(written)} findings of the tasks are the engine's for these class-days", flush=True)


if __name__ == "__main__":
    from benchmarks import tasks  # as the worker imports it: the task's name then leads to one module

    tasks.main()
