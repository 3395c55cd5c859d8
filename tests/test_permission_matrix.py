"""Who may open or post to which address. The test walks the URL resolver: an address without a row fails.

The API has a matrix of its own. Every object named in an address lies in the first town (see dashboards/world.py), so
that "other centre", "other town" and "other school" are the outsiders; "org" is a training institution of the first
town, "dept" one of the departments that see the training registers, "inspector" has open visits to the school and the
institution, "other inspector" none. ``ok`` is a page, a redirect elsewhere than to
the login, or a form sent back with its mistakes; ``login`` is the way there; a number is that status.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path, reverse

from inspections.models import Visit, VisitPhoto
from inspections.services.checklist_loading import load_checklists
from inspections.services.checklists import start_draft
from inspections.services.versions import freeze
from shuangjian.accounts.models import User
from shuangjian.alerts.rectifications import order_rectification
from shuangjian.bureau.models import Break, CalendarDay, Institution, Term
from shuangjian.evidence.observation_acts import confirm_observation, record_observation
from shuangjian.evidence.services import register_complaints
from shuangjian.files.services import store
from shuangjian.intake.imports import open_batch
from shuangjian.intake.models import ReopenRequest, WeeklyReturn
from shuangjian.journal.models import RunPart
from tests import make
from tests.dashboards.world import NOW, WEEK, World, build
from tests.inspections import visit_make
from tests.lists import make as list_make
from tests.permission_rows import ROWS
from tests.training_orgs import make as training_make
from tests.training_orgs import money_make
from training_orgs.models import Advertisement, GuidePrice, ListedWord, TrainingOrg
from training_orgs.services.lesson_links import token_of

PEOPLE = [
    "nobody", "sysadmin", "bureau", "centre", "other centre", "town", "other town", "school", "other school",
    "org", "dept", "inspector", "other inspector",
]  # fmt: skip
EXCLUDED = "api/"


@pytest.fixture
def world(db: None) -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        world = build()
        town, org = world.people["town"].town, world.people["org"].institution
        assert org is not None
        for name in ("inspector", "other inspector"):
            world.people[name] = make.user("inspector", town, username=name.replace(" ", "-"))
        for unit in (world.school, org):
            make.open_visit(unit, world.people["inspector"])
        yield world


def addresses() -> dict[str, set[str]]:
    """Every named address outside the API with the methods it answers."""
    found: dict[str, set[str]] = {}

    def walk(patterns: list[Any], prefix: str) -> None:
        for each in patterns:
            address = prefix + str(each.pattern)
            if address.startswith(EXCLUDED):
                continue
            if isinstance(each, URLResolver):
                walk(each.url_patterns, address)
            elif isinstance(each, URLPattern):
                found.setdefault(each.name or f"unnamed: {address}", set()).update(methods(each))

    walk(get_resolver().url_patterns, "")
    return found


def methods(pattern: URLPattern) -> set[str]:
    view = getattr(pattern.callback, "view_class", None)
    if view is None:
        return {"GET"}
    offered = [name for name in view.http_method_names if name in ("get", "post", "put", "patch", "delete")]
    return {name.upper() for name in offered if hasattr(view, name)}


def arguments(world: World) -> dict[str, dict[str, Any]]:
    """Values of the addresses that name something; one object of the first town for each."""
    one = {"code": world.school.code, "week": WEEK.key}
    loose = Institution.objects.create(
        code="44011319099", name="示范九小", pinyin="z", kind="school", centre=world.school.centre, is_fictional=True,
        town_candidates="演示东街或演示西街", stages=["primary"],
    )  # fmt: skip
    version = WeeklyReturn.objects.get(institution=world.school).current_version
    make.submitted(world.school, WEEK, now=NOW)  # a second version, so that there are changes to read
    reopening = ReopenRequest.objects.create(
        weekly_return=version.weekly_return, reason="录错", asked_by="测试员", asked_at=NOW
    )
    account = User.objects.create(username="drill", name="测试员", role_kind="school", institution=world.school)
    teacher = User.objects.create(
        username="drill-teacher", name="测试员", role_kind="teacher", institution=world.school, classes=["2026-03-01"]
    )
    term, holiday, day = Term.objects.first(), Break.objects.first(), CalendarDay.objects.first()
    assert None not in (version, term, holiday, day)
    batch = open_batch(
        world.school, WEEK, version.payload, file_name="周报.xlsx", file_sha256="0" * 64, actor=account, now=NOW
    )
    org = world.people["org"].institution
    assert org is not None
    TrainingOrg.objects.get_or_create(institution=org)
    stored = store(SimpleUploadedFile("licence.pdf", b"%PDF-1.7"), org, "licence:1", account, seal=True)
    complaint, seen = evidence(world.school)
    return {
        **standards(org),
        **{name: {"number": complaint} for name in COMPLAINT},
        **{name: {"number": seen} for name in OBSERVATION},
        **dict.fromkeys(["file", "file_original"], {"key": stored.key}),
        **dict.fromkeys(["import_book", "import_template", "import_confirm"], {"book": "orders"}),
        "row_new": {"code": org.code, "kind": "licences"},
        "row_change": {"code": org.code, "kind": "licences", "pk": training_make.licence(org).pk},
        **dict.fromkeys(
            ["list_decision", "list_review", "list_withdraw", "list_publish", "list_appeal", "list_answer"],
            {"pk": list_make.decided(org).pk},
        ),
        **money(org),
        **visits(world.school),
        **checklist_pages(),
        "unit": {"code": world.school.code},
        "unit_filings": {"code": world.school.code},
        "alert": {"pk": world.alert.pk},
        "alert_acknowledge": {"pk": world.alert.pk},
        "alert_close": {"pk": world.alert.pk},
        "alert_dismiss": {"pk": world.alert.pk},
        "alert_rectify": {"pk": world.alert.pk},
        **dict.fromkeys(RECTIFICATION, {"number": rectification(world.school)}),
        "finding": {"pk": world.finding.pk},
        "rule": {"code": "HW-02"},
        **dict.fromkeys(["run", "run_receipt"], {"pk": RunPart.objects.filter(institution=world.school)[0].run_id}),
        "account_reset": {"pk": account.pk},
        "account_deactivate": {"pk": account.pk},
        "term_change": {"pk": term.pk},
        "term_remove": {"pk": term.pk},
        "break_change": {"pk": holiday.pk},
        "break_remove": {"pk": holiday.pk},
        "calendar_day_change": {"pk": day.pk},
        "calendar_day_remove": {"pk": day.pk},
        "confirm_town": {"code": loose.code},
        "classes": {"code": world.school.code},
        "class_state": {"code": world.school.code, "class_code": "2026-03-01", "act": "close"},
        "returns": {"code": world.school.code},
        "return": one,
        "return_saved": one,
        "return_version": {**one, "number": version.number},
        "return_send_back": one,
        "return_withdraw": one,
        "return_changes": {**one, "number": 2},
        "return_approve": one,
        "return_accept": one,
        "return_lock": one,
        "return_ask_reopen": one,
        "reopen_grant": {"pk": reopening.pk},
        "reopen_refuse": {"pk": reopening.pk},
        "return_workbook": one,
        "return_workbook_upload": one,
        "return_workbook_check": {**one, "pk": batch.pk},
        "class_board": one,
        "class_draft": {**one, "class_code": "2026-03-01"},
        "teachers": {"code": world.school.code},
        "teacher_classes": {"code": world.school.code, "pk": teacher.pk},
    }


#: Addresses that name a complaint, or an observation.
COMPLAINT = ["complaint", *(f"complaint_{act}" for act in (
    "link", "mark_duplicate", "start_check", "confirm", "refute", "withdraw", "reply_and_close"))]  # fmt: skip
RECTIFICATION = ["rectification", *(f"rectification_{act}" for act in ("hand_in", "recheck", "change", "cancel"))]
OBSERVATION = ["observation", *(f"observation_{act}" for act in ("confirm", "refute", "rectify", "withdraw"))]


def rectification(school: Institution) -> str:
    """Number of one that the school has to hand in."""
    ordered = order_rectification(school, requirement="示范要求", due_on=NOW.date(), actor=make.Somebody(), now=NOW)
    return ordered.number


def money(org: Institution) -> dict[str, dict[str, Any]]:
    """A course, a session, an order and a refund of a training institution, as the addresses name them."""
    course = money_make.course(org)
    held = money_make.session(course, "2026-11-02")
    order = money_make.order(course, "H1", "2026-09-01", 1000)
    money_make.refund(order, "T1", "2026-11-02", 300)
    own, of_course = {"code": org.code}, {"code": org.code, "number": course.number}
    return {
        **dict.fromkeys(["org_courses", "org_money", "org_identify", "course_check"], own),
        **dict.fromkeys(
            ["training_org", "org_change", "org_status", "org_brand", "org_recognise", "org_sighting"], own
        ),
        "org_money_day": {**own, "day": "2026-09-01"},
        **dict.fromkeys(["course_identify", "course_publish"], of_course),
        **dict.fromkeys(["session_cancel", "session_lessons"], {**own, "pk": held.pk}),
        "lessons": {"token": token_of(order)},
        "refund_request": {**own, "contract": "H1"},
        **dict.fromkeys(["refund_answer", "refund_pay", "refund_withdraw"], {**own, "number": "T1"}),
    }


def visits(school: Institution) -> dict[str, dict[str, Any]]:
    """The planned visit to the school, and a photo of it."""
    visit = Visit.objects.get(institution=school)
    picture = store(SimpleUploadedFile("door.jpg", visit_make.jpeg()), school, f"visit:{visit.number}", None)
    photo = VisitPhoto.objects.create(key=uuid.uuid4(), visit=visit, stored=picture)
    one = {"key": visit.key}
    freeze(visit, handed_in_by=None, now=NOW)
    acts = [
        "visit",
        "visit_record_pdf",
        *(f"visit_{act}" for act in ("start", "details", "hand_in", "review", "correct", "cancel")),
    ]
    return {
        **dict.fromkeys(acts, one),
        "visits_of": {"code": school.code},
        "visit_answer": {**one, "code": "S-01"},
        "visit_photo": {**one, "photo": photo.key},
    }


def checklist_pages() -> dict[str, dict[str, Any]]:
    """The checklists that are shipped, and a draft of one of them."""
    load_checklists(actor=None)
    start_draft("subject_org", actor=make.Somebody())
    one = {"target": "subject_org"}
    acts = ("draft", "start", "discard", "publish", "group_move", "item_add")
    return {
        "checklist": one,
        "checklist_version": {**one, "number": 1},
        **{f"checklist_{act}": one for act in acts},
        **{f"checklist_item{act}": {**one, "code": "A-01"} for act in ("", "_move", "_remove", "_restore")},
    }


def evidence(school: Institution) -> tuple[str, str]:
    """A complaint about the school, and an observation that was found true."""
    told = {"channel": "12345", "received_on": "2026-11-02", "topic": "homework", "text": "示范投诉"}
    complaint = register_complaints([{**told, "institution": school.code}], actor=make.Somebody()).complaints[0]
    seen = record_observation(
        school, kind="other", occurred_on=NOW.date(), source="visit", text="示范情况", actor=make.Somebody()
    )
    confirm_observation(seen.pk, actor=make.Somebody())
    return complaint.number, seen.number


def standards(org: Institution) -> dict[str, dict[str, Any]]:
    """A word, a guide price, and an advertisement of the institution."""
    word = ListedWord.objects.create(list="subject", word="示范词", valid_from="2021-09-01")
    price = GuidePrice.objects.create(mode="offline", size_from=1, price=40, valid_from="2021-09-01", reference="示范")
    ad = Advertisement.objects.create(institution=org, number="A-1", place="school", seen_on="2026-11-02", text="保过")
    return {"word_end": {"pk": word.pk}, "guide_price_end": {"pk": price.pk}, "ad_clue": {"pk": ad.pk}}


def outcome(answer: HttpResponse) -> str:
    if answer.status_code == 302 and str(answer.headers["Location"]).startswith("/login/"):
        return "login"
    return "ok" if answer.status_code in (200, 302, 409, 422, 503) else str(answer.status_code)


def test_every_address_and_method_has_a_row() -> None:
    walked = {(name, method) for name, offered in addresses().items() for method in offered}
    assert walked - set(ROWS) == set(), "give each of these a row in ROWS, and its arguments if it has any"
    assert set(ROWS) - walked == set(), "these rows have no address any more"


@pytest.mark.parametrize("person", PEOPLE)
def test_each_person_gets_what_the_matrix_says(world: World, person: str) -> None:
    named, column = arguments(world), PEOPLE.index(person)
    found, expected = {}, {}
    for (name, method), row in ROWS.items():
        client = Client(raise_request_exception=False)
        if person != "nobody":
            client.force_login(world.people[person])
        with transaction.atomic():
            answer = client.generic(method, reverse(name, kwargs=named.get(name)), b"", HTTP_ACCEPT="text/html")
            transaction.set_rollback(True)
        found[name, method], expected[name, method] = outcome(answer), row.split()[column]
    assert {key: value for key, value in found.items() if value != expected[key]} == {}


#: All that a teacher reaches besides what needs no login.
FOR_TEACHERS = {
    "account_logout", "password", "home", "my_classes", "class_draft", "clinic", "lessons", "account_login", "healthz",
    "readyz",
}  # fmt: skip


def test_a_teacher_reaches_the_own_classes_and_nothing_else(world: World) -> None:
    named, reached = arguments(world), set()
    for name, method in ROWS:
        client = Client(raise_request_exception=False)
        client.force_login(User.objects.get(username="drill-teacher"))
        with transaction.atomic():
            answer = client.generic(method, reverse(name, kwargs=named.get(name)), b"", HTTP_ACCEPT="text/html")
            transaction.set_rollback(True)
        if outcome(answer) == "ok":
            reached.add(name)
    assert reached - {"calendar"} == FOR_TEACHERS


def test_the_walk_sees_an_address_that_was_added(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the guard: a page mounted without a row is found by the walk."""
    pattern = path("added/", lambda request: HttpResponse(), name="added")
    monkeypatch.setattr(get_resolver(), "url_patterns", [*get_resolver().url_patterns, pattern])
    assert "added" in addresses()
    assert ("added", "GET") not in ROWS
