"""What is a school day, for whom, and what a change of the calendar alters."""

import datetime as dt

import pytest

from shuangjian.bureau import calendar as calendar_module
from shuangjian.bureau.calendar import rebuild_unit_days, school_days
from shuangjian.bureau.calendar_services import save_calendar_day, save_term
from shuangjian.bureau.models import CalendarDay, CalendarVersion, Term, UnitDay
from shuangjian.core.weeks import Week
from shuangjian.journal.models import AuditEntry, EvaluationRequest

OCTOBER_9 = dt.date(2026, 10, 9)


def exception(date: str, kind: str, level: str = "district", **scope):
    day = CalendarDay.objects.create(date=date, kind=kind, level=level, reason="演示", certainty="official", **scope)
    rebuild_unit_days(cause="演示", actor=None)
    return day


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2026-09-01", True),  # first day of the term, a Tuesday
        ("2026-09-05", False),  # Saturday
        ("2026-09-20", True),  # swapped Sunday
        ("2026-09-25", False),  # holiday on a Friday
        ("2026-10-01", False),
        ("2026-10-08", True),
        ("2026-10-10", True),  # swapped Saturday
        ("2026-10-11", False),
        ("2026-02-14", False),  # swapped Saturday, but inside the winter break
        ("2026-02-05", False),  # Thursday of the break
        ("2026-12-31", True),
    ],
)
def test_it_knows_school_days(calendar, day, date, expected):
    assert day(calendar.east, date).is_school_day is expected


@pytest.mark.parametrize("date", ["2026-01-31", "2026-03-02", "2026-08-31"])
def test_a_day_in_neither_term_nor_break_has_no_row(calendar, day, date):
    assert day(calendar.east, date) is None


def test_a_year_without_statutory_days_has_no_rows(calendar, day):
    assert day(calendar.east, "2026-12-31") is not None
    assert day(calendar.east, "2027-01-04") is None  # inside the term, in a year that nobody has announced
    exception("2027-01-01", "holiday")
    assert day(calendar.east, "2027-01-04").is_school_day
    assert not day(calendar.east, "2027-01-01").is_school_day


def test_only_the_stages_of_a_school_have_days(calendar, day):
    assert day(calendar.east, "2026-10-09", "junior") is not None
    assert day(calendar.west, "2026-10-09", "junior") is None


def test_week_columns_count_the_school_days_of_the_iso_week(calendar, day):
    national = day(calendar.east, "2026-10-01")
    assert (national.week, national.week_school_days) == (dt.date(2026, 9, 28), 3)
    assert national.week_first_on == dt.date(2026, 9, 28)
    swapped = day(calendar.east, "2026-10-11")
    assert (swapped.week_school_days, swapped.week_first_on) == (3, dt.date(2026, 10, 8))
    lengthened = day(calendar.east, "2026-09-20")
    assert (lengthened.week_school_days, lengthened.week_first_on) == (6, dt.date(2026, 9, 14))
    in_break = day(calendar.east, "2026-02-10")
    assert (in_break.week_school_days, in_break.week_first_on) == (0, None)


def test_a_week_half_outside_the_term_counts_its_school_days_only(calendar, day):
    first_week = day(calendar.east, "2026-09-01")
    assert (first_week.week_school_days, first_week.week_first_on) == (4, dt.date(2026, 9, 1))


def test_the_narrowest_exception_wins_in_each_step_of_the_order(calendar, day):
    """District, district+stage, town, town+stage, institution, institution+stage: each beats the one before."""
    date = "2026-11-04"
    steps = [
        ("closed", {"level": "district"}),
        ("school", {"level": "district", "stage": "primary"}),
        ("closed", {"level": "town", "town": calendar.east_town}),
        ("school", {"level": "town", "town": calendar.east_town, "stage": "primary"}),
        ("closed", {"level": "institution", "institution": calendar.east}),
        ("school", {"level": "institution", "institution": calendar.east, "stage": "primary"}),
    ]
    for kind, scope in steps:
        exception(date, kind, **scope)
        assert day(calendar.east, date).is_school_day is (kind == "school"), (kind, scope)
    # The other stage and the other town kept the exceptions that hold for them.
    assert not day(calendar.east, date, "junior").is_school_day
    assert day(calendar.west, date).is_school_day
    assert not day(calendar.loose, date, "junior").is_school_day


def test_an_exception_of_a_town_does_not_reach_a_school_whose_town_is_unconfirmed(calendar, day):
    exception("2026-11-04", "closed", level="town", town=calendar.east_town)
    assert not day(calendar.east, "2026-11-04").is_school_day
    assert day(calendar.loose, "2026-11-04", "junior").is_school_day


