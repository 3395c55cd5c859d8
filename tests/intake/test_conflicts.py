"""Two people on one return: nobody overwrites silently, and whoever comes second sees both contents cell by cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from shuangjian.core import clock
from shuangjian.core.errors import Conflict
from shuangjian.intake import review, services
from shuangjian.intake.models import ReturnEvent, ReturnVersion, WeeklyReturn
from tests import make
from tests.faults.parallel import together
from tests.intake.test_form_pages import Fields, fields, url

WEEK = make.WEEK
FRIDAY = clock.at(WEEK.days[4], 16 * 60)
NOW = FRIDAY
CELL = "hw-2026-03-01-0-m2"


@pytest.fixture
def friday() -> Iterator[None]:
    with time_machine.travel(FRIDAY, tick=False):
        yield


@pytest.fixture
def school(db: None, friday: None) -> Any:
    make.calendar()
    return make.school(town=make.town(), centre=make.centre(), classes=["2026-03-01"])


def person(school: Any, name: str) -> Client:
    client = Client()
    client.force_login(make.user("school", school, username=name))
    return client


def test_the_second_sees_which_cells_differ_and_who_saved_the_other_ones(school: Any) -> None:
    make.submitted(school, WEEK, homework=[make.item("2026-03-01", "2026-11-03", 30)], now=FRIDAY)
    first, second = person(school, "first"), person(school, "second")
    mine = fields(second, school)
    first.post(url(school), fields(first, school) | {CELL: "20", "sd-primary-3": "08:00", "act": "save"})
    answer = second.post(url(school), mine | {CELL: "40", "act": "save"})
    page = answer.content.decode()
    assert answer.status_code == 409
    table = page.split('id="conflict"')[1].split("</table>")[0]
    rows = [row.split("</tr>")[0] for row in table.split("<tr>")[2:]]
    assert "两份内容有 2 处不同" in page
    assert len(rows) == 2, "only the cells that differ"
    lesson, minutes = rows
    assert [words in minutes for words in ("三年级（1）班 11-03（周二） 语文", "分钟数", ">40<", ">20<")] == [True] * 4
    assert [words in lesson for words in ("小学 11-04（周三）", "第一节课", ">08:20<", ">08:00<")] == [True] * 4
    assert minutes.index(">40<") < minutes.index(">20<"), "mine stands before the saved one"
    head = table.split("</thead>")[0]
    assert "已保存的" in head
    assert "first 测试员" in head
    assert "2026-11-06（周五）16:00" in head
    assert Fields(page).values[CELL] == "40", "what was typed is kept"
    assert WeeklyReturn.objects.get().draft["homework"][0]["minutes"] == 20


def test_the_ways_on_are_to_take_theirs_or_to_save_mine_over(school: Any) -> None:
    first, second = person(school, "first"), person(school, "second")
    mine = fields(second, school)
    first.post(url(school), fields(first, school) | {CELL: "20", "act": "save"})
    page = second.post(url(school), mine | {CELL: "40", "act": "save"}).content.decode()
    assert "打开最新内容" in page
    assert second.post(url(school), Fields(page).values | {"act": "save:over"}).status_code == 302
    assert WeeklyReturn.objects.get().draft["homework"][0]["minutes"] == 40


def test_when_only_the_review_went_on_the_page_says_so(school: Any) -> None:
    make.submitted(school, WEEK, now=FRIDAY)
    filer = person(school, "filer")
    mine = fields(filer, school)
    review.approve_return(school, WEEK, actor=make.user("town", school.town, username="clerk"), now=FRIDAY)
    page = filer.post(url(school), mine | {"act": "save"}).content.decode()
    assert "与已保存的相同，只是周报的状态有变化" in page
    answer = filer.post(
        url(school), mine | {"hw-2026-03-01-0-m6": "20", "hw-2026-03-01-0-subject": "语文", "act": "save"}
    )
    assert answer.status_code == 409
    assert "clerk 测试员（市桥街道）审核通过" in answer.content.decode()


def test_what_was_typed_stays_when_the_return_was_locked_meanwhile(school: Any) -> None:
    make.submitted(school, WEEK, homework=[make.item("2026-03-01", "2026-11-03", 30)], now=FRIDAY)
    filer, bureau = person(school, "filer"), make.user("bureau")
    mine = fields(filer, school)
    review.approve_return(school, WEEK, actor=bureau, now=FRIDAY)
    review.accept_return(school, WEEK, actor=bureau, now=FRIDAY)
    review.lock_return(school, WEEK, actor=bureau, now=FRIDAY, reason="已用于统计")
    for act in ("save", "submit"):
        answer = filer.post(url(school), mine | {CELL: "40", "act": act})
        page = answer.content.decode()
        assert answer.status_code == 409
        assert "锁定原因：已用于统计" in page
        assert Fields(page).values[CELL] == "40"
    assert ReturnVersion.objects.count() == 1
    assert "data-return-form" not in filer.get(url(school)).content.decode()


# On two connections at the same moment -------------------------------------------------------------------------------


def race(calls: int = 2) -> list[Any]:
    """As many people, all from the same revision, each with a content of its own."""
    make.calendar()
    school = make.school(classes=["2026-03-01"])
    revision = make.submitted(school, WEEK, now=NOW).revision

    def save(minutes: int) -> Any:
        payload = make.full_payload(school, WEEK, homework=[make.item("2026-03-01", "2026-11-03", minutes)])
        return services.submit_return(
            school, WEEK, actor=make.Somebody(), now=NOW, door="form", payload=payload, revision=revision
        )

    return together([lambda minutes=20 + n: save(minutes) for n in range(calls)])


@pytest.mark.django_db(transaction=True)
def test_of_eight_at_once_one_wins_and_the_others_get_the_conflict() -> None:
    results = race(8)
    won = [each for each in results if isinstance(each, WeeklyReturn)]
    lost = [each for each in results if isinstance(each, Conflict)]
    assert (len(won), len(lost)) == (1, 7), results
    assert {each.code for each in lost} == {"revision_conflict"}
    assert ReturnVersion.objects.count() == 2
    assert WeeklyReturn.objects.get().current_version == won[0].current_version


@pytest.mark.django_db(transaction=True)
def test_without_the_comparison_of_revisions_all_of_them_overwrite_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard switched off: this is the failure that it prevents."""
    monkeypatch.setattr(services, "expect_revision", lambda weekly_return, revision: None)
    assert [type(each) for each in race(4)] == [WeeklyReturn] * 4
    assert ReturnVersion.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_of_two_reviewers_at_once_one_decides() -> None:
    make.calendar()
    school = make.school(classes=["2026-03-01"])
    make.submitted(school, WEEK, now=NOW)
    common = {"actor": make.Somebody(), "now": NOW + dt.timedelta(hours=1)}
    results = together(
        [
            lambda: review.approve_return(school, WEEK, **common),
            lambda: review.approve_return(school, WEEK, **common),
            lambda: services.withdraw_return(school, WEEK, reason="错", **common),
        ]
    )
    assert sorted(type(each).__name__ for each in results) == ["Conflict", "Conflict", "WeeklyReturn"], results
    assert ReturnEvent.objects.exclude(act="submit").count() == 1
