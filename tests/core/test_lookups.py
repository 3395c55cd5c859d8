"""``__among`` finds what ``__in`` finds, with one parameter however long the list is."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shuangjian.bureau.models import Institution, UnitDay
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def schools() -> list[Institution]:
    make.calendar()
    return [make.school(f"示范{number}小", classes=["2026-03-01"]) for number in range(3)]


def test_numbers_foreign_keys_dates_and_text_are_found_among_a_list(schools: list[Institution]) -> None:
    ids, mondays = [schools[0].pk, schools[2].pk], [make.WEEK.monday, make.WEEK.plus(-1).monday]
    assert {unit.pk for unit in Institution.objects.filter(pk__among=ids)} == set(ids)
    assert Institution.objects.get(code__among=[schools[1].code, "没有"]) == schools[1]
    asked = {"institution_id__among": ids, "week__among": mondays}
    same = {"institution_id__in": ids, "week__in": mondays}
    found = set(UnitDay.objects.filter(**asked).values_list("pk", flat=True))
    assert found == set(UnitDay.objects.filter(**same).values_list("pk", flat=True))
    assert len(found) > 1
    through = UnitDay.objects.filter(institution__among=ids[:1], date__among={dt.date(2026, 11, 4)})
    assert [day.institution_id for day in through] == [schools[0].pk]


def test_nothing_is_among_an_empty_list(schools: list[Institution]) -> None:
    assert not Institution.objects.filter(pk__among=[]).exists()
    assert not UnitDay.objects.filter(week__among=[]).exists()


def test_the_statement_is_as_long_for_many_as_for_one(schools: list[Institution]) -> None:
    def parameters(ids: list[int]) -> int:
        sql, params = Institution.objects.filter(pk__among=ids).query.sql_with_params()
        return len(params)

    assert parameters([1]) == parameters(list(range(300))) == 1
    with CaptureQueriesContext(connection) as captured:
        list(Institution.objects.filter(pk__among=[1, 2, 3]))
    assert "ANY(ARRAY[1,2,3])" in captured[0]["sql"]
