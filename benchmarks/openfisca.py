"""Section "openfisca": HW-02 through OpenFisca-core end to end, against the engine with the same rule.

OpenFisca and numpy live in an environment of their own (var/openfisca, from requirements-benchmarks.lock), which is
made when it is missing. Works on the database that DATABASE_URL names: a world that was not judged.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuangjian.settings.dev")
django.setup()

from django.db import connection  # noqa: E402

from benchmarks import judging  # noqa: E402
from benchmarks.figures import Figure, at_least, tell  # noqa: E402
from shuangjian.local import install  # noqa: E402
from shuangjian.local.locks import BENCHMARKS_LOCK  # noqa: E402
from shuangjian.local.state import PROJECT, VAR  # noqa: E402
from shuangjian.rules.declare import all_rules  # noqa: E402

VENV = VAR / "openfisca"
RUNS = 3
#: How it reads, how many simulations, in words, and the bound where one is set.
_WAYS = (
    ("fetch", "day", "read by a cursor, each day by its own standard", 3),
    ("copy", "day", "read by COPY in binary, each day by its own standard", None),
    ("copy", "term", "read by COPY in binary, one standard for all days", None),
)
_TABLE = """
DROP TABLE IF EXISTS openfisca_finding;
CREATE TABLE openfisca_finding (LIKE rules_finding INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES);
ALTER TABLE openfisca_finding ALTER parameters_version SET DEFAULT '', ALTER calendar_version SET DEFAULT 0,
  ALTER facts SET DEFAULT '{}', ALTER is_stale SET DEFAULT false, ALTER is_trial SET DEFAULT false,
  ALTER is_exempt SET DEFAULT false, ALTER opened_at SET DEFAULT now(), ALTER changed_at SET DEFAULT now()"""
_SAME = 'SELECT rule, institution_id, about, occurred_on, observed, "limit" FROM openfisca_finding'


def main() -> None:
    """Both ways of reading; the engine's first evaluation of that rule alone, findings written, cleared and all."""
    install.python_packages(VENV, (install.UV_LOCK, BENCHMARKS_LOCK))
    rules = [rule for rule in all_rules() if rule.code == "HW-02"]
    runs = [_engine(rules) for _ in range(RUNS)]
    engine, processor = min(run.seconds for run in runs), min(run.processor for run in runs)
    expected = {row for row in judging.open_findings() if row[0] == "HW-02"}
    for way, per, told, bound in _WAYS:
        run = min((_openfisca(way, per, expected) for _ in range(RUNS)), key=lambda each: sum(each["seconds"].values()))
        steps = ", ".join(f"{step} {seconds:.2f}" for step, seconds in run["seconds"].items())
        total = sum(run["seconds"].values())
        value = f"HW-02 over {run['items']:,} items: {engine:.2f} s with {len(expected):,} findings written"
        at_least(f"engine against OpenFisca-core, {told}", value, total / engine, f"{total:.2f} s ({steps})", bound)
        times = run["processor"] / processor
        value = f"{processor:.2f} s of processor, alerts included"
        tell(Figure("the same, whatever else the machine does", value, f"{run['processor']:.2f} s", f"{times:.1f} ×"))


def _engine(rules: Any) -> judging.Judged:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE rules_finding, alerts_alert CASCADE")
    return judging.sweep(rules, judging.running_term())


def _openfisca(way: str, per: str, expected: set[Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)
    side = PROJECT / "benchmarks" / "openfisca_side.py"
    shown = subprocess.run([VENV / "bin" / "python", side, way, per], capture_output=True, text=True)
    if shown.returncode != 0:
        sys.exit(shown.stderr)
    with connection.cursor() as cursor:
        cursor.execute(_SAME)
        if (found := set(cursor.fetchall())) != expected:
            sys.exit(f"OpenFisca and the engine differ by {len(found ^ expected)} findings, such as "
                     f"{sorted(found ^ expected, key=str)[:3]}.")  # fmt: skip
    return json.loads(shown.stdout)


if __name__ == "__main__":
    main()
