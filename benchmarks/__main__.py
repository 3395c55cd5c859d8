"""One command prints every figure with its ratio to a baseline of the same run, and writes the table of docs/.

    .venv/bin/python -m shuangjian.local.with_services .venv/bin/python -m benchmarks
    … -m benchmarks --schools 24 --weeks 4 --terms 2 --only term --only history      # small, to try
    … -m benchmarks --only term --world NAME      # a database made by make_world --no-evaluate stands there already

Builds one fictional world (240 schools, one term of 21 weeks, 2.7 million items; about three minutes) on throw-away
servers. Each section works on a copy of it, in a process of its own. The whole takes about an hour, the sections
``load`` and ``chaos`` half of it. ``--table FILE`` puts the table between the marks in FILE (docs/benchmarks.md).
Exit code 1 when a figure misses its bound or a section fails.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import databases, figures
from benchmarks.figures import Figure

WORLD = "benchmark_world"
PRESENT = "2027-02-01T09:00"  # after the last teaching week of the shipped calendar's autumn term
FULL = (240, 21)  # schools and weeks for which the bounds are set
TRAINING = (1_200, 200_000)  # institutions and orders that stand beside FULL
SMALL = 10  # the small world of "scale" has a tenth of the schools


@dataclass
class Run:
    """What was asked for, and what came of it so far."""

    asked: argparse.Namespace
    folder: Path
    found: dict[str, list[Figure]] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    section: str = ""

    @property
    def is_small(self) -> bool:
        return self.asked.schools < FULL[0] or self.asked.weeks < FULL[1]

    def python(self, *arguments: str, url: str, shown: bool = False) -> None:
        """Run a module of ours on that database; ``shown``: its lines belong into the document."""
        file = self.folder / f"{self.section}.jsonl"
        env = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "shuangjian.settings.dev"}
        env |= {"BENCHMARK_NOW": PRESENT, **figures.environment(file, is_small=self.is_small)}
        process = subprocess.Popen([sys.executable, *arguments], env=env, stdout=subprocess.PIPE, text=True)
        lines = []
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
        if process.wait() != 0:
            self.failed.append(f"{self.section}: `{' '.join(arguments)}` ended with {process.returncode}")
            print(self.failed[-1], flush=True)
        self.found[self.section] = figures.read(file)
        if shown:
            self.told[self.section] = self.told.get(self.section, "") + "".join(lines)


def main() -> int:
    """Measure the sections that were asked for, in order."""
    asked = _asked()
    with tempfile.TemporaryDirectory() as folder:
        run = Run(asked, Path(folder))
        machine = _machine()
        print(f"{machine}, load {os.getloadavg()[0]:.1f}", flush=True)
        with _world(run) as world:
            for name in asked.only or SECTIONS:
                run.section = name
                print(f"\n{name}: {SECTIONS[name].__doc__}", flush=True)
                SECTIONS[name](run, world)
    text = _document(run, machine)
    print(f"\n{text}")
    if asked.table:
        figures.put_between_marks(asked.table, text)
    missed = [each.name for found in run.found.values() for each in found if each.is_met is False]
    for line in [*(f"missed: {name}" for name in missed), *(f"failed: {line}" for line in run.failed)]:
        print(line)
    return 1 if missed or run.failed else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--schools", type=int, default=FULL[0])
    parser.add_argument("--weeks", type=int, default=FULL[1], help="teaching weeks of the term")
    parser.add_argument("--terms", type=int, default=5, help="of history, for the section history")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--only", action="append", choices=list(SECTIONS), help="may be given several times")
    parser.add_argument("--world", default="", help="name of a database with a world that is not judged; it is copied")
    parser.add_argument("--table", type=Path, help="document that takes the table between its marks")
    return parser.parse_args()


@contextmanager
def _world(run: Run) -> Iterator[str]:
    """Name of the database that the sections copy: made now, or copied, if a section needs it."""
    if not set(run.asked.only or SECTIONS) & {"term", "openfisca", "tasks", "history", "scale", "pages"}:
        yield ""
        return
    run.section = "world"
    given = run.asked.world or "template1"
    with databases.database(WORLD, template=given) as url:
        began = time.perf_counter()
        if run.asked.world:
            run.python("manage.py", "migrate", "--verbosity=0", url=url)
        else:
            _make(run, url, run.asked.schools)
        print(f"the world took {time.perf_counter() - began:.0f} s", flush=True)
        yield WORLD


def _make(run: Run, url: str, schools: int) -> None:
    run.python("manage.py", "migrate", "--verbosity=0", url=url)
    run.python("manage.py", "load_reference_data", url=url)
    size = ["--schools", str(schools), "--weeks", str(run.asked.weeks), "--seed", str(run.asked.seed)]
    run.python("manage.py", "make_world", *size, "--now", PRESENT, "--no-evaluate", url=url)


# The sections ------------------------------------------------------------------------------------------------


def _term(run: Run, world: str) -> None:
    """one term by all rules against hand-written read-only SQL, rerun, alerts apart, memory"""
    with databases.database("benchmark_term", template=world) as url:
        run.python("-m", "benchmarks.term", url=url)


def _openfisca(run: Run, world: str) -> None:
    """the same rule through OpenFisca-core end to end"""
    with databases.database("benchmark_openfisca", template=world) as url:
        run.python("-m", "benchmarks.openfisca", url=url)


def _tasks(run: Run, world: str) -> None:
    """one Celery task per class-day, extrapolated from 10,000"""
    with databases.database("benchmark_tasks", template=world) as url:
        run.python("-m", "benchmarks.tasks", url=url)


def _history(run: Run, world: str) -> None:
    """one school's week with one and with several terms of history; would a partition per term pay"""
    terms = str(run.asked.terms)
    with databases.database("benchmark_history", template=world) as short:
        run.python("-m", "benchmarks.history", "judge", url=short)
        with databases.database("benchmark_long", template="benchmark_history") as long:
            run.python("-m", "benchmarks.history", "grow", terms, url=long)
            run.python("-m", "benchmarks.history", "compare", short, long, terms, url=short)
            run.python("-m", "benchmarks.partitions", url=long)


