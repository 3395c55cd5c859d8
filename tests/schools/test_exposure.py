"""Class-days: what findings of classes are divided by."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from schools.classes import classes_in_week
from shuangjian.core.weeks import Week
from shuangjian.dashboards import exposure
from tests import make

HOLIDAY, SHORT, WEEK = (Week.parse(f"2026-W{number}") for number in (40, 41, 45))
MONDAYS = [week.monday for week in (HOLIDAY, SHORT, WEEK)]


@pytest.mark.django_db
def test_each_class_counts_on_each_school_day_of_its_stage() -> None:
    make.calendar()
    both = make.school("示范一校", ["primary", "junior"], classes=["2026-01-01", "2026-03-01", "2026-07-01"])
    one = make.school("示范二校", classes=["2026-03-01", "2025-02-01"])  # the second is of the year before
    make.exception(WEEK.days[2], "closed", institution=one)
    counted = exposure.class_days([both.pk, one.pk], MONDAYS)
    # The holiday lasts from Thursday of the first week to Wednesday of the second, whose Saturday is worked.
    assert counted == {
        (both.pk, HOLIDAY.monday): 3 * 3,
        (one.pk, HOLIDAY.monday): 3,
        (both.pk, SHORT.monday): 3 * 3,
        (one.pk, SHORT.monday): 3,
        (both.pk, WEEK.monday): 3 * 5,
        (one.pk, WEEK.monday): 4,
    }


@pytest.mark.django_db
def test_a_class_counts_in_the_weeks_in_which_it_exists() -> None:
    make.calendar()
    school = make.school(classes=["2026-03-01", "2026-03-02", "2026-03-03"])
    school.school.classes.filter(code="2026-03-02").update(closed_on=WEEK.monday)
    school.school.classes.filter(code="2026-03-03").update(opened_on=WEEK.sunday)
    counted = exposure.class_days([school.pk], MONDAYS)
    for week, days in ((SHORT, 3), (WEEK, 5)):
        assert counted[school.pk, week.monday] == len(classes_in_week(school, week)) * days == 2 * days


@pytest.mark.django_db
def test_more_schools_cost_no_more_queries() -> None:
    make.calendar()
    schools = [make.school(f"示范{number}小", classes=["2026-03-01"]).pk for number in range(3)]
    with CaptureQueriesContext(connection) as captured:
        exposure.class_days(schools, [dt.date(2026, 11, 2)])
    assert len(captured) == 2
    assert exposure.class_days([], MONDAYS) == {}
