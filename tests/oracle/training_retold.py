"""Tells the training institutions that stand in the database to the oracle, as the world that it judges."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models as db

from shuangjian.bureau.models import Break, CalendarDay, Institution
from shuangjian.bureau.reference import BUREAU_BODY_CODE
from shuangjian.evidence.models import Complaint, Observation
from shuangjian.lists.models import ListDate, ListEntry
from training_orgs import models

Row = dict[str, Any]


def retold(now: dt.datetime) -> Row:
    """Every training institution and suspected site, and what they are held against."""
    orgs = Institution.objects.filter(kind__in=["training_org", "suspected_site"]).select_related("town")
    bodies = Institution.objects.filter(kind="public_body", category="town").select_related("town")
    return {
        "now": now.isoformat(),
        "calendar": calendar(),
        "bureau": BUREAU_BODY_CODE,
        "town_bodies": {body.town.code: body.code for body in bodies if body.town},
        "guide_prices": plain(models.GuidePrice.objects.all()),
        "words": plain(models.ListedWord.objects.all()),
        "list_dates": plain(ListDate.objects.all()),
        "in_service": plain(models.InServiceTeacher.objects.all()),
        "baselines": [],
        "institutions": [institution(each) for each in orgs],
    }


def plain(rows: Any) -> list[Row]:
    """The rows by the names of their columns: dates as ISO texts, numbers as texts where they are not whole."""
    return [{key: simple(value) for key, value in row.items()} for row in rows.values()]


def simple(value: Any) -> Any:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | str | list) else str(value)


def calendar() -> Row:
    days = CalendarDay.objects.filter(level="district", stage__isnull=True)
    return {
        "holidays": [day.date.isoformat() for day in days.filter(kind="holiday")],
        "workdays": [day.date.isoformat() for day in days.filter(kind="workday")],
        "breaks": plain(Break.objects.all()),
    }


def institution(org: Institution) -> Row:
    record: Row = {key: simple(getattr(org, key)) for key in ("code", "kind", "name", "opened_on", "closed_on")}
    record["town"] = org.town.code if org.town else ""
    own = (
        ("profiles", models.OrgProfile),
        ("licences", models.Licence),
        ("registrations", models.Registration),
        ("annual_checks", models.AnnualCheck),
        ("safety_checks", models.SafetyCheck),
        ("reserves", models.Reserve),
        ("ledger", models.LedgerEntry),
        ("complaints", Complaint),
        ("observations", Observation),
        ("list_entries", ListEntry),
    )
    for name, model in own:
        record[name] = plain(objects(model).filter(institution=org))
    record["identifications"] = []
    record["staff"] = [
        row | {"qualifications": plain(models.Qualification.objects.filter(staff=row["id"]))}
        for row in plain(models.Staff.objects.filter(institution=org))
    ]
    record["courses"] = [course(row) for row in plain(models.Course.objects.filter(institution=org))]
    numbers = {row["id"]: row["number"] for row in record["courses"]}
    record["orders"] = [order(row, numbers) for row in plain(models.FeeOrder.objects.filter(institution=org))]
    return record


def objects(model: type[db.Model]) -> Any:
    return model.objects  # type: ignore[attr-defined]


def course(row: Row) -> Row:
    teachers = models.CourseTeacher.objects.filter(course=row["id"]).select_related("staff")
    taught = [{"staff": each.staff.number, "valid_from": simple(each.valid_from)} for each in teachers]
    return row | {"teachers": taught, "sessions": plain(models.CourseSession.objects.filter(course=row["id"]))}


def order(row: Row, numbers: dict[int, str]) -> Row:
    lines = [
        line
        | {"course": numbers[line["course_id"]]}
        | {"consumptions": plain(models.Consumption.objects.filter(line=line["id"]))}
        for line in plain(models.FeeLine.objects.filter(order=row["id"]))
    ]
    return row | {"lines": lines, "refunds": plain(models.Refund.objects.filter(order=row["id"]))}
