"""Builders for the money of a training institution: rows as they stand, without the doors that check them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from shuangjian.bureau.models import Institution
from training_orgs.models import (
    Consumption,
    Course,
    CourseSession,
    FeeLine,
    FeeOrder,
    LedgerEntry,
    OrgProfile,
    Refund,
    TrainingOrg,
)


def org(name: str = "示范培训中心", *, code: str = "", category: str = "subject", **fields: Any) -> Institution:
    """A fictional training institution with its profile."""
    number = Institution.objects.count() + 1
    institution = Institution.objects.create(
        code=code or f"91440113TEST{number:05d}X",
        name=name,
        pinyin=f"{number:04d}",
        kind=Institution.Kind.TRAINING_ORG,
        category=category,
        is_fictional=True,
        **fields,
    )
    TrainingOrg.objects.create(institution=institution)
    OrgProfile.objects.create(
        institution=institution,
        valid_from=dt.date(2021, 9, 1),
        sign_name=name,
        category=category,
        address="示范路1号",
    )
    return institution


def course(institution: Institution, number: str = "K001", **fields: Any) -> Course:
    """An offline mathematics course for junior pupils, in the autumn of 2026."""
    return Course.objects.create(
        institution=institution,
        number=number,
        **{
            "title": "示范课程",
            "category": "subject",
            "subject": "数学",
            "stage": "junior",
            "mode": "offline",
            "class_size": 10,
            "lesson_minutes": 45,
            "starts_on": dt.date(2026, 9, 1),
            "ends_on": dt.date(2026, 11, 30),
            **fields,
        },
    )


def session(course: Course, day: str, starts_at: int = 18 * 60, ends_at: int = 19 * 60 + 30, **fields: Any) -> Any:
    return CourseSession.objects.create(
        institution_id=course.institution_id, course=course, day=day, starts_at=starts_at, ends_at=ends_at, **fields
    )


def order(course: Course, contract: str, paid_on: str, amount: str | int, *, hours: Any = 10, **fields: Any) -> Any:
    """An order with one line for ``course``; through the custody account, from the day of payment on."""
    made = FeeOrder.objects.create(
        institution_id=course.institution_id,
        contract_no=contract,
        paid_on=paid_on,
        amount=Decimal(amount),
        **{"pupil": "X001", "starts_on": paid_on, "channel": "custody", **fields},
    )
    FeeLine.objects.create(
        order=made,
        position=1,
        course=course,
        subject=course.subject,
        hours=Decimal(hours),
        lesson_minutes=course.lesson_minutes,
        amount=Decimal(amount),
    )
    return made


def taken(order: FeeOrder, day: str, amount: str | int, hours: Any = 1) -> Consumption:
    return Consumption.objects.create(
        institution_id=order.institution_id,
        line=order.lines.get(position=1),
        day=day,
        hours=Decimal(hours),
        amount=Decimal(amount),
    )


def refund(order: FeeOrder, number: str, requested_on: str, amount: str | int, **fields: Any) -> Refund:
    return Refund.objects.create(
        institution_id=order.institution_id,
        order=order,
        number=number,
        requested_on=requested_on,
        amount=Decimal(amount),
        **fields,
    )


def entry(institution: Institution, day: str, sequence: int, kind: str, amount: Any, balance: Any) -> LedgerEntry:
    return LedgerEntry.objects.create(
        institution=institution,
        reference=f"L{day}-{sequence}",
        day=day,
        sequence=sequence,
        kind=kind,
        amount=Decimal(amount),
        balance=Decimal(balance),
    )
