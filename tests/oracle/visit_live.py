"""Feeds a generated world of visits' consequences to the live system, and reads back what it finds."""

from __future__ import annotations

import datetime as dt
from typing import Any

from afterschool.models import ServiceDay
from schools.models import School
from shuangjian.alerts.rectification_models import Rectification
from shuangjian.bureau.calendar import rebuild_unit_days
from shuangjian.bureau.models import CalendarDay, Institution
from shuangjian.core.weeks import Week
from shuangjian.evidence.models import Observation
from shuangjian.rules import engine
from shuangjian.rules.declare import Rule, get_rule
from shuangjian.rules.models import Finding
from shuangjian.rules.periods import Span
from tests import make
from training_orgs.models import Brand, TrainingOrg

World = dict[str, Any]
CODES = ("AS-04", "AS-07", "HW-05", "HW-06", "IN-01", "IN-02", "SC-06", "SC-09", "SC-12", "SC-13")


def now_of(world: World) -> dt.datetime:
    return dt.datetime.fromisoformat(world["now"])


def rules() -> list[Rule]:
    return [get_rule(code) for code in CODES]


def load(world: World) -> list[Institution]:
    """Everything in the world, with the calendar's derived days; the units in its order."""
    for name, kind in (("holidays", "holiday"), ("workdays", "workday")):
        CalendarDay.objects.bulk_create(
            CalendarDay(date=day, kind=kind, level="district", reason="测试", certainty="official")
            for day in world["calendar"][name]
        )
    rebuild_unit_days(cause="测试", actor=make.Somebody())
    return [enter(world, row) for row in world["units"]]


def enter(world: World, row: dict[str, Any]) -> Institution:
    fields = {key: row[key] for key in ("code", "kind", "stages", "opened_on")}
    unit = Institution.objects.create(name=f"示范{row['code']}", pinyin=row["code"], is_fictional=True, **fields)
    if row["kind"] == "school":
        school = School.objects.create(institution=unit, nature="公办", type=1)
        for each in row["services"]:
            week = Week.of(dt.date.fromisoformat(each["day"])).monday
            ServiceDay.objects.create(school=school, week=week, minutes=90, **each)
    elif row["kind"] != "public_body":
        brand = Brand.objects.get_or_create(name=row["brand"])[0] if row["brand"] else None
        TrainingOrg.objects.create(institution=unit, brand=brand)
    found = {
        each["number"]: Observation.objects.create(institution=unit, source="visit", text="示范情况", **each)
        for each in row["observations"]
    }
    for each in row["rectifications"]:
        observation = found.get(each["observation"])
        handed_in_at = now_of(world) if each["state"] in ("returned", "handed_in", "passed") else None
        given = {**each, "observation": observation, "handed_in_at": handed_in_at, "ordered_at": now_of(world)}
        Rectification.objects.create(institution=unit, requirement="示范要求", **given)
    return unit


def judge(world: World, units: list[Institution]) -> None:
    """The rules over all units and every day since before the guideline."""
    span = Span(dt.date(2021, 1, 1), now_of(world).date())
    engine.evaluate(rules(), sorted(unit.pk for unit in units), span, now=now_of(world), cause="测试")


def found() -> set[tuple[Any, ...]]:
    """Open findings in the oracle's terms."""
    rows = Finding.objects.open().filter(rule__in=CODES, is_stale=False).select_related("institution")
    return {(f.rule, f.institution.code, f.about, f.occurred_on.isoformat(), f.observed, f.limit) for f in rows}
