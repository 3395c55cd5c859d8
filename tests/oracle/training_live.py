"""Feeds a generated world of training institutions to the live system, in bulk, and reads back what it finds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from shuangjian.bureau.calendar import rebuild_unit_days
from shuangjian.bureau.models import Break, CalendarDay, Institution, Town
from shuangjian.evidence.models import Complaint, Observation
from shuangjian.lists.models import ListCriteria, ListDate, ListDecision, ListEntry
from shuangjian.rules import engine
from shuangjian.rules.declare import Rule, all_rules
from shuangjian.rules.models import Finding
from shuangjian.rules.periods import Span
from tests import make
from training_orgs import models
from training_orgs.services.reconciliation import reconcile

World = dict[str, Any]
Row = dict[str, Any]
Key = tuple[str, str, str, str, Decimal, Decimal]


def now_of(world: World) -> dt.datetime:
    return dt.datetime.fromisoformat(world["now"])


def registered() -> list[Rule]:
    """The rules about training institutions that the portal knows."""
    return [rule for rule in all_rules() if rule.code.startswith("TO-")]


def load(world: World) -> dict[str, Institution]:
    """Everything in the world, with the calendar's and the reconciliation's derived rows; institutions by code."""
    towns = {code: make.town(code, f"镇街{code}") for code in world["town_bodies"]}
    enter_calendar(world)
    institutions = enter_institutions(world, towns)
    enter_standards(world, towns)
    enter_register(world, institutions)
    staff = enter_staff(world, institutions)
    courses = enter_courses(world, institutions, staff)
    enter_money(world, institutions, courses)
    enter_evidence(world, institutions)
    reconcile([institution.pk for institution in institutions.values()])
    return institutions


def rows_of(world: World, institutions: dict[str, Institution], what: str) -> Iterable[tuple[Institution, Row]]:
    for record in world["institutions"]:
        for row in record[what]:
            yield institutions[record["code"]], row


def but(row: Row, *keys: str) -> Row:
    """The row without these keys; what a column has a default for may be None in a world."""
    return {key: value for key, value in row.items() if key not in keys}


def enter_calendar(world: World) -> None:
    kinds = {"holidays": "holiday", "workdays": "workday"}
    CalendarDay.objects.bulk_create(
        CalendarDay(date=day, kind=kind, level="district", reason="测试", certainty="official")
        for name, kind in kinds.items()
        for day in world["calendar"][name]
    )
    Break.objects.bulk_create(
        Break(name=f"假期{number}", certainty="official", **span)
        for number, span in enumerate(world["calendar"]["breaks"])
    )
    rebuild_unit_days(cause="测试", actor=make.Somebody())


def enter_institutions(world: World, towns: dict[str, Town]) -> dict[str, Institution]:
    bodies = [(world["bureau"], "bureau", None)]
    bodies += [(code, "town", towns[town]) for town, code in world["town_bodies"].items()]
    rows = [
        Institution(code=code, name=f"示范{code}", pinyin=code, kind="public_body", category=category, town=town)
        for code, category, town in bodies
    ]
    for record in world["institutions"]:
        today = [each for each in record["profiles"] if holds(each, world["now"][:10])]
        row = {key: record[key] for key in ("code", "name", "kind", "opened_on", "closed_on")}
        row |= {"category": today[0]["category"] if today else "", "town": towns[record["town"]]}
        rows.append(Institution(pinyin=record["code"], is_fictional=True, **row))
    Institution.objects.bulk_create(rows)
    institutions = {institution.code: institution for institution in Institution.objects.all()}
    models.TrainingOrg.objects.bulk_create(
        models.TrainingOrg(institution=institutions[record["code"]]) for record in world["institutions"]
    )
    return institutions


def holds(row: Row, day: str) -> bool:
    return bool(row["valid_from"] <= day and (row["valid_until"] is None or day <= row["valid_until"]))


def enter_standards(world: World, towns: dict[str, Town]) -> None:
    models.GuidePrice.objects.bulk_create(models.GuidePrice(reference="测试", **row) for row in world["guide_prices"])
    # The portal may bring a list of its own; in a world its own words alone stand.
    models.ListedWord.objects.all().delete()
    models.ListedWord.objects.bulk_create(models.ListedWord(reference="测试", **row) for row in world["words"])
    ListDate.objects.bulk_create(ListDate(reference="测试", **row) for row in world["list_dates"])
    models.SubjectBaseline.objects.bulk_create(
        models.SubjectBaseline(
            town=towns[row["town"]] if row["town"] else None, licences=row["licences"], reference="测试"
        )
        for row in world["baselines"]
    )
    source = models.InServiceList.objects.create(
        label="测试", as_of=world["now"][:10], uploaded_at=world["now"], hashes=len(world["in_service"])
    )
    models.InServiceTeacher.objects.bulk_create(
        models.InServiceTeacher(source=source, **row) for row in world["in_service"]
    )


REGISTERS = {
    "profiles": (models.OrgProfile, {"address": "示范路1号"}),
    "licences": (models.Licence, {}),
    "registrations": (models.Registration, {}),
    "annual_checks": (models.AnnualCheck, {}),
    "safety_checks": (models.SafetyCheck, {}),
    "reserves": (models.Reserve, {}),
}


def enter_register(world: World, institutions: dict[str, Institution]) -> None:
    for what, (model, stated) in REGISTERS.items():
        model.objects.bulk_create(  # type: ignore[attr-defined]
            model(institution=institution, **stated, **row) for institution, row in rows_of(world, institutions, what)
        )


def enter_staff(world: World, institutions: dict[str, Institution]) -> dict[tuple[int, str], models.Staff]:
    staff = {}
    for institution, row in rows_of(world, institutions, "staff"):
        person = models.Staff.objects.create(institution=institution, role="teacher", **but(row, "qualifications"))
        staff[institution.pk, row["number"]] = person
        models.Qualification.objects.bulk_create(
            models.Qualification(staff=person, **paper) for paper in row["qualifications"]
        )
    return staff


def enter_courses(
    world: World, institutions: dict[str, Institution], staff: dict[tuple[int, str], models.Staff]
) -> dict[tuple[int, str], models.Course]:
    courses = {}
    for institution, row in rows_of(world, institutions, "courses"):
        course = models.Course.objects.create(institution=institution, **but(row, "sessions", "teachers"))
        courses[institution.pk, row["number"]] = course
        models.CourseTeacher.objects.bulk_create(
            models.CourseTeacher(course=course, staff=staff[institution.pk, each["staff"]], **but(each, "staff"))
            for each in row["teachers"]
        )
        models.CourseSession.objects.bulk_create(
            models.CourseSession(institution=institution, course=course, **each) for each in row["sessions"]
        )
    return courses


def enter_money(
    world: World, institutions: dict[str, Institution], courses: dict[tuple[int, str], models.Course]
) -> None:
    for institution, row in rows_of(world, institutions, "orders"):
        taken = [each for line in row["lines"] for each in line["consumptions"]]
        order = models.FeeOrder.objects.create(
            institution=institution,
            consumed=sum(Decimal(each["amount"]) for each in taken),
            refunded=sum(Decimal(each["paid_amount"] or 0) for each in row["refunds"]),
            **but(row, "lines", "refunds"),
        )
        models.Refund.objects.bulk_create(
            models.Refund(institution=institution, order=order, **each) for each in row["refunds"]
        )
        for line in row["lines"]:
            course = courses[institution.pk, line["course"]]
            made = models.FeeLine.objects.create(order=order, course=course, **but(line, "course", "consumptions"))
            models.Consumption.objects.bulk_create(
                models.Consumption(institution=institution, line=made, **each) for each in line["consumptions"]
            )
    models.LedgerEntry.objects.bulk_create(
        models.LedgerEntry(institution=institution, **row)
        for institution, row in rows_of(world, institutions, "ledger")
    )


def enter_evidence(world: World, institutions: dict[str, Institution]) -> None:
    for number, (institution, row) in enumerate(rows_of(world, institutions, "identifications")):
        course = institution.courses.get(number=row["course"]) if row["course"] else None  # type: ignore[attr-defined]
        models.Identification.objects.create(
            institution=institution, course=course, decision_no=f"JB{number}", **but(row, "course")
        )
    complaints: dict[str, Complaint] = {}
    for institution, row in rows_of(world, institutions, "complaints"):
        complaints[row["number"]] = Complaint.objects.create(
            institution=institution,
            channel="12345",
            text="测试",
            reply_due_on=row["received_on"],
            duplicate_of=complaints.get(row["duplicate_of"]),
            **but(row, "duplicate_of"),
        )
    Observation.objects.bulk_create(
        Observation(institution=institution, source="visit", text="测试", **row)
        for institution, row in rows_of(world, institutions, "observations")
    )
    enter_lists(world, institutions)


def enter_lists(world: World, institutions: dict[str, Institution]) -> None:
    proposer, reviewer = make.user("bureau", username="proposer"), make.user("bureau", username="reviewer")
    for number, (institution, row) in enumerate(rows_of(world, institutions, "list_entries")):
        criteria, _ = ListCriteria.objects.get_or_create(
            kind=row["kind"], version="1", defaults={"text": "测试", "valid_from": "2021-09-01", "reference": "测试"}
        )
        decision = ListDecision.objects.create(
            institution=institution,
            kind=row["kind"],
            act="entry",
            criteria=criteria,
            decision_no=f"MD{number}",
            effective_on=row["entered_on"],
            reason="测试",
            state="approved",
            proposed_by=proposer,
            proposed_at=world["now"],
            reviewed_by=reviewer,
            reviewed_at=world["now"],
        )
        ListEntry.objects.create(institution=institution, entry=decision, **row)


def judge(world: World, institutions: dict[str, Institution], rules: list[Rule]) -> None:
    """All of these rules over all institutions and public bodies, over more days than there are: some lie ahead."""
    day = now_of(world).date()
    span = Span(dt.date(2021, 1, 1), day + dt.timedelta(days=75))
    ids = sorted(institution.pk for institution in institutions.values())
    engine.evaluate(rules, ids, span, now=now_of(world), cause="测试")


def found() -> set[Key]:
    """Open findings in the oracle's terms."""
    rows = Finding.objects.open().filter(rule__startswith="TO-", is_stale=False)
    return {
        (f.rule, f.institution.code, f.about, f.occurred_on.isoformat(), f.observed, f.limit)
        for f in rows.select_related("institution")
    }
