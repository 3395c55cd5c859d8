"""Hand-written worlds about time: due instants, owed filings, and which days are school days or workdays."""

import pytest

from tests.oracle.by_hand import (
    FRI,
    FRIDAY_AFTERNOON,
    GRADE_3,
    MON,
    SAT,
    SCHOOL,
    THU,
    TOWN,
    TUE,
    WED,
    WEEKDAYS,
    calendar_day,
    filed,
    finding,
    item,
    nine_year_school,
    quiet_payload,
    week_with,
    with_lesson,
    with_service,
    world,
)
from tests.oracle.oracle import findings

DUE = "2026-11-09T18:00:00+08:00"
JUST_AFTER = "2026-11-09T18:00:00.000001+08:00"
NEXT_DAY = "2026-11-10T09:00:00+08:00"
UNFILED = finding("RP-01", "return:2026-W45", MON, "1.0000", "0.0000")
LATE = finding("RP-02", "return:2026-W45", MON, "1.0000", "0.0000")


def of_week_45(judged):
    """The findings of a world, less those about the week after, which is owed as well once it has begun."""
    return {found for found in findings(judged) if found[3] < "2026-11-09"}


# RP-01, RP-02


def test_an_unfiled_week_is_a_finding_only_after_the_due_instant():
    assert findings(world(now=DUE)) == set()
    assert findings(world(now=JUST_AFTER)) == {UNFILED}


def test_the_due_instant_is_one_of_shanghai_whatever_offset_now_is_written_in():
    assert findings(world(now="2026-11-09T10:00:00+00:00")) == set()
    assert findings(world(now="2026-11-09T10:00:01+00:00")) == {UNFILED}


def test_a_first_submit_on_the_due_instant_is_on_time_and_one_microsecond_later_is_late():
    assert findings(world(filed(quiet_payload(), at=DUE), now=NEXT_DAY)) == set()
    assert findings(world(filed(quiet_payload(), at=JUST_AFTER), now=NEXT_DAY)) == {LATE}


def test_a_late_correction_of_a_timely_return_is_not_late():
    corrected = filed(quiet_payload())
    corrected["submits"].append({"at": NEXT_DAY, "payload": quiet_payload()})
    assert findings(world(corrected, now=NEXT_DAY)) == set()


def test_a_late_return_stays_late_after_corrections():
    corrected = filed(quiet_payload(), at=JUST_AFTER)
    corrected["submits"].append({"at": NEXT_DAY, "payload": quiet_payload()})
    assert findings(world(corrected, now=NEXT_DAY)) == {LATE}


def test_a_returned_return_counts_as_filed():
    assert findings(world(filed(quiet_payload(), state="returned"), now=NEXT_DAY)) == set()


def test_a_withdrawn_return_counts_as_unfiled_and_keeps_its_lateness():
    assert findings(world(filed(quiet_payload(), state="withdrawn"), now=DUE)) == set()
    assert findings(world(filed(quiet_payload(), state="withdrawn"), now=NEXT_DAY)) == {UNFILED}
    late = filed(quiet_payload(), at=JUST_AFTER, state="withdrawn")
    assert findings(world(late, now=NEXT_DAY)) == {UNFILED, LATE}


def test_a_draft_counts_as_unfiled():
    draft = {"school": SCHOOL, "week": "2026-W45", "state": "draft", "submits": [], "draft": quiet_payload()}
    assert findings(world(draft, now=NEXT_DAY)) == {UNFILED}


def test_the_return_of_another_school_or_week_does_not_count():
    schools = [nine_year_school(), nine_year_school(code="440113390002")]
    of_the_other = filed(quiet_payload(), school="440113390002")
    assert findings(world(of_the_other, now=NEXT_DAY, schools=schools)) == {UNFILED}
    of_the_week_before = filed(quiet_payload(), week="2026-W44", at="2026-10-30T17:00:00+08:00")
    assert findings(world(of_the_week_before, now=NEXT_DAY)) == {UNFILED}


def test_every_owed_week_is_judged_by_its_own_due_instant():
    expected = {UNFILED, finding("RP-01", "return:2026-W46", "2026-11-09", "1.0000", "0.0000")}
    assert findings(world(now="2026-11-16T18:00:01+08:00")) == expected
    assert findings(world(now="2026-11-16T18:00:00+08:00")) == {UNFILED}


