"""Rows of training institutions from plain dicts, for the case tables: fictional defaults, whatever a case leaves out.

``build(case)`` makes the institution of the case and everything that its keys name; test_cases.py lists the keys.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from shuangjian.bureau.calendar import rebuild_unit_days
from shuangjian.bureau.models import Break, CalendarDay, Institution, Town
from shuangjian.evidence.models import Complaint, Observation
from shuangjian.lists.models import ListCriteria, ListDate, ListDecision, ListEntry
from tests import make
from training_orgs import models
from training_orgs.models import Course, FeeLine, FeeOrder, Staff, TrainingOrg

Row = dict[str, Any]

#: The statutory days of the weeks in which cases live; each year that has one has a calendar.
STATUTORY = {
    **{f"2026-01-0{n}": "holiday" for n in (1, 2, 3)},
    "2026-01-04": "workday",
    "2026-02-14": "workday",
    **{f"2026-02-{n}": "holiday" for n in range(15, 24)},
    "2026-02-28": "workday",
    **{f"2026-04-0{n}": "holiday" for n in (4, 5, 6)},
    **{f"2026-05-0{n}": "holiday" for n in range(1, 6)},
    "2026-05-09": "workday",
    **{f"2026-06-{n}": "holiday" for n in (19, 20, 21)},
    "2026-09-20": "workday",
    **{f"2026-09-{n}": "holiday" for n in (25, 26, 27)},
    **{f"2026-10-0{n}": "holiday" for n in range(1, 8)},
    "2026-10-10": "workday",
    "2027-01-01": "holiday",
}
BREAKS = [
    ("寒假2026", "2026-02-01", "2026-03-01"),
    ("暑假2026", "2026-07-11", "2026-08-31"),
    ("寒假2027", "2027-01-23", "2027-02-21"),
]


def build(case: Mapping[str, Any]) -> Institution:
    """The calendar, the dated data of the district, the case's institution and its ``others``."""
    _calendar(case.get("calendar", {}))
    _standards(case)
    for number, other in enumerate(case.get("others", []), start=1):
        _party(other, f"{number}")
    return _party(case, "")


def _party(case: Mapping[str, Any], mark: str) -> Institution:
    """One institution with all its rows; ``mark`` keeps the numbers of several apart."""
    institution = _institution(case.get("org", {}), mark)
    for key, model, defaults in _OF_INSTITUTION:
        for number, row in enumerate(case.get(key, []), start=1):
            model.objects.create(institution=institution, **{**_fresh(defaults, f"{mark}{number}"), **row})
    _people(institution, case)
    _courses(institution, case.get("courses", []))
    _identifications(institution, case.get("identifications", []))
    _orders(institution, case.get("orders", []))
    _movements(institution, case)
    for number, row in enumerate(case.get("list_entries", []), start=1):
        _list_entry(institution, row, f"{mark}{number}")
    return institution


def _institution(row: Row, mark: str) -> Institution:
    town = row.get("town", "440113007")
    fields = {"kind": "training_org", "code": f"91440113TEST000{mark or '0'}", "name": f"示范培训中心{mark}", **row}
    fields["town"] = None if town is None else Town.objects.get_or_create(
        code=town, defaults={"name": f"示范街道{town}", "kind": "街道", "pinyin": town}
    )[0]  # fmt: skip
    institution = Institution.objects.create(pinyin=fields["code"], is_fictional=True, **fields)
    if institution.kind in ("training_org", "suspected_site"):
        TrainingOrg.objects.create(institution=institution)
    return institution


#: Key of a case, its model, and what a row says unless the case says it; "#" stands for a running number.
_OF_INSTITUTION: list[tuple[str, Any, Row]] = [
    (
        "profiles",
        models.OrgProfile,
        {"valid_from": "2021-09-01", "sign_name": "示范中心", "category": "subject", "address": "示范路1号"},
    ),
    (
        "licences",
        models.Licence,
        {
            "number": "L-#",
            "kind": "school_running",
            "department": "JY",
            "categories": ["subject"],
            "issued_on": "2021-01-01",
            "expires_on": "2030-12-31",
        },
    ),
    (
        "registrations",
        models.Registration,
        {"number": "R-#", "kind": "nonprofit_unit", "is_nonprofit": True, "issued_on": "2021-01-01"},
    ),
    ("annual_checks", models.AnnualCheck, {"is_passed": True}),
    ("safety_checks", models.SafetyCheck, {"is_passed": True}),
    ("custody_accounts", models.CustodyAccount, {"bank": "示范行", "account_no": "0000#", "valid_from": "2021-09-01"}),
    ("reserves", models.Reserve, {"valid_from": "2021-09-01"}),
    ("status", models.StatusChange, {}),
    ("complaints", Complaint, {
        "number": "C-#", "channel": "12345", "channel_no": "T-#", "topic": "refund", "text": "示范投诉",
        "reply_due_on": "2026-12-31",
    }),
    ("observations", Observation, {
        "number": "O-#", "source": "visit", "state": "confirmed", "text": "示范情况",
    }),
    ("ads", models.Advertisement, {"number": "A-#", "place": "own_premises", "text": "示范广告"}),
    ("daily_balances", models.DailyBalance, {"consumed": 0, "refunded": 0, "unconsumed": 0}),
]  # fmt: skip


