"""Workdays: statutory days count, terms and closures do not."""

import datetime as dt

import pytest

from shuangjian.bureau.calendar import WorkdayCalendar, add_workdays, first_workday_on_or_after, is_workday
from shuangjian.bureau.models import CalendarDay

D = dt.date


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (D(2026, 9, 30), True),
        (D(2026, 10, 1), False),
        (D(2026, 10, 7), False),
        (D(2026, 10, 8), True),
        (D(2026, 10, 10), True),  # swapped Saturday
        (D(2026, 10, 11), False),
        (D(2026, 2, 14), True),  # swapped Saturday: breaks play no part
        (D(2026, 8, 3), True),  # Monday of the summer
    ],
)
def test_it_knows_workdays(calendar, day, expected):
    assert is_workday(day) is expected


def test_limits_run_across_the_national_holiday(calendar):
    assert add_workdays(D(2026, 9, 30), 1) == D(2026, 10, 8)
    assert add_workdays(D(2026, 9, 30), 3) == D(2026, 10, 10)
    assert add_workdays(D(2026, 9, 30), 4) == D(2026, 10, 12)
    assert add_workdays(D(2026, 10, 3), 0) == D(2026, 10, 3)


def test_the_first_workday_on_or_after_may_be_the_day_itself(calendar):
    assert first_workday_on_or_after(D(2026, 9, 30)) == D(2026, 9, 30)
    assert first_workday_on_or_after(D(2026, 10, 1)) == D(2026, 10, 8)
    assert first_workday_on_or_after(D(2026, 2, 15)) == D(2026, 2, 24)


def test_closures_and_days_of_one_stage_or_town_leave_workdays_alone(calendar):
    for scope in (
        {"level": "district", "kind": "closed"},
        {"level": "district", "kind": "holiday", "stage": "primary"},
        {"level": "town", "kind": "holiday", "town": calendar.east_town},
    ):
        CalendarDay.objects.create(date="2026-11-04", reason="演示", certainty="official", **scope)
    assert is_workday(D(2026, 11, 4))


def test_a_loaded_calendar_answers_many_questions_with_one_query(calendar, django_assert_num_queries):
    with django_assert_num_queries(1):
        loaded = WorkdayCalendar.load(D(2026, 9, 1), D(2026, 10, 31))
        workdays = sum(loaded.is_workday(D(2026, 9, 1) + dt.timedelta(days=n)) for n in range(61))
        assert loaded.add(D(2026, 9, 30), 1) == D(2026, 10, 8)
    assert workdays == 44 - 6 + 2  # weekdays, less the holidays among them, and two swapped days


def test_a_loaded_calendar_refuses_days_that_it_has_not_read(calendar):
    loaded = WorkdayCalendar.load(D(2026, 10, 1), D(2026, 10, 7))
    with pytest.raises(ValueError, match="load a wider range"):
        loaded.first_on_or_after(D(2026, 10, 5))
