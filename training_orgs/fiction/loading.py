"""Writes the rows of fictional institutions, a few statements for all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from shuangjian.accounts.models import User
from shuangjian.bureau.models import Institution
from shuangjian.bureau.pinyin import sort_key
from shuangjian.core import clock
from shuangjian.evidence.models import Complaint, Observation
from shuangjian.lists.models import ListCriteria, ListDecision, ListEntry
from training_orgs import models
from training_orgs.fiction.orgs import Org, Row
from training_orgs.services.sites import centres_of_towns

Pair = tuple[Org, Row]


def load(orgs: list[Org]) -> dict[str, Institution]:
    """Every row of the institutions; returns them by code. Inside the caller's transaction."""
    centres = centres_of_towns()
    Institution.objects.bulk_create(institution_of(org, centres) for org in orgs)
    codes = [org.code for org in orgs]
    made = {institution.code: institution for institution in Institution.objects.filter(code__in=codes)}
    models.TrainingOrg.objects.bulk_create(models.TrainingOrg(institution=made[org.code]) for org in orgs)
    sites = [org for org in orgs if org.profile]
    models.OrgProfile.objects.bulk_create(models.OrgProfile(institution=made[org.code], **org.profile) for org in sites)
    for model, name in (
        (models.Licence, "licences"),
        (models.Registration, "registrations"),
        (models.AnnualCheck, "annual_checks"),
        (models.SafetyCheck, "safety_checks"),
    ):
        create(model, (model(institution=made[org.code], **row) for org, row in rows(orgs, name)))
    staff = load_staff(orgs, made)
    courses = load_courses(orgs, made, staff)
    load_orders(orgs, made, courses)
    load_evidence(orgs, made)
    return made


def rows(orgs: list[Org], name: str) -> Iterator[Pair]:
    for org in orgs:
        for row in getattr(org, name):
            yield org, row


def create(model: Any, made: Iterable[Any]) -> list[Any]:
    return list(model.objects.bulk_create(made, batch_size=2000))


def but(row: Row, *keys: str) -> Row:
    return {key: value for key, value in row.items() if key not in keys}


def institution_of(org: Org, centres: Mapping[int, int]) -> Institution:
    return Institution(
        code=org.code,
        name=org.name,
        pinyin=sort_key(org.name, 240),
        kind=org.kind,
        category=org.category if org.profile else "",
        town_id=org.town,
        centre_id=centres.get(org.town) if org.town is not None else None,
        is_fictional=True,
        source="演示数据",
    )


def load_staff(orgs: list[Org], made: dict[str, Institution]) -> dict[tuple[str, str], models.Staff]:
    pairs = list(rows(orgs, "staff"))
    people = create(
        models.Staff, (models.Staff(institution=made[o.code], **but(r, "qualifications")) for o, r in pairs)
    )
    papers = []
    for person, (_, row) in zip(people, pairs, strict=True):
        papers += [
            models.Qualification(staff=person, **{"holder_name": person.name, **p}) for p in row["qualifications"]
        ]
    create(models.Qualification, papers)
    return {(org.code, person.number): person for person, (org, _) in zip(people, pairs, strict=True)}


def load_courses(
    orgs: list[Org], made: dict[str, Institution], staff: dict[tuple[str, str], models.Staff]
) -> dict[tuple[str, str], models.Course]:
    pairs = list(rows(orgs, "courses"))
    parts = ("teachers", "slots", "sessions")
    courses = create(models.Course, (models.Course(institution=made[o.code], **but(r, *parts)) for o, r in pairs))
    together = list(zip(courses, pairs, strict=True))
    create(models.CourseSlot, (models.CourseSlot(course=c, **each) for c, (_, r) in together for each in r["slots"]))
    create(
        models.CourseTeacher,
        (
            models.CourseTeacher(course=course, staff=staff[org.code, number], valid_from=course.starts_on)
            for course, (org, row) in together
            for number in row["teachers"]
        ),
    )
    create(
        models.CourseSession,
        (
            models.CourseSession(institution=made[org.code], course=course, **each)
            for course, (org, row) in together
            for each in row["sessions"]
        ),
    )
    return {(org.code, course.number): course for course, (org, _) in together}


def consumed(order: Row) -> Decimal:
    taken = [each["amount"] for line in order["lines"] for each in line["consumptions"]]
    return sum(taken, Decimal(0))


