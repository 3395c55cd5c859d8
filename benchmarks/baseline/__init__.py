"""The same violations by hand: read-only SQL, one statement a rule over the whole district, as a good DBA writes it.

Written from the guideline's rules, not from the engine: no temporary table, no findings, the standard values that the
portal ships as constants. ``%(since)s`` to ``%(until)s`` are whole weeks. The statements yield institution, about,
occurred_on, observed and limit.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

from benchmarks.judging import processor_seconds

Row = tuple[Any, ...]
#: Statements of the rules about schools; those about training institutions are in TRAINING, those about what people
#: confirm at schools and order anywhere in VISITS.
SCHOOLS, TRAINING = Path(__file__).parent, Path(__file__).parents[1] / "baseline_training"
VISITS = Path(__file__).parents[1] / "baseline_visits"
_COLUMNS = 'v (institution, about, occurred_on, observed, "limit")'


@dataclass(frozen=True)
class Reading:
    """What the statements see, as (rule, institution, about, occurred_on, observed, limit), and their seconds.

    ``processor``: seconds of this process and of its server process; parallel workers are not in it.
    """

    rows: frozenset[Row]
    seconds: dict[str, float]
    processor: float

    @property
    def total(self) -> float:
        return sum(self.seconds.values())


def statements(codes: Collection[str] | None = None, folder: Path = SCHOOLS) -> dict[str, str]:
    """By the rule's code; KeyError where a rule asked for has none."""
    found = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))}
    return found if codes is None else {code: found[code] for code in codes}


def read(
    since: dt.date,
    until: dt.date,
    now: dt.datetime,
    *,
    codes: Collection[str] | None = None,
    parallel: bool = True,
    folder: Path = SCHOOLS,
) -> Reading:
    """Run them once, with the memory that the engine has too; ``parallel``: as the server is set, else one process."""
    rows, seconds, used = set(), {}, processor_seconds()
    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '256MB'; SET jit = off; RESET max_parallel_workers_per_gather")
        if not parallel:
            cursor.execute("SET max_parallel_workers_per_gather = 0")
        for code, text in statements(codes, folder).items():
            began = time.perf_counter()
            cursor.execute(
                f'SELECT institution, about, occurred_on, observed::numeric(12,4), "limit"::numeric(12,4) '  # noqa: S608
                f"FROM ({text}) {_COLUMNS}",
                {"since": since, "until": until, "now": now},
            )
            found = cursor.fetchall()
            seconds[code] = time.perf_counter() - began
            rows |= {(code, *row) for row in found}
        cursor.execute("RESET work_mem; RESET jit; RESET max_parallel_workers_per_gather")
    return Reading(frozenset(rows), seconds, processor_seconds() - used)