def _fresh(defaults: Row, number: str) -> Row:
    return {key: value.replace("#", number) if isinstance(value, str) else value for key, value in defaults.items()}


def _calendar(extra: Mapping[str, Any]) -> None:
    """Statutory days and breaks of both stages; ``days`` (date → kind) and ``breaks`` of the case replace or add."""
    days = {**STATUTORY, **{str(day): kind for day, kind in extra.get("days", {}).items()}}
    CalendarDay.objects.bulk_create(
        CalendarDay(date=day, kind=kind, reason="演示", certainty="official") for day, kind in days.items() if kind
    )
    breaks = [(name, stage, start, end) for name, start, end in BREAKS for stage in ("primary", "junior")]
    breaks += [(row["name"], row["stage"], row["starts_on"], row["ends_on"]) for row in extra.get("breaks", [])]
    Break.objects.bulk_create(
        Break(name=name, stage=stage, starts_on=start, ends_on=end, certainty="official")
        for name, stage, start, end in breaks
    )
    rebuild_unit_days(cause="演示", actor=make.Somebody())


def _standards(case: Mapping[str, Any]) -> None:
    """Guide prices, words, baselines and list dates: data of the district."""
    for row in case.get("guide_prices", []):
        models.GuidePrice.objects.create(**{"valid_from": "2021-09-01", "reference": "示范文件", **row})
    if "words" in case:  # what a migration may have put there is not the case's
        models.ListedWord.objects.all().delete()
    for row in case.get("words", []):
        models.ListedWord.objects.create(**{"valid_from": "2021-09-01", **row})
    for row in case.get("baselines", []):
        models.SubjectBaseline.objects.create(
            town=_town(row.get("town")), licences=row["licences"], reference="示范文件"
        )
    for row in case.get("list_dates", []):
        ListDate.objects.create(**{"reference": "示范文件", "year": _day(row["on"]).year, **row})
    if "in_service" in case:
        source = models.InServiceList.objects.create(
            label="示范名单", as_of="2026-09-01", uploaded_at="2026-09-01T08:00:00+08:00", hashes=1
        )
        for row in case["in_service"]:
            models.InServiceTeacher.objects.create(source=source, **row)


def _town(code: str | None) -> Town | None:
    if code is None:
        return None
    return Town.objects.get_or_create(code=code, defaults={"name": code, "kind": "街道", "pinyin": code})[0]


def _people(institution: Institution, case: Mapping[str, Any]) -> None:
    for number, row in enumerate(case.get("staff", []), start=1):
        defaults = {"number": f"S-{number}", "name": "示范教师", "role": "teacher", "employed_on": "2021-09-01"}
        Staff.objects.create(institution=institution, **{**defaults, **row})
    for number, row in enumerate(case.get("qualifications", []), start=1):
        fields = {**row, "staff": Staff.objects.get(institution=institution, number=row.get("staff", "S-1"))}
        defaults = {"number": f"Q-{number}", "holder_name": fields["staff"].name, "valid_from": "2015-07-01"}
        models.Qualification.objects.create(**{**defaults, **fields})


def _courses(institution: Institution, rows: Iterable[Row]) -> None:
    """``sessions`` are days, or dicts with day, starts_at, ends_at, is_cancelled; ``teachers`` numbers of staff or
    dicts with staff, valid_from, valid_until."""
    for number, row in enumerate(rows, start=1):
        row = dict(row)
        sessions, teachers = row.pop("sessions", []), row.pop("teachers", [])
        defaults = {
            "number": f"K-{number}", "title": "示范课程", "category": "subject", "subject": "数学", "stage": "primary",
            "mode": "offline", "class_size": 10, "lesson_minutes": 45, "starts_on": "2026-09-01",
        }  # fmt: skip
        course = Course.objects.create(institution=institution, **{**defaults, **row})
        for session in sessions:
            fields = dict(session) if isinstance(session, Mapping) else {"day": session}
            for key in ("starts_at", "ends_at"):
                fields[key] = _minutes(fields.get(key, {"starts_at": "18:00", "ends_at": "19:30"}[key]))
            models.CourseSession.objects.create(institution=institution, course=course, **fields)
        for teacher in teachers:
            fields = dict(teacher) if isinstance(teacher, Mapping) else {"staff": teacher}
            fields["staff"] = Staff.objects.get(institution=institution, number=fields["staff"])
            models.CourseTeacher.objects.create(course=course, **{"valid_from": course.starts_on, **fields})


