"""All rules about training institutions, findings only, against hand-written read-only SQL: at first and again.

    python -m benchmarks.training          # every TO rule that has a statement in benchmarks/baseline_training
    python -m benchmarks.training TO-15 TO-16

Works on the database that DATABASE_URL names, filled by ``benchmarks.training_world`` and not judged.
"""

from __future__ import annotations

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuangjian.settings.dev")
django.setup()

from django.db import connection  # noqa: E402
from django.db.models import Count, Min, Sum  # noqa: E402

from benchmarks import baseline, judging  # noqa: E402
from benchmarks.figures import Figure, at_most, tell  # noqa: E402
from benchmarks.training_world import FULL  # noqa: E402
from shuangjian.alerts.models import Alert  # noqa: E402
from shuangjian.bureau.models import Institution  # noqa: E402
from shuangjian.core.weeks import Week  # noqa: E402
from shuangjian.rules.declare import Rule, all_rules  # noqa: E402
from shuangjian.rules.models import Finding  # noqa: E402
from shuangjian.rules.periods import Span  # noqa: E402
from training_orgs.models import Consumption, CourseSession, FeeOrder  # noqa: E402

READINGS, RERUNS = 3, 3


def main(codes: list[str]) -> None:
    """Measure on the world as it is: no finding may stand in it yet."""
    if Finding.objects.exists():
        sys.exit("Findings stand here already: a first evaluation needs a world that was not judged.")
    rules, span = _rules(codes), _span()
    orgs = Institution.objects.filter(kind="training_org").count()
    if (orgs, FeeOrder.objects.count()) < FULL:
        os.environ["BENCHMARK_SMALL"] = "1"
    print(
        f"{orgs:,} institutions, {FeeOrder.objects.count():,} orders, {CourseSession.objects.count():,} sessions, "
        f"{Consumption.objects.count():,} consumptions; {len(rules)} rules, {span.since} to {span.until}",
        flush=True,
    )
    by_hand, alone = _by_hand(rules, span, parallel=True), _by_hand(rules, span, parallel=False)
    first = judging.sweep(rules, span)
    _must_agree(by_hand)
    reruns = [judging.sweep(rules, span) for _ in range(RERUNS)]
    again = min(reruns, key=lambda each: each.seconds)
    for name, judged, bound in (("first evaluation", first, 3), ("rerun", again, 1.6)):
        value = f"{judged.seconds:.2f} s ({len(by_hand.rows):,} findings)"
        against = f"hand-written SQL, {by_hand.total:.2f} s"
        at_most(f"training institutions, findings: {name}", value, judged.seconds / by_hand.total, against, bound)
        times, value = judged.processor / alone.processor, f"{judged.processor:.2f} s of processor, alerts included"
        tell(Figure(f"the same, {name}", value, f"the SQL in one process, {alone.processor:.2f} s", f"{times:.2f} ×"))
    changed = sum(each.changed for each in reruns)
    tell(Figure("rows of findings changed by reruns", f"{changed}", "", "", "0", changed == 0))
    alerts = Alert.objects.aggregate(number=Count("pk"), findings=Sum("open_findings"))
    size = f"{alerts['number']:,} alerts of {alerts['findings'] or 0:,} findings"
    tell(
        Figure("alerts and their events, apart", f"{first.alerts:.2f} s at first ({size}), {again.alerts:.2f} s again")
    )
    slowest = sorted(by_hand.seconds.items(), key=lambda each: -each[1])[:8]
    tell(Figure("by hand, the slowest rules", ", ".join(f"{code} {seconds:.2f} s" for code, seconds in slowest)))


def _rules(codes: list[str]) -> list[Rule]:
    written = baseline.statements(folder=baseline.TRAINING)
    return [rule for rule in all_rules() if rule.code in (codes or written)]


def _span() -> Span:
    """From the first payment to today, in whole weeks: what the engine looks at together."""
    first = FeeOrder.objects.aggregate(first=Min("paid_on"))["first"]
    return Span(Week.of(first).monday, Week.of(judging.NOW.date()).sunday)


def _by_hand(rules: list[Rule], span: Span, *, parallel: bool) -> baseline.Reading:
    codes = [rule.code for rule in rules]
    readings = [
        baseline.read(span.since, span.until, judging.NOW, codes=codes, parallel=parallel, folder=baseline.TRAINING)
        for _ in range(READINGS)
    ]
    return sorted(readings, key=lambda each: each.total)[READINGS // 2]


def _must_agree(by_hand: baseline.Reading) -> None:
    """The two ways see the same: every finding with its figures, and none besides."""
    found = judging.open_findings()
    only_hand, only_engine = sorted(by_hand.rows - found, key=str), sorted(found - by_hand.rows, key=str)
    if only_hand or only_engine:
        sys.exit(
            f"The engine and the hand-written SQL differ: {len(only_hand)} only by hand, such as {only_hand[:3]}; "
            f"{len(only_engine)} only by the engine, such as {only_engine[:3]}."
        )
    tell(Figure("findings = what the SQL sees, with observed and limit", f"{len(found):,} of each", "", "", "=", True))


if __name__ == "__main__":
    main(sys.argv[1:])
    connection.close()
