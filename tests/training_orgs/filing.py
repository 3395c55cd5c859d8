"""A training institution with a record of each kind, and one more of each that can be filed: for the API's matrix."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

from shuangjian.bureau.models import Department
from shuangjian.evidence import complaint_acts
from shuangjian.evidence.services import register_complaints
from tests import make as platform
from tests.training_orgs import make
from training_orgs.models import Advertisement, Consumption, LedgerEntry, Refund


def build(cast: SimpleNamespace) -> None:
    """Adds ``org`` (in the eastern town) and ``rows``: the key of a record of each kind, by prefix of its address.

    ``checking``: a complaint that is being checked, ``decided`` one that was decided."""
    Department.objects.get_or_create(code="JY", defaults={"name": "区教育局", "clause": "", "order": 1})
    unit = cast.org = make.org("示范培训中心", town=cast.east)
    course = make.course(unit, "K01")
    order = make.order(unit, "HT001", ((course, 30, 3000),))
    day = dt.date(2026, 9, 5)
    line = order.lines.get()
    entry = {"reference": "L1", "day": day, "sequence": 1, "kind": "payment", "amount": 3000, "balance": 3000}
    rows = [_complaint(unit.code, number) for number in ("A", "A2", "A3")]
    complaint, cast.checking, cast.decided = register_complaints(rows, actor=platform.Somebody()).complaints
    for each in (cast.checking, cast.decided):
        complaint_acts.start_check(each.pk, actor=platform.Somebody())
    complaint_acts.decide(cast.decided.pk, is_confirmed=False, reason="查无此事", actor=platform.Somebody())
    cast.rows = {
        "licences": make.licence(unit).pk,
        "registrations": make.registration(unit).pk,
        "staff": make.staff(unit).pk,
        "courses": course.pk,
        "course-sessions": make.session(course, "2026-09-05").pk,
        "fee-orders": order.pk,
        "refunds": Refund.objects.create(institution=unit, order=order, number="TF1", requested_on=day, amount=1).pk,
        "consumptions": Consumption.objects.create(institution=unit, line=line, day=day, hours=1, amount=100).pk,
        "ledger": LedgerEntry.objects.create(institution=unit, **entry).pk,
        "complaints": complaint.number,
        "ads": Advertisement.objects.create(
            institution=unit, number="G1", place="other", seen_on=day, text="虚构广告"
        ).pk,
    }


def _complaint(code: str, number: str) -> dict[str, Any]:
    return {
        "channel": "12345", "channel_no": number, "received_on": "2026-09-06", "institution": code,
        "topic": "退费纠纷", "text": "虚构投诉",
    }  # fmt: skip


def acts(cast: SimpleNamespace) -> dict[str, tuple[Any, dict[str, Any]]]:
    """Address → (complaint that may be done so to, body) of each act on complaints."""
    clue = cast.rows["complaints"]
    return {
        "complaints-check": (clue, {}),
        "complaints-link": (clue, {"institution": cast.school.code}),
        "complaints-duplicate": (clue, {"of": cast.checking.number}),
        "complaints-decide": (cast.checking.number, {"is_confirmed": True, "kind": "safety", "text": "虚构情况"}),
        "complaints-reply": (cast.decided.number, {"reply": "已答复"}),
        "complaints-withdraw": (cast.decided.number, {"reason": "认定有误"}),
    }


def bodies(cast: SimpleNamespace) -> dict[str, Any]:
    """A body for POST of each kind, by prefix of its address."""
    of = {"institution": cast.org.code}
    day = "2026-09-06"
    return {
        "training-orgs": {
            "uscc": make.uscc(990), "name": "示范新中心", "category": "arts", "town": cast.east.name,
            "address": "示范路",
        },
        "licences": {
            **of, "kind": "school_running", "number": "教民900", "department": "JY", "categories": ["subject"],
            "issued_on": "2022-01-01", "expires_on": "2027-01-01",
        },
        "registrations": {
            **of, "kind": "business", "number": "900", "is_nonprofit": False, "issued_on": "2022-01-01",
        },
        "staff": {**of, "number": "T90", "name": "王虚构", "role": "teacher", "employed_on": "2022-09-01"},
        "courses": {
            **of, "number": "K90", "title": "虚构课程", "category": "arts", "subject": "美术", "stage": "primary",
            "mode": "offline", "lesson_minutes": 45, "starts_on": "2026-09-01", "ends_on": "2026-10-01",
            "slots": ["周六 09:00-10:30"],
        },
        "course-sessions": {**of, "course": "K01", "day": day, "starts_at": "09:00", "ends_at": "10:00"},
        "fee-orders": {
            **of, "contract_no": "HT900", "pupil": "X900", "paid_on": "2026-09-01", "starts_on": "2026-09-01",
            "channel": "custody", "lines": [{"course": "K01", "hours": 1, "amount": 1}],
        },
        "refunds": {**of, "number": "TF900", "contract_no": "HT001", "requested_on": day, "amount": 1},
        "consumptions": {**of, "contract_no": "HT001", "day": day, "hours": 1, "amount": 1},
        "ledger": {**of, "reference": "L900", "day": day, "kind": "payment", "amount": 1},
        "complaints": _complaint(cast.org.code, "B"),
        "ads": {**of, "number": "G900", "place": "other", "seen_on": day, "text": "虚构广告"},
    }  # fmt: skip
