"""The district's figures of a period: counted from what was filed, once, within the reader's scope."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from types import SimpleNamespace

import pgtrigger
import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inspections.models import ChecklistItem, Visit
from inspections.services.visits import correct_visit, review_visit
from inspections.statistics import COLUMNS, TOTAL, Counts, Line, by_town
from shuangjian.accounts.models import User
from shuangjian.alerts.models import Rectification
from tests.inspections import visit_make
from tests.inspections.visit_make import NOW, TODAY, answer, begun, details, filed, handed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(cast: SimpleNamespace) -> SimpleNamespace:
    with pgtrigger.ignore("inspections.ChecklistItem:checklist_item_kept"):
        ChecklistItem.objects.filter(code="S-03").update(problem_kind="fire")
    return cast


def table(person: User, since: dt.date = TODAY, until: dt.date = TODAY) -> dict[str, Counts]:
    return {line.name: line.counts for line in by_town(person, since, until)}


def counted(counts: Counts) -> dict[str, int]:
    """What is not nought."""
    return {name: number for name, number in asdict(counts).items() if number}


def test_a_filed_visit_is_counted_in_its_town_and_in_the_total(cast: SimpleNamespace) -> None:
    filed(cast)
    lines = by_town(cast.bureau, TODAY, TODAY)
    assert [line.name for line in lines] == ["演示东街", "演示西街", TOTAL]
    found = {
        "people": 2, "visits": 1, "units": 1, "subject_orgs": 1, "units_with_problems": 1, "problems": 1, "conduct": 1,
        "orders": 1, "order_items": 1,
    }  # fmt: skip
    assert [counted(line.counts) for line in lines] == [found, {}, found]


def test_a_unit_visited_twice_is_one_unit_and_two_visits(cast: SimpleNamespace) -> None:
    filed(cast)
    second = begun(cast)
    Visit.objects.filter(pk=second.pk).update(kind="follow_up")
    filed(cast, details(second, cast.first, companions=[{"name": "虚构丙", "unit": "示范派出所"}]))
    total = table(cast.bureau)[TOTAL]
    assert (total.visits, total.units, total.units_with_problems, total.problems, total.people) == (2, 1, 1, 2, 5)
    assert (total.follow_ups, total.orders) == (1, 2)


def test_clues_are_no_problems_and_give_no_notice(cast: SimpleNamespace) -> None:
    filed(cast, decision="clue")
    assert counted(table(cast.bureau)[TOTAL]) == {"people": 2, "visits": 1, "units": 1, "subject_orgs": 1, "clues": 1}


def test_problems_are_told_by_their_kind(cast: SimpleNamespace) -> None:
    visit = begun(cast)
    visit_make.filled(cast, visit)
    visit_make.photo(visit, cast.first, item="S-01", seed=9)
    due = visit_make.DUE
    answer(visit, "S-01", cast.first, verdict="failed", note="证照未挂", decision="confirmed", due_on=due)
    answer(visit, "S-03", cast.second, verdict="failed", note="通道堵塞", decision="confirmed", due_on=due)
    visit_make.hand_in_visit(visit.pk, actor=cast.first, now=NOW)
    review_visit(visit.pk, decision="file", actor=cast.town, now=NOW)
    total = table(cast.bureau)[TOTAL]
    assert (total.problems, total.conduct, total.safety, total.fire) == (3, 2, 0, 1)
    assert (total.orders, total.order_items) == (1, 3)


def test_rectified_is_what_passed_its_recheck_and_cancelled_items_are_no_items(cast: SimpleNamespace) -> None:
    filed(cast)
    Rectification.objects.update(state="passed", handed_in_at=NOW)
    assert (table(cast.bureau)[TOTAL].order_items, table(cast.bureau)[TOTAL].rectified) == (1, 1)
    Rectification.objects.update(state="cancelled")
    total = table(cast.bureau)[TOTAL]
    assert (total.orders, total.order_items, total.rectified, total.problems) == (0, 0, 0, 1)


def test_what_nobody_has_filed_is_not_counted(cast: SimpleNamespace) -> None:
    begun(cast)
    handed = handed_in(cast)
    assert not counted(table(cast.bureau)[TOTAL])
    review_visit(handed.pk, decision="return", remark="请补充照片说明", actor=cast.town, now=NOW)
    assert not counted(table(cast.bureau)[TOTAL])


def test_a_correction_counts_once_it_is_filed_and_until_then_the_filed_version_does(cast: SimpleNamespace) -> None:
    visit = filed(cast)
    before = table(cast.bureau)[TOTAL]
    correct_visit(visit.pk, reason="登记本并无家长电话", actor=cast.first, now=NOW)
    answer(visit, "S-02", cast.first, verdict="ok", decision="", due_on=None)
    details(visit, cast.first, result="no_problem")
    assert table(cast.bureau)[TOTAL] == before
    visit_make.hand_in_visit(visit.pk, actor=cast.first, now=NOW)
    assert table(cast.bureau)[TOTAL] == before
    review_visit(visit.pk, decision="file", actor=cast.town, now=NOW)
    assert counted(table(cast.bureau)[TOTAL]) == {"people": 2, "visits": 1, "units": 1, "subject_orgs": 1}


def test_days_are_local_and_both_ends_are_included(cast: SimpleNamespace) -> None:
    visit = filed(cast)
    day = dt.timedelta(days=1)
    for started in ("2026-11-24T00:00:00+08:00", "2026-11-24T23:59:59+08:00"):
        Visit.objects.filter(pk=visit.pk).update(started_at=dt.datetime.fromisoformat(started))
        spans = ((TODAY, TODAY), (TODAY - day, TODAY - day), (TODAY + day, TODAY + day), (TODAY - day, TODAY))
        counts = [table(cast.bureau, since, until)[TOTAL].visits for since, until in spans]
        assert counts == [1, 0, 0, 1]


def test_each_sees_the_figures_of_the_own_jurisdiction(cast: SimpleNamespace) -> None:
    filed(cast)
    assert list(table(cast.town)) == ["演示东街", TOTAL]
    assert table(cast.town)[TOTAL].visits == 1
    assert list(table(cast.other_town)) == ["演示西街", TOTAL]
    assert table(cast.other_town)[TOTAL].visits == 0
    assert by_town(None, TODAY, TODAY) == [Line(TOTAL, Counts())]


def test_the_number_of_queries_does_not_grow(cast: SimpleNamespace) -> None:
    with CaptureQueriesContext(connection) as none:
        table(cast.bureau)
    filed(cast)
    filed(cast)
    with CaptureQueriesContext(connection) as two:
        table(cast.bureau)
    assert len(none) == len(two) == 2


@time_machine.travel(NOW, tick=False)
def test_the_page_and_the_export_tell_the_same(cast: SimpleNamespace) -> None:
    filed(cast)
    client = Client()
    client.force_login(cast.bureau)
    asked = {"since": "2026-11-20", "until": "2026-11-24"}
    page = client.get(reverse("visit_statistics"), asked)
    html = page.content.decode()
    assert "2026-11-20 至 2026-11-24：检查 1 家次，查实问题 1 个" in html
    assert "2 个镇街中 1 个开展了检查" in html
    assert all(f"<dt>{column}</dt><dd>{words}</dd>" in html for column, _, words in COLUMNS.values())
    export = client.get(reverse("visit_statistics_csv"), asked)
    lines = export.content.decode("utf-8-sig").splitlines()
    assert lines[0].split(",")[:5] == ["开始日期", "结束日期", "镇街", "出动人次", "检查家次"]
    assert lines[1] == "2026-11-20,2026-11-24,演示东街,2,1,1,0,1,0,0,1,1,1,0,0,0,1,1,0,0"
    assert (len(lines), lines[-1].split(",")[2]) == (4, "合计")
    assert page.context["lines"][0][1] == tuple(map(int, lines[1].split(",")[3:]))


@pytest.mark.parametrize(
    "asked",
    [
        {"since": "2026-11-25", "until": "2026-11-24"},
        {"since": "昨天"},
        {"until": "2026-02-30"},
        {"since": "0001-01-01"},
    ],
)
@time_machine.travel(NOW, tick=False)
def test_wrong_days_are_told_and_nothing_is_exported(cast: SimpleNamespace, asked: dict[str, str]) -> None:
    client = Client()
    client.force_login(cast.bureau)
    page = client.get(reverse("visit_statistics"), asked)
    assert page.context["period"].problem in page.content.decode()
    assert str(page.context["period"]) == "2026-11-01 至 2026-11-24"
    assert client.get(reverse("visit_statistics_csv"), asked).status_code == 400


@pytest.mark.parametrize("name", ["visit_statistics", "visit_statistics_csv"])
def test_inspectors_institutions_and_departments_get_no_statistics(cast: SimpleNamespace, name: str) -> None:
    for person in (cast.first, cast.org_person, cast.dept):
        client = Client()
        client.force_login(person)
        assert client.get(reverse(name)).status_code == 403
