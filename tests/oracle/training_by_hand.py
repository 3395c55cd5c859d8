"""Builders for worlds of training institutions written by hand: one lawful institution, T1, on Tuesday 2026-10-20.

`quiet` breaks no rule; a test changes the one thing it is about. Dates are written out, never computed with the
oracle's own functions, so that a test cannot repeat the oracle's mistake.
"""

from decimal import Decimal

from tests.oracle.training_oracle import findings

TODAY, YESTERDAY, TOMORROW = "2026-10-20", "2026-10-19", "2026-10-21"
TOWN, OTHER_TOWN = "440113007", "440113102"
BUREAU, TOWN_BODY, OTHER_BODY = "BUREAU", "BODY-007", "BODY-102"
HOLIDAYS = ["2026-01-01", "2026-01-02", "2026-01-03", "2026-09-25", "2026-09-26", "2026-09-27"]
HOLIDAYS += [f"2026-02-{number}" for number in range(15, 24)] + [f"2026-10-0{number}" for number in range(1, 8)]
SWAPPED = ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]


def licence(**said):
    row = {"kind": "school_running", "number": "XK1", "department": "JY", "categories": ["subject"]}
    row |= {"stages": ["primary", "junior"], "issued_on": "2019-06-01", "expires_on": "2030-05-31", "ended_on": None}
    return row | said


def registration(**said):
    row = {"kind": "nonprofit_unit", "number": "ZC1", "is_nonprofit": True, "issued_on": "2021-12-01"}
    return row | {"expires_on": None, "ended_on": None, "training_scope_on": None} | said


def profile(**said):
    row = {"valid_from": "2021-09-01", "valid_until": None, "category": "subject", "registered_name": ""}
    return row | {"sign_name": "", "is_online_only": False} | said


def check(kind, checked_on, is_passed=True):
    return {"kind": kind, "checked_on": checked_on, "is_passed": is_passed}


def institution(**said):
    row = {"code": "T1", "kind": "training_org", "name": "示范甲培训中心", "town": TOWN, "opened_on": None}
    row |= {"closed_on": None, "profiles": [profile()], "licences": [licence()], "registrations": [registration()]}
    row |= {"annual_checks": [{"year": 2025, "is_passed": True, "checked_on": "2026-03-10"}]}
    row |= {"safety_checks": [check("premises", "2026-03-10"), check("fire", "2026-03-10")]}
    empty = ("staff", "courses", "orders", "reserves", "ledger", "identifications", "complaints", "observations")
    return row | {key: [] for key in (*empty, "list_entries")} | said


def arts_institution(**said):
    """The same, of the category arts, with the permit that it needs."""
    permit = licence(kind="permit", department="WL", categories=["arts"], stages=[])
    return institution(**{"profiles": [profile(category="arts")], "licences": [permit], **said})


def world(*institutions, day=TODAY, **said):
    breaks = [("2026-02-07", "2026-03-01"), ("2026-07-11", "2026-08-31")]
    spans = [{"stage": stage, "starts_on": a, "ends_on": b} for stage in ("primary", "junior") for a, b in breaks]
    row = {"now": f"{day}T10:00:00+08:00", "institutions": list(institutions), "bureau": BUREAU}
    row["calendar"] = {"holidays": HOLIDAYS, "workdays": SWAPPED, "breaks": spans}
    row["town_bodies"] = {TOWN: TOWN_BODY, OTHER_TOWN: OTHER_BODY}
    return row | {key: [] for key in ("guide_prices", "words", "list_dates", "in_service", "baselines")} | said


def course(**said):
    row = {"number": "C-01", "title": "示范课程", "text": "", "category": "subject", "subject": "数学"}
    row |= {"identified": "", "stage": "primary", "mode": "offline", "class_size": 10, "lesson_minutes": 45}
    row |= {"is_full_time": False, "starts_on": "2026-09-01", "ends_on": None, "published_on": None}
    return row | {"teachers": [], "sessions": []} | said


def session(day, ends_at=19 * 60, is_cancelled=False):
    return {"day": day, "starts_at": 480, "ends_at": ends_at, "is_cancelled": is_cancelled}


def sessions(*days):
    return [session(day) for day in days]


def line(**said):
    row = {"position": 1, "course": "C-01", "subject": "数学", "hours": "20", "gift_hours": "0"}
    return row | {"lesson_minutes": 45, "amount": "900.00", "consumptions": []} | said


def order(*lines, **said):
    row = {"contract_no": "HT-1", "pupil": "P1", "paid_on": "2026-09-01", "amount": "900.00", "is_loan": False}
    row |= {"starts_on": "2026-09-01", "ends_on": "2026-11-30", "channel": "custody", "cancelled_on": None}
    return row | {"lines": list(lines) or [line()], "refunds": []} | said


def refund(requested_on, **said):
    row = {"number": "TK-1", "requested_on": requested_on, "amount": "50.00", "answered_on": None, "answer": ""}
    return row | {"reason": "", "paid_on": None, "paid_amount": None, "withdrawn_on": None} | said


def person(*papers, **said):
    row = {"number": "G01", "name": "示范教员甲", "identity_hash": "a", "employed_on": "2023-09-01", "left_on": None}
    return row | {"qualifications": list(papers)} | said


def paper(**said):
    row = {"number": "ZG1", "holder_name": "示范教员甲", "valid_from": "2015-07-01", "valid_until": None}
    return row | {"is_lent": False} | said


def teaching(**said):
    return {"staff": "G01", "valid_from": "2026-09-01", "valid_until": None} | said


def seen(kind, **said):
    row = {"number": "HC-1", "kind": kind, "state": "confirmed", "occurred_on": "2026-10-12", "rectified_on": None}
    return row | {"confirmed_on": "2026-10-13", "due_on": None, "severity": None} | said


def complaint(received_on, **said):
    row = {"number": "TS", "received_on": received_on, "topic": "refund", "state": "clue", "is_confirmed": None}
    return row | {"duplicate_of": None} | said


def word(text, **said):
    row = {"list": "subject", "word": text, "is_exception": False, "in_course_text_only": False}
    return row | {"valid_from": "2021-09-01", "valid_until": None} | said


def of(rule, *institutions, **said):
    """What this rule finds: `(about, on)` and, where it is no flag, observed and limit."""
    found = sorted(each for each in findings(world(*institutions, **said)) if each[0] == rule)
    return [each[2:4] if each[4:] == (1, 0) else (*each[2:4], *map(plain, each[4:])) for each in found]


def plain(number):
    """A whole number as int, any other as it is."""
    return int(number) if number == number.to_integral_value() else Decimal(number)
