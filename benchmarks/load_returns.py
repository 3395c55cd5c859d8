"""Prints how fast a whole district's week comes in from one CSV file, against the table's own COPY.

    .venv/bin/python -m shuangjian.local.with_services .venv/bin/python -m benchmarks.load_returns

Makes a database of its own beside the one that DATABASE_URL names, in it 240 fictional schools with 9,000 classes and
a week of 225,000 items that state every later key; loads the file in a process of its own, several times; then lets
the engine judge it. Figures are for the machine that runs it; the ratios to the baselines of the same run are what
travels.
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
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2

SCHOOLS, RUNS, SAMPLE = 240, 3, 8
BOUND = 20_000  # items a second, on two cores
_NAME = "load_returns_benchmark"
_GIVEN = os.environ.get("DATABASE_URL", "")
if not _GIVEN:
    raise SystemExit("DATABASE_URL is not set; shuangjian.local.with_services starts servers (docs/benchmarks.md).")
os.environ["DATABASE_URL"] = urlunsplit(urlsplit(_GIVEN)._replace(path=f"/{_NAME}"))
os.environ["DJANGO_SETTINGS_MODULE"] = "shuangjian.settings.dev"

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from homework.models import HomeworkItem  # noqa: E402
from schools.class_services import import_classes  # noqa: E402
from schools.models import SchoolClass  # noqa: E402
from schools.school_imports import import_schools  # noqa: E402
from shuangjian.bureau.models import Institution, Town, UnitDay  # noqa: E402
from shuangjian.bureau.tables import Line  # noqa: E402
from shuangjian.core import clock  # noqa: E402
from shuangjian.core.weeks import Week  # noqa: E402
from shuangjian.intake import services  # noqa: E402
from shuangjian.intake.bulk import load_returns  # noqa: E402
from shuangjian.intake.models import ReturnVersion  # noqa: E402
from shuangjian.intake.sections import Form  # noqa: E402
from shuangjian.rules.drain import drain  # noqa: E402
from shuangjian.rules.models import Finding  # noqa: E402

#: type digit, its name, grades, classes a grade; of ten schools seven, two and one: 9,000 classes in all.
_KINDS = {1: ("小学", range(1, 7), 6), 2: ("初中", range(7, 10), 13), 3: ("九年一贯", range(1, 10), 5)}
_SUBJECTS = ("语文", "数学", "英语", "科学", "道德与法治")
_KIND_WORDS = ("basic", "layered", "flexible", "personalised")
_COLUMNS = (
    "school_code", "week", "part", "class", "stage", "day", "subject", "minutes", "written", "optional",
    "alternative", "kind", "done_at_school", "marked_by", "asks_parents", "published_on", "publication",
    "first_lesson", "arrival", "wanting", "served", "late_wanted", "late_places", "content", "flexible_leaving",
    "evening_study_minutes",
)  # fmt: skip


def main() -> None:
    """Make the district, load its week several times, measure the baselines, and judge it."""
    with _own_database():
        call_command("migrate", verbosity=0)
        call_command("load_reference_data", stdout=open(os.devnull, "w"))  # noqa: SIM115
        week = _make_schools()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "district.csv"
            items = _write_week(path, week)
            print(
                f"{SCHOOLS} schools, {SchoolClass.objects.count()} classes, {week.key}: {items} items, "
                f"{path.stat().st_size / 1e6:.0f} MB of CSV; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
            )
            seconds = _load(path, items)
            _copy(seconds)
            _one_by_one(path, week, items / seconds)
        _judge(week)


def _load(path: Path, items: int) -> float:
    """The median time of a load in a process of its own, each into emptied tables."""
    runs = []
    for _ in range(RUNS):
        _empty()
        output = subprocess.run(
            [sys.executable, "-m", "benchmarks.load_returns", str(path)], check=True, capture_output=True, text=True
        ).stdout
        run = json.loads(output)
        assert HomeworkItem.objects.count() == items
        runs.append(run["seconds"])
        print(
            f"load_returns: {run['seconds']:.1f} s, {items / run['seconds']:,.0f} items/s (bound {BOUND:,}), "
            f"peak memory {run['megabytes']:.0f} MB of which {run['at_start']:.0f} before the file, "
            f"load {os.getloadavg()[0]:.1f}"
        )
        busiest = max(run["own"], run["server"])
        print(
            f"    processor: {run['own']:.1f} s here and {run['server']:.1f} s in the server, side by side: "
            f"{items / busiest:,.0f} items/s of the busier, {items / (run['own'] + run['server']):,.0f} of both"
        )
    return statistics.median(runs)


def _child(path: Path) -> None:
    at_start, server, own = _megabytes(), _server_processor(), time.process_time()
    began = time.perf_counter()
    load_returns(path, actor=None, now=clock.now())
    run = {"seconds": time.perf_counter() - began, "at_start": at_start, "megabytes": _megabytes()}
    print(json.dumps({**run, "own": time.process_time() - own, "server": _server_processor() - server}))


def _server_processor() -> float:
    """Processor seconds of this connection's server process; 0 where it cannot be seen from here."""
    connection.ensure_connection()
    try:
        status = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text()
    except OSError:
        return 0.0
    ticks = status.rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE intake_weeklyreturn, intake_filing, homework_homeworkitem, schools_schoolday, "
            "afterschool_serviceday, journal_evaluationrequest CASCADE"
        )