@pytest.mark.parametrize(
    ("filings_from", "is_owed"),
    [("2026-11-01", True), ("2026-11-02", True), ("2026-11-08", True), ("2026-11-09", False)],
)
def test_filings_begin_with_the_week_of_their_first_day(filings_from, is_owed):
    owed = {found for found in findings(world(now=NEXT_DAY, filings_from=filings_from)) if found[3] == MON}
    assert owed == ({UNFILED} if is_owed else set())


def test_a_week_submitted_before_filings_begin_is_owed_nevertheless():
    early = filed(quiet_payload(), at=JUST_AFTER, state="withdrawn")
    assert findings(world(early, now=NEXT_DAY, filings_from="2026-11-09")) == {UNFILED, LATE}
    draft = {"school": SCHOOL, "week": "2026-W45", "state": "draft", "submits": [], "draft": quiet_payload()}
    assert findings(world(draft, now=NEXT_DAY, filings_from="2026-11-09")) == set()


def test_a_week_that_another_school_submitted_before_filings_begin_is_not_owed():
    schools = [nine_year_school(), nine_year_school(code="440113390002")]
    of_the_other = filed(quiet_payload(), school="440113390002")
    assert findings(world(of_the_other, now=NEXT_DAY, filings_from="2026-11-09", schools=schools)) == set()


def test_a_week_without_a_school_day_owes_nothing_even_if_submitted_late():
    closed = [calendar_day(day, "closed") for day in WEEKDAYS]
    assert findings(world(now=NEXT_DAY, calendar_days=closed)) == set()
    late = filed(quiet_payload(days=[]), at=NEXT_DAY)
    assert findings(world(late, now=NEXT_DAY, calendar_days=closed)) == set()


def test_one_school_day_of_one_stage_makes_a_week_owed():
    closed = [calendar_day(day, "closed", stage="primary") for day in WEEKDAYS]
    closed += [calendar_day(day, "closed", stage="junior") for day in WEEKDAYS[:4]]
    assert findings(world(now=NEXT_DAY, calendar_days=closed)) == {UNFILED}
    primary_only = nine_year_school() | {"stages": ["primary"], "classes": [{"code": GRADE_3, "grade": 3}]}
    assert findings(world(now=NEXT_DAY, calendar_days=closed, schools=[primary_only])) == set()


def test_week_53_is_followed_by_week_1():
    # 2026-W53 runs from 28 December to 3 January; its due day is Monday, 4 January 2027.
    judged = world(filings_from="2026-12-28", now="2027-01-11T18:00:01+08:00")
    assert findings(judged) == {
        finding("RP-01", "return:2026-W53", "2026-12-28", "1.0000", "0.0000"),
        finding("RP-01", "return:2027-W01", "2027-01-04", "1.0000", "0.0000"),
    }
    judged["now"] = "2027-01-04T18:00:00+08:00"
    assert findings(judged) == set()


def test_a_return_of_week_53_is_judged_on_its_own_days():
    days = ["2026-12-28", "2026-12-29", "2026-12-30", "2026-12-31"]
    payload = quiet_payload(days)
    payload["homework"] = [item(GRADE_3, day, 60) for day in days[:3]] + [item(GRADE_3, days[3], 61)]
    new_year = [calendar_day("2027-01-01", "holiday")]
    late = filed(payload, week="2026-W53", at="2027-01-04T18:00:01+08:00")
    judged = world(late, filings_from="2026-12-28", now="2027-01-05T08:00:00+08:00", calendar_days=new_year)
    assert findings(judged) == {
        finding("RP-02", "return:2026-W53", "2026-12-28", "1.0000", "0.0000"),
        finding("HW-02", "class:2026-03-01", "2026-12-31", "61.0000", "60.0000"),
        finding("HW-03", "class:2026-03-01", "2026-12-28", "60.2500", "60.0000"),
    }


# Workdays


def test_the_due_day_moves_past_a_holiday_to_the_first_workday():
    # The Monday and Tuesday after are holidays: due on Wednesday, 11 November.
    off = [calendar_day(day, "holiday") for day in ("2026-11-09", "2026-11-10")]
    assert of_week_45(world(now="2026-11-11T18:00:00+08:00", calendar_days=off)) == set()
    assert of_week_45(world(now="2026-11-11T18:00:01+08:00", calendar_days=off)) == {UNFILED}


