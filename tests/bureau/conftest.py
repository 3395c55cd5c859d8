"""The named cast: two towns, two centres, three schools, the calendar of one autumn, and their people. All invented."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from shuangjian.accounts.models import RoleKind, User
from shuangjian.bureau.calendar import rebuild_unit_days
from shuangjian.bureau.models import Break, CalendarDay, GuidanceCentre, Institution, Term, Town, UnitDay

STATUTORY = [
    ("2026-02-14", "workday"),
    *((f"2026-02-{day}", "holiday") for day in range(15, 24)),
    ("2026-09-20", "workday"),
    ("2026-09-25", "holiday"),
    ("2026-09-26", "holiday"),
    ("2026-09-27", "holiday"),
    *((f"2026-10-0{day}", "holiday") for day in range(1, 8)),
    ("2026-10-10", "workday"),
]


@pytest.fixture
def units(db: None) -> SimpleNamespace:
    """``east`` has both stages, ``west`` primary only, ``loose`` junior only and no confirmed town."""
    east_town = Town.objects.create(code="440113901", name="演示东街道", kind="街道", pinyin="dong")
    west_town = Town.objects.create(code="440113902", name="演示西镇", kind="镇", pinyin="xi")
    first = GuidanceCentre.objects.create(code="C1", name="演示一片", pinyin="yi")
    second = GuidanceCentre.objects.create(code="C2", name="演示二片", pinyin="er")

    def school(code: str, name: str, stages: list[str], **fields: Any) -> Institution:
        return Institution.objects.create(
            code=code, name=name, pinyin=code, kind="school", stages=stages, is_fictional=True, **fields
        )

    return SimpleNamespace(
        east_town=east_town,
        west_town=west_town,
        first=first,
        second=second,
        east=school("S-EAST", "示范一小", ["primary", "junior"], town=east_town, centre=first),
        west=school("S-WEST", "示范二小", ["primary"], town=west_town, centre=second),
        loose=school("S-LOOSE", "示范三中", ["junior"], centre=first, town_candidates="演示东街道、演示西镇"),
    )


@pytest.fixture
def calendar(units: SimpleNamespace) -> SimpleNamespace:
    """2026: official statutory days, a winter break and a provisional autumn term for both stages; days are derived."""
    for stage in ("primary", "junior"):
        Break.objects.create(
            name="寒假2026", stage=stage, starts_on="2026-02-01", ends_on="2026-03-01", certainty="official"
        )
        Term.objects.create(
            key="2026-2027-1", stage=stage, starts_on="2026-09-01", ends_on="2027-01-22", certainty="official"
        )
    for date, kind in STATUTORY:
        CalendarDay.objects.create(date=date, kind=kind, reason="演示", certainty="official")
    rebuild_unit_days(cause="开始", actor=None)
    return units


@pytest.fixture
def people(units: SimpleNamespace) -> dict[str, User]:
    """One person for each kind of role."""

    def person(login: str, role: str, **unit: Any) -> User:
        return User.objects.create(username=login, name=f"演示{login}", role_kind=role, password="!", **unit)

    cast = [
        person("bureau", RoleKind.BUREAU),
        person("centre-first", RoleKind.CENTRE, centre=units.first),
        person("centre-second", RoleKind.CENTRE, centre=units.second),
        person("town-east", RoleKind.TOWN, town=units.east_town),
        person("school-east", RoleKind.SCHOOL, institution=units.east),
        person("school-west", RoleKind.SCHOOL, institution=units.west),
        person("sysadmin", RoleKind.SYSADMIN),
    ]
    return {user.username: user for user in cast}


@pytest.fixture
def day() -> Any:
    """Looks up the derived day of a unit: ``day(school, "2026-10-10", stage="junior")``; None when there is none."""

    def find(institution: Institution, date: str, stage: str = "primary") -> UnitDay | None:
        return UnitDay.objects.filter(institution=institution, stage=stage, date=dt.date.fromisoformat(date)).first()

    return find
