"""Section "term": one term by every rule, findings only, against hand-written read-only SQL; memory of the judge.

Works on the database that DATABASE_URL names, in which a world was made and not judged.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuangjian.settings.dev")
django.setup()

from django.db import connection  # noqa: E402
from django.db.models import Sum  # noqa: E402

from benchmarks import baseline, judging  # noqa: E402
from benchmarks.figures import Figure, at_most, tell  # noqa: E402
from homework.models import HomeworkItem  # noqa: E402
from shuangjian.alerts.models import Alert, AlertEvent  # noqa: E402
from shuangjian.core.weeks import Week  # noqa: E402
from shuangjian.rules.declare import all_rules  # noqa: E402
from shuangjian.rules.drain import drain  # noqa: E402
from shuangjian.rules.models import Finding  # noqa: E402
from shuangjian.rules.sweep import open_sweep  # noqa: E402

READINGS, RERUNS, SWEEPS = 3, 3, 3
MEBIBYTES = 300


def main() -> None:
    """Measure on the world as it is: no finding may stand in it yet."""
    if Finding.objects.exists():
        sys.exit("Findings stand here already: a first evaluation needs a world made with --no-evaluate.")
    by_hand_too = baseline.statements()  # those of the weekly returns; institutions have a benchmark of their own
    rules, span = [rule for rule in all_rules() if rule.code in by_hand_too], judging.running_term()
    items = HomeworkItem.objects.count()
    print(f"{items:,} items, {len(rules)} rules, {span.since} to {span.until}", flush=True)
    by_hand = _by_hand(rules, span, parallel=True)
    alone = _by_hand(rules, span, parallel=False)
    first = judging.sweep(rules, span)
    _must_agree(by_hand)
    reruns = [judging.sweep(rules, span) for _ in range(RERUNS)]
    rerun = min(reruns, key=lambda each: each.seconds)
    changed = sum(each.changed for each in reruns)
    against = "hand-written SQL, {:.2f} s"
    size = f"{items:,} items, {len(by_hand.rows):,} findings"
    for name, judged, bound in (("first evaluation", first, 3), ("rerun", rerun, 1.6)):
        value = f"{judged.seconds:.2f} s ({size})" if judged is first else f"{judged.seconds:.2f} s"
        times = judged.seconds / by_hand.total
        at_most(f"one term, all rules, findings: {name}", value, times, against.format(by_hand.total), bound)
        times = judged.processor / alone.processor
        value = f"{judged.processor:.2f} s of processor, alerts included"
        compared = f"the SQL in one process, {alone.processor:.2f} s"
        tell(Figure(f"the same, {name}, whatever else the machine does", value, compared, f"{times:.2f} ×"))
    tell(Figure("rows of findings changed by reruns", f"{changed}", "", "", "0", changed == 0))
    _alerts(first, rerun)
    slowest = max(first.findings)
    tell(Figure("town by town", f"{len(first.findings)} transactions, the longest {slowest:.2f} s at first"))
    _rule_by_rule(by_hand)
    _memory()


def _by_hand(rules, span, *, parallel: bool) -> baseline.Reading:  # type: ignore[no-untyped-def]
    since, until = Week.of(span.since).monday, Week.of(span.until).sunday
    codes = [rule.code for rule in rules]
    readings = [baseline.read(since, until, judging.NOW, codes=codes, parallel=parallel) for _ in range(READINGS)]
    return sorted(readings, key=lambda each: each.total)[READINGS // 2]


def _must_agree(by_hand: baseline.Reading) -> None:
    """The two ways see the same: every finding with its figures, and none besides."""
    found = judging.open_findings()
    only_hand, only_engine = by_hand.rows - found, found - by_hand.rows
    if only_hand or only_engine:
        sys.exit(
            f"The engine and the hand-written SQL differ: {len(only_hand)} only by hand, such as "
            f"{sorted(only_hand, key=str)[:3]}; {len(only_engine)} only by the engine, such as "
            f"{sorted(only_engine, key=str)[:3]}."
        )
    tell(Figure("findings = what the SQL sees, with observed and limit", f"{len(found):,} of each", "", "", "=", True))


def _alerts(first: judging.Judged, rerun: judging.Judged) -> None:
    size = f"{Alert.objects.count():,} alerts of {Alert.objects.aggregate(n=Sum('open_findings'))['n']:,} findings"
    value = f"{first.alerts:.2f} s at first ({size}, {AlertEvent.objects.count():,} events), {rerun.alerts:.2f} s again"
    tell(Figure("alerts and their events, apart", value))


def _rule_by_rule(by_hand: baseline.Reading) -> None:
    slowest = sorted(by_hand.seconds.items(), key=lambda each: -each[1])[:6]
    tell(Figure("by hand, the slowest rules", ", ".join(f"{code} {seconds:.2f} s" for code, seconds in slowest)))


# Memory: a process of its own that does nothing but judge, as a worker's does -------------------------------


def _memory() -> None:
    shown = subprocess.run([sys.executable, "-m", "benchmarks.term", "--memory"], check=True, capture_output=True)
    peaks = [int(word) for word in shown.stdout.split()]
    resident, peak = peaks[:SWEEPS], peaks[-1]
    drift = resident[-1] - resident[0]
    told = "/".join(str(each) for each in resident)
    value = f"peak {peak} MiB; after each of {SWEEPS} sweeps {told} MiB"
    tell(Figure("memory of the process that judges", value, "", "", f"≤ {MEBIBYTES} MiB", peak <= MEBIBYTES))
    tell(Figure("its drift over the sweeps", f"{drift} MiB", "", "", "≤ 5 MiB", drift <= 5))


def _sweeping() -> None:
    """Open a sweep and work it off, three times, by the worker's own function with the worker's modules loaded."""
    import shuangjian.celery  # noqa: F401 - a worker has it, so its memory counts

    for _ in range(SWEEPS):
        open_sweep(judging.NOW.date())
        drain(lambda: judging.NOW)
        print(_mebibytes("VmRSS"))
    print(_mebibytes("VmHWM"))


def _mebibytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) // 1024


if __name__ == "__main__":
    _sweeping() if "--memory" in sys.argv else main()
    connection.close()
