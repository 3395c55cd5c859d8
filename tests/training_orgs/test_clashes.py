"""排课雷达: what of a plan clashes, by the very rules, on both sides of each line; and the acts on courses."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from shuangjian.accounts.tokens import create_api_token
from shuangjian.bureau.calendar import rebuild_unit_days
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Refused
from tests import make as platform
from tests.training_orgs import money_make as make
from training_orgs.models import Course, CourseSession, Identification, Staff
from training_orgs.selectors.clashes import clashes_of
from training_orgs.services import courses

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 9, 1)
WHO: Any = {"actor": None, "today": TODAY}


@pytest.fixture(autouse=True)
def _calendar() -> None:
    platform.calendar()
    rebuild_unit_days(cause="开始", actor=None)


def _kinds(course: Course) -> list[tuple[str, str]]:
    found = clashes_of(CourseSession.objects.filter(course=course), TODAY, dt.date(2027, 3, 1))
    return [(str(clash.day), clash.kind) for each in found for clash in each.clashes]


@pytest.mark.parametrize(
    ("day", "fields", "kinds"),
    [
        ("2026-10-17", {}, ["rest"]),  # a Saturday
        ("2026-10-04", {}, ["rest"]),  # a Sunday of the National Day holiday
        ("2026-10-10", {}, []),  # a swapped Saturday: a workday
        ("2026-10-18", {"category": "arts"}, []),  # not a subject, on a Sunday
        ("2026-10-17", {"category": "arts", "identified": "subject"}, ["rest"]),
        ("2026-10-17", {"identified": "non_subject"}, []),
        ("2027-02-01", {}, ["rest"]),  # winter break
        ("2026-10-16", {}, []),
    ],
)
def test_rest_days(day: str, fields: dict[str, Any], kinds: list[str]) -> None:
    course = make.course(make.org(), **fields)
    make.session(course, day)
    assert _kinds(course) == [(day, kind) for kind in kinds]


@pytest.mark.parametrize(
    ("mode", "ends_at", "is_late"),
    [("offline", 1230, False), ("offline", 1231, True), ("online", 1260, False), ("online", 1261, True)],
)
@pytest.mark.parametrize("category", ["subject", "arts"])
def test_late_ends(mode: str, ends_at: int, is_late: bool, category: str) -> None:
    course = make.course(make.org(), mode=mode, category=category)
    make.session(course, "2026-10-16", 1140, ends_at)
    assert [kind for _, kind in _kinds(course)] == (["late"] if is_late else [])


@pytest.mark.parametrize(
    ("day", "starts_at", "ends_at", "stage", "clashes"),
    [
        ("2026-10-16", 1050, 1110, "junior", False),  # from 17:30
        ("2026-10-16", 1049, 1110, "junior", True),
        ("2026-10-16", 420, 480, "junior", False),  # until 08:00
        ("2026-10-16", 420, 481, "junior", True),
        ("2026-10-16", 600, 660, "preschool", False),
        ("2026-10-17", 600, 660, "junior", False),  # a Saturday
        ("2026-10-10", 600, 660, "junior", True),  # a swapped Saturday is a day of school
        ("2026-10-05", 600, 660, "junior", False),  # a holiday
        ("2027-02-01", 600, 660, "junior", False),  # winter break
    ],
)
def test_school_hours(day: str, starts_at: int, ends_at: int, stage: str, clashes: bool) -> None:
    course = make.course(make.org(), category="arts", stage=stage)
    make.session(course, day, starts_at, ends_at)
    assert [kind for _, kind in _kinds(course)] == (["school"] if clashes else [])


def test_cancelled_sessions_and_those_beyond_the_horizon_do_not_count() -> None:
    course = make.course(make.org())
    make.session(course, "2026-10-17", is_cancelled=True)
    make.session(course, "2028-01-01")
    assert _kinds(course) == []


def test_a_plan_that_is_not_saved_is_looked_at_and_nothing_stays() -> None:
    plan = {
        "category": "学科类", "stage": "初中", "mode": "线下", "starts_on": "2026-09-28", "ends_on": "2026-10-18",
        "slots": "周六 09:00-10:30、周五 19:00-20:45",
    }  # fmt: skip
    found = courses.foresee_clashes(plan, **WHO)
    assert [(str(clash.day), clash.kind) for clash in found] == [
        ("2026-10-02", "rest"), ("2026-10-02", "late"), ("2026-10-03", "rest"), ("2026-10-09", "late"),
        ("2026-10-10", "school"), ("2026-10-16", "late"), ("2026-10-17", "rest"),
    ]  # fmt: skip
    assert not Course.objects.exists()
    assert not Institution.objects.filter(name="排课检查").exists()


def test_a_mistaken_plan_is_refused_at_its_columns() -> None:
    with pytest.raises(InvalidInput) as caught:
        courses.foresee_clashes({"category": "学科类", "stage": "初中", "mode": "线下", "starts_on": "x"}, **WHO)
    assert "starts_on" in {problem.path for problem in caught.value.problems}


def _decision(**fields: Any) -> courses.Decision:
    values: dict[str, Any] = {
        "result": "subject", "decided_on": dt.date(2026, 8, 1), "decision_no": "示鉴〔2026〕1号",
        "experts": ("甲示范", "乙示范", "丙示范"), "conflict_statement": "专家与培训机构无利益关系", **fields,
    }  # fmt: skip
    return courses.Decision(**values)


def test_the_newest_decision_by_date_is_what_a_course_is_judged_by() -> None:
    course = make.course(make.org(), category="arts")
    courses.identify_course(course, _decision(), **WHO)
    older = _decision(result="non_subject", decided_on=dt.date(2026, 7, 1), decision_no="示鉴〔2026〕2号")
    courses.identify_course(course, older, **WHO)
    course.refresh_from_db()
    assert (course.identified, course.is_subject) == ("subject", True)
    courses.identify_operator(course.institution, _decision(decision_no="示鉴〔2026〕3号"), **WHO)
    assert Identification.objects.filter(course=None).count() == 1


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"experts": ("甲示范", "乙示范", "乙示范")}, "experts"),
        ({"conflict_statement": " "}, "conflict_statement"),
        ({"decision_no": ""}, "decision_no"),
        ({"decided_on": dt.date(2026, 9, 2)}, "decided_on"),
        ({"result": "x"}, "result"),
    ],
)
def test_a_decision_needs_its_panel_number_date_and_statement(fields: dict[str, Any], path: str) -> None:
    course = make.course(make.org())
    with pytest.raises(InvalidInput) as caught:
        courses.identify_course(course, _decision(**fields), **WHO)
    assert [problem.path for problem in caught.value.problems] == [path]
    assert not Identification.objects.exists()


def test_nobody_of_the_institution_sits_on_the_panel_that_decides_about_it() -> None:
    course = make.course(make.org())
    Staff.objects.create(institution=course.institution, number="S1", name="丙示范", employed_on="2026-01-01")
    with pytest.raises(InvalidInput) as caught:
        courses.identify_course(course, _decision(), **WHO)
    assert [(problem.path, problem.code) for problem in caught.value.problems] == [("experts", "tied")]
    said = _decision(conflict_statement="丙示范为区教研员，与机构的丙示范同名，非同一人")
    assert courses.identify_course(course, said, **WHO).experts == "甲示范、乙示范、丙示范"


def test_a_plan_that_clashes_is_published_only_with_a_note_and_once() -> None:
    course = make.course(make.org())
    make.session(course, "2026-10-17")
    with pytest.raises(InvalidInput, match="有 1 场与规定冲突"):
        courses.publish_course(course, on=TODAY, **WHO)
    courses.publish_course(course, on=TODAY, note="等校历调整", **WHO)
    with pytest.raises(Conflict, match="已于"):
        courses.publish_course(course, on=TODAY, **WHO)


def test_a_session_with_lessons_taken_is_not_cancelled() -> None:
    course = make.course(make.org())
    taken, free = make.session(course, "2026-09-02"), make.session(course, "2026-09-03")
    consumption = make.taken(make.order(course, "H1", "2026-09-01", 100), "2026-09-02", 10)
    consumption.session = taken
    consumption.save()
    with pytest.raises(Refused, match="已有课消"):
        courses.cancel_sessions([taken, free], reason="停电", **WHO)
    assert courses.cancel_sessions([free], reason="停电", **WHO) == 1
    assert courses.cancel_sessions([free], reason="停电", **WHO) == 0


def test_the_api_looks_at_a_plan_for_any_token_and_for_nobody_without(client: Client) -> None:
    body = {
        "category": "subject", "stage": "junior", "mode": "offline", "starts_on": "2026-10-12",
        "ends_on": "2026-10-18", "slots": "周六 09:00-10:30",
    }  # fmt: skip
    url = "/api/v1/courses/clashes/"
    assert client.post(url, body, content_type="application/json").status_code == 401
    later = clock.now() + dt.timedelta(days=1)
    _, token = create_api_token(name="测试", expires_at=later, actor=None)
    headers = {"Authorization": f"Bearer {token}"}
    answer = client.post(url, body, content_type="application/json", headers=headers)
    assert answer.status_code == 200, answer.content.decode()
    assert [(each["day"], each["rule"]) for each in answer.json()["clashes"]] == [("2026-10-17", "TO-05")]