def test_a_swapped_saturday_is_a_workday_on_which_a_return_may_fall_due():
    days = ["2026-11-09", "2026-11-10", "2026-11-11", "2026-11-12", "2026-11-13"]
    off = [calendar_day(day, "holiday") for day in days]
    assert of_week_45(world(now="2026-11-16T18:00:00+08:00", calendar_days=off)) == set()
    swapped = [*off, calendar_day("2026-11-14", "workday")]
    assert of_week_45(world(now="2026-11-14T18:00:00+08:00", calendar_days=swapped)) == set()
    assert of_week_45(world(now="2026-11-14T18:00:01+08:00", calendar_days=swapped)) == {UNFILED}


def test_the_national_holiday_of_2026_shortens_two_weeks_and_puts_off_one_due_day():
    # Week 40 has three school days and is due on Thursday the 8th; week 41 has Thursday, Friday and Saturday the 10th.
    october = [calendar_day(f"2026-10-{day:02d}", "holiday") for day in range(1, 8)]
    october.append(calendar_day("2026-10-10", "workday"))
    payload = quiet_payload(["2026-10-08", "2026-10-09", "2026-10-10"])
    payload["homework"] = [item(GRADE_3, "2026-10-10", 181), item(GRADE_3, "2026-10-07", 60)]
    judged = world(filed(payload, week="2026-W41", at="2026-10-12T18:00:00+08:00"), calendar_days=october)
    judged |= {"filings_from": "2026-09-28", "now": "2026-10-12T18:00:00+08:00"}
    of_week_41 = {
        finding("HW-02", "class:2026-03-01", "2026-10-10", "181.0000", "60.0000"),
        finding("HW-03", "class:2026-03-01", "2026-10-05", "60.3333", "60.0000"),
    }
    assert findings(judged) == of_week_41 | {finding("RP-01", "return:2026-W40", "2026-09-28", "1.0000", "0.0000")}
    timely = filed(quiet_payload([]), week="2026-W40", at="2026-10-08T18:00:00+08:00")
    assert findings(judged | {"returns": [*judged["returns"], timely]}) == of_week_41
    late = filed(quiet_payload([]), week="2026-W40", at="2026-10-08T18:00:01+08:00")
    assert findings(judged | {"returns": [*judged["returns"], late]}) == of_week_41 | {
        finding("RP-02", "return:2026-W40", "2026-09-28", "1.0000", "0.0000")
    }


def test_a_swapped_sunday_of_the_week_itself_is_not_its_due_day():
    swapped = [calendar_day("2026-11-08", "workday")]
    assert findings(world(now=DUE, calendar_days=swapped)) == set()
    assert findings(world(now=JUST_AFTER, calendar_days=swapped)) == {UNFILED}


@pytest.mark.parametrize(
    "entry",
    [
        calendar_day("2026-11-09", "closed"),
        calendar_day("2026-11-09", "holiday", stage="primary"),
        calendar_day("2026-11-09", "closed", level="town", unit=TOWN),
        calendar_day("2026-11-09", "closed", level="institution", unit=SCHOOL),
        calendar_day("2026-11-09", "holiday", level="town", unit=TOWN),
    ],
)
def test_no_closing_of_schools_and_no_narrower_holiday_moves_the_due_day(entry):
    assert findings(world(now="2026-11-09T18:00:01+08:00", calendar_days=[entry])) == {UNFILED}


# School days


def school_days_seen(calendar_days=(), stage="primary", days=(MON, TUE, WED, THU, FRI, SAT)):
    """On which of the days AS-01 is found when every one is ticked: it is judged on school days only."""
    payload = quiet_payload(days=[])
    payload["service_none"] = [{"stage": stage, "day": day} for day in days]
    return sorted(found[3] for found in findings(world(filed(payload), calendar_days=calendar_days)))


def test_weekdays_of_the_term_are_school_days_and_the_weekend_is_not():
    assert school_days_seen() == WEEKDAYS


def test_holidays_and_closed_days_are_no_school_days_but_swapped_workdays_are():
    entries = [calendar_day(MON, "holiday"), calendar_day(TUE, "closed"), calendar_day(SAT, "workday")]
    assert school_days_seen(entries) == [WED, THU, FRI, SAT]
    assert school_days_seen([calendar_day(SAT, "school")]) == [*WEEKDAYS, SAT]


SCOPES_NARROWEST_FIRST = [
    {"level": "institution", "unit": SCHOOL, "stage": "primary"},
    {"level": "institution", "unit": SCHOOL},
    {"level": "town", "unit": TOWN, "stage": "primary"},
    {"level": "town", "unit": TOWN},
    {"level": "district", "stage": "primary"},
    {"level": "district"},
]


