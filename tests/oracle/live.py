"""Feeds a generated world to the live system, through its services, and reads back what it found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from shuangjian.bureau.calendar import rebuild_unit_days
from shuangjian.bureau.models import Break, CalendarDay, Institution, Term, Town
from shuangjian.core.weeks import Week
from shuangjian.intake import filings, review, services
from shuangjian.intake.models import Filing
from shuangjian.rules.models import Finding
from tests import make

World = dict[str, Any]
Key = tuple[str, str, str, str, Decimal, Decimal]


def load(world: World) -> dict[str, Institution]:
    """Calendar, schools and classes of the world; returns the schools by code."""
    for term in world["terms"]:
        Term.objects.create(**term, certainty="provisional")
    for number, span in enumerate(world["breaks"]):
        Break.objects.create(name=f"假期{number}", certainty="provisional", **span)
    schools = {}
    for record in world["schools"]:
        town = make.town(record["town"], f"镇街{record['town']}")
        schools[record["code"]] = make.school(
            record["name"],
            record["stages"],
            code=record["code"],
            town=town,
            classes=[school_class["code"] for school_class in record["classes"]],
            rebuild=False,
        )
    enter_days(world, schools, added_later=False)
    return schools


def enter_days(world: World, schools: dict[str, Institution], *, added_later: bool) -> None:
    """Those overrides of the calendar that stood when the returns were filed, or those that came after."""
    CalendarDay.objects.bulk_create(
        CalendarDay(
            date=day["date"],
            kind=day["kind"],
            level=day["level"],
            town=make.town(day["unit"], f"镇街{day['unit']}") if day["level"] == "town" else None,
            institution=schools[day["unit"]] if day["level"] == "institution" else None,
            stage=day["stage"],
            reason="测试",
            certainty="official",
        )
        for day in world["calendar_days"]
        if day.get("added_later", False) == added_later
    )
    rebuild_unit_days(cause="测试", actor=make.Somebody())


def owe(world: World) -> None:
    """The world's owed filings, made week by week as beat makes them, to the week that runs at its ``now``."""
    Filing.objects.all().delete()  # the rebuild made them from the term's first week to the real today
    weeks = filings.weeks_between(dt.date.fromisoformat(world["filings_from"]), now_of(world).date())
    for week in weeks:
        filings.correct_filings(None, [week], today=min(week.sunday, now_of(world).date()))


def close_days_later(world: World, schools: dict[str, Institution]) -> None:
    """Enter the days that were closed after the returns were filed, and owe what the calendar asks for now."""
    if not any(day.get("added_later") for day in world["calendar_days"]):
        return
    enter_days(world, schools, added_later=True)
    owe(world)
    for entry in world["returns"]:
        if entry["submits"]:  # asked for because it was submitted, even before filings began
            week = Week.parse(entry["week"])
            filings.correct_filings([schools[entry["school"]].pk], [week], today=now_of(world).date())


def file_returns(world: World, schools: dict[str, Institution], after_each: Callable[[], Any] = lambda: None) -> None:
    """Drafts, submits and corrections in the world's order, then reviews, returns and withdrawals in that order."""
    actor, now = make.Somebody(), now_of(world)
    for entry in world["returns"]:
        school, week = schools[entry["school"]], Week.parse(entry["week"])
        if entry["state"] == "draft":
            services.save_draft(school, week, entry["draft"], actor=actor, now=now)
        for submit in entry["submits"]:
            at = dt.datetime.fromisoformat(submit["at"])
            services.submit_return(school, week, actor=actor, now=at, door="api", payload=submit["payload"])
            after_each()
    for entry in world["returns"]:
        school, week, state = schools[entry["school"]], Week.parse(entry["week"]), entry["state"]
        if state in ("approved", "accepted", "locked"):
            review.approve_return(school, week, actor=actor, now=now)
        if state in ("accepted", "locked"):
            review.accept_return(school, week, actor=actor, now=now)
        if state == "locked":
            review.lock_return(school, week, actor=actor, now=now, reason="测试")
        if state == "returned":
            review.send_back_return(school, week, actor=actor, now=now, remark="测试")
        if state == "withdrawn":
            services.withdraw_return(school, week, actor=actor, now=now, reason="测试")
        after_each()


def now_of(world: World) -> dt.datetime:
    return dt.datetime.fromisoformat(world["now"])


def found() -> set[Key]:
    """Open findings that the last evaluation could see, in the oracle's terms."""
    rows = Finding.objects.open().filter(is_stale=False)
    return {
        (f.rule, f.institution.code, f.about, f.occurred_on.isoformat(), f.observed, f.limit)
        for f in rows.select_related("institution")
    }


def towns_of(schools: dict[str, Institution]) -> dict[Town, list[int]]:
    """Ids of the schools by town: the scopes in which the engine works."""
    scopes: dict[Town, list[int]] = {}
    for school in schools.values():
        assert school.town is not None
        scopes.setdefault(school.town, []).append(school.pk)
    return scopes
