"""Would homework_homeworkitem pay if it were partitioned by term? Measured on a partitioned copy beside the table.

    python -m benchmarks.partitions      on a database in which benchmarks.history has made several terms

Each query runs on the table as it is and on the copy, which has the same indexes (its key takes the day in, as a
partitioned table's must) and a partition per term. Deletions are rolled back.
"""

from __future__ import annotations

import os
import statistics
import time
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuangjian.settings.dev")
django.setup()

from django.db import connection, transaction  # noqa: E402

from benchmarks.figures import Figure, tell  # noqa: E402
from shuangjian.bureau.models import Term  # noqa: E402

PLAIN, PARTED = "homework_homeworkitem", "item_by_term"
_COLUMNS = """week, day, subject, minutes, is_written, is_optional, alternative, counts, school_class_id, asks_parents,
  done_at_school, kind, marked_by, publication, published_on"""
_OF_CLASSES = "school_class_id IN (SELECT id FROM schools_schoolclass WHERE school_id = %(school)s)"
_QUERIES = {
    "one school's week, by its classes and days": (
        f"SELECT school_class_id, day, sum(minutes) FROM {{table}} WHERE {_OF_CLASSES} "  # noqa: S608
        "AND day BETWEEN %(monday)s AND %(monday)s + 6 AND counts GROUP BY 1, 2"
    ),
    "a week's first page for the district, by week": (
        "SELECT id FROM {table} WHERE week = %(monday)s ORDER BY id LIMIT 50"
    ),
    "one class, all its days": "SELECT count(*) FROM {table} WHERE school_class_id = %(class)s",
    "the running term grouped by class and day": (
        "SELECT count(*) FROM (SELECT school_class_id, day FROM {table} WHERE counts "
        "AND day BETWEEN %(since)s AND %(until)s GROUP BY 1, 2 HAVING sum(minutes) > 60) AS t"
    ),
}
_OFTEN = {"the running term grouped by class and day": 3}


def main() -> None:
    """Copy, then ask both."""
    terms = list(Term.objects.filter(stage="primary").order_by("starts_on"))
    began = time.perf_counter()
    _copy(terms)
    print(f"a copy with {len(terms)} partitions took {time.perf_counter() - began:.0f} s", flush=True)
    params = _params(terms[-1])
    for name, query in _QUERIES.items():
        plain, parted = (_milliseconds(query.format(table=t), params, _OFTEN.get(name, 30)) for t in (PLAIN, PARTED))
        value, baseline = f"{parted:.1f} ms partitioned", f"as it is, {plain:.1f} ms"
        tell(Figure(f"items by term: {name}", value, baseline, f"{parted / plain:.2f} ×"))
    deleted = _seconds(f"DELETE FROM {PLAIN} WHERE day <= %(oldest)s", {"oldest": terms[0].ends_on})  # noqa: S608
    dropped = _seconds(f"DROP TABLE {PARTED}_0", {})
    value = f"{dropped:.2f} s by dropping its partition"
    tell(Figure("items by term: the oldest term goes", value, f"DELETE, {deleted:.1f} s, and a vacuum later"))
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {PARTED}")


@transaction.atomic
def _copy(terms: list[Term]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {PARTED} (LIKE {PLAIN} INCLUDING IDENTITY) PARTITION BY RANGE (day)")
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
        bounds: list[Any] = [term.starts_on for term in terms]
        for number, (since, until) in enumerate(
            zip(["-infinity", *bounds[1:]], [*bounds[1:], "infinity"], strict=True)
        ):
            cursor.execute(
                f"CREATE TABLE {PARTED}_{number} PARTITION OF {PARTED} FOR VALUES FROM (%s) TO (%s)",
                [str(since), str(until)],
            )
        cursor.execute(f"INSERT INTO {PARTED} ({_COLUMNS}) SELECT {_COLUMNS} FROM {PLAIN} ORDER BY id")  # noqa: S608
        cursor.execute(f"ALTER TABLE {PARTED} ADD PRIMARY KEY (id, day)")
        cursor.execute(f"CREATE INDEX ON {PARTED} (school_class_id, day)")
        cursor.execute(f"CREATE INDEX ON {PARTED} (week, id)")
        cursor.execute(f"ANALYZE {PARTED}")


def _params(term: Term) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT school_class_id, week FROM {PLAIN} WHERE day > %s ORDER BY id DESC LIMIT 1",  # noqa: S608
            [term.starts_on],
        )
        one, monday = cursor.fetchone()
        cursor.execute("SELECT school_id FROM schools_schoolclass WHERE id = %s", [one])
        (school,) = cursor.fetchone()
    return {"school": school, "class": one, "monday": monday, "since": term.starts_on, "until": term.ends_on}


def _milliseconds(query: str, params: dict[str, Any], runs: int) -> float:
    times = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '256MB'; SET LOCAL jit = off")
        for _ in range(1 + runs):
            began = time.perf_counter()
            cursor.execute(query, params)
            cursor.fetchall()
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times[1:])


def _seconds(statement: str, params: dict[str, Any]) -> float:
    with transaction.atomic(), connection.cursor() as cursor:
        began = time.perf_counter()
        cursor.execute(statement, params)
        seconds = time.perf_counter() - began
        transaction.set_rollback(True)
    return seconds


if __name__ == "__main__":
    main()
