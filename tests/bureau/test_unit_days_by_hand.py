"""UnitDay against a derivation in plain loops, over seeded calendars crowded with overrides of every scope."""

from __future__ import annotations

import datetime as dt
import random
from types import SimpleNamespace

import pytest

from shuangjian.bureau.calendar import rebuild_unit_days
from shuangjian.bureau.models import Break, CalendarDay, Institution, Term, UnitDay

FIRST = dt.date(2026, 12, 14)
SCOPES = ("district", "town", "institution")
DERIVED = (
    "institution_id", "stage", "date", "week", "is_school_day", "week_school_days", "week_first_on", "is_provisional",
)  # fmt: skip


def crowd(units: SimpleNamespace, dice: random.Random) -> None:
    """A term and a break a stage, some days apart, over six weeks across New Year, and forty overrides among them."""
    for stage in ("primary", "junior"):
        ends = FIRST + dt.timedelta(days=dice.randrange(10, 25))
        begins = ends + dt.timedelta(days=dice.randrange(1, 4))
        sure = dice.choice(("official", "provisional"))
        Term.objects.create(key="2026-2027-1", stage=stage, starts_on=FIRST, ends_on=ends, certainty=sure)
        Break.objects.create(
            name="寒假", stage=stage, starts_on=begins, ends_on=begins + dt.timedelta(days=12), certainty="official"
        )
    taken = set()
    for _ in range(40):
        level = dice.choice(SCOPES)
        town = dice.choice((units.east_town, units.west_town)) if level == "town" else None
        school = dice.choice((units.east, units.west, units.loose)) if level == "institution" else None
        stage = dice.choice((None, "primary", "junior"))
        date = FIRST + dt.timedelta(days=dice.randrange(42))
        if (date, level, town, school, stage) in taken:
            continue
        taken.add((date, level, town, school, stage))
        CalendarDay.objects.create(
            date=date,
            kind=dice.choice(CalendarDay.Kind.values),
            level=level,
            town=town,
            institution=school,
            stage=stage,
            reason="演示",
            certainty=dice.choice(("official", "provisional")),
        )


def by_hand(institutions: list[Institution]) -> set[tuple]:
    overrides = list(CalendarDay.objects.all())
    statutory = [o for o in overrides if o.level == "district" and not o.stage and o.kind in ("holiday", "workday")]
    rows = []
    for institution in institutions:
        for stage in institution.stages:
            for span in [*Term.objects.filter(stage=stage), *Break.objects.filter(stage=stage)]:
                for n in range((span.ends_on - span.starts_on).days + 1):
                    date = span.starts_on + dt.timedelta(days=n)
                    of_year = [o for o in statutory if o.date.year == date.year]
                    if not of_year:
                        continue
                    winner = narrowest(institution, stage, date, overrides)
                    teaches = date.weekday() < 5 if winner is None else winner.kind in ("workday", "school")
                    unsure = (
                        span.certainty == "provisional"
                        or all(o.certainty == "provisional" for o in of_year)
                        or (winner is not None and winner.certainty == "provisional")
                    )
                    rows.append((institution.pk, stage, date, teaches and isinstance(span, Term), unsure))
    return {with_week(row, rows) for row in rows}


def narrowest(institution: Institution, stage: str, date: dt.date, overrides: list[CalendarDay]) -> CalendarDay | None:
    for level, unit in (("institution", institution.pk), ("town", institution.town_id), ("district", None)):
        for wanted in (stage, None):
            for override in overrides:
                place = {"institution": override.institution_id, "town": override.town_id, "district": None}[level]
                if (override.date, override.level, override.stage, place) == (date, level, wanted, unit):
                    return override
    return None


def with_week(row: tuple, rows: list[tuple]) -> tuple:
    institution, stage, date, teaches, unsure = row
    monday = date - dt.timedelta(days=date.weekday())
    taught = sorted(
        d
        for i, s, d, t, _ in rows
        if (i, s) == (institution, stage) and t and monday <= d < monday + dt.timedelta(days=7)
    )
    return institution, stage, date, monday, teaches, len(taught), taught[0] if taught else None, unsure


@pytest.mark.parametrize("seed", range(8))
def test_the_statements_derive_what_plain_loops_derive(units, seed):
    dice = random.Random(seed)
    crowd(units, dice)
    rebuild_unit_days(cause="演示", actor=None)
    expected = by_hand([units.east, units.west, units.loose])
    assert set(UnitDay.objects.values_list(*DERIVED)) == expected
    # A change that is rebuilt around its own date only must leave the same days as a rebuild of everything.
    victim = dice.choice(list(CalendarDay.objects.exclude(level="district")))
    victim.delete()
    rebuild_unit_days(cause="演示", actor=None, since=victim.date, until=victim.date)
    assert set(UnitDay.objects.values_list(*DERIVED)) == by_hand([units.east, units.west, units.loose])