def _identifications(institution: Institution, rows: Iterable[Row]) -> None:
    """Of a course by its number, or (no ``course``) of the operator; the newest is what the course is held to be."""
    for number, row in enumerate(rows, start=1):
        course = Course.objects.get(institution=institution, number=row["course"]) if row.get("course") else None
        defaults = {
            "decided_on": "2026-09-01", "decision_no": f"鉴{number}号", "experts": "专家", "conflict_statement": "无",
        }  # fmt: skip
        made = models.Identification.objects.create(institution=institution, **{**defaults, **row, "course": course})
        if course is not None:
            Course.objects.filter(pk=course.pk).update(identified=made.result)


def _orders(institution: Institution, rows: Iterable[Row]) -> None:
    """An order without ``lines`` has one: 10 hours of the first course. Amounts of lines not given share nothing."""
    for number, row in enumerate(rows, start=1):
        row = dict(row)
        lines = row.pop("lines", [{}] if Course.objects.filter(institution=institution).exists() else [])
        defaults = {
            "contract_no": f"H-{number}", "pupil": "P-1", "amount": 1000, "starts_on": row["paid_on"],
            "channel": "custody",
        }  # fmt: skip
        order = FeeOrder.objects.create(institution=institution, **{**defaults, **row})
        for position, line in enumerate(lines, start=1):
            courses = Course.objects.filter(institution=institution)
            course = courses.get(number=line["course"]) if "course" in line else courses.order_by("pk").first()
            fields = {
                "subject": course.subject, "hours": 10, "lesson_minutes": course.lesson_minutes,
                "amount": order.amount if len(lines) == 1 else 0, **line, "course": course,
            }  # fmt: skip
            FeeLine.objects.create(order=order, position=position, **fields)


def _movements(institution: Institution, case: Mapping[str, Any]) -> None:
    """Refunds, lessons taken and the ledger; an order's sums follow them."""
    orders = {order.contract_no: order for order in FeeOrder.objects.filter(institution=institution)}
    for number, row in enumerate(case.get("refunds", []), start=1):
        fields = {**row, "order": orders[row.get("order", "H-1")]}
        if fields.get("paid_on"):
            fields.setdefault("paid_amount", fields.get("amount", 100))
        models.Refund.objects.create(
            institution=institution, **{"number": f"T-{number}", "amount": Decimal(100), **fields}
        )
    for row in case.get("consumptions", []):
        fields = dict(row)
        line = FeeLine.objects.get(order=orders[fields.pop("order", "H-1")], position=fields.pop("line", 1))
        models.Consumption.objects.create(institution=institution, line=line, **{"hours": 1, "amount": 0, **fields})
    for number, row in enumerate(case.get("ledger", []), start=1):
        fields = {"reference": f"B-{number}", "sequence": number, "kind": "payment", **row}
        if fields.get("order"):
            fields["order"] = orders[fields["order"]]
        models.LedgerEntry.objects.create(institution=institution, **fields)
    for order in orders.values():
        order.consumed = models.Consumption.objects.filter(line__order=order).aggregate(s=Sum("amount"))["s"] or 0
        order.refunded = order.refunds.filter(paid_on__isnull=False).aggregate(s=Sum("paid_amount"))["s"] or 0
        order.save(update_fields=["consumed", "refunded"])


def _list_entry(institution: Institution, row: Row, number: str) -> None:
    """``kind``, ``entered_on``, ``left_on``: with the decisions behind it."""
    kind = row.get("kind", "black")
    criteria = ListCriteria.objects.get_or_create(
        kind=kind, version="1", defaults={"text": "示范", "valid_from": "2021-09-01", "reference": "示范文件"}
    )[0]
    proposer, reviewer = (make.user("bureau", username=f"{who}{number}x{institution.pk}") for who in ("one", "two"))
    decisions = {}
    for act, day in (("entry", row["entered_on"]), ("exit", row.get("left_on"))):
        if day is not None:
            decisions[act] = ListDecision.objects.create(
                institution=institution, kind=kind, act=act, criteria=criteria, decision_no=f"名{number}-{act}",
                effective_on=day, reason="示范", state="approved", proposed_by=proposer,
                proposed_at="2026-01-01T08:00:00+08:00", reviewed_by=reviewer,
                reviewed_at="2026-01-01T09:00:00+08:00",
            )  # fmt: skip
    ListEntry.objects.create(
        institution=institution, kind=kind, entered_on=row["entered_on"], left_on=row.get("left_on"),
        entry=decisions["entry"], exit=decisions.get("exit"),
    )  # fmt: skip


def _minutes(value: Any) -> int:
    """``"20:30"``; YAML has made 1230 of a bare 20:30 already."""
    if isinstance(value, int):
        return value
    hours, minutes = value.split(":")
    return int(hours) * 60 + int(minutes)


def _day(value: Any) -> dt.date:
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)
