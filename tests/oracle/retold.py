"""What stands in the live system, in the oracle's words: for worlds that were not generated here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from schools.models import SchoolClass
from shuangjian.bureau.models import Break, CalendarDay, Institution, Term
from shuangjian.core import clock
from shuangjian.intake.models import WeeklyReturn


def retold(now: dt.datetime, filings_from: dt.date, schools: Sequence[Institution]) -> dict[str, Any]:
    """The world of these schools as it stands in the database; versions as they were submitted."""
    returns = WeeklyReturn.objects.filter(institution__in=schools)
    return {
        "now": now.isoformat(),
        "filings_from": filings_from.isoformat(),
        "terms": [_texts(row) for row in Term.objects.values("key", "stage", "starts_on", "ends_on")],
        "breaks": [_texts(row) for row in Break.objects.values("stage", "starts_on", "ends_on")],
        "calendar_days": [_calendar_day(day) for day in CalendarDay.objects.select_related("town", "institution")]
        + [closed for school in schools for closed in _closed_for_good(school)],
        "schools": [_school(school) for school in schools],
        "returns": [_return(each) for each in returns.select_related("institution")],
    }


def _texts(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, dt.date) else value for key, value in row.items()}


def _calendar_day(day: CalendarDay) -> dict[str, Any]:
    unit = day.town.code if day.town else day.institution.code if day.institution else None
    return {"date": day.date.isoformat(), "kind": day.kind, "level": day.level, "unit": unit, "stage": day.stage}


def _closed_for_good(school: Institution) -> list[dict[str, Any]]:
    """The oracle knows no school that is closed for good: to it every day from then on is closed."""
    if school.closed_on is None:
        return []
    days = [school.closed_on + dt.timedelta(days=offset) for offset in range(400)]
    common = {"kind": "closed", "level": "institution", "unit": school.code, "stage": None}
    return [common | {"date": day.isoformat()} for day in days]


def _school(school: Institution) -> dict[str, Any]:
    classes = SchoolClass.objects.filter(school_id=school.pk).order_by("code").values("code", "grade")
    town = school.town.code if school.town else ""
    return {"code": school.code, "town": town, "stages": school.stages, "classes": list(classes)}


def _return(each: WeeklyReturn) -> dict[str, Any]:
    versions = each.versions.order_by("number")
    submits = [{"at": clock.local(v.submitted_at).isoformat(), "payload": v.payload} for v in versions]
    return {"school": each.institution.code, "week": each.week_key, "state": each.state, "submits": submits}
