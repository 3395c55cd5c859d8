"""应报任务 around its edges: the due instant, holidays, units that open or close in mid week, and what is counted."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shuangjian.bureau.calendar import rebuild_unit_days
from shuangjian.bureau.models import CalendarDay, Institution
from shuangjian.core import clock
from shuangjian.core.choices import FilingState
from shuangjian.core.weeks import Week
from shuangjian.intake import review, services
from shuangjian.intake.attention import filing_state
from shuangjian.intake.filing_counts import FilingCounts, filing_counts, filing_counts_by, in_state, with_return
from shuangjian.intake.filings import correct_filings
from shuangjian.intake.models import Filing, WeeklyReturn
from shuangjian.journal.models import EvaluationRequest
from tests import make

WEEK = make.WEEK
NEXT_MONDAY = WEEK.plus(1).monday
DUE = clock.at(NEXT_MONDAY, 18 * 60)
TODAY = NEXT_MONDAY + dt.timedelta(days=3)
MICROSECOND = dt.timedelta(microseconds=1)
BOTH = ("primary", "junior")
GOLDEN_WEEK = Week.parse("2026-W40")  # 28 September – 4 October: holidays from the 1st to the 7th


@pytest.fixture
def school(db: None) -> Institution:
    make.calendar()
    return make.school("示范一小", classes=["2026-03-01"], went_live_on=dt.date(2026, 9, 1))


def owed(institution: Institution, week: Week = WEEK, today: dt.date = TODAY) -> Filing | None:
    correct_filings([institution.pk], [week], today=today)
    return Filing.objects.filter(institution=institution, week=week.monday).first()


def counts(now: dt.datetime = DUE + MICROSECOND, **wanted: Any) -> dict[str, int]:
    return filing_counts(Filing.objects.filter(week=WEEK.monday, **wanted), now).as_dict()


def expected(**numbers: int) -> dict[str, int]:
    return FilingCounts(**{"expected": 1, **numbers}).as_dict()


def test_a_return_is_due_at_18_on_the_monday_after_its_week(school: Institution) -> None:
    filing = owed(school)
    assert filing is not None
    assert clock.local(filing.due_at) == DUE
    assert DUE.hour == 18


def test_at_18_00_sharp_it_is_on_time_and_a_microsecond_later_late(school: Institution) -> None:
    owed(school)
    make.submitted(school, WEEK, now=DUE)
    assert counts() == expected(filed=1, on_time=1, complete=1)
    other = make.school("示范二小", classes=["2026-03-01"])
    owed(other)
    make.submitted(other, WEEK, now=DUE + MICROSECOND)
    assert counts(institution=other) == expected(filed=1, late=1, complete=1)


def test_at_18_00_sharp_nothing_is_missing_and_a_microsecond_later_it_is(school: Institution) -> None:
    filing = owed(school)
    assert filing is not None
    assert (counts(DUE), filing.state_at(DUE)) == (expected(pending=1), FilingState.PENDING)
    assert (counts(DUE + MICROSECOND), filing.state_at(DUE + MICROSECOND)) == (expected(missing=1), FilingState.MISSING)


def test_a_holiday_on_the_monday_moves_the_due_instant_to_the_next_workday(school: Institution) -> None:
    make.exception(NEXT_MONDAY, "holiday")
    make.exception(NEXT_MONDAY + dt.timedelta(days=1), "holiday")
    filing = owed(school)
    assert filing is not None
    assert clock.local(filing.due_at) == DUE + dt.timedelta(days=2)


def test_a_holiday_that_is_entered_after_the_week_moves_its_due_instant_and_has_it_judged_again(
    school: Institution,
) -> None:
    owed(school)
    EvaluationRequest.objects.all().delete()
    make.exception(NEXT_MONDAY, "holiday")
    filing = Filing.objects.get(institution=school, week=WEEK.monday)
    assert clock.local(filing.due_at) == DUE + dt.timedelta(days=1)
    asked = EvaluationRequest.objects.get(rules=["RP-01", "RP-02"])
    assert asked.since <= WEEK.monday <= asked.until


def test_a_day_closed_after_the_week_moves_nothing_and_asks_for_nothing_more(school: Institution) -> None:
    owed(school)
    make.exception(NEXT_MONDAY, "closed", institution=school)
    assert clock.local(Filing.objects.get(institution=school, week=WEEK.monday).due_at) == DUE
    assert not EvaluationRequest.objects.filter(rules__isnull=False).exists()


def test_before_a_long_holiday_a_week_is_due_on_the_first_workday_after_it(school: Institution) -> None:
    filing = owed(school, GOLDEN_WEEK)
    assert filing is not None
    assert filing.school_days == 3
    assert clock.local(filing.due_at) == clock.at(dt.date(2026, 10, 8), 18 * 60)


def test_a_swapped_saturday_is_a_school_day_of_its_week_and_no_due_day(school: Institution) -> None:
    filing = owed(school, Week.parse("2026-W41"))
    assert filing is not None
    assert filing.school_days == 3  # Thursday, Friday, and Saturday in exchange
    assert clock.local(filing.due_at) == clock.at(dt.date(2026, 10, 12), 18 * 60)


def test_a_day_closed_for_one_school_is_no_holiday_of_the_due_instant(school: Institution) -> None:
    make.exception(NEXT_MONDAY, "closed", institution=school)
    filing = owed(school)
    assert filing is not None
    assert clock.local(filing.due_at) == DUE


def test_a_week_swallowed_by_a_holiday_owes_nothing(school: Institution) -> None:
    assert owed(school) is not None
    for day in WEEK.days[:5]:
        CalendarDay.objects.create(date=day, kind="holiday", level="district", reason="测试", certainty="official")
    rebuild_unit_days(cause="测试", actor=make.Somebody(), institution_ids=[school.pk])
    assert owed(school) is None
    assert counts() == FilingCounts().as_dict()
    assert FilingCounts().on_time_rate is None


def test_a_week_without_lessons_of_one_stage_is_owed_for_the_other(school: Institution) -> None:
    nine, junior = make.school("示范三校", BOTH), make.school("示范四中", ("junior",))
    for day in WEEK.days[:5]:
        CalendarDay.objects.create(
            date=day, kind="closed", level="district", stage="junior", reason="测试", certainty="official"
        )
    rebuild_unit_days(cause="测试", actor=make.Somebody(), institution_ids=[nine.pk, junior.pk])
    filing = owed(nine)
    assert filing is not None
    assert filing.school_days == 5
    assert owed(junior) is None


def test_days_are_counted_once_whichever_stages_have_lessons(school: Institution) -> None:
    nine = make.school("示范三校", BOTH)
    CalendarDay.objects.create(
        date=WEEK.days[0], kind="closed", level="district", stage="junior", reason="测试", certainty="official"
    )
    rebuild_unit_days(cause="测试", actor=make.Somebody(), institution_ids=[nine.pk])
    filing = owed(nine)
    assert filing is not None
    assert filing.school_days == 5


@pytest.mark.parametrize(("closed_on", "days"), [(WEEK.days[2], 2), (WEEK.days[0], None), (NEXT_MONDAY, 5)])
def test_a_school_closed_in_mid_week_owes_the_days_before(
    school: Institution, closed_on: dt.date, days: int | None
) -> None:
    Institution.objects.filter(pk=school.pk).update(closed_on=closed_on)
    filing = owed(school)
    assert (filing.school_days if filing else None) == days


@pytest.mark.parametrize(("opened_on", "is_owed"), [(WEEK.days[2], True), (WEEK.sunday, True), (NEXT_MONDAY, False)])
def test_a_school_opened_in_mid_week_owes_that_week_and_none_before(
    db: None, opened_on: dt.date, is_owed: bool
) -> None:
    make.calendar()
    opened = make.school("示范五小", opened_on=opened_on)
    assert (owed(opened) is not None) is is_owed
    assert owed(opened, WEEK.plus(-1)) is None


def test_a_correction_after_the_due_instant_stays_on_time(school: Institution) -> None:
    owed(school)
    make.submitted(school, WEEK, now=DUE)
    make.submitted(
        school, WEEK, now=DUE + dt.timedelta(days=2), homework=[make.item("2026-03-01", str(WEEK.monday), 20)]
    )
    assert WeeklyReturn.objects.get().current_version.number == 2  # type: ignore[union-attr]
    assert counts(DUE + dt.timedelta(days=3)) == expected(filed=1, on_time=1, complete=1)


def test_a_withdrawn_return_is_missing_again_and_on_time_once_more_when_it_is_filed_again(school: Institution) -> None:
    owed(school)
    make.submitted(school, WEEK, now=DUE)
    services.withdraw_return(school, WEEK, actor=make.Somebody(), now=DUE + MICROSECOND, reason="填错")
    assert counts() == expected(missing=1)
    assert counts(DUE) == expected(pending=1)
    make.submitted(school, WEEK, now=DUE + dt.timedelta(days=1))
    assert counts() == expected(filed=1, on_time=1, complete=1)


def test_a_return_sent_back_is_filed_still(school: Institution) -> None:
    owed(school)
    make.submitted(school, WEEK, now=DUE)
    review.send_back_return(school, WEEK, actor=make.Somebody(), now=DUE + MICROSECOND, remark="请核对")
    assert counts() == expected(filed=1, on_time=1, complete=1)


def test_complete_follows_the_calendar_as_it_is_now(school: Institution) -> None:
    owed(school)
    make.submitted(school, WEEK, now=DUE)
    make.exception(WEEK.days[5], "school", institution=school)
    assert counts() == expected(filed=1, on_time=1)
    make.submitted(school, WEEK, now=DUE + dt.timedelta(days=1))
    assert counts() == expected(filed=1, on_time=1, complete=1)


def test_a_draft_counts_for_nothing(school: Institution) -> None:
    owed(school)
    services.save_draft(school, WEEK, make.full_payload(school, WEEK), actor=make.Somebody(), now=DUE)
    WeeklyReturn.objects.update(is_complete=True)
    assert counts() == expected(missing=1)
    assert with_return(Filing.objects.filter(week=WEEK.monday)).get().is_complete is False  # type: ignore[attr-defined]


def every_state(school: Institution) -> None:
    """A filing in each state a reader can see, in two towns under one centre."""
    east, west = make.town("440113007", "演示东街"), make.town("440113008", "演示西街")
    centre = make.centre()
    Institution.objects.filter(pk=school.pk).update(town=east, centre=centre)
    units = [
        make.school(f"示范{number}小", town=(east, west)[number % 2], centre=centre, classes=["2026-03-01"])
        for number in range(2, 7)
    ]
    correct_filings([school.pk, *(unit.pk for unit in units)], [WEEK], today=TODAY)
    on_time, late, returned, withdrawn, _missing = units
    make.submitted(on_time, WEEK, now=DUE)
    make.submitted(late, WEEK, now=DUE + MICROSECOND)
    make.submitted(returned, WEEK, now=DUE)
    review.send_back_return(returned, WEEK, actor=make.Somebody(), now=DUE, remark="请核对")
    make.submitted(withdrawn, WEEK, now=DUE)
    services.withdraw_return(withdrawn, WEEK, actor=make.Somebody(), now=DUE, reason="填错")
    Filing.objects.filter(institution=school).update(due_at=DUE + dt.timedelta(days=7))


def test_the_state_in_sql_is_the_state_that_pages_show(school: Institution) -> None:
    every_state(school)
    now = DUE + MICROSECOND
    rows = with_return(Filing.objects.filter(week=WEEK.monday))
    shown = {row.pk: str(filing_state(row, row.return_state, now=now)) for row in rows}  # type: ignore[attr-defined]
    assert set(shown.values()) == set(FilingState.values)
    for state in FilingState.values:
        in_sql = set(rows.filter(in_state(state, now)).values_list("pk", flat=True))
        assert in_sql == {pk for pk, each in shown.items() if each == state}, state


@pytest.mark.parametrize("key", ["institution__town", "institution__centre", "institution", "week"])
def test_counts_by_area_add_up_to_the_whole_in_one_query(school: Institution, key: str) -> None:
    every_state(school)
    now = DUE + MICROSECOND
    with CaptureQueriesContext(connection) as captured:
        whole = filing_counts(Filing.objects.filter(week=WEEK.monday), now).as_dict()
        parts = filing_counts_by(Filing.objects.filter(week=WEEK.monday), now, key)
    assert len(captured) == 2
    assert len(parts) == {"institution__town": 2, "institution__centre": 1, "institution": 6, "week": 1}[key]
    assert whole == {name: sum(part.as_dict()[name] for part in parts.values()) for name in whole}
    assert whole == {
        "expected": 6, "filed": 3, "on_time": 2, "late": 1, "complete": 3, "missing": 2, "pending": 1,
    }  # fmt: skip
    assert whole["expected"] == whole["filed"] + whole["missing"] + whole["pending"]


def test_a_rate_of_100_means_all_of_them() -> None:
    assert FilingCounts(expected=200, on_time=199).on_time_rate == 99
    assert FilingCounts(expected=3, on_time=3).on_time_rate == 100
