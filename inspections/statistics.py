"""What inspections found in a period, by town, in the columns of the district's notices (forms.md §2, 番禺口径).

Counted is the latest filed version of each visit that began in the period, also while it is being corrected: nothing
that nobody has reviewed, and nothing twice. One statement judges, whatever the period.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection

from inspections.models import Visit
from shuangjian.bureau.models import Institution, Town
from shuangjian.core import clock

UNKNOWN_TOWN = "镇街未定"
TOTAL = "合计"


@dataclass(frozen=True)
class Counts:
    """One line of the table. Institutions are counted once however often they were visited, as COLUMNS tells."""

    people: int = 0
    visits: int = 0
    units: int = 0
    schools: int = 0
    subject_orgs: int = 0
    non_subject_orgs: int = 0
    sites: int = 0
    units_with_problems: int = 0
    problems: int = 0
    conduct: int = 0
    safety: int = 0
    fire: int = 0
    clues: int = 0
    orders: int = 0
    order_items: int = 0
    rectified: int = 0
    follow_ups: int = 0


@dataclass(frozen=True)
class Line:
    """A town and its counts; the last line of a table is the total."""

    name: str
    counts: Counts


#: Field of Counts → column, group of columns, what is counted.
COLUMNS: dict[str, tuple[str, str, str]] = {
    "people": ("出动人次", "检查", "每次检查的检查人员与同行人员之和"),
    "visits": ("检查家次", "检查", "期内开始并已归档的检查次数"),
    "units": ("检查家数", "检查", "期内检查过的单位，同一单位检查多次计 1 家"),
    "schools": ("学校", "其中", "检查家数中的学校"),
    "subject_orgs": ("学科类", "其中", "检查家数中的学科类培训机构"),
    "non_subject_orgs": ("非学科类", "其中", "检查家数中的非学科类培训机构"),
    "sites": ("疑似无证点", "其中", "检查家数中的疑似无证点"),
    "units_with_problems": ("存在问题家数", "查实问题", "至少有 1 项查实的单位，计 1 家"),
    "problems": ("问题数", "查实问题", "结论为不符合、处理为查实的检查要点数，线索不计"),
    "conduct": ("规范办学", "查实问题", "其中问题类别为规范办学的"),
    "safety": ("安全管理", "查实问题", "其中问题类别为安全管理的"),
    "fire": ("消防安全", "查实问题", "其中问题类别为消防安全的"),
    "clues": ("线索数", "线索", "结论为不符合、处理为线索的检查要点数，不计入问题数"),
    "orders": ("整改通知书", "限期整改", "下达了限期整改的检查次数，一次检查一份"),
    "order_items": ("整改事项", "限期整改", "这些检查下达的整改事项数，已撤销的不计"),
    "rectified": ("整改完成", "限期整改", "整改事项中现已复查通过的"),
    "follow_ups": ("回头看", "回头看", "检查家次中方式为回头看的"),
}

_SQL = """
WITH latest AS (
    SELECT DISTINCT ON (version.visit_id) version.visit_id, visit.institution_id, visit.kind, version.record
    FROM inspections_visitversion version
    JOIN inspections_visit visit ON visit.id = version.visit_id
    WHERE version.filed_at IS NOT NULL AND visit.started_at >= %s AND visit.started_at < %s AND visit.id IN ({scope})
    ORDER BY version.visit_id, version.number DESC, version.id DESC
), failed AS (
    SELECT latest.visit_id,
           count(*) FILTER (WHERE answer ->> 'decision' = 'confirmed') AS problems,
           count(*) FILTER (WHERE answer @> '{{"decision": "confirmed", "problem_kind": "conduct"}}') AS conduct,
           count(*) FILTER (WHERE answer @> '{{"decision": "confirmed", "problem_kind": "safety"}}') AS safety,
           count(*) FILTER (WHERE answer @> '{{"decision": "confirmed", "problem_kind": "fire"}}') AS fire,
           count(*) FILTER (WHERE answer ->> 'decision' = 'clue') AS clues
    FROM latest CROSS JOIN LATERAL jsonb_array_elements(latest.record -> 'answers') answer
    WHERE answer ->> 'verdict' = 'failed'
    GROUP BY latest.visit_id
), ordered AS (
    SELECT answer.visit_id, count(*) AS items, count(*) FILTER (WHERE rectification.state = 'passed') AS rectified
    FROM inspections_answer answer
    JOIN alerts_rectification rectification ON rectification.observation_id = answer.observation_id
    WHERE answer.visit_id IN (SELECT visit_id FROM latest) AND rectification.state <> 'cancelled'
    GROUP BY answer.visit_id
), told AS (
    SELECT institution.town_id, latest.institution_id, latest.kind, latest.record -> 'checklist' ->> 'target' AS target,
           jsonb_array_length(latest.record -> 'inspectors')
           + jsonb_array_length(latest.record -> 'companions') AS people,
           failed.*, ordered.items, ordered.rectified
    FROM latest
    JOIN bureau_institution institution ON institution.id = latest.institution_id
    LEFT JOIN failed USING (visit_id)
    LEFT JOIN ordered USING (visit_id)
)
SELECT GROUPING(town_id) = 1, town_id,
       coalesce(sum(people), 0), count(*), count(DISTINCT institution_id),
       count(DISTINCT institution_id) FILTER (WHERE target = 'school'),
       count(DISTINCT institution_id) FILTER (WHERE target = 'subject_org'),
       count(DISTINCT institution_id) FILTER (WHERE target = 'non_subject_org'),
       count(DISTINCT institution_id) FILTER (WHERE target = 'suspected_site'),
       count(DISTINCT institution_id) FILTER (WHERE problems > 0),
       coalesce(sum(problems), 0), coalesce(sum(conduct), 0), coalesce(sum(safety), 0), coalesce(sum(fire), 0),
       coalesce(sum(clues), 0), count(*) FILTER (WHERE items > 0), coalesce(sum(items), 0), coalesce(sum(rectified), 0),
       count(*) FILTER (WHERE kind = 'follow_up')
FROM told
GROUP BY GROUPING SETS ((town_id), ())
"""


def by_town(principal: Any, since: dt.date, until: dt.date) -> list[Line]:
    """A line for each town that ``principal`` looks after, also where nothing was inspected, and the total last.

    ``since`` and ``until`` are local dates, both included. Three queries at most.
    """
    counted: dict[int | None, Counts] = {}
    total = Counts()
    for is_total, town_id, *numbers in _rows(principal, since, until):
        counts = Counts(*map(int, numbers))
        if is_total:
            total = counts
        else:
            counted[town_id] = counts
    lines = [Line(town.name, counted.pop(town.pk, Counts())) for town in _towns(principal)]
    lines += [Line(UNKNOWN_TOWN, counts) for counts in counted.values()]
    return [*lines, Line(TOTAL, total)]


def _rows(principal: Any, since: dt.date, until: dt.date) -> list[Any]:
    try:
        scope, values = Visit.objects.visible_to(principal).order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:  # nobody's visits
        return []
    bounds = [clock.at(since, 0), clock.at(until + dt.timedelta(days=1), 0)]
    with connection.cursor() as cursor:
        cursor.execute(_SQL.format(scope=scope), [*bounds, *values])
        return cursor.fetchall()


def _towns(principal: Any) -> list[Town]:
    seen = Institution.objects.visible_to(principal).filter(town__isnull=False).order_by().values("town")
    return list(Town.objects.filter(pk__in=seen))
