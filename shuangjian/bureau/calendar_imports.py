"""Imports of statutory days and of terms and breaks, from files that a new year's announcement is typed into."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from shuangjian.bureau.calendar import lock_calendar, rebuild_unit_days
from shuangjian.bureau.calendar_models import Break, CalendarDay, Certainty, Term
from shuangjian.bureau.calendar_services import refuse_bad_span, term_key
from shuangjian.bureau.tables import ImportResult, Line, Problems, one_of, parsed_date, required_text
from shuangjian.bureau.upsert import Upserted, Wanted, upsert
from shuangjian.core.choices import Stage
from shuangjian.core.errors import InvalidInput
from shuangjian.journal.services import record

CALENDAR_COLUMNS = ("date", "kind", "name", "certainty")
TERM_COLUMNS = ("kind", "name", "stage", "starts_on", "ends_on", "certainty")


@transaction.atomic
def import_calendar(lines: list[Line], *, actor: Any, only_new_years: bool = False) -> ImportResult:
    """Create or change the district's statutory holidays and swapped workdays by date; columns CALENDAR_COLUMNS.

    With ``only_new_years`` lines of a year that already has such days are left out: what the bureau has entered or
    removed there stands. Days are rebuilt when anything changed.
    """
    lock_calendar()
    statutory = CalendarDay.objects.filter(
        level=CalendarDay.Level.DISTRICT,
        stage__isnull=True,
        kind__in=[CalendarDay.Kind.HOLIDAY, CalendarDay.Kind.WORKDAY],
    )
    known_years = {date.year for date in statutory.values_list("date", flat=True)} if only_new_years else set()
    problems = Problems()
    wanted: dict[Any, Wanted] = {}
    for line in lines:
        date = problems.read(line, "date", parsed_date)
        kind = problems.read(line, "kind", one_of(CalendarDay.Kind.HOLIDAY, CalendarDay.Kind.WORKDAY))
        reason = problems.read(line, "name", required_text)
        certainty = problems.read(line, "certainty", one_of(*Certainty.values))
        if date in wanted:
            problems.add(line, "date", f"日期与第 {wanted[date].line.number} 行重复，请删去一行。")
        elif date and kind and reason and certainty and date.year not in known_years:
            values = {"date": date, "kind": kind, "reason": reason, "certainty": certainty}
            wanted[date] = Wanted(line, values | {"level": CalendarDay.Level.DISTRICT})
    existing = {
        day.date: day for day in CalendarDay.objects.filter(level=CalendarDay.Level.DISTRICT, stage__isnull=True)
    }
    done = upsert(CalendarDay, existing, wanted, problems)
    record("import_calendar", actor=actor, detail=done.result.as_dict())
    if done.result.written:
        years = {day.date.year for day in (*done.created, *done.changed)}
        rebuild_unit_days(
            cause="导入节假日", actor=actor, since=dt.date(min(years), 1, 1), until=dt.date(max(years), 12, 31)
        )
    return done.result


@transaction.atomic
def import_terms(lines: list[Line], *, actor: Any, only_if_none: bool = False) -> ImportResult:
    """Create or change terms and breaks by name and stage; columns TERM_COLUMNS.

    With ``only_if_none`` nothing is taken once there is any term or break: they are the bureau's to change then.
    """
    lock_calendar()
    if only_if_none and (Term.objects.exists() or Break.objects.exists()):
        return ImportResult(0, 0, len(lines))
    problems = Problems()
    wanted = _wanted_spans(lines, problems)
    problems.raise_if_any()
    terms = upsert(Term, {(t.key, t.stage): t for t in Term.objects.all()}, wanted["term"], problems)
    breaks = upsert(Break, {(b.name, b.stage): b for b in Break.objects.all()}, wanted["break"], problems)
    # Checked after writing, inside the transaction: two lines may trade days that each alone would overlap.
    _refuse_bad_spans(terms, wanted["term"], problems, "key")
    _refuse_bad_spans(breaks, wanted["break"], problems, "name")
    problems.raise_if_any()
    result = ImportResult(
        len(terms.created) + len(breaks.created),
        len(terms.changed) + len(breaks.changed),
        terms.unchanged + breaks.unchanged,
    )
    record("import_terms", actor=actor, detail=result.as_dict())
    if result.written:
        rebuild_unit_days(cause="导入学期和假期", actor=actor)
    return result


def _wanted_spans(lines: list[Line], problems: Problems) -> dict[str, dict[Any, Wanted]]:
    wanted: dict[str, dict[Any, Wanted]] = {"term": {}, "break": {}}
    for line in lines:
        kind = problems.read(line, "kind", one_of("term", "break"))
        name = problems.read(line, "name", term_key if kind == "term" else required_text)
        stage = problems.read(line, "stage", one_of(*Stage.values))
        starts_on = problems.read(line, "starts_on", parsed_date)
        ends_on = problems.read(line, "ends_on", parsed_date)
        certainty = problems.read(line, "certainty", one_of(*Certainty.values))
        if not (kind and name and stage and starts_on and ends_on and certainty):
            continue
        if starts_on > ends_on:
            problems.add(line, "ends_on", f"结束日期 {ends_on} 早于开始日期 {starts_on}，请改正。")
            continue
        first = wanted[kind].get((name, stage))
        if first is not None:
            problems.add(line, "name", f"“{name}”该学段与第 {first.line.number} 行重复，请删去一行。")
            continue
        values = {"stage": stage, "starts_on": starts_on, "ends_on": ends_on, "certainty": certainty}
        wanted[kind][name, stage] = Wanted(line, values | {"key" if kind == "term" else "name": name})
    return wanted


def _refuse_bad_spans(done: Upserted[Any], wanted: dict[Any, Wanted], problems: Problems, name_field: str) -> None:
    for span in (*done.created, *done.changed):
        try:
            refuse_bad_span(span)
        except InvalidInput as error:
            line = wanted[getattr(span, name_field), span.stage].line
            for problem in error.problems:
                problems.add(line, problem.path, problem.message)