def _copy(seconds: float) -> None:
    """The baseline: the same item rows by COPY into the same table with its indexes and foreign keys."""
    columns = ", ".join(f'"{field.column}"' for field in HomeworkItem._meta.fields if not field.primary_key)
    with tempfile.TemporaryFile() as file, transaction.atomic(), connection.cursor() as cursor:
        cursor.copy_expert(f"COPY homework_homeworkitem ({columns}) TO STDOUT", file)
        cursor.execute("TRUNCATE homework_homeworkitem")
        file.seek(0)
        began = time.perf_counter()
        cursor.copy_expert(f"COPY homework_homeworkitem ({columns}) FROM STDIN", file)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        copied = time.perf_counter() - began
    print(f"COPY of the finished item rows: {copied:.1f} s; load_returns takes {seconds / copied:.1f} × as long")


def _one_by_one(path: Path, week: Week, rate: float) -> None:
    """The other baseline: submit_return, school by school, on a sample of the same returns; nothing of it stays."""
    schools = list(Institution.objects.filter(is_fictional=True).order_by("code")[:SAMPLE])
    payloads = [_payload(school, week) for school in schools]
    items = sum(len(payload["homework"]) for payload in payloads)
    with transaction.atomic():
        _empty()
        began = time.perf_counter()
        for school, payload in zip(schools, payloads, strict=True):
            services.submit_return(
                school, week, actor=_Loader(), now=clock.now(), door=ReturnVersion.Door.API, payload=payload
            )
        seconds = time.perf_counter() - began
        transaction.set_rollback(True)
    print(
        f"submit_return one by one, {SAMPLE} schools: {items / seconds:,.0f} items/s; "
        f"load_returns is {rate * seconds / items:.1f} × as fast"
    )


def _judge(week: Week) -> None:
    """The evaluation that the load has asked for sees its rows: each school broke one rule once."""
    began = time.perf_counter()
    drain(clock.now)
    seconds = time.perf_counter() - began
    found = Finding.objects.filter(rule="HW-02", occurred_on__range=(week.monday, week.sunday)).count()
    print(f"the requested evaluations: {seconds:.0f} s for {SCHOOLS} schools; HW-02 found {found}, planted {SCHOOLS}")


class _Loader:
    class _meta:
        label_lower = "benchmarks.loader"

    audit_label = "测速"
    power = role_kind = "bureau"


# The district ------------------------------------------------------------------------------------------------


