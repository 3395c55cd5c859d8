"""Files one week of the story through the bulk door, and lets reviewers and schools act on single returns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from schools.fiction.payloads import Payload
from schools.fiction.story import Fate
from shuangjian.bureau.models import Institution
from shuangjian.core.locks import lock_institutions
from shuangjian.core.weeks import Week
from shuangjian.intake import filings, review, services
from shuangjian.intake.bulk.writing import Content, Step, Writer
from shuangjian.intake.models import ReturnVersion, WeeklyReturn

_ROWS_AT_A_TIME = 12_000  # as the bulk door itself: enough for set-based statements, little for the memory
_REMARK = "周三作业时长与公示不一致，请核对后重新提交。"
_REASON = "误报了上一周的内容，核对后重新提交。"
_NOTE = "更正个别班级的作业和课后服务数据。"


@dataclass(frozen=True)
class Chapter:
    """One unit's return of the week: its fate, and what each version holds, made when it is written."""

    institution: Institution
    fate: Fate
    first: Callable[[], Payload]
    second: Callable[[], Payload]


@transaction.atomic
def file_week(week: Week, chapters: Sequence[Chapter], *, actor: Any, now: dt.datetime) -> int:
    """Open the week's filings and write its returns as they came in; one transaction. Returns the number of items."""
    lock_institutions([chapter.institution.pk for chapter in chapters])
    filings.correct_filings(None, [week], today=week.sunday)
    told = [chapter for chapter in chapters if chapter.fate.filed_at is not None]
    units = [chapter.institution.pk for chapter in told]
    WeeklyReturn.objects.bulk_create(
        WeeklyReturn(institution_id=unit, week=week.monday, changed_at=now) for unit in units
    )
    items = 0
    drafts = [chapter for chapter in told if chapter.fate.kind == "draft"]
    for at, filed in _by_instant((c for c in told if c not in drafts), lambda chapter: chapter.fate.filed_at):
        items += _submit(week, filed, lambda chapter: chapter.first(), Writer(actor, at, "", _FORM))
    for at, saved in _by_instant(drafts, lambda chapter: chapter.fate.filed_at):
        writer = Writer(actor, at, "", _FORM)
        writer.save_drafts(_steps(week, saved, lambda chapter: chapter.first()))
        writer.finish()
    _send_back(week, told, "answered", dt.timedelta(minutes=30), actor, now)
    corrected = [chapter for chapter in told if chapter.fate.corrected_at is not None]
    for at, filed in _by_instant(corrected, lambda chapter: chapter.fate.corrected_at):
        _submit(week, filed, lambda chapter: chapter.second(), Writer(actor, at, _NOTE, _FORM))
    _send_back(week, told, "returned", dt.timedelta(hours=20), actor, now)
    for chapter in told:
        if chapter.fate.kind == "withdrawn" and chapter.fate.filed_at is not None:
            at = min(chapter.fate.filed_at + dt.timedelta(hours=2), now)
            services.withdraw_return(chapter.institution, week, actor=actor, now=at, reason=_REASON)
    return items


_FORM = ReturnVersion.Door.FORM


def _by_instant(
    chapters: Iterable[Chapter], instant_of: Callable[[Chapter], dt.datetime | None]
) -> list[tuple[dt.datetime, list[Chapter]]]:
    groups: dict[dt.datetime, list[Chapter]] = {}
    for chapter in chapters:
        at = instant_of(chapter)
        if at is not None:
            groups.setdefault(at, []).append(chapter)
    return sorted(groups.items(), key=lambda group: group[0])


def _submit(week: Week, chapters: Sequence[Chapter], version: Callable[[Chapter], Payload], writer: Writer) -> int:
    """Write these versions in batches; returns the number of homework items."""
    returns = _returns(week, chapters)
    steps: list[Step] = []
    rows = items = 0
    for chapter in chapters:
        payload = version(chapter)
        steps.append(_step(week, chapter, payload, returns))
        items += len(payload["homework"])
        rows += sum(map(len, payload.values()))
        if rows >= _ROWS_AT_A_TIME:
            writer.submit(steps)
            steps, rows = [], 0
    writer.submit(steps)
    writer.finish()
    return items


def _steps(week: Week, chapters: Sequence[Chapter], version: Callable[[Chapter], Payload]) -> list[Step]:
    returns = _returns(week, chapters)
    return [_step(week, chapter, version(chapter), returns) for chapter in chapters]


def _step(week: Week, chapter: Chapter, payload: Payload, returns: dict[int, WeeklyReturn]) -> Step:
    return Step(returns[chapter.institution.pk], chapter.institution, week, Content(payload))


def _returns(week: Week, chapters: Sequence[Chapter]) -> dict[int, WeeklyReturn]:
    rows = WeeklyReturn.objects.filter(week=week.monday, institution__in=[c.institution.pk for c in chapters])
    rows = rows.select_related("current_version").defer("draft", "current_version__payload")
    return {row.institution_id: row for row in rows}


def _send_back(
    week: Week, chapters: Iterable[Chapter], kind: str, after: dt.timedelta, actor: Any, now: dt.datetime
) -> None:
    for chapter in chapters:
        if chapter.fate.kind == kind and chapter.fate.filed_at is not None:
            at = min(chapter.fate.filed_at + after, now)
            review.send_back_return(chapter.institution, week, actor=actor, now=at, remark=_REMARK)
