"""One fictional institution as plain rows, all of it lawful: papers, people, courses, orders, the custody account.

Rows are dicts by the names of the models' fields; loading.py writes them. Nothing here knows the rules: a lawful
institution is one that does everything plainly (weekday lessons that end early, short orders paid into custody).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from training_orgs.fiction.calendar import Days

Row = dict[str, Any]

FIRST_PROFILE = dt.date(2021, 9, 1)
LICENSED_ON = dt.date(2019, 6, 1)
DEPARTMENT = {"subject": "JY", "arts": "WL", "sports": "WL", "science": "KG", "practice": "JY"}
KINDS = ["subject", "arts", "subject", "sports", "subject", "science", "arts", "practice"]
NAMES = {"subject": "培训中心", "arts": "艺术坊", "sports": "体育坊", "science": "科创坊", "practice": "综合实践坊"}
TITLES = {"subject": "数学", "arts": "绘画", "sports": "篮球", "science": "机器人", "practice": "手工"}
SESSIONS_AN_ORDER = 8
HOURS_A_LESSON, YUAN_A_LESSON = 2, Decimal("120.00")
_DIGITS = "零一二三四五六七八九"


@dataclass
class Org:
    """``pupils`` counts pseudonyms, so that each order has its own."""

    code: str
    name: str
    category: str
    town: int | None
    days: Days
    random: Random
    kind: str = "training_org"
    pupils: int = 0
    profile: Row = field(default_factory=dict)
    licences: list[Row] = field(default_factory=list)
    registrations: list[Row] = field(default_factory=list)
    annual_checks: list[Row] = field(default_factory=list)
    safety_checks: list[Row] = field(default_factory=list)
    staff: list[Row] = field(default_factory=list)
    courses: list[Row] = field(default_factory=list)
    orders: list[Row] = field(default_factory=list)
    complaints: list[Row] = field(default_factory=list)
    observations: list[Row] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)
    #: Contracts whose payment the bank never saw.
    lost: set[str] = field(default_factory=set)

    def extra_course(self, **said: Any) -> Row:
        """One more course that nobody has paid for, of the institution's own category, without sessions."""
        number = f"C-{len(self.courses) + 1:02d}"
        course = course_row(number, self.category, self.days.ago(60)) | said
        self.courses.append(course)
        return course

    def extra_order(self, course: Row, paid_on: dt.date, **said: Any) -> Row:
        """One more order of a new pupil, for ten hours of the course over the day of its payment."""
        self.pupils += 1
        order = order_row(f"HT-{len(self.orders) + 1:03d}", f"X{self.pupils:03d}", course, paid_on)
        line = {key: said.pop(key) for key in ("hours", "line_amount") if key in said}
        order |= said
        if "hours" in line:
            order["lines"][0]["hours"] = line["hours"]
        if "line_amount" in line:
            order["amount"] = order["lines"][0]["amount"] = line["line_amount"]
        self.orders.append(order)
        return order


def numeral(number: int) -> str:
    """Chinese digits, one by one: 12 → 一二."""
    return "".join(_DIGITS[int(digit)] for digit in str(number))


def make_org(index: int, town: int | None, days: Days, random: Random) -> Org:
    """The institution of that number: its kind of training goes round, its orders are drawn."""
    category = KINDS[index % len(KINDS)]
    name = f"示范{numeral(index + 1)}号{NAMES[category]}"
    org = Org(f"FX440113{index + 1:05d}", name, category, town, days, random)
    org.profile = profile_row(name, category, index)
    org.licences = [licence_row(f"示范许{index + 1:05d}", category)]
    org.registrations = [registration_row(f"示范登{index + 1:05d}", name, category)]
    org.annual_checks = [{"year": days.today.year - 1, "is_passed": True, "checked_on": dt.date(days.today.year, 1, 5)}]
    if days.today < dt.date(days.today.year, 1, 5):
        org.annual_checks = []
    checked = days.ago(random.randint(30, 200))
    org.safety_checks = [{"kind": kind, "checked_on": checked, "is_passed": True} for kind in ("premises", "fire")]
    org.entries = [{"kind": "white", "entered_on": days.ago(300), "left_on": None}]
    org.staff = [teacher_row(number) for number in (1, 2)]
    for number, weekday in enumerate(random.sample(range(1, 6), 2), 1):
        course = course_row(f"C-{number:02d}", category, days.all()[0])
        course |= {"title": f"{TITLES[category]}{'甲乙'[number - 1]}班", "teachers": [f"G{number:02d}"]}
        course["slots"] = [{"weekday": weekday, "starts_at": 18 * 60, "ends_at": 19 * 60 + 30}]
        course["sessions"] = [session_row(day) for day in days.lessons(weekday)]
        org.courses.append(course)
        for _ in range(random.randint(1, 4)):
            plain_order(org, course)
    return org