def test_closing_a_day_for_one_school_touches_the_rows_of_that_week_only(calendar, people, day):
    EvaluationRequest.objects.all().delete()
    save_calendar_day(
        date=OCTOBER_9, kind="closed", level="institution", institution=calendar.east, reason="演示停课",
        certainty="official", actor=people["bureau"],
    )  # fmt: skip
    version = CalendarVersion.objects.latest("pk")
    altered = UnitDay.objects.filter(calendar_version=version.pk)
    assert {row.institution_id for row in altered} == {calendar.east.pk}
    assert {row.week for row in altered} == {dt.date(2026, 10, 5)}
    assert altered.count() == 14  # seven days of two stages: their weekly count fell from 3 to 2
    assert day(calendar.east, "2026-10-09").week_school_days == 2
    assert day(calendar.west, "2026-10-09").week_school_days == 3
    request = EvaluationRequest.objects.get()
    assert request.institution_id == calendar.east.pk
    assert (request.since, request.until) == (dt.date(2026, 10, 5), dt.date(2026, 10, 11))
    assert request.cause.startswith("校历：")


def test_a_rebuild_that_finds_nothing_new_changes_no_row_and_asks_for_nothing(calendar):
    before = list(UnitDay.objects.order_by("pk").values())
    EvaluationRequest.objects.all().delete()
    rebuild_unit_days(cause="再算一次", actor=None)
    assert list(UnitDay.objects.order_by("pk").values()) == before
    assert not EvaluationRequest.objects.exists()


def test_a_change_of_the_district_asks_once_for_the_whole_district(calendar, people):
    EvaluationRequest.objects.all().delete()
    save_calendar_day(
        date=OCTOBER_9, kind="closed", level="district", reason="演示台风", certainty="official",
        actor=people["bureau"],
    )  # fmt: skip
    assert EvaluationRequest.objects.get().scope == "district"


def test_rows_that_fall_out_of_a_term_are_removed(calendar, people, day):
    term = Term.objects.get(stage="primary")
    save_term(
        key=term.key, stage="primary", starts_on=term.starts_on, ends_on=dt.date(2026, 12, 30), certainty="official",
        actor=people["bureau"], term=term,
    )  # fmt: skip
    assert day(calendar.east, "2026-12-31") is None
    assert day(calendar.east, "2026-12-30").week_school_days == 3
    assert day(calendar.east, "2026-12-31", "junior") is not None


def test_listeners_hear_of_changes_with_their_units_and_dates(calendar, people, monkeypatch):
    heard = []
    monkeypatch.setattr(calendar_module, "_listeners", [lambda *change: heard.append(change)])
    save_calendar_day(
        date=OCTOBER_9, kind="closed", level="institution", institution=calendar.west, reason="演示停课",
        certainty="official", actor=people["bureau"],
    )  # fmt: skip
    assert heard == [([calendar.west.pk], dt.date(2026, 10, 5), dt.date(2026, 10, 11))]
    save_calendar_day(
        date=OCTOBER_9, kind="closed", level="district", reason="演示停课", certainty="official", actor=people["bureau"]
    )
    assert heard[1][0] is None


def test_a_day_is_provisional_when_its_term_its_exception_or_its_year_is(calendar, people, day):
    assert not day(calendar.east, "2026-11-04").is_provisional
    exception("2026-11-04", "closed", level="institution", institution=calendar.east).delete()
    CalendarDay.objects.create(date="2026-11-05", kind="closed", reason="演示", certainty="provisional")
    rebuild_unit_days(cause="演示", actor=None)
    assert not day(calendar.east, "2026-11-04").is_provisional
    assert day(calendar.east, "2026-11-05").is_provisional
    Term.objects.filter(stage="junior").update(certainty="provisional")
    rebuild_unit_days(cause="演示", actor=None)
    assert day(calendar.east, "2026-11-04", "junior").is_provisional
    assert not day(calendar.east, "2026-11-04").is_provisional
    CalendarDay.objects.filter(kind__in=["holiday", "workday"]).update(certainty="provisional")
    rebuild_unit_days(cause="演示", actor=None)
    assert day(calendar.east, "2026-11-04").is_provisional


def test_a_day_that_becomes_official_is_judged_again(calendar, people):
    CalendarDay.objects.update(certainty="provisional")
    rebuild_unit_days(cause="演示", actor=None)
    EvaluationRequest.objects.all().delete()
    CalendarDay.objects.update(certainty="official")
    rebuild_unit_days(cause="国务院公布", actor=None)
    assert EvaluationRequest.objects.get().scope == "district"


def test_school_days_of_a_week_come_by_stage(calendar):
    days = school_days(calendar.east.pk, Week.parse("2026-W41"))
    assert days["primary"] == [dt.date(2026, 10, day) for day in (8, 9, 10)]
    assert days.keys() == {"primary", "junior"}
    assert school_days(calendar.east.pk, Week.parse("2026-W20")) == {}


def test_the_current_term_in_a_break_is_the_last_one_begun(calendar):
    assert calendar_module.current_term("primary", dt.date(2026, 10, 1)).key == "2026-2027-1"
    assert calendar_module.current_term("primary", dt.date(2027, 2, 1)).key == "2026-2027-1"
    assert calendar_module.current_term("primary", dt.date(2026, 8, 31)) is None


def test_a_rebuild_is_in_the_journal_with_its_counts(calendar):
    entry = AuditEntry.objects.filter(act="rebuild_unit_days").latest("pk")
    assert entry.detail["institutions"] == 3
    assert entry.detail["rows"] == UnitDay.objects.count()
