"""Two fictional schools in two towns, and their people."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from schools.models import School
from shuangjian.accounts.models import RoleKind, User
from shuangjian.bureau.models import GuidanceCentre, Institution, Town


@pytest.fixture
def places(db: None) -> SimpleNamespace:
    """Two towns and one guidance centre."""
    return SimpleNamespace(
        street=Town.objects.create(code="440113901", name="演示东街道", kind="街道", pinyin="dong"),
        town=Town.objects.create(code="440113902", name="演示西镇", kind="镇", pinyin="xi"),
        centre=GuidanceCentre.objects.create(code="C1", name="演示片", pinyin="pian"),
    )


@pytest.fixture
def cast(places: SimpleNamespace) -> SimpleNamespace:
    """A primary school in each town, and one person for each kind of role."""

    def school(code: str, name: str, town: Town) -> School:
        institution = Institution.objects.create(
            code=code, name=name, pinyin=code, kind="school", stages=["primary"], town=town, centre=places.centre
        )
        return School.objects.create(institution=institution, nature="公办", type=1)

    def person(login: str, role: str, **unit: Any) -> User:
        return User.objects.create(username=login, name=f"演示{login}", role_kind=role, password="!", **unit)

    east, west = school("440113190001", "示范一小", places.street), school("440113190002", "示范二小", places.town)
    return SimpleNamespace(
        east=east,
        west=west,
        bureau=person("bureau", RoleKind.BUREAU),
        centre=person("centre", RoleKind.CENTRE, centre=places.centre),
        town=person("town-east", RoleKind.TOWN, town=places.street),
        filer=person("filer-east", RoleKind.SCHOOL, institution=east.institution),
        outsider=person("filer-west", RoleKind.SCHOOL, institution=west.institution),
        sysadmin=person("sysadmin", RoleKind.SYSADMIN),
    )
