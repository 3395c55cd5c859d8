"""Who sees what, and that the database itself refuses a role without its unit."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from shuangjian.accounts.models import AccountState, ApiToken, RoleKind, User
from shuangjian.accounts.tokens import create_api_token
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.journal.models import AuditEntry

ALL = {"S-EAST", "S-WEST", "S-LOOSE", "S-ALONE"}


def seen_by(principal: User | ApiToken) -> set[str]:
    return set(Institution.objects.visible_to(principal).values_list("code", flat=True))


@pytest.mark.parametrize(
    ("login", "codes"),
    [
        ("bureau", ALL),
        ("centre-one", {"S-EAST", "S-LOOSE"}),
        ("centre-two", {"S-WEST"}),
        ("town-east", {"S-EAST"}),
        ("town-west", {"S-WEST"}),
        ("school-east", {"S-EAST"}),
        ("school-loose", {"S-LOOSE"}),
        ("sysadmin", set()),
    ],
)
def test_each_role_sees_its_own_institutions_and_an_unconfirmed_town_is_in_no_town(
    people: dict[str, User], login: str, codes: set[str]
) -> None:
    assert seen_by(people[login]) == codes


@pytest.mark.parametrize("login", ["bureau", "centre-one", "town-east", "school-east"])
def test_a_jurisdiction_follows_a_path_to_the_institution(people: dict[str, User], login: str) -> None:
    for code in ALL:
        institution = Institution.objects.get(code=code)
        AuditEntry.objects.create(actor_label="演示", act="visit", institution=institution, source="job")
    rows = AuditEntry.objects.filter(people[login].jurisdiction("institution"), act="visit")
    assert set(rows.values_list("institution__code", flat=True)) == seen_by(people[login])


@pytest.mark.parametrize("login", ["bureau", "centre-one", "town-east", "school-east"])
def test_a_disabled_account_and_a_lapsed_slip_see_nothing(people: dict[str, User], login: str) -> None:
    user = people[login]
    user.is_active = False
    assert seen_by(user) == set()
    user.is_active, user.temporary_until = True, clock.now() - dt.timedelta(seconds=1)
    assert seen_by(user) == set()
    assert not user.may_write


def test_a_token_has_a_jurisdiction_of_its_own_until_it_is_revoked_or_expires(units: SimpleNamespace) -> None:
    later = clock.now() + dt.timedelta(days=1)
    district, _ = create_api_token(name="区平台", expires_at=later, actor=None, can_write=True)
    town, _ = create_api_token(name="镇街平台", expires_at=later, actor=None, town=units.east)
    one, _ = create_api_token(name="校内系统", expires_at=later, actor=None, institution=units.west_school)
    assert (seen_by(district), seen_by(town), seen_by(one)) == (ALL, {"S-EAST"}, {"S-WEST"})
    assert (district.may_write, town.may_write) == (True, False)
    district.revoked_at = clock.now()
    town.expires_at = clock.now()
    assert (seen_by(district), seen_by(town), district.may_write) == (set(), set(), False)


@pytest.mark.parametrize("role", ["centre", "town", "school"])
def test_the_database_refuses_a_role_without_its_unit(units: SimpleNamespace, role: str) -> None:
    with pytest.raises(IntegrityError, match="user_role_has_its_unit"), transaction.atomic():
        User.objects.bulk_create([User(username="nobody", name="演示", role_kind=role)])


@pytest.mark.parametrize("role", ["bureau", "sysadmin", "centre", "school"])
def test_the_database_refuses_a_role_with_another_roles_unit(units: SimpleNamespace, role: str) -> None:
    with pytest.raises(IntegrityError, match="user_role_has_its_unit"), transaction.atomic():
        User.objects.bulk_create([User(username="nobody", name="演示", role_kind=role, town=units.east)])


@pytest.mark.parametrize("login", ["Admin", "ａdmin", "ad min", "admin ", "ab"])
def test_the_database_refuses_a_login_in_another_spelling(db: None, login: str) -> None:
    with pytest.raises(IntegrityError, match="user_login_normalised"), transaction.atomic():
        User.objects.bulk_create([User(username=login, name="演示", role_kind="bureau")])


def test_the_database_refuses_a_token_whose_scope_lacks_its_unit(db: None) -> None:
    with pytest.raises(IntegrityError, match="api_token_scope_has_its_unit"), transaction.atomic():
        ApiToken.objects.bulk_create([ApiToken(name="演示", sha256="0" * 64, scope="town", expires_at=clock.now())])


def test_a_filer_belongs_to_a_school_only(db: None) -> None:
    site = Institution.objects.create(code="X-1", name="演示疑似点", pinyin="x", kind="suspected_site")
    with pytest.raises(ValidationError, match="不是学校"):
        User(username="filer", name="演示", role_kind=RoleKind.SCHOOL, institution=site, password="!").full_clean()


def test_the_journal_names_login_person_and_unit(people: dict[str, User]) -> None:
    assert people["school-east"].audit_label == "school-east 演示school-east（示范一小）"
    assert people["bureau"].unit_name == "番禺区教育局"


def test_the_unit_above_sees_where_an_account_stands(people: dict[str, User]) -> None:
    user, now = people["bureau"], clock.now()
    assert user.state(now) is AccountState.NORMAL
    user.must_change_password, user.temporary_until = True, now + dt.timedelta(hours=1)
    assert user.state(now) is AccountState.FRESH
    assert user.state(now + dt.timedelta(hours=1)) is AccountState.LAPSED
    user.is_active = False
    assert user.state(now) is AccountState.INACTIVE