def _scale(run: Run, world: str) -> None:
    """ten times the schools"""
    kept = run.folder / "scale.json"
    with databases.database("benchmark_small") as url:
        _make(run, url, max(1, run.asked.schools // SMALL))
        run.python("-m", "benchmarks.scale", str(kept), url=url)
    with databases.database("benchmark_scale", template=world) as url:
        run.python("-m", "benchmarks.scale", str(kept), url=url)


def _pages(run: Run, world: str) -> None:
    """every page and list of the API over the judged term, one after another, then with 20 users"""
    with databases.database("benchmark_pages", template=world) as url:
        run.python("-m", "benchmarks.term", "--memory", url=url)  # three sweeps: it is judged now
        run.python("-m", "benchmarks.pages", url=url, shown=True)
        run.python("-m", "benchmarks.pages", "--users", "20", url=url, shown=True)


def _training(run: Run, world: str) -> None:
    """all rules about training institutions over four terms against hand-written read-only SQL, rerun"""
    with databases.database("benchmark_training") as url:
        run.python("manage.py", "migrate", "--verbosity=0", url=url)
        run.python("manage.py", "load_reference_data", url=url)
        run.python("-m", "benchmarks.training_world", *_training_size(run), url=url)
        run.python("-m", "benchmarks.training", url=url)


def _order_latency(run: Run, world: str) -> None:
    """one fee order by REST until its finding shows, through web, worker and beat"""
    with databases.database("benchmark_orders") as url:
        run.python("-m", "benchmarks.order_latency", *_training_size(run), url=url)


def _fee_orders(run: Run, world: str) -> None:
    """orders from one CSV file against COPY of the same rows"""
    run.python("-m", "benchmarks.fee_orders", _training_size(run)[3], url=os.environ["DATABASE_URL"], shown=True)


def _observed(run: Run, world: str) -> None:
    """what people confirm and order, by the rules about it, against hand-written SQL"""
    with databases.database("benchmark_observed") as url:
        run.python("manage.py", "migrate", "--verbosity=0", url=url)
        run.python("manage.py", "load_reference_data", url=url)
        run.python("-m", "benchmarks.observed", url=url)


def _training_size(run: Run) -> list[str]:
    """As many institutions and orders for each school as the full district has."""
    share = min(1.0, run.asked.schools / FULL[0])
    institutions, orders = (max(1, round(number * share)) for number in TRAINING)
    return ["--institutions", str(institutions), "--orders", str(orders), "--seed", str(run.asked.seed)]


def _alone(module: str) -> Callable[[Run, str], None]:
    def section(run: Run, world: str) -> None:
        with databases.database(f"benchmark_{module}") as url:
            run.python("-m", f"benchmarks.{module}", url=url, shown=True)

    section.__doc__ = f"benchmarks.{module}, with a database of its own"
    return section


def _with_servers(module: str) -> Callable[[Run, str], None]:
    def section(run: Run, world: str) -> None:
        size = ["--schools", str(run.asked.schools), "--seed", str(run.asked.seed)]
        run.python("-m", f"benchmarks.{module}", *size, url=os.environ["DATABASE_URL"], shown=True)

    section.__doc__ = f"benchmarks.{module}, with servers of its own"
    return section


SECTIONS: dict[str, Callable[[Run, str], None]] = {
    "term": _term,
    "history": _history,
    "scale": _scale,
    "openfisca": _openfisca,
    "tasks": _tasks,
    "pages": _pages,
    "load_returns": _alone("load_returns"),
    "workbook": _alone("workbook"),
    "spine": _alone("spine"),
    "training": _training,
    "order_latency": _order_latency,
    "fee_orders": _fee_orders,
    "observed": _observed,
    "visits": _alone("visits"),
    "load": _with_servers("load"),
    "chaos": _with_servers("chaos"),
}


# The document ------------------------------------------------------------------------------------------------


def _machine() -> str:
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    gib = round(int(memory.split()[1]) / 2**20)
    return f"{os.cpu_count()} cores, {gib} GiB, Python {platform.python_version()}, {databases.settings()}"


def _document(run: Run, machine: str) -> str:
    asked, today = run.asked, dt.datetime.now(tz=dt.UTC).date()
    size = f"the database {asked.world}" if asked.world else f"{asked.schools} schools, {asked.weeks} weeks"
    parts = [f"{today}, {machine}, load at the end {os.getloadavg()[0]:.1f}; {size}, seed {asked.seed}."]
    measured = [each for found in run.found.values() for each in found]
    if measured:
        parts.append(figures.table(measured))
    parts += [f"`benchmarks.{name}`\n\n```\n{text.strip()}\n```" for name, text in run.told.items()]
    parts += [f"Failed: {line}" for line in run.failed]
    return "\n\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
