"""Builds the district that load and chaos run in: once a home, then copied, inside the portal's own server."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import time
from pathlib import Path

import django
from django.db import connection

from benchmarks.portal import DATABASE, Portal


def connect(portal: Portal) -> None:
    """Load Django in this process, as the owner of the portal's database."""
    os.environ.update(portal.environment("migrate") | {"PGAPPNAME": "benchmark"})
    django.setup()


def build(portal: Portal, *, schools: int, weeks: int, seed: int, key: Path | None = None) -> None:
    """Make the portal's database a judged district of ``weeks`` teaching weeks before this one, and ``connect``.

    The first time in a home it is made and kept beside; later runs copy it.
    """
    kept = f"world_{schools}_{weeks}_{seed}"
    began = time.monotonic()
    if _told(portal, "postgres", f"SELECT 1 FROM pg_database WHERE datname = '{kept}'"):  # noqa: S608 - own words
        _told(portal, "postgres", f"DROP DATABASE {DATABASE} WITH (FORCE)")
        _told(portal, "postgres", f"CREATE DATABASE {DATABASE} TEMPLATE {kept}")
        portal.migrate()
        connect(portal)
    else:
        portal.migrate()
        portal.manage("load_reference_data")
        connect(portal)
        words = ["--schools", str(schools), "--weeks", str(weeks), "--seed", str(seed), "--now", _present()]
        print(portal.manage("make_world", *words, *(["--answer-key", str(key)] if key else [])).splitlines()[-1])
        connection.close()
        _told(portal, "postgres", f"CREATE DATABASE {kept} TEMPLATE {DATABASE}")
    _told(portal, DATABASE, "VACUUM ANALYZE")
    checkpoint(portal)
    print(f"the world is ready after {time.monotonic() - began:.0f} s", flush=True)


def checkpoint(portal: Portal) -> None:
    """Everything that was committed is on disk."""
    _told(portal, DATABASE, "CHECKPOINT")


def _present() -> str:
    """Now, or in the holidays the Monday of the last week with a school day: the story ends the week before."""
    from schools.fiction.weeks import Calendar
    from shuangjian.core import clock
    from shuangjian.core.weeks import Week

    now, this_week = clock.now(), Week.of(clock.today())
    (week,) = Calendar.load().teaching_weeks(1, this_week.plus(1))
    instant = now if week == this_week else clock.at(week.monday, 9 * 60)
    return instant.replace(tzinfo=None, microsecond=0).isoformat(timespec="minutes")


def _told(portal: Portal, database: str, query: str) -> str:
    tool = portal.postgres.binaries() / "psql"
    command = [tool, "-h", portal.postgres.sockets, "-U", "portal", "-d", database, "-XAtqc", query]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{query}: {done.stderr}")
    return done.stdout.strip()


def when() -> str:
    """For the head of a run's output."""
    stamp = dt.datetime.now(tz=dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{stamp}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
