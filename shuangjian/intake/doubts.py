"""What makes a submitted return one to be opened singly: findings, a note, a week not yet judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Count

from shuangjian.core.weeks import Week
from shuangjian.intake.models import WeeklyReturn
from shuangjian.journal.models import EvaluationRequest
from shuangjian.rules.models import Finding

Severities = dict[int, int]
_Scope = EvaluationRequest.Scope


def doubts_of(
    returns: Sequence[WeeklyReturn], week: Week, severities: dict[int, Severities] | None = None
) -> dict[int, list[str]]:
    """Return's id → why it must be opened singly; an empty list is a clean one. All of one week; two queries.

    The returns come with their institution and current version. ``severities`` saves one query where it is known.
    """
    units = [each.institution_id for each in returns]
    severities = findings_by_severity(units, week) if severities is None else severities
    waiting = _waiting_for_judgement(week)
    doubts = {}
    for each in returns:
        version, found = each.current_version, sum(severities.get(each.institution_id, {}).values())
        said = [
            (found > 0, f"有 {found} 条疑似问题"),
            (version is not None and version.is_correction, "锁定后更正过"),
            (version is not None and bool(version.note), "学校附有说明"),
            (not each.is_complete, "校历变动后缺数据"),
            (not waiting.isdisjoint(_scopes(each)), "正在核对"),
        ]
        doubts[each.pk] = [words for holds, words in said if holds]
    return doubts


def findings_by_severity(institution_ids: Iterable[int], week: Week) -> dict[int, Severities]:
    """Unit → severity → open findings of the week, without dismissed, exempt and trial ones; one query."""
    rows = (
        Finding.objects.open()
        .undismissed()
        .filter(
            institution_id__in=list(institution_ids),
            period=week.key,
            is_exempt=False,
            is_stale=False,
            is_trial=False,
        )
        .order_by()
        .values("institution_id", "severity")
        .annotate(found=Count("pk"))
    )
    counts: dict[int, Severities] = {}
    for row in rows:
        counts.setdefault(row["institution_id"], {})[row["severity"]] = row["found"]
    return counts


def _waiting_for_judgement(week: Week) -> set[tuple[str, int | None]]:
    """(scope, its unit or town) that somebody asked to judge for the week, and that is not judged yet."""
    rows = EvaluationRequest.objects.filter(done_at__isnull=True, since__lte=week.sunday, until__gte=week.monday)
    asked = rows.values_list("scope", "institution_id", "town_id").distinct()
    return {(scope, institution_id or town_id) for scope, institution_id, town_id in asked}


def _scopes(weekly_return: WeeklyReturn) -> set[tuple[str, int | None]]:
    """The scopes in which the return's unit lies."""
    town_id = weekly_return.institution.town_id
    around = (_Scope.TOWN, town_id) if town_id is not None else (_Scope.UNASSIGNED, None)
    return {(_Scope.INSTITUTION, weekly_return.institution_id), around, (_Scope.DISTRICT, None)}
