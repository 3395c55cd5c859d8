"""What a training institution and a department see and may do, and that no weekly return ever reaches a department."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.test import Client
from django.urls import reverse

from shuangjian.accounts.models import REGISTER_DEPARTMENTS, RoleKind, User
from shuangjian.accounts.sheet import create_accounts, read_lines
from shuangjian.alerts.models import Alert, AlertEvent
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.rules.declare import find_rule
from shuangjian.rules.models import Finding
from shuangjian.rules.scoping import rules_naming
from tests import make
from tests.dashboards.world import NOW, World, build

SCHOOL_APPS = {"intake", "schools", "homework", "afterschool"}


@pytest.fixture
def world(db: None) -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        yield build()


def scoped_models() -> list[type[models.Model]]:
    kept = set(connection.introspection.table_names(include_views=True))  # what rules derive as they judge has no table
    models = [each for each in apps.get_models() if each._meta.db_table in kept]
    return [each for each in models if isinstance(each._default_manager.all(), ScopedQuerySet)]


@pytest.mark.parametrize("role", ["org", "dept"])
def test_the_database_refuses_the_role_without_its_unit_and_with_anothers(db: None, role: str) -> None:
    for unit in ({}, {"town": make.town()}):
        with pytest.raises(IntegrityError, match="user_role_has_its_unit"), transaction.atomic():
            User.objects.bulk_create([User(username="nobody", name="演示", role_kind=role, **unit)])


@pytest.mark.parametrize(
    ("role", "unit", "words"),
    [
        ("org", "school", "“示范一小”不是校外培训机构，不能建立培训机构账号。"),
        ("school", "org", "“虚构培训一部”不是学校，不能建立学校填报员账号。"),
        ("dept", "JY", "请用角色 bureau（区教育局）"),
        ("dept", "ZJ", "请用角色 town（镇街）"),
    ],
)
def test_an_account_of_the_wrong_kind_of_unit_is_refused(db: None, role: str, unit: str, words: str) -> None:
    made = {"school": lambda: make.school(rebuild=False), "org": make.training_org}
    with pytest.raises(ValidationError, match=words):
        make.user(role, made[unit]() if unit in made else make.department(unit))


def test_an_institution_sees_itself_alone(world: World) -> None:
    make.training_org("虚构培训二部", town=world.school.town)
    org = world.people["org"]
    assert [each.name for each in Institution.objects.visible_to(org)] == ["虚构培训一部"]
    assert not Finding.objects.visible_to(org).exists()


@pytest.mark.parametrize("code", sorted(REGISTER_DEPARTMENTS | {"CG", "GA", "RS"}))
def test_five_departments_see_the_registers_of_training_institutions_and_no_other_institution(
    world: World, code: str
) -> None:
    site = make.training_org("虚构疑似点", code="YS0000001")
    Institution.objects.filter(pk=site.pk).update(kind=Institution.Kind.SUSPECTED_SITE)
    person = world.people["dept"] if code == "SC" else make.user("dept", make.department(code))
    seen = {each.name for each in Institution.objects.visible_to(person)}
    assert seen == ({"虚构培训一部", "虚构疑似点"} if code in REGISTER_DEPARTMENTS else set())


@pytest.mark.parametrize("code", ["SC", "CG"])
def test_no_model_of_the_schools_shows_a_department_anything(world: World, code: str) -> None:
    person = world.people["dept"] if code == "SC" else make.user("dept", make.department(code))
    bureau, looked_at = world.people["bureau"], 0
    for model in scoped_models():
        if model._meta.app_label in SCHOOL_APPS:
            rows: Any = model._default_manager.all()
            looked_at += rows.visible_to(bureau).exists()
            assert not rows.visible_to(person).exists(), model
    assert looked_at > 5


def test_a_department_sees_what_the_rules_that_name_it_found_and_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, rule = world.people["dept"], find_rule("HW-02")
    assert rule is not None
    assert not Finding.objects.visible_to(person).exists()
    assert not Alert.objects.visible_to(person).exists()
    object.__setattr__(rule, "departments", (*rule.departments, "SC"))
    try:
        assert rules_naming("SC").count("HW-02") == 1
        for model, of in ((Finding, "rule"), (Alert, "rule"), (AlertEvent, "alert__rule")):
            rows: Any = model._default_manager.all()
            assert set(rows.visible_to(person).values_list(of, flat=True)) >= {"HW-02"}
            assert not rows.visible_to(person).filter(**{of: "RP-01"}).exists()
        client = Client()
        client.force_login(person)
        page = client.get(reverse("finding", args=[world.finding.pk])).content.decode()
        assert "示范一小" in page
        assert f"/units/{world.school.code}/" not in page  # neither its page nor its weekly return
        assert client.get(reverse("alert", args=[world.alert.pk])).status_code == 200
        assert client.post(reverse("alert_acknowledge", args=[world.alert.pk])).status_code == 403
        Finding.objects.update(is_trial=True)
        assert not Finding.objects.visible_to(person).exists()
        person.is_active = False
        assert not Alert.objects.visible_to(person).exists()
    finally:
        object.__setattr__(rule, "departments", rule.departments[:-1])


@pytest.mark.parametrize("name", ["returns", "classes", "teachers", "unit_filings"])
def test_an_institution_has_no_pages_of_a_school(world: World, name: str) -> None:
    org = world.people["org"]
    assert org.institution is not None
    client = Client()
    client.force_login(org)
    assert client.get(reverse(name, args=[org.institution.code])).status_code == 404


def test_a_department_is_led_to_its_alerts_and_the_bureau_from_a_unit_to_its_register_page(world: World) -> None:
    client = Client()
    client.force_login(world.people["dept"])
    assert client.get("/").headers["Location"] == reverse("alerts")
    org = world.people["org"].institution
    assert org is not None
    client.force_login(world.people["org"])
    assert org.code in client.get("/").headers["Location"]
    client.force_login(world.people["bureau"])
    assert org.code in client.get(reverse("unit", args=[org.code])).headers["Location"]


def test_town_and_centre_look_after_the_institutions_of_their_jurisdiction(world: World) -> None:
    def below(login: str) -> set[str]:
        return set(User.objects.administered_by(world.people[login]).values_list("username", flat=True))

    assert "org" in below("town")
    assert "org" in below("centre")
    assert "org" in below("bureau")
    assert not below("other town") & {"org", "dept"}
    assert "dept" in below("bureau")
    assert "dept" not in below("town")
    assert below("org") == below("dept") == set()


def test_the_list_of_accounts_takes_codes_of_institutions_and_departments(world: World) -> None:
    org = world.people["org"].institution
    assert org is not None
    head = "unit_code,role,login,name\n"
    lines = f"{org.code},org,jigou,经办人\nSC,责任单位,shichang,经办人\n"
    done = create_accounts(read_lines((head + lines).encode()), actor=None, now=clock.now())
    assert [(slip.unit, slip.login) for slip in done.slips] == [(org.name, "jigou"), ("示范责任单位SC", "shichang")]
    assert create_accounts(read_lines((head + lines).encode()), actor=None, now=clock.now()).skipped == [
        "jigou", "shichang"
    ]  # fmt: skip
    assert User.objects.get(username="shichang").role_kind == RoleKind.DEPARTMENT
    with pytest.raises(InvalidInput, match="没有建立任何账号") as refused:
        create_accounts(read_lines(f"{head}XX99,dept,bu-men,经办人\n".encode()), actor=None, now=clock.now())
    assert "没有代码为“XX99”的责任单位" in str(refused.value.problems[0])
