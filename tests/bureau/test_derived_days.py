"""DistrictDay and RestDay: what they say of days of 2026, and that only what changed is written and asked about."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from shuangjian.bureau import derived_days
from shuangjian.bureau.calendar import rebuild_unit_days
from shuangjian.bureau.calendar_services import delete_calendar_day, save_break, save_calendar_day
from shuangjian.bureau.models import Break, CalendarDay, DistrictDay, Institution, RestDay
from shuangjian.bureau.reference import load_reference
from shuangjian.bureau.workdays import add_workdays, is_workday
from shuangjian.journal.models import EvaluationRequest
from tests import make

pytestmark = pytest.mark.django_db


def _reason(day: str, stage: str = "junior") -> str | None:
    row = RestDay.objects.filter(date=day, stage=stage).first()
    return None if row is None else row.reason


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("2026-10-04", "holiday"),  # a Sunday of the National Day holiday
        ("2026-10-10", None),  # a Saturday swapped for a workday
        ("2026-02-14", "break"),  # a swapped Saturday inside the winter break
        ("2026-02-16", "holiday"),  # a holiday inside the winter break
        ("2026-10-17", "weekend"),
        ("2026-10-16", None),
        ("2026-09-20", None),  # a swapped Sunday
        ("2027-01-02", None),  # a Saturday of a year without calendar: nobody knows
    ],
)
def test_a_rest_day_has_its_reason_and_a_workday_none(calendar: SimpleNamespace, day: str, reason: str | None) -> None:
    assert _reason(day) == reason


def test_a_break_of_one_stage_is_no_rest_day_of_the_other(calendar: SimpleNamespace) -> None:
    Break.objects.filter(stage="primary", name="寒假2026").update(ends_on="2026-02-25")
    rebuild_unit_days(cause="试", actor=None)
    assert (_reason("2026-02-26", "primary"), _reason("2026-02-26", "junior")) == (None, "break")
    assert _reason("2026-02-28", "primary") == "weekend"


def test_what_a_town_or_a_stage_does_differently_is_no_statutory_day(calendar: SimpleNamespace) -> None:
    CalendarDay.objects.create(
        date="2026-10-14", kind="holiday", level="town", town=calendar.east_town, reason="演示", certainty="official"
    )
    CalendarDay.objects.create(
        date="2026-10-15", kind="holiday", level="district", stage="junior", reason="演示", certainty="official"
    )
    rebuild_unit_days(cause="试", actor=None)
    assert _reason("2026-10-14") is None
    assert _reason("2026-10-15") is None
    assert DistrictDay.objects.filter(date__in=["2026-10-14", "2026-10-15"], is_workday=True).count() == 2


def test_the_working_calendar_counts_workdays_from_2021_to_the_year_after_the_last_known(
    calendar: SimpleNamespace,
) -> None:
    days = {day.date: day for day in DistrictDay.objects.order_by("date")}
    assert (min(days), max(days), len(days)) == (dt.date(2021, 1, 1), dt.date(2027, 12, 31), 7 * 365 + 1)
    assert {day.year for day in days if days[day].is_known} == {2026}
    count = 0
    for date, day in days.items():
        count += day.is_workday
        assert day.workdays == count
        assert day.is_workday == is_workday(date)
        if date.month == date.day == 6:
            break


def test_the_end_of_n_workdays_is_the_first_date_with_that_count(calendar: SimpleNamespace) -> None:
    for start in ("2026-09-28", "2026-10-03", "2026-10-09", "2026-02-13"):
        day = dt.date.fromisoformat(start)
        for count in (1, 5, 15):
            target = DistrictDay.objects.get(date=day).workdays + count
            end = DistrictDay.objects.filter(workdays=target).order_by("date").values_list("date", flat=True).first()
            assert end == add_workdays(day, count)


@pytest.fixture
def told() -> Any:
    heard: list[tuple[derived_days.DaysChanged, str]] = []
    callback = derived_days.on_derived_days_change(lambda changed, cause: heard.append((changed, cause)))
    yield heard
    derived_days._listeners.remove(callback)


def _versions() -> set[tuple[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ctid::text, date FROM bureau_districtday UNION ALL SELECT ctid::text, date FROM bureau_restday"
        )
        return set(cursor.fetchall())


def test_a_rebuild_that_changes_nothing_writes_nothing_and_tells_nobody(calendar: SimpleNamespace, told: Any) -> None:
    before = _versions()
    rebuild_unit_days(cause="再来", actor=None)
    assert _versions() == before
    assert told == []


def test_a_new_holiday_shifts_the_later_counts_and_tells_its_own_date_alone(
    calendar: SimpleNamespace, told: Any
) -> None:
    before = {day.date: day.workdays for day in DistrictDay.objects.all()}
    day = save_calendar_day(
        date=dt.date(2026, 11, 4), kind="holiday", level="district", reason="演示", certainty="official", actor=None
    )
    assert told == [(derived_days.DaysChanged((day.date, day.date), workdays=True), "2026-11-04 放假 演示")]
    after = {row.date: row.workdays for row in DistrictDay.objects.all()}
    assert all(after[date] == before[date] - (date >= day.date) for date in before)
    delete_calendar_day(day, actor=None)
    assert {row.date: row.workdays for row in DistrictDay.objects.all()} == before
    assert _reason("2026-11-04") is None


def test_a_break_touches_rest_days_and_no_workday(calendar: SimpleNamespace, told: Any) -> None:
    save_break(
        name="秋假2026", stage="primary", starts_on=dt.date(2026, 8, 28), ends_on=dt.date(2026, 8, 31),
        certainty="official", actor=None,
    )  # fmt: skip
    assert [changed for changed, _ in told] == [
        derived_days.DaysChanged((dt.date(2026, 8, 28), dt.date(2026, 8, 31)), workdays=False)
    ]


def test_changed_days_are_judged_again_by_the_rules_that_read_them_where_there_is_anybody_to_judge(
    calendar: SimpleNamespace,
) -> None:
    def asked() -> list[Any]:
        return list(EvaluationRequest.objects.exclude(rules=None).values_list("scope", "rules", "since", "cause"))

    make.exception(dt.date(2026, 11, 4), "holiday")
    assert asked() == []
    calendar.org = _org()
    make.exception(dt.date(2026, 11, 5), "holiday")
    assert asked() == [
        ("district", ["TO-05", "TO-07", "TO-08", "TO-33"], dt.date(2021, 9, 1), "校历：2026-11-05 放假 测试")
    ]


def _org() -> Any:
    return Institution.objects.create(code="91440113TEST00001", name="示范中心", pinyin="s", kind="training_org")


def test_a_database_older_than_the_days_gets_them_when_the_reference_data_is_loaded(db: None) -> None:
    load_reference(actor=None)
    filled = (DistrictDay.objects.count(), RestDay.objects.count())
    DistrictDay.objects.all().delete()
    RestDay.objects.all().delete()
    load_reference(actor=None)
    assert (DistrictDay.objects.count(), RestDay.objects.count()) == filled
    assert filled[0] > 0
    assert filled[1] > 0
