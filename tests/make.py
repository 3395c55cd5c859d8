"""Builders for tests: small, fictional, and through the services wherever a service exists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from schools.models import School, SchoolClass
from shuangjian.accounts.models import User
from shuangjian.bureau.calendar import rebuild_unit_days
from shuangjian.bureau.calendar_services import save_calendar_day
from shuangjian.bureau.models import Break, CalendarDay, Certainty, Department, GuidanceCentre, Institution, Term, Town
from shuangjian.core import clock
from shuangjian.core.choices import Stage
from shuangjian.core.weeks import Week
from shuangjian.intake import services as intake
from shuangjian.intake.models import ReturnVersion, WeeklyReturn
from shuangjian.intake.sections import Form
from shuangjian.journal.services import request_evaluation

WEEK = Week.parse("2026-W45")
PASSWORD = "a-long-password-1"
TYPES = {("primary",): 1, ("junior",): 2, ("primary", "junior"): 3}

#: What a lawful return states besides the numbers; a basic item is lawful until the fourth week in a row.
LESSONS: dict[str, Any] = {"first_lesson": "08:20", "arrival": "08:00"}
SERVICE: dict[str, Any] = {
    "minutes": 90,
    "wanting": 40,
    "served": 40,
    "late_wanted": 3,
    "late_places": 3,
    "content": ["homework"],
    "flexible_leaving": True,
}
LAWFUL_ITEM: dict[str, Any] = {
    "kind": "basic",
    "done_at_school": 1,
    "marked_by": "teacher",
    "asks_parents": False,
    "publication": "公示栏照片1",
}


class Somebody:
    """An actor that is no account: what imports and jobs of a test act as."""

    class _meta:
        label_lower = "tests.somebody"

    audit_label = "测试"
    role_kind = "bureau"


def calendar(holidays: Mapping[str, str] | None = None) -> None:
    """Autumn term 2026 and the breaks around it for both stages; 2026's statutory days that fall into it."""
    for stage in Stage.values:
        Term.objects.create(
            key="2026-2027-1",
            stage=stage,
            starts_on="2026-09-01",
            ends_on="2027-01-22",
            certainty=Certainty.PROVISIONAL,
        )
        Break.objects.create(
            name="暑假2026", stage=stage, starts_on="2026-07-11", ends_on="2026-08-31", certainty=Certainty.PROVISIONAL
        )
        Break.objects.create(
            name="寒假2027", stage=stage, starts_on="2027-01-23", ends_on="2027-02-21", certainty=Certainty.PROVISIONAL
        )
    days = holidays or {
        "2026-09-20": "workday",
        "2026-09-25": "holiday",
        **{f"2026-10-0{n}": "holiday" for n in range(1, 8)},
        "2026-10-10": "workday",
        "2027-01-01": "holiday",
    }
    CalendarDay.objects.bulk_create(
        CalendarDay(date=date, kind=kind, level="district", reason="测试", certainty=Certainty.OFFICIAL)
        for date, kind in days.items()
    )


def town(code: str = "440113007", name: str = "市桥街道") -> Town:
    return Town.objects.get_or_create(code=code, defaults={"name": name, "kind": "街道", "pinyin": code})[0]


def centre(code: str = "ZX01", name: str = "示范教育指导中心") -> GuidanceCentre:
    return GuidanceCentre.objects.get_or_create(code=code, defaults={"name": name, "pinyin": code})[0]


def school(
    name: str = "示范一小",
    stages: Iterable[str] = ("primary",),
    *,
    code: str = "",
    town: Town | None = None,
    centre: GuidanceCentre | None = None,
    classes: Mapping[str, int] | Iterable[str] = (),
    rebuild: bool = True,
    **fields: Any,
) -> Institution:
    """A fictional school with its classes ("2026-03-01" says the grade) and, when ``rebuild``, its calendar."""
    stages = list(stages)
    number = Institution.objects.count() + 1
    kind = TYPES[tuple(stages)]
    institution = Institution.objects.create(
        code=code or f"440113{kind}{9000 + number}",
        name=name,
        pinyin=f"{number:04d}",
        kind=Institution.Kind.SCHOOL,
        stages=stages,
        town=town,
        centre=centre,
        is_fictional=True,
        **{"registered_on": dt.date(2021, 9, 1), **fields},
    )
    record = School.objects.create(institution=institution, nature="公办", type=kind)
    for class_code in classes:
        school_class(record, class_code)
    if rebuild and stages:
        rebuild_unit_days(cause="测试", actor=Somebody(), institution_ids=[institution.pk])
    return institution


def school_class(school: School, code: str) -> SchoolClass:
    year, grade, number = code.split("-")
    return SchoolClass.objects.create(
        school=school, code=code, school_year=int(year), grade=int(grade), number=int(number), pupils=40
    )


def training_org(name: str = "虚构培训一部", *, code: str = "", **fields: Any) -> Institution:
    """A fictional training institution."""
    number = Institution.objects.count() + 1
    return Institution.objects.create(
        code=code or f"91440113XG{number:08d}",
        name=name,
        pinyin=f"{number:04d}",
        kind=Institution.Kind.TRAINING_ORG,
        is_fictional=True,
        **{"registered_on": dt.date(2021, 9, 1), **fields},
    )


