"""Builders of the training registers for tests: fictional, cheap, by the ORM, past the checks of the doors."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from shuangjian.bureau.models import Institution, Town
from training_orgs.identity import uscc_check_digit
from training_orgs.models import (
    Course,
    CourseSession,
    FeeLine,
    FeeOrder,
    Licence,
    OrgProfile,
    Registration,
    Staff,
    TrainingOrg,
)

START = dt.date(2021, 9, 1)


def uscc(number: int) -> str:
    """A unified social credit code that is well formed and nobody's."""
    first = f"91440113TE{number:07d}"
    return first + uscc_check_digit(first)


def org(
    name: str = "示范培训中心",
    *,
    code: str = "",
    category: str = "subject",
    town: Town | None = None,
    kind: str = Institution.Kind.TRAINING_ORG,
    profile: dict[str, Any] | None = None,
    **fields: Any,
) -> Institution:
    """An institution with its profile since 2021-09-01; ``profile`` replaces fields of it, None category makes none."""
    number = Institution.objects.count() + 1
    given = code or uscc(number)
    unit = Institution.objects.create(
        code=given, name=name, pinyin=f"{number:04d}", kind=kind, category=category, town=town, is_fictional=True,
        **{"registered_on": START, **fields},
    )  # fmt: skip
    TrainingOrg.objects.create(institution=unit, uscc=given if kind == Institution.Kind.TRAINING_ORG else None)
    if category:
        values = {"valid_from": START, "sign_name": name, "category": category, "address": "示范路1号"}
        OrgProfile.objects.create(institution=unit, **{**values, **(profile or {})})
    return unit


def licence(unit: Institution, **fields: Any) -> Licence:
    """A school-running licence for the institution's category, from 2021-06-01 to the end of 2027."""
    values: dict[str, Any] = {
        "kind": "school_running", "number": f"教民{Licence.objects.count() + 1:06d}号", "department": "JY",
        "categories": [unit.category], "stages": [], "issued_on": dt.date(2021, 6, 1),
        "expires_on": dt.date(2027, 12, 31),
    }  # fmt: skip
    return Licence.objects.create(institution=unit, **{**values, **fields})


def registration(unit: Institution, **fields: Any) -> Registration:
    """A non-profit private unit's registration since 2021-06-01, without an end."""
    values: dict[str, Any] = {
        "kind": "nonprofit_unit", "number": f"民证{Registration.objects.count() + 1:06d}", "is_nonprofit": True,
        "issued_on": dt.date(2021, 6, 1),
    }  # fmt: skip
    return Registration.objects.create(institution=unit, **{**values, **fields})


def staff(unit: Institution, number: str = "T01", **fields: Any) -> Staff:
    """A full-time teacher since 2021-09-01."""
    values: dict[str, Any] = {"name": "王示范", "role": "teacher", "employed_on": START}
    return Staff.objects.create(institution=unit, number=number, **{**values, **fields})


def course(unit: Institution, number: str = "K01", *, days: tuple[str, ...] = (), **fields: Any) -> Course:
    """An offline course of mathematics for junior pupils in autumn 2026, with sessions 18:00–19:30 on ``days``."""
    values: dict[str, Any] = {
        "title": "示范课程", "category": unit.category or "subject", "subject": "数学", "stage": "junior",
        "mode": "offline", "class_size": 10, "lesson_minutes": 45, "starts_on": dt.date(2026, 9, 1),
        "ends_on": dt.date(2026, 12, 31), "published_on": dt.date(2026, 8, 20),
    }  # fmt: skip
    made = Course.objects.create(institution=unit, number=number, **{**values, **fields})
    for day in days:
        session(made, day)
    return made


def session(
    course: Course, day: str | dt.date, starts_at: int = 1080, ends_at: int = 1170, **fields: Any
) -> CourseSession:
    """One lesson of the course; times in minutes after midnight."""
    return CourseSession.objects.create(
        institution_id=course.institution_id, course=course, day=day, starts_at=starts_at, ends_at=ends_at, **fields
    )


def order(
    unit: Institution,
    contract_no: str = "HT001",
    lines: tuple[tuple[Course, int | str, int | str], ...] = (),
    **fields: Any,
) -> FeeOrder:
    """An order paid into custody on 2026-09-01 for September and October; ``lines``: (course, hours, yuan)."""
    values: dict[str, Any] = {
        "pupil": "X001", "paid_on": dt.date(2026, 9, 1), "starts_on": dt.date(2026, 9, 1),
        "ends_on": dt.date(2026, 10, 31), "channel": "custody",
        "amount": sum((Decimal(yuan) for _, _, yuan in lines), Decimal(0)),
    }  # fmt: skip
    made = FeeOrder.objects.create(institution=unit, contract_no=contract_no, **{**values, **fields})
    for position, (of, hours, yuan) in enumerate(lines, start=1):
        FeeLine.objects.create(
            order=made, position=position, course=of, subject=of.subject, hours=hours,
            lesson_minutes=of.lesson_minutes, amount=yuan,
        )  # fmt: skip
    return made