def profile_row(name: str, category: str, index: int) -> Row:
    row: Row = {"valid_from": FIRST_PROFILE, "registered_name": name, "sign_name": name, "category": category}
    row |= {"department": DEPARTMENT[category], "address": f"示范路{index + 1}号", "area_m2": 300, "capacity": 80}
    return row | {"is_online_only": False}


def licence_row(number: str, category: str) -> Row:
    kind = "school_running" if category == "subject" else "permit"
    row: Row = {"kind": kind, "number": number, "department": DEPARTMENT[category], "categories": [category]}
    row |= {"stages": ["primary", "junior"] if category == "subject" else [], "issued_on": LICENSED_ON}
    return row | {"expires_on": dt.date(2035, 5, 31), "ended_on": None, "address": ""}


def registration_row(number: str, name: str, category: str) -> Row:
    kind, is_nonprofit = ("nonprofit_unit", True) if category == "subject" else ("business", False)
    row: Row = {"kind": kind, "number": number, "registered_name": name, "is_nonprofit": is_nonprofit}
    return row | {"scope": "校外培训", "issued_on": LICENSED_ON, "training_scope_on": None}


def teacher_row(number: int) -> Row:
    row: Row = {"number": f"G{number:02d}", "name": f"示范教员{'甲乙丙丁'[number - 1]}", "role": "teacher"}
    row |= {"employed_on": dt.date(2023, 9, 1), "identity_hash": ""}
    return row | {"qualifications": [{"number": f"示范资{number:03d}", "valid_from": dt.date(2015, 7, 1)}]}


def course_row(number: str, category: str, starts_on: dt.date) -> Row:
    row: Row = {
        "number": number,
        "title": f"{TITLES[category]}班",
        "text": "",
        "category": category,
        "stage": "primary",
    }
    row |= {"subject": TITLES[category], "mode": "offline", "class_size": 10, "lesson_minutes": 45, "price": 60}
    row |= {"is_full_time": False, "starts_on": starts_on, "ends_on": None, "published_on": starts_on}
    return row | {"identified": "", "teachers": [], "slots": [], "sessions": []}


def session_row(day: dt.date, ends_at: int = 19 * 60 + 30) -> Row:
    return {"day": day, "starts_at": 18 * 60, "ends_at": ends_at}


def order_row(contract: str, pupil: str, course: Row, paid_on: dt.date) -> Row:
    line: Row = {
        "course": course["number"],
        "subject": course["subject"],
        "hours": Decimal(10),
        "amount": Decimal("600.00"),
    }
    line |= {"lesson_minutes": 45, "consumptions": []}
    row: Row = {"contract_no": contract, "pupil": pupil, "paid_on": paid_on, "amount": line["amount"], "is_loan": False}
    return row | {"starts_on": paid_on, "ends_on": paid_on, "channel": "custody", "lines": [line], "refunds": []}


def plain_order(org: Org, course: Row) -> None:
    """Some lessons in a row, paid a few days ahead; what was taught by today is taken."""
    days = [each["day"] for each in course["sessions"]]
    begun = [index for index, day in enumerate(days) if day <= org.days.today]
    if not begun:
        return
    start = org.random.choice(begun)
    lessons = days[start : start + org.random.randint(2, SESSIONS_AN_ORDER)]
    lessons = [day for day in lessons if (day - lessons[0]).days < 80]
    paid_on = lessons[0] - dt.timedelta(days=org.random.randint(0, 20))
    hours, amount = Decimal(HOURS_A_LESSON * len(lessons)), YUAN_A_LESSON * len(lessons)
    spent = {"starts_on": lessons[0], "ends_on": lessons[-1]}
    order = org.extra_order(course, paid_on, hours=hours, line_amount=amount, **spent)
    for day in lessons:
        if day <= org.days.today:
            taken = {"day": day, "hours": Decimal(HOURS_A_LESSON), "amount": YUAN_A_LESSON}
            order["lines"][0]["consumptions"].append(taken)