def load_orders(orgs: list[Org], made: dict[str, Institution], courses: dict[tuple[str, str], models.Course]) -> None:
    pairs = list(rows(orgs, "orders"))
    orders = create(
        models.FeeOrder,
        (
            models.FeeOrder(institution=made[org.code], consumed=consumed(row), **but(row, "lines", "refunds"))
            for org, row in pairs
        ),
    )
    together = list(zip(orders, pairs, strict=True))
    create(
        models.Refund,
        (
            models.Refund(institution=made[org.code], order=order, **each)
            for order, (org, row) in together
            for each in row["refunds"]
        ),
    )
    sold = [
        (order, org, position, line) for order, (org, row) in together for position, line in enumerate(row["lines"])
    ]
    lines = create(
        models.FeeLine,
        (
            models.FeeLine(
                order=order,
                position=position + 1,
                course=courses[org.code, line["course"]],
                **but(line, "course", "consumptions"),
            )
            for order, org, position, line in sold
        ),
    )
    create(
        models.Consumption,
        (
            models.Consumption(institution=made[org.code], line=made_line, **each)
            for made_line, (_, org, _, line) in zip(lines, sold, strict=True)
            for each in line["consumptions"]
        ),
    )
    create(models.LedgerEntry, (entry for org in orgs for entry in ledger(org, made[org.code])))


def ledger(org: Org, institution: Institution) -> Iterator[models.LedgerEntry]:
    """What the bank shows: each payment into custody, and each lesson's release after it."""
    movements: list[tuple[Any, int, str, Decimal]] = []
    for order in org.orders:
        if order["channel"] == "custody" and order["contract_no"] not in org.lost:
            movements.append((order["paid_on"], 0, "payment", order["amount"]))
            taken = [each for line in order["lines"] for each in line["consumptions"]]
            movements += [(each["day"], 1, "release", each["amount"]) for each in taken]
    balance = Decimal(0)
    for number, (day, sign, kind, amount) in enumerate(sorted(movements), 1):
        balance += -amount if sign else amount
        yield models.LedgerEntry(
            institution=institution,
            reference=f"LS{number:05d}",
            day=day,
            sequence=number,
            kind=kind,
            amount=amount,
            balance=balance,
        )


def load_evidence(orgs: list[Org], made: dict[str, Institution]) -> None:
    create(
        Complaint,
        (
            Complaint(
                institution=made[org.code],
                channel="12345",
                channel_no=row["number"],
                text="反映退费未办理。",
                reply_due_on=row["received_on"],
                **row,
            )
            for org, row in rows(orgs, "complaints")
        ),
    )
    create(
        Observation,
        (
            Observation(institution=made[org.code], source="visit", text="检查发现，尚未整改。", **row)
            for org, row in rows(orgs, "observations")
        ),
    )
    create(
        models.SiteSighting,
        (
            models.SiteSighting(institution=made[org.code], **row)
            for org in orgs
            if not org.profile
            for row in [
                {"seen_on": org.days.ago(12), "source": "巡查", "place": "示范路住宅内", "staff": 3, "pupils": 12}
            ]
        ),
    )
    load_lists(orgs, made)


def _official(login: str, name: str) -> User:
    """An account that nobody can sign in with, to stand beside the decisions about lists."""
    account, is_new = User.objects.get_or_create(
        username=login, defaults={"name": name, "role_kind": "bureau", "is_active": False}
    )
    if is_new:
        account.set_unusable_password()
        account.save(update_fields=["password"])
    return account


def load_lists(orgs: list[Org], made: dict[str, Institution]) -> None:
    """Each entry with the decision of two officials that it follows from."""
    pairs = list(rows(orgs, "entries"))
    if not pairs:
        return
    proposer, reviewer = _official("yanshi-jingban", "演示经办"), _official("yanshi-fuhe", "演示复核")
    criteria = {}
    for kind in sorted({row["kind"] for _, row in pairs}):
        stated = {"text": "演示标准", "valid_from": "2021-09-01", "reference": "演示数据"}
        criteria[kind], _ = ListCriteria.objects.get_or_create(kind=kind, version="演示", defaults=stated)
    decisions = create(
        ListDecision,
        (
            ListDecision(
                institution=made[org.code],
                kind=row["kind"],
                act="entry",
                criteria=criteria[row["kind"]],
                decision_no=f"演示〔{row['entered_on']:%Y}〕{number}号",
                effective_on=row["entered_on"],
                reason="演示数据",
                state="approved",
                proposed_by=proposer,
                proposed_at=clock.at(row["entered_on"], 9 * 60),
                reviewed_by=reviewer,
                reviewed_at=clock.at(row["entered_on"], 10 * 60),
                published_on=row["entered_on"],
            )
            for number, (org, row) in enumerate(pairs, 1)
        ),
    )
    create(
        ListEntry,
        (
            ListEntry(institution=made[org.code], entry=decision, **row)
            for decision, (org, row) in zip(decisions, pairs, strict=True)
        ),
    )
