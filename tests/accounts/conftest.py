"""The named cast of the account tests: two towns, two centres, four schools, their people. All of it is invented."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from shuangjian.accounts.models import RoleKind, User
from shuangjian.bureau.models import GuidanceCentre, Institution, Town
from tests.accounts.cast import PASSWORD


@pytest.fixture
def units(db: None) -> SimpleNamespace:
    """School ``loose`` has no confirmed town; ``alone`` has neither town nor centre."""
    east = Town.objects.create(code="T-EAST", name="演示东街", kind="街道", pinyin="east")
    west = Town.objects.create(code="T-WEST", name="演示西镇", kind="镇", pinyin="west")
    first = GuidanceCentre.objects.create(code="C-ONE", name="演示一中心", pinyin="one")
    second = GuidanceCentre.objects.create(code="C-TWO", name="演示二中心", pinyin="two")

    def school(code: str, name: str, **fields: Any) -> Institution:
        return Institution.objects.create(code=code, name=name, pinyin=code, kind="school", is_fictional=True, **fields)

    return SimpleNamespace(
        east=east,
        west=west,
        first=first,
        second=second,
        east_school=school("S-EAST", "示范一小", town=east, centre=first),
        west_school=school("S-WEST", "示范二中", town=west, centre=second),
        loose=school("S-LOOSE", "示范三小", centre=first, town_candidates="演示东街或演示西镇"),
        alone=school("S-ALONE", "示范四小"),
    )


@pytest.fixture
def people(units: SimpleNamespace) -> dict[str, User]:
    """One person for each place in the order of units, and a second one where two of a kind must be told apart."""

    def person(login: str, role: str, **unit: Any) -> User:
        user = User(username=login, name=f"演示{login}", role_kind=role, **unit)
        user.set_password(PASSWORD)
        user.full_clean()
        user.save()
        return user

    cast = [
        person("bureau", RoleKind.BUREAU),
        person("bureau-2", RoleKind.BUREAU),
        person("centre-one", RoleKind.CENTRE, centre=units.first),
        person("centre-two", RoleKind.CENTRE, centre=units.second),
        person("town-east", RoleKind.TOWN, town=units.east),
        person("town-west", RoleKind.TOWN, town=units.west),
        person("school-east", RoleKind.SCHOOL, institution=units.east_school),
        person("school-east-2", RoleKind.SCHOOL, institution=units.east_school),
        person("school-west", RoleKind.SCHOOL, institution=units.west_school),
        person("school-loose", RoleKind.SCHOOL, institution=units.loose),
        person("sysadmin", RoleKind.SYSADMIN),
        person("sysadmin-2", RoleKind.SYSADMIN),
    ]
    return {user.username: user for user in cast}
