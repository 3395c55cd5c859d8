"""For which rules a return's data suffice: decided when it comes to stand, by the rules' own ``unknown``, and kept.

``WeeklyReturn.sufficient_for`` names the rules that find all they need. A rule that is not named has 数据不足, so a
rule that came with a new release has it too until ``migrate`` has asked it (``follow_release``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor

from shuangjian.core.locks import lock_institutions
from shuangjian.core.weeks import Week
from shuangjian.intake.models import JUDGED_STATES, WeeklyReturn
from shuangjian.rules.declare import all_rules
from shuangjian.rules.unknown import unknown_weeks

Filed = tuple[int, dt.date]  # institution id, Monday

_SCHOOLS_AT_A_TIME = 40

_NOTE = """
UPDATE intake_weeklyreturn r SET sufficient_for = n.codes::varchar[]
FROM unnest(%(institutions)s::bigint[], %(weeks)s::date[], %(codes)s::text[]) AS n (institution_id, week, codes)
WHERE r.institution_id = n.institution_id AND r.week = n.week AND r.sufficient_for <> n.codes::varchar[]
"""


def sufficient_for(filed: Collection[Filed]) -> dict[Filed, list[str]]:
    """Codes of the rules that can lack data and lack none in what the sections' tables hold of these units' weeks.

    One query for each week. The caller holds the units' locks.
    """
    rules = all_rules()
    asking = {rule.code for rule in rules if rule.unknown is not None}
    lacking: dict[Filed, set[str]] = {each: set() for each in filed}
    for monday, units in _by_week(filed).items():
        for unit, week, code in unknown_weeks(rules, units, [monday]):
            lacking[unit, week].add(code)
    return {each: sorted(asking - codes) for each, codes in lacking.items()}


def note_sufficiency(found: Mapping[Filed, Sequence[str]]) -> int:
    """Write it beside the returns of these units' weeks; one statement. Returns how many changed."""
    if not found:
        return 0
    columns: dict[str, Any] = {
        "institutions": [unit for unit, _ in found],
        "weeks": [monday for _, monday in found],
        "codes": [f"{{{','.join(codes)}}}" for codes in found.values()],
    }
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, columns)
        return int(cursor.rowcount)


def recheck_sufficiency(
    institution_ids: Sequence[int], since: dt.date = dt.date.min, until: dt.date = dt.date.max
) -> int:
    """Ask the rules again about the judged returns of these weeks. The caller holds the locks of the units."""
    judged = WeeklyReturn.objects.filter(institution_id__in=institution_ids, state__in=JUDGED_STATES, week__lte=until)
    if since > dt.date.min:
        judged = judged.filter(week__gte=Week.of(since).monday)
    filed = list(judged.order_by("week").values_list("institution_id", "week"))
    return note_sufficiency(sufficient_for(filed))


def follow_release(**told: Any) -> None:
    """After ``migrate``: the rules of this release decide for the returns that stand already.

    About 1.5 s for a million items; school by school under the units' locks, so that submits wait a moment at most.
    Nothing is asked while the tables are not those of the code (``migrate homework 0001``), nor after a test's flush.
    """
    using = told.get("using", DEFAULT_DB_ALIAS)
    if "plan" not in told or using != DEFAULT_DB_ALIAS or _has_pending_migrations():
        return
    for schools in _schools():
        with transaction.atomic():
            lock_institutions(schools)
            recheck_sufficiency(schools)


def _has_pending_migrations() -> bool:
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _schools() -> Iterator[list[int]]:
    judged = WeeklyReturn.objects.filter(state__in=JUDGED_STATES).order_by("institution_id")
    ids = list(judged.values_list("institution_id", flat=True).distinct())
    return (ids[start : start + _SCHOOLS_AT_A_TIME] for start in range(0, len(ids), _SCHOOLS_AT_A_TIME))


def _by_week(filed: Collection[Filed]) -> dict[dt.date, list[int]]:
    weeks: dict[dt.date, list[int]] = {}
    for unit, monday in filed:
        weeks.setdefault(monday, []).append(unit)
    return weeks