def department(code: str = "SC", name: str = "") -> Department:
    """One of the departments that clause 三(二) names."""
    defaults = {"name": name or f"示范责任单位{code}", "clause": "3.2.15", "order": Department.objects.count() + 1}
    return Department.objects.get_or_create(code=code, defaults=defaults)[0]


def user(role: str, unit: Any = None, *, username: str = "", password: str = PASSWORD) -> User:
    """An account that needs no first change. ``unit``: the centre, town, institution or department of the role."""
    field = {"centre": "centre", "town": "town", "school": "institution", "org": "institution", "dept": "department"}
    name = field.get(role)
    if role == "inspector" and unit is not None:
        name = "town" if isinstance(unit, Town) else "department"
    account = User(username=username or f"{role}{User.objects.count() + 1}", name="测试员", role_kind=role)
    if name:
        setattr(account, name, unit)
    account.set_password(password)
    account.full_clean()
    account.save()
    return account


def open_visit(institution: Institution, *inspectors: User, state: str = "planned", on: dt.date | None = None) -> Any:
    """A visit that these inspectors have before them: while it is open they see the institution. In any state, as the
    row stands; one that goes through its states is made by the services."""
    from inspections.models import ChecklistVersion, Visit, VisitInspector

    begun: dict[str, Any] = {}
    if state not in ("planned", "cancelled"):
        begun["checklist"], _ = ChecklistVersion.objects.get_or_create(
            target="school", number=999, defaults={"state": "retired", "published_at": clock.now(), "title": "测试"}
        )
        begun |= {"started_at": clock.now(), "reviewed_at": clock.now() if state == "filed" else None}
    number = f"JC-{Visit.objects.count() + 1:05d}"
    visit = Visit.objects.create(
        number=number, institution=institution, kind="planned", state=state, planned_on=on or clock.today(), **begun
    )
    VisitInspector.objects.bulk_create(VisitInspector(visit=visit, person=person) for person in inspectors)
    return visit


def full_payload(institution: Institution, week: Week = WEEK, **replaced: Any) -> dict[str, Any]:
    """A complete, lawful return that states every key: no homework, lessons at 08:20, pupils there at 08:00, 90 minutes
    of service for all who want it; ``replaced`` swaps keys."""
    form = Form.of(institution, week)
    days = {stage: [day.isoformat() for day in dates] for stage, dates in form.school_days.items()}
    classes = SchoolClass.objects.filter(school_id=institution.pk).values_list("code", "stage")
    payload: dict[str, Any] = {
        "homework": [],
        "homework_none": [{"class": code, "day": day} for code, stage in classes for day in days.get(stage, [])],
        "class_off": [],
        "school_day": [{"stage": s, "day": d, **LESSONS} for s, dates in days.items() for d in dates],
        "after_school": [{"stage": s, "day": d, **SERVICE} for s, dates in days.items() for d in dates],
        "service_none": [],
    }
    payload |= replaced
    taken = {(row["class"], row["day"]) for row in payload["homework"]}
    payload["homework_none"] = [r for r in payload["homework_none"] if (r["class"], r["day"]) not in taken]
    none = {(row["stage"], row["day"]) for row in payload["service_none"]}
    payload["after_school"] = [r for r in payload["after_school"] if (r["stage"], r["day"]) not in none]
    return payload


def item(class_code: str, day: str, minutes: int, subject: str = "语文", **fields: Any) -> dict[str, Any]:
    """One written homework item that states every key, all lawful; None in ``fields`` takes a later key out again."""
    row = {"class": class_code, "day": day, "subject": subject, "minutes": minutes, "written": True}
    row |= {"optional": False, "alternative": None, **LAWFUL_ITEM, "published_on": day, **fields}
    return {key: value for key, value in row.items() if value is not None or key == "alternative"}


def submitted(
    institution: Institution, week: Week = WEEK, *, now: dt.datetime | None = None, actor: Any = None, **replaced: Any
) -> WeeklyReturn:
    """Submit a complete return through the service."""
    return intake.submit_return(
        institution,
        week,
        actor=actor or Somebody(),
        now=now or clock.at(week.days[4], 17 * 60),
        door=ReturnVersion.Door.API,
        payload=full_payload(institution, week, **replaced),
    )


def request(institution: Institution, week: Week = WEEK) -> None:
    """Ask for the unit's week to be judged again."""
    request_evaluation(institution_id=institution.pk, since=week.monday, until=week.sunday, cause="测试")


def exception(date: dt.date, kind: str, *, institution: Institution | None = None) -> CalendarDay:
    """An exception of the calendar, for one institution or the district."""
    level = "institution" if institution else "district"
    return save_calendar_day(
        actor=Somebody(),
        date=date,
        kind=kind,
        level=level,
        institution=institution,
        reason="测试",
        certainty="official",
    )
