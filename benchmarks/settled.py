"""What must hold of a district in which everything has been judged, whoever judged it how often.

Import it after ``benchmarks.world.connect``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from schools.fiction.weeks import Calendar
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.intake.models import ReturnVersion, WeeklyReturn
from shuangjian.journal.models import AuditEntry
from shuangjian.rules import engine
from shuangjian.rules.declare import all_rules
from shuangjian.rules.models import Finding
from shuangjian.rules.periods import Span
from tests.oracle import oracle
from tests.oracle.retold import retold


def lost_entries(week: Week) -> list[str]:
    """Units where the week's versions that came through the API and the journal's entries of submits differ."""
    versions = ReturnVersion.objects.filter(weekly_return__week=week.monday, door="api")
    entries = AuditEntry.objects.filter(act="submit_return", target=f"weekly-return:{week.key}")
    there = Counter(versions.values_list("weekly_return__institution_id", flat=True))
    told = Counter(entries.values_list("institution_id", flat=True))
    return [f"school {pk}: {there[pk]} versions, {told[pk]} entries" for pk in there | told if there[pk] != told[pk]]


def unlike_the_oracle(schools: Sequence[Institution]) -> list[str]:
    """Findings of these schools, in all their weeks, that only the portal or only the oracle has; RP left out."""
    first = Calendar.load().teaching_weeks(1, Week.of(clock.today()).plus(1))[0].monday
    expected = {key for key in oracle.findings(retold(clock.now(), first, schools)) if not key[0].startswith("RP")}
    rows = Finding.objects.open().filter(institution__in=schools, is_stale=False).exclude(rule__startswith="RP")
    found = {
        (row.rule, row.institution.code, row.about, row.occurred_on.isoformat(), row.observed, row.limit)
        for row in rows.select_related("institution")
    }
    told = [f"oracle: missing {tuple(map(str, key))}" for key in sorted(expected - found)]
    if not expected:
        told.append("oracle: no finding at all, which proves nothing")
    return told + [f"oracle: extra {tuple(map(str, key))}" for key in sorted(found - expected)]


def changed_by_judging_again() -> list[str]:
    """Towns in which an evaluation of everything from scratch adds, changes, clears or makes stale any finding."""
    rules = [rule for rule in all_rules() if not rule.code.startswith("RP")]
    weeks = WeeklyReturn.objects.order_by("week").values_list("week", flat=True)
    first, last = weeks.first(), weeks.last()
    assert first is not None
    assert last is not None
    span = Span(first, Week(last).sunday)
    units: dict[int | None, list[int]] = {}
    for pk, town in Institution.objects.filter(kind=Institution.Kind.SCHOOL).values_list("pk", "town_id"):
        units.setdefault(town, []).append(pk)
    told = []
    for town, ids in units.items():
        receipt = engine.evaluate(rules, ids, span, now=clock.now(), cause="judged again")
        if receipt.added or receipt.changed or receipt.cleared or receipt.stale:
            told.append(f"town {town}: {receipt}")
    return told
