"""Section "scale": ten times the schools. Works on the database that DATABASE_URL names: a world that was not judged.

``python -m benchmarks.scale FILE``: the first time FILE is made, with the figures of the small world; the second time,
on the large world, it is read and compared.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuangjian.settings.dev")
django.setup()

from django.db import connection  # noqa: E402

from benchmarks import judging  # noqa: E402
from benchmarks.figures import Figure, at_most, tell  # noqa: E402
from homework.models import HomeworkItem  # noqa: E402
from schools.models import School  # noqa: E402
from shuangjian.rules.declare import all_rules  # noqa: E402

RUNS = 2  # of each: the shorter counts, so that what else the machine does weighs less
BOUND = 11 / 10  # ten times the schools, at most eleven times the time


def main(file: Path) -> None:
    """First evaluation and rerun, alerts included; the bound follows the true ratio of the schools."""
    rules, span = all_rules(), judging.running_term()
    firsts, reruns = [], []
    for _ in range(RUNS):
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE rules_finding, alerts_alert CASCADE")
        firsts.append(judging.sweep(rules, span))
        reruns.append(judging.sweep(rules, span))
    here: dict[str, float] = {"schools": School.objects.count(), "items": HomeworkItem.objects.count()}
    for name, runs in (("first evaluation", firsts), ("rerun", reruns)):
        here |= {name: min(map(_seconds, runs)), f"{name}, processor": min(run.processor for run in runs)}
    if not file.exists():
        file.write_text(json.dumps(here))
        return
    small = json.loads(file.read_text())
    more = here["schools"] / small["schools"]
    for name in ("first evaluation", "rerun"):
        value = f"{here[name]:.2f} s for {here['schools']} schools, {here['items']:,} items, with alerts"
        baseline = f"{small[name]:.2f} s for {small['schools']} schools, {small['items']:,} items"
        at_most(f"{more:g} × the schools: {name}", value, here[name] / small[name], baseline, more * BOUND)
        now, then = here[f"{name}, processor"], small[f"{name}, processor"]
        value = f"{now:.2f} s of processor"
        tell(Figure(f"the same, {name}, whatever else the machine does", value, f"{then:.2f} s", f"{now / then:.2f} ×"))


def _seconds(judged: judging.Judged) -> float:
    return judged.seconds + judged.alerts


if __name__ == "__main__":
    main(Path(sys.argv[1]))
