"""当日无作业 and 本周无课 answer for school days: a tick where the calendar has none is refused, at every door."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from schools.models import SchoolClass
from shuangjian.bureau.models import Institution
from shuangjian.core.errors import InvalidInput
from shuangjian.core.weeks import Week
from shuangjian.intake import services
from tests import make
from tests.intake.test_form_pages import FRIDAY, Fields, fields, url

WEEK = make.WEEK
DAY = [day.isoformat() for day in WEEK.days]
CLASS = "2026-03-01"
HOLIDAYS = Week.parse("2026-W40").plus(1)  # 5 to 11 October: off until Wednesday


@pytest.fixture(autouse=True)
def friday() -> Iterator[None]:
    with time_machine.travel(FRIDAY, tick=False):
        yield


@pytest.fixture
def school(db: None) -> Institution:
    make.calendar()
    return make.school(classes=(CLASS, "2026-04-01"))


def refusals(school: Institution, week: Week, **keys: list[dict[str, str]]) -> dict[str, str]:
    """Sentences by path for these rows alone."""
    try:
        services.save_draft(school, week, dict(keys), actor=make.Somebody(), now=FRIDAY)
    except InvalidInput as invalid:
        return {problem.path: problem.message for problem in invalid.problems}
    return {}


def test_a_tick_on_a_school_day_is_taken_and_one_on_a_saturday_refused(school: Institution) -> None:
    assert refusals(school, WEEK, homework_none=[{"class": CLASS, "day": DAY[4]}]) == {}
    assert refusals(school, WEEK, homework_none=[{"class": CLASS, "day": DAY[5]}]) == {
        "homework_none[0].day": "按校历 2026-11-07 不是 2026-03-01 班的上课日，不用勾选“当日无作业”，请取消勾选；"
        "当天如确有上课，先请教育局登记校历例外。"
    }


def test_swapped_saturdays_take_a_tick_and_holidays_do_not(school: Institution) -> None:
    row = [{"class": CLASS, "day": "2026-10-10"}, {"class": CLASS, "day": "2026-10-06"}]
    assert list(refusals(school, HOLIDAYS, homework_none=row)) == ["homework_none[1].day"]


def test_a_tick_before_a_class_was_opened_is_refused(school: Institution) -> None:
    SchoolClass.objects.filter(code=CLASS).update(opened_on=dt.date.fromisoformat(DAY[2]))
    rows = [{"class": CLASS, "day": DAY[1]}, {"class": CLASS, "day": DAY[2]}]
    assert list(refusals(school, WEEK, homework_none=rows)) == ["homework_none[0].day"]


def test_a_week_off_is_refused_where_the_class_has_no_school_day_anyway(school: Institution) -> None:
    assert refusals(school, WEEK, class_off=[{"class": CLASS}]) == {}
    vacation = Week.parse("2026-W35")
    SchoolClass.objects.filter(code=CLASS).update(school_year=2025)
    assert refusals(school, vacation, class_off=[{"class": CLASS}]) == {
        "class_off[0].class": "按校历 2026-03-01 班本周没有上课日，不用勾选“本周无课”，请取消勾选。"
    }


def test_the_form_leads_to_the_tick_that_the_calendar_forbids(client: Client, school: Institution) -> None:
    client.force_login(make.user("school", school))
    shown = fields(client, school)
    posted = shown | {f"hw-{CLASS}-none-6": "1", "act": "save"}
    answer = client.post(url(school), posted)
    assert f'name="hw-{CLASS}-none-6"' not in client.get(url(school)).content.decode(), (
        "no tick is offered on a Saturday"
    )
    assert answer.status_code == 422
    assert f'href="#hw-{CLASS}-none-6"' in answer.content.decode()
    assert f'id="hw-{CLASS}-none-6"' in answer.content.decode(), "it is shown, so that it can be taken away"


def test_homework_of_a_weekend_is_taken_and_judged(client: Client, school: Institution) -> None:
    client.force_login(make.user("school", school))
    posted = fields(client, school) | {f"hw-{CLASS}-0-m6": "95", "act": "preview"}
    page = client.post(url(school), posted).content.decode()
    assert f'<a href="#hw-{CLASS}-0-m6">三年级（1）班 11-07（周六）</a>' in page


def test_one_click_ticks_every_unanswered_school_day(client: Client, school: Institution) -> None:
    client.force_login(make.user("school", school))
    posted = fields(client, school) | {"hw-2026-03-01-0-m2": "20", "act": "tick:homework_none"}
    page = client.post(url(school), posted).content.decode()
    assert "已勾选 9 个未填的上课日，尚未保存" in page
    values = Fields(page).values
    assert "hw-2026-03-01-none-2" not in values
    assert values["hw-2026-03-01-none-3"] == "1"
    assert values["hw-2026-03-01-0-m2"] == "20"
