"""Changes to the school calendar: terms, breaks and exceptions. Each rebuilds the days that it touches."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, TypeVar

from django.db import models, transaction

from shuangjian.bureau.calendar import lock_calendar, rebuild_unit_days
from shuangjian.bureau.calendar_models import Break, CalendarDay, Term
from shuangjian.bureau.cleaning import full_clean
from shuangjian.bureau.models import Institution, Town
from shuangjian.core.errors import InvalidInput, Problem
from shuangjian.journal.services import record

SpanT = TypeVar("SpanT", Term, Break)
_TERM_KEY = re.compile(r"^(\d{4})-(\d{4})-[12]$", re.ASCII)
# From the guideline's first school year to well beyond any term that is planned.
EARLIEST, LATEST = dt.date(2021, 9, 1), dt.date(2040, 12, 31)
MOST_REASON = 80  # the column's length
_DAY_FIELDS = ("date", "kind", "level", "town", "institution", "stage", "reason", "certainty")


@transaction.atomic
def save_term(
    *, key: str, stage: str, starts_on: dt.date, ends_on: dt.date, certainty: str, actor: Any, term: Term | None = None
) -> Term:
    """Create a term, or change ``term``; InvalidInput when the range is empty or overlaps another term or break."""
    try:
        key = term_key(key)
    except ValueError as error:
        raise InvalidInput([Problem("key", str(error))]) from error
    values = {"key": key, "stage": stage, "starts_on": starts_on, "ends_on": ends_on, "certainty": certainty}
    return _save_span(term or Term(), values, act="save_term", actor=actor)


@transaction.atomic
def save_break(
    *,
    name: str,
    stage: str,
    starts_on: dt.date,
    ends_on: dt.date,
    certainty: str,
    actor: Any,
    school_break: Break | None = None,
) -> Break:
    """Create a break, or change ``school_break``; InvalidInput as in save_term."""
    values = {"name": name, "stage": stage, "starts_on": starts_on, "ends_on": ends_on, "certainty": certainty}
    return _save_span(school_break or Break(), values, act="save_break", actor=actor)


@transaction.atomic
def delete_term(term: Term, *, actor: Any) -> None:
    """Remove a term; its days then have no calendar, and school rules say 数据不足 for them."""
    _delete_span(term, act="delete_term", actor=actor)


@transaction.atomic
def delete_break(school_break: Break, *, actor: Any) -> None:
    """Remove a break; as delete_term."""
    _delete_span(school_break, act="delete_break", actor=actor)


@transaction.atomic
def save_calendar_day(
    *,
    date: dt.date,
    kind: str,
    level: str,
    reason: str,
    certainty: str,
    actor: Any,
    town: Town | None = None,
    institution: Institution | None = None,
    stage: str | None = None,
    calendar_day: CalendarDay | None = None,
) -> CalendarDay:
    """Create an exception, or change ``calendar_day``; the town or institution must fit the level."""
    lock_calendar()
    day = calendar_day or CalendarDay()
    before = CalendarDay.objects.get(pk=calendar_day.pk) if calendar_day else None
    given = (date, kind, level, town, institution, stage or None, reason, certainty)
    for field, value in zip(_DAY_FIELDS, given, strict=True):
        setattr(day, field, value)
    _refuse_level_mismatch(day)
    refuse_strange_date("date", day.date)
    _refuse_long_reason(day)
    # Before full_clean, whose sentence about the database's constraint does not say how to mend it.
    _refuse_second_exception(day)
    full_clean(day)
    if before is None:
        day.save()
    else:
        day.save(update_fields=_DAY_FIELDS)
    record(
        "save_calendar_day",
        actor=actor,
        institution_id=day.institution_id,
        target=str(day),
        detail={"before": before and _described(before), "after": _described(day)},
    )
    _rebuild_around([d for d in (before, day) if d is not None], f"{day} {reason}", actor)
    return day


@transaction.atomic
def delete_calendar_day(calendar_day: CalendarDay, *, actor: Any) -> None:
    """Remove an exception: the next wider one, or the plain weekday, holds again."""
    lock_calendar()
    before = CalendarDay.objects.get(pk=calendar_day.pk)
    calendar_day.delete()
    record(
        "delete_calendar_day",
        actor=actor,
        institution_id=before.institution_id,
        target=str(before),
        detail={"before": _described(before)},
    )
    _rebuild_around([before], f"撤销 {before}", actor)


def term_key(text: str) -> str:
    """The key itself, such as 2026-2027-1; ValueError when it is none."""
    match = _TERM_KEY.match(text)
    if match is None or int(match[2]) != int(match[1]) + 1:
        raise ValueError(f"“{text}”不是学期，应写作 2026-2027-1（秋季）或 2026-2027-2（春季）。")
    return text


def refuse_bad_span(span: Term | Break, *, where: str = "") -> None:
    """InvalidInput when a term or break ends before it starts, or overlaps another of its stage.

    Call under lock_calendar, or two people could save two overlapping ranges at the same moment.
    """
    refuse_strange_date(where or "starts_on", span.starts_on)
    refuse_strange_date(where or "ends_on", span.ends_on)
    if span.starts_on > span.ends_on:
        message = f"结束日期 {span.ends_on} 早于开始日期 {span.starts_on}，请改为不早于开始日期。"
        raise InvalidInput([Problem(where or "ends_on", message)])
    for model in (Term, Break):
        others = model.objects.filter(stage=span.stage, starts_on__lte=span.ends_on, ends_on__gte=span.starts_on)
        if isinstance(span, model) and span.pk is not None:
            others = others.exclude(pk=span.pk)
        other = others.first()
        if other is not None:
            message = (
                f"与“{other}”（{other.starts_on} 至 {other.ends_on}）的日期重叠，"
                "同一学段的学期与假期不能重叠，请先调整其中一个。"
            )
            raise InvalidInput([Problem(where or "starts_on", message)])


def _save_span(span: SpanT, values: dict[str, Any], *, act: str, actor: Any) -> SpanT:
    lock_calendar()
    before: Term | Break | None = None if span._state.adding else type(span).objects.get(pk=span.pk)
    for field, value in values.items():
        setattr(span, field, value)
    # The range first: its message is plainer than that of the database's constraint, which full_clean reports too.
    refuse_bad_span(span)
    full_clean(span)
    if before is None:
        span.save()
    else:
        span.save(update_fields=list(values))
    edges = [span.starts_on, span.ends_on, *((before.starts_on, before.ends_on) if before else ())]
    record(
        act,
        actor=actor,
        target=str(span),
        detail={"before": before and _span_described(before), "after": _span_described(span)},
    )
    rebuild_unit_days(cause=str(span), actor=actor, since=min(edges), until=max(edges))
    return span


def _delete_span(span: Term | Break, *, act: str, actor: Any) -> None:
    lock_calendar()
    before = type(span).objects.get(pk=span.pk)
    span.delete()
    record(act, actor=actor, target=str(before), detail={"before": _span_described(before)})
    rebuild_unit_days(cause=f"撤销 {before}", actor=actor, since=before.starts_on, until=before.ends_on)


def _refuse_level_mismatch(day: CalendarDay) -> None:
    needed = {CalendarDay.Level.TOWN: "town", CalendarDay.Level.INSTITUTION: "institution"}.get(day.level)  # type: ignore[call-overload]
    for field, label in (("town", "镇街"), ("institution", "单位")):
        is_given = getattr(day, f"{field}_id") is not None
        if field == needed and not is_given:
            raise InvalidInput([Problem(field, f"范围为“{label}”时须选择一个{label}。")])
        if field != needed and is_given:
            raise InvalidInput([Problem(field, f"范围为“{day.get_level_display()}”时不应指定{label}，请清空{label}。")])


def refuse_strange_date(path: str, date: dt.date) -> None:
    """InvalidInput for a date that no calendar of this portal is about: a slip in the year."""
    if not EARLIEST <= date <= LATEST:
        raise InvalidInput([Problem(path, f"{date} 不合常理，应在 {EARLIEST} 与 {LATEST} 之间，请核对年份。")])


def _refuse_long_reason(day: CalendarDay) -> None:
    if not 1 <= len(day.reason) <= MOST_REASON:
        raise InvalidInput(
            [Problem("reason", f"事由应为 1–{MOST_REASON} 字，现为 {len(day.reason)} 字，请改短或补填。")]
        )


def _refuse_second_exception(day: CalendarDay) -> None:
    same = CalendarDay.objects.filter(
        date=day.date, level=day.level, town=day.town, institution=day.institution, stage=day.stage
    ).exclude(pk=day.pk)
    other = same.first()
    if other is not None:
        message = f"该日该范围已有例外“{other.get_kind_display()}：{other.reason}”，请修改它，不要另建一条。"
        raise InvalidInput([Problem("date", message)])


def _rebuild_around(days: list[CalendarDay], cause: str, actor: Any) -> None:
    """Rebuild what these exceptions touch: their units and dates, or whole years where they are statutory days."""
    levels = {day.level for day in days}
    institutions: set[int] | None = None
    if CalendarDay.Level.DISTRICT not in levels:
        schools = Institution.objects.filter(kind=Institution.Kind.SCHOOL)
        touched = models.Q(pk__in=[d.institution_id for d in days if d.institution_id]) | models.Q(
            town__in=[d.town_id for d in days if d.town_id]
        )
        institutions = set(schools.filter(touched).values_list("pk", flat=True))
    since, until = min(d.date for d in days), max(d.date for d in days)
    if CalendarDay.Level.DISTRICT in levels:
        # Its first statutory day gives a year a calendar, its last takes it away, its official ones confirm it.
        since, until = dt.date(since.year, 1, 1), dt.date(until.year, 12, 31)
    rebuild_unit_days(cause=cause, actor=actor, institution_ids=institutions, since=since, until=until)


def _described(day: CalendarDay) -> dict[str, Any]:
    where = day.town or day.institution
    return {
        "date": day.date.isoformat(),
        "kind": day.kind,
        "level": day.level,
        "unit": where.code if where else "",
        "stage": day.stage or "",
        "reason": day.reason,
        "certainty": day.certainty,
    }


def _span_described(span: Term | Break) -> dict[str, str]:
    return {"starts_on": span.starts_on.isoformat(), "ends_on": span.ends_on.isoformat(), "certainty": span.certainty}