def _make_schools() -> Week:
    """The schools with their classes; returns the last week with five days of school by the reference calendar."""
    towns = list(Town.objects.order_by("code"))
    schools: dict[str, int] = {}
    lines = []
    for index in range(SCHOOLS):
        kind = {7: 2, 8: 2, 9: 3}.get(index % 10, 1)
        code = f"440113{kind}{9001 + index:04d}"
        schools[code] = kind
        values = {"name": f"示范{index + 1}校", "nature": "公办", "stage": _KINDS[kind][0], "code": code}
        values |= {"town": towns[index % len(towns)].name, "town_confirmed": "yes", "live_from": "2026-09-01"}
        lines.append(Line(index + 2, values))
    import_schools(lines, actor=None, source="测速", is_fictional=True)
    whole = UnitDay.objects.filter(week__lt=Week.of(clock.today()).monday, week_school_days=5).order_by("-week")
    week = Week(whole.values_list("week", flat=True)[0])
    year = week.days[3].year if week.days[3].month >= 9 else week.days[3].year - 1
    rows = [
        {"school_code": code, "class_code": f"{year}-{grade:02d}-{number:02d}", "pupils": "40"}
        for code, kind in schools.items()
        for grade in _KINDS[kind][1]
        for number in range(1, _KINDS[kind][2] + 1)
    ]
    import_classes([Line(number, row) for number, row in enumerate(rows, start=2)], actor=None)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return week


def _payload(school: Institution, week: Week) -> dict[str, Any]:
    """A lawful week that states everything, but for one class-day of the upper grades that is too long."""
    random = Random(school.code)  # noqa: S311 - a load, not a secret
    days = Form.of(school, week).school_days
    classes = dict(SchoolClass.objects.filter(school_id=school.pk).values_list("code", "grade"))
    too_long = (max(classes), str(max(max(days.values()))))
    payload: dict[str, list[dict[str, Any]]] = {"homework": [], "school_day": [], "after_school": []}
    for code, grade in sorted(classes.items()):
        for day in days["primary" if grade <= 6 else "junior"]:
            payload["homework"] += _items(code, grade, day, random, is_long=(code, str(day)) == too_long)
    for stage, dates in days.items():
        for day in dates:
            at = {"stage": stage, "day": str(day)}
            payload["school_day"].append({**at, "first_lesson": "08:30", "arrival": "08:10"})
            payload["after_school"].append(
                {**at, "minutes": 120, "wanting": 600, "served": 600, "late_wanted": 30, "late_places": 40}
                | {"content": ["homework", "sports"], "flexible_leaving": True, "evening_study_minutes": 0}
            )
    return payload


def _items(code: str, grade: int, day: dt.date, random: Random, *, is_long: bool) -> Iterator[dict[str, Any]]:
    for number, subject in enumerate(_SUBJECTS):
        yield {
            "class": code,
            "day": str(day),
            "subject": subject,
            "minutes": 60 if is_long else random.randint(5, 11),
            "written": grade > 2,
            "optional": number == 4,
            "alternative": None,
            "kind": random.choice(_KIND_WORDS),
            "done_at_school": random.choice((0.9, 0.95, 1)),
            "marked_by": "teacher",
            "asks_parents": False,
            "published_on": str(day),
            "publication": f"公示照片{code}-{day:%m%d}",
        }


def _write_week(path: Path, week: Week) -> int:
    """The district's file, school by school; returns the number of homework items."""
    items = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, _COLUMNS, restval="")
        writer.writeheader()
        for school in Institution.objects.filter(is_fictional=True).order_by("code"):
            for part, rows in _payload(school, week).items():
                items += len(rows) if part == "homework" else 0
                start = {"school_code": school.code, "week": week.key, "part": part}
                writer.writerows({**start, **{name: _cell(value) for name, value in row.items()}} for row in rows)
    return items


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "、".join(value) if isinstance(value, list) else value


@contextmanager
def _own_database() -> Iterator[None]:
    """An empty database of this name for the time of the block."""
    given = psycopg2.connect(_GIVEN)
    given.autocommit = True
    with given.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {_NAME}")
        cursor.execute(f"CREATE DATABASE {_NAME}")
    try:
        yield
    finally:
        connection.close()
        with given.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {_NAME} WITH (FORCE)")
        given.close()


if __name__ == "__main__":
    _child(Path(sys.argv[1])) if len(sys.argv) > 1 else main()