@pytest.mark.parametrize("place", range(5))
def test_the_narrower_override_wins_over_the_next_wider_one_in_either_order(place):
    narrow, wide = SCOPES_NARROWEST_FIRST[place], SCOPES_NARROWEST_FIRST[place + 1]
    opened = [calendar_day(SAT, "school", **narrow), calendar_day(SAT, "closed", **wide)]
    closed = [calendar_day(MON, "closed", **narrow), calendar_day(MON, "school", **wide)]
    assert school_days_seen(opened + closed) == [TUE, WED, THU, FRI, SAT]
    assert school_days_seen([*reversed(opened), *reversed(closed)]) == [TUE, WED, THU, FRI, SAT]


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"level": "institution", "unit": "440113390002"},
        {"level": "town", "unit": "440113102"},
        {"level": "district", "stage": "junior"},
        {"level": "institution", "unit": SCHOOL, "stage": "junior"},
    ],
)
def test_an_override_of_another_unit_or_stage_changes_nothing(elsewhere):
    assert school_days_seen([calendar_day(MON, "closed", **elsewhere)]) == WEEKDAYS


def test_a_term_includes_its_first_and_last_day_and_no_override_opens_a_day_outside_it():
    for starts_on, ends_on, expected in ((TUE, THU, [TUE, WED, THU]), (WED, WED, [WED])):
        payload = quiet_payload(days=[])
        payload["service_none"] = [{"stage": "primary", "day": day} for day in WEEKDAYS]
        judged = world(filed(payload), calendar_days=[calendar_day(MON, "school")])
        judged["terms"][0] |= {"starts_on": starts_on, "ends_on": ends_on}
        assert sorted(found[3] for found in findings(judged)) == expected


def test_first_lessons_and_service_minutes_are_judged_on_school_days_only():
    closed = [calendar_day(WED, "closed")]
    assert findings(world(filed(with_lesson("primary", WED, "07:00")), calendar_days=closed)) == set()
    assert findings(world(filed(with_service("primary", WED, 1)), calendar_days=closed)) == set()


def test_the_mean_is_divided_by_the_school_days_of_the_class_stage():
    # Junior closed on Friday: four school days for it, five for the primary class of the same school.
    closed = [calendar_day(FRI, "closed", stage="junior")]
    rows = [item(GRADE_3, MON, 300), item("2026-07-01", MON, 300), item("2026-07-01", TUE, 61)]
    found = {found for found in findings(week_with(*rows, calendar_days=closed)) if found[0] == "HW-03"}
    assert found == {finding("HW-03", "class:2026-07-01", MON, "90.2500", "90.0000")}


@pytest.mark.parametrize(("class_code", "closed_stage"), [("2026-06-01", "primary"), ("2026-07-01", "junior")])
def test_grade_6_follows_the_primary_calendar_and_grade_7_the_junior_one(class_code, closed_stage):
    closed = [calendar_day(FRI, "closed", stage=closed_stage)]
    found = findings(week_with(item(class_code, MON, 300), item(class_code, TUE, 61), calendar_days=closed))
    observed = {str(row[4]) for row in found if row[0] == "HW-03"}
    assert observed == {"90.2500"}


def test_homework_of_a_swapped_saturday_enters_the_mean_and_its_divisor():
    rows = [item(GRADE_3, day, 60) for day in WEEKDAYS]
    swapped = [calendar_day(SAT, "workday")]
    assert findings(week_with(*rows, item(GRADE_3, SAT, 60), calendar_days=swapped)) == set()
    found = findings(week_with(*rows, item(GRADE_3, SAT, 61), calendar_days=swapped))
    assert found == {
        finding("HW-02", "class:2026-03-01", SAT, "61.0000", "60.0000"),
        finding("HW-03", "class:2026-03-01", MON, "60.1667", "60.0000"),
    }


def test_holiday_homework_of_a_week_without_school_days_is_judged_by_the_day_only():
    closed = [calendar_day(day, "closed") for day in WEEKDAYS]
    payload = quiet_payload(days=[])
    payload["homework"] = [item(GRADE_3, WED, 61), item("2026-02-01", THU, 1)]
    assert findings(world(filed(payload, at=FRIDAY_AFTERNOON), calendar_days=closed)) == {
        finding("HW-02", "class:2026-03-01", WED, "61.0000", "60.0000"),
        finding("HW-01", "class:2026-02-01", THU, "1.0000", "0.0000"),
    }
