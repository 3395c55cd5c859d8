"""An inspector's account, and what is open to it: the institutions of own open visits, and of these no pupil's data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, models, transaction
from django.test import Client
from django.urls import reverse

from inspections.choices import OPEN_STATES, VisitState
from inspections.models import Visit
from shuangjian.accounts.models import RoleKind, User
from shuangjian.accounts.sheet import create_accounts, read_lines
from shuangjian.alerts.models import Alert
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput
from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.evidence.observation_acts import confirm_observation, record_observation, refute_observation
from shuangjian.evidence.scope import complaints_of, observations_of, sees_source
from shuangjian.evidence.services import register_complaints
from shuangjian.files.models import StoredFile
from shuangjian.files.services import store
from shuangjian.rules.models import Finding
from tests import make
from tests.dashboards.world import NOW, World, build
from tests.training_orgs import money_make
from training_orgs.models import TrainingOrg

HEAD = "unit_code,role,login,name\n"
PSEUDONYM = "xy-7788"


@pytest.fixture
def world(db: None) -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        yield build()


@pytest.fixture
def inspector(world: World) -> User:
    return make.user("inspector", world.school.town, username="jiancha")


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


# The account


@pytest.mark.parametrize("units", [{"institution"}, {"centre"}, {"town", "department"}])
def test_the_database_refuses_an_inspector_of_any_other_unit_or_of_two(db: None, units: set[str]) -> None:
    made = {"town": make.town, "centre": make.centre, "department": make.department, "institution": make.training_org}
    with pytest.raises(IntegrityError, match="user_role_has_its_unit"), transaction.atomic():
        person = User(username="nobody", name="演示", role_kind="inspector", **{unit: made[unit]() for unit in units})
        User.objects.bulk_create([person])


def test_the_list_of_accounts_takes_inspectors_of_a_town_of_a_department_and_of_the_bureau(db: None) -> None:
    town, department = make.town("440113007", "演示东街"), make.department("SC")
    lines = "440113007,inspector,jian-a,甲\nSC,检查员,jian-b,乙\n,inspector,jian-c,丙\n440113,检查员,jian-d,丁\n"
    done = create_accounts(read_lines((HEAD + lines).encode()), actor=None, now=clock.now())
    assert [slip.unit for slip in done.slips] == ["演示东街", department.name, "番禺区教育局", "番禺区教育局"]
    made = {each.username: each for each in User.objects.with_units()}
    assert {each.role_kind for each in made.values()} == {RoleKind.INSPECTOR}
    assert [made[f"jian-{n}"].unit for n in "abcd"] == [town, department, None, None]
    again = create_accounts(read_lines((HEAD + lines).encode()), actor=None, now=clock.now())
    assert again.skipped == ["jian-a", "jian-b", "jian-c", "jian-d"]


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        ("44011319001", "没有代码为“44011319001”的镇街或责任单位（区教育局的检查员留空）"),
        ("ZX01", "没有代码为“ZX01”的镇街或责任单位"),
        ("JY", "unit_code 请留空"),
        ("ZJ", "unit_code 请填所在镇街的代码"),
    ],
)
def test_an_inspector_of_anything_else_is_refused_in_words(db: None, unit: str, words: str) -> None:
    make.school(code="44011319001", rebuild=False)
    make.centre("ZX01")
    for code in ("JY", "ZJ"):
        make.department(code)
    with pytest.raises(InvalidInput) as refused:
        create_accounts(read_lines(f"{HEAD}{unit},inspector,jian-a,检查甲\n".encode()), actor=None, now=clock.now())
    assert words in str(refused.value.problems[0])
    assert not User.objects.exists()


def test_the_bureau_looks_after_all_inspectors_and_a_town_after_its_own(world: World, inspector: User) -> None:
    of_bureau, of_department = make.user("inspector"), make.user("inspector", make.department("SC"))
    everyone = {inspector, of_bureau, of_department}

    def below(login: str) -> set[User]:
        return set(User.objects.administered_by(world.people[login]).filter(role_kind="inspector"))

    assert below("bureau") == everyone
    assert below("town") == {inspector}
    assert below("other town") == below("centre") == below("school") == below("dept") == set()
    assert not User.objects.administered_by(inspector).exists()
    assert client_of(world.people["town"]).post(reverse("account_reset", args=[inspector.pk])).status_code == 200
    assert client_of(world.people["other town"]).post(reverse("account_reset", args=[inspector.pk])).status_code == 404


def test_an_inspectors_day_begins_with_todays_visits(inspector: User, monkeypatch: pytest.MonkeyPatch) -> None:
    from shuangjian.dashboards import navigation

    monkeypatch.setattr(navigation, "_entry", lambda *args, **more: None)
    assert navigation.inspector_url() == reverse("alerts")  # run without visits
    monkeypatch.undo()
    assert client_of(inspector).get("/").headers["Location"] == navigation.inspector_url()


# What the inspector sees


def scoped_models() -> list[type[models.Model]]:
    kept = set(connection.introspection.table_names(include_views=True))
    found = [each for each in apps.get_models() if each._meta.db_table in kept]
    return [each for each in found if isinstance(each._default_manager.all(), ScopedQuerySet)]


def test_no_model_shows_an_inspector_without_an_open_visit_anything(world: World, inspector: User) -> None:
    looked_at = 0
    for model in scoped_models():
        rows: Any = model._default_manager.all()
        looked_at += rows.visible_to(world.people["bureau"]).exists()
        assert not rows.visible_to(inspector).exists(), model
    assert looked_at > 8


@pytest.mark.parametrize("state", VisitState.values)
def test_every_model_shows_the_institutions_of_own_visits_while_these_are_open(
    world: World, inspector: User, state: str
) -> None:
    make.open_visit(world.school, inspector, state=state)
    make.open_visit(world.other, make.user("inspector", world.other.town))
    seen: set[int] = set()
    for model in scoped_models():
        if model._meta.app_label == "inspections":
            continue  # an inspector's own records stay
        rows: Any = model._default_manager.all()
        path: str = model.INSTITUTION  # type: ignore[attr-defined]
        seen |= set(rows.visible_to(inspector).values_list(f"{path}__pk" if path else "pk", flat=True))
    assert seen == ({world.school.pk} if state in OPEN_STATES else set())


def test_an_expired_or_shut_account_sees_nothing_however_many_visits_are_open(world: World, inspector: User) -> None:
    make.open_visit(world.school, inspector)
    assert Institution.objects.visible_to(inspector).exists()
    inspector.is_active = False
    assert not Institution.objects.visible_to(inspector).exists()
    inspector.is_active, inspector.temporary_until = True, NOW - dt.timedelta(minutes=1)
    assert not Institution.objects.visible_to(inspector).exists()
    assert not Visit.objects.visible_to(inspector).exists()


def test_pages_name_the_institution_of_the_visit_alone_and_none_after_it(world: World, inspector: User) -> None:
    visit, client, code = make.open_visit(world.school, inspector), client_of(inspector), world.school.code
    reading = [
        reverse("unit", args=[code]), reverse("returns", args=[code]), reverse("unit_filings", args=[code]),
        reverse("alert", args=[world.alert.pk]), reverse("finding", args=[world.finding.pk]),
    ]  # fmt: skip
    for url in (*reading, reverse("alerts"), "/search/?q=示范"):
        page = client.get(url)
        assert page.status_code == 200, url
        assert "示范一小" in page.content.decode(), url
        for other in ("示范二小", "示范三小"):
            assert other not in page.content.decode(), url
    for url in reading:
        for end in ('"', "?"):  # the list is 403 for an inspector
            assert f'href="{reverse("units")}{end}' not in client.get(url).content.decode()
    Visit.objects.filter(pk=visit.pk).update(state="cancelled")
    for url in reading:
        assert client.get(url).status_code == 404, url
    assert "示范一小" not in client.get(reverse("alerts")).content.decode()


def test_a_session_of_an_inspector_opens_nothing_of_the_api(world: World, inspector: User) -> None:
    make.open_visit(world.school, inspector)
    for name in ("institutions", "alerts", "findings", "observations", "fee-orders", "complaints"):
        assert client_of(inspector).get(f"/api/v1/{name}/").status_code == 401


def test_an_inspector_sees_clues_and_what_was_found_true_without_their_source_and_no_complaint(
    world: World, inspector: User
) -> None:
    make.open_visit(world.school, inspector)
    actor, told = make.Somebody(), {"channel": "12345", "received_on": "2026-11-02", "topic": "homework"}
    row = {**told, "text": "示范投诉", "complainant_name": "虚构甲", "institution": world.school.code}
    complaint = register_complaints([row], actor=actor).complaints[0]
    common = {"kind": "other", "occurred_on": NOW.date(), "source": "complaint", "actor": actor}
    clue = record_observation(world.school, text="示范线索", complaint=complaint, **common)
    sound, idle = (record_observation(world.school, text="示范情况", **common) for _ in range(2))
    elsewhere = record_observation(world.other, text="示范情况", **common)
    confirm_observation(sound.pk, actor=actor)
    refute_observation(idle.pk, reason="查无此事", actor=actor)
    assert set(observations_of(inspector)) == {clue, sound}
    assert not sees_source(inspector)
    assert not complaints_of(inspector).exists()
    client = client_of(inspector)
    assert [client.get(reverse("observation", args=[each.number])).status_code for each in (clue, sound)] == [200] * 2
    for each in (idle, elsewhere):
        assert client.get(reverse("observation", args=[each.number])).status_code == 404
    shown = client.get(reverse("observation", args=[clue.number])).content.decode()
    shown += client.get(reverse("observations")).content.decode()
    for hidden in ("投诉", "虚构甲", complaint.number):
        assert hidden not in shown.split("<main", 1)[1]
    assert client.get(reverse("complaints")).status_code == 403


@pytest.fixture
def org(world: World, inspector: User) -> Institution:
    """A training institution with an order, a refund, and a finding about a pupil by pseudonym."""
    found = world.people["org"].institution
    assert found is not None
    TrainingOrg.objects.get_or_create(institution=found)
    order = money_make.order(money_make.course(found), "H1", "2026-09-01", 1000)
    type(order).objects.filter(pk=order.pk).update(pupil=PSEUDONYM)
    money_make.refund(order, "T1", "2026-11-02", 300)
    common = {
        "rule": "TO-15", "institution": found, "period": "2026-09-01", "severity": 2, "observed": 61, "limit": 60,
        "occurred_on": dt.date(2026, 9, 1), "parameters_version": "1", "calendar_version": 1,
    }  # fmt: skip
    times = {"opened_at": NOW, "changed_at": NOW}
    Finding.objects.create(about=f"pupil:{PSEUDONYM}/数学", **common, **times)
    Alert.objects.create(
        rule="TO-15", institution=found, period="2026-09-01", severity=2, open_findings=1, total_findings=1,
        first_on=NOW.date(), last_on=NOW.date(), raised_at=NOW, due_on=NOW.date(), changed_at=NOW,
    )  # fmt: skip
    make.open_visit(found, inspector)
    return found


def test_no_page_shows_an_inspector_a_pupils_pseudonym(world: World, org: Institution, inspector: User) -> None:
    town, client = world.people["town"], client_of(inspector)
    finding, alert = Finding.objects.get(rule="TO-15"), Alert.objects.get(rule="TO-15")
    assert Finding.objects.visible_to(town).filter(pk=finding.pk).exists()
    assert Alert.objects.visible_to(town).filter(pk=alert.pk).exists()
    assert not Finding.objects.visible_to(inspector).filter(pk=finding.pk).exists()
    assert not Alert.objects.visible_to(inspector).filter(pk=alert.pk).exists()
    assert client.get(reverse("finding", args=[finding.pk])).status_code == 404
    assert client.get(reverse("alert", args=[alert.pk])).status_code == 404
    assert PSEUDONYM in client_of(town).get(reverse("org_money", args=[org.code])).content.decode()
    for name in ("training_org", "org_courses"):
        page = client.get(reverse(name, args=[org.code]))
        assert page.status_code == 200
        for hidden in (PSEUDONYM, "T1", reverse("org_money", args=[org.code]), f'href="{reverse("training_orgs")}"'):
            assert hidden not in page.content.decode().split("<main", 1)[1], (name, hidden)
    assert client.get(reverse("org_money", args=[org.code])).status_code == 403
    assert client.get(reverse("org_money_day", args=[org.code, "2026-09-01"])).status_code == 403


def test_an_inspector_takes_out_papers_and_photos_but_no_files_of_orders_or_complaints(
    world: World, org: Institution, inspector: User
) -> None:
    shown, purposes = set(), ("licence:1", "site:1", "rect:ZG-1:before", "order:H1", "refund:T1", "complaint:1")
    client = client_of(inspector)
    for purpose in purposes:
        kept = store(SimpleUploadedFile("a.pdf", b"%PDF-1.7"), org, purpose, world.people["bureau"])
        if client.get(reverse("file", args=[kept.key])).status_code == 200:
            shown.add(purpose)
    assert shown == {"licence:1", "site:1", "rect:ZG-1:before"}
    Visit.objects.update(state="cancelled")
    assert not StoredFile.objects.visible_to(inspector).exists()


def test_the_pages_of_inspections_lead_to_each_other_and_an_institution_only_to_its_own(
    world: World, inspector: User
) -> None:
    def tabs(person: User, url: str) -> set[str]:
        page = client_of(person).get(url).content.decode().split("<main", 1)[1]
        return {name for name in ("visits_today", "checklists") if f'href="{reverse(name)}"' in page}

    for person in (inspector, world.people["town"], world.people["bureau"], world.people["centre"]):
        for url in ("/visits/", "/rectifications/", "/checklists/", "/visits/today/"):
            assert tabs(person, url) == {"visits_today", "checklists"}, (person, url)
    for person in (world.people["school"], world.people["org"]):
        for url in ("/visits/", "/rectifications/"):
            assert tabs(person, url) == set(), (person, url)
