"""Worlds written by hand with findings computed by hand, one step either side of every threshold of the oracle."""

import pytest

from tests.oracle.by_hand import (
    FRI,
    GRADE_2,
    GRADE_3,
    GRADE_6,
    GRADE_7,
    GRADE_9,
    MON,
    SAT,
    SCHOOL,
    SUN,
    THU,
    TUE,
    WED,
    WEEKDAYS,
    filed,
    finding,
    item,
    quiet_payload,
    week_with,
    with_lesson,
    with_service,
    world,
)
from tests.oracle.oracle import findings


def test_a_quiet_week_has_no_finding():
    assert findings(week_with()) == set()


# HW-01


@pytest.mark.parametrize("day", [WED, SAT])
def test_one_written_minute_in_grade_2_is_a_finding_on_any_day(day):
    expected = {finding("HW-01", "class:2026-02-01", day, "1.0000", "0.0000")}
    assert findings(week_with(item(GRADE_2, day, 1))) == expected


def test_grade_2_sums_all_subjects_and_never_falls_under_the_caps_of_older_grades():
    rows = [item(GRADE_2, day, 100, subject) for day in WEEKDAYS for subject in ("语文", "数学")]
    expected = {finding("HW-01", "class:2026-02-01", day, "200.0000", "0.0000") for day in WEEKDAYS}
    assert findings(week_with(*rows)) == expected


def test_unwritten_homework_in_grade_2_is_lawful():
    assert findings(week_with(item(GRADE_2, WED, 30, written=False))) == set()


def test_grade_1_is_a_lower_grade_and_grade_3_is_none():
    lawful = week_with(item(GRADE_3, WED, 1))
    assert findings(lawful) == set()
    first_grade = week_with(item(GRADE_2, WED, 1))
    first_grade["schools"][0]["classes"][0]["grade"] = 1
    assert findings(first_grade) == {finding("HW-01", "class:2026-02-01", WED, "1.0000", "0.0000")}


# HW-02


@pytest.mark.parametrize(
    ("class_code", "lawful", "cap"),
    [(GRADE_3, 60, "60.0000"), (GRADE_6, 60, "60.0000"), (GRADE_7, 90, "90.0000"), (GRADE_9, 90, "90.0000")],
)
@pytest.mark.parametrize("day", [THU, SUN])
def test_the_daily_cap_itself_is_lawful_and_one_minute_more_is_not(class_code, lawful, cap, day):
    rest = item(class_code, day, lawful - 25, "语文")
    assert findings(week_with(rest, item(class_code, day, 25))) == set()
    over = findings(week_with(rest, item(class_code, day, 26)))
    assert over == {finding("HW-02", "class:" + class_code, day, f"{lawful + 1}.0000", cap)}


@pytest.mark.parametrize("grade", [4, 5, 8])
def test_the_grades_between_have_the_cap_of_their_span(grade):
    cap = 90 if grade == 8 else 60
    for minutes, expected in ((cap, set()), (cap + 1, {("HW-02", f"{cap + 1}.0000", f"{cap}.0000")})):
        judged = week_with(item(GRADE_3, WED, minutes))
        judged["schools"][0]["classes"][1]["grade"] = grade
        assert {(rule, str(seen), str(limit)) for rule, _, _, _, seen, limit in findings(judged)} == expected


def test_optional_homework_counts():
    rows = [item(GRADE_3, WED, 60), item(GRADE_3, WED, 1, "语文", optional=True)]
    assert findings(week_with(*rows)) == {finding("HW-02", "class:2026-03-01", WED, "61.0000", "60.0000")}


def test_unwritten_homework_does_not_count_nor_take_the_place_of_a_written_alternative():
    rows = [
        item(GRADE_3, WED, 60, alternative="A"),
        item(GRADE_3, WED, 80, alternative="A", written=False),
        item(GRADE_3, WED, 90, "语文", written=False),
    ]
    assert findings(week_with(*rows)) == set()


def test_two_items_of_one_subject_without_a_key_both_count():
    rows = [item(GRADE_3, WED, 31), item(GRADE_3, WED, 30)]
    assert findings(week_with(*rows)) == {finding("HW-02", "class:2026-03-01", WED, "61.0000", "60.0000")}


def test_of_layered_alternatives_the_longest_counts_once_in_whatever_order():
    rows = [item(GRADE_3, WED, minutes, alternative="A") for minutes in (40, 61, 50)]
    rows.append(item(GRADE_3, WED, 61, alternative="A", optional=True))
    expected = {finding("HW-02", "class:2026-03-01", WED, "61.0000", "60.0000")}
    assert findings(week_with(*rows)) == expected
    assert findings(week_with(*reversed(rows))) == expected


def test_the_same_key_in_another_subject_and_another_key_in_the_same_subject_are_groups_of_their_own():
    rows = [
        item(GRADE_3, WED, 20, "数学", alternative="A"),
        item(GRADE_3, WED, 21, "语文", alternative="A"),
        item(GRADE_3, WED, 22, "数学", alternative="B"),
    ]
    assert findings(week_with(*rows)) == {finding("HW-02", "class:2026-03-01", WED, "63.0000", "60.0000")}


def test_days_and_classes_are_not_added_up():
    rows = [item(GRADE_3, WED, 60), item(GRADE_3, THU, 60), item(GRADE_6, WED, 60)]
    assert findings(week_with(*rows)) == set()


# HW-03


@pytest.mark.parametrize(("class_code", "cap"), [(GRADE_3, 60), (GRADE_9, 90)])
def test_a_weekly_mean_of_exactly_the_cap_is_lawful_and_a_fifth_of_a_minute_more_is_not(class_code, cap):
    rows = [item(class_code, day, cap) for day in (MON, TUE, WED, THU)]
    assert findings(week_with(*rows, item(class_code, FRI, cap))) == set()
    assert findings(week_with(*rows, item(class_code, FRI, cap + 1))) == {
        finding("HW-02", "class:" + class_code, FRI, f"{cap + 1}.0000", f"{cap}.0000"),
        finding("HW-03", "class:" + class_code, MON, f"{cap}.2000", f"{cap}.0000"),
    }


def test_days_without_homework_count_as_zero_in_the_mean():
    rows = [item(GRADE_3, MON, 150), item(GRADE_3, TUE, 150)]
    assert {found[0] for found in findings(week_with(*rows))} == {"HW-02"}
    rows.append(item(GRADE_3, WED, 1))
    assert finding("HW-03", "class:2026-03-01", MON, "60.2000", "60.0000") in findings(week_with(*rows))


def test_weekend_homework_stays_out_of_the_mean():
    rows = [item(GRADE_3, day, 60) for day in [*WEEKDAYS, SAT, SUN]]
    assert findings(week_with(*rows)) == set()


def test_the_mean_counts_layered_alternatives_once():
    rows = [item(GRADE_3, day, minutes, alternative="A") for day in WEEKDAYS for minutes in (60, 59)]
    assert findings(week_with(*rows)) == set()


def test_a_mean_without_end_is_compared_exactly_and_rounded_half_up_to_four_places():
    closed = [{"date": day, "kind": "closed", "level": "district", "unit": None, "stage": None} for day in (MON, TUE)]
    rows = [item(GRADE_3, day, minutes) for day, minutes in ((WED, 60), (THU, 60), (FRI, 62))]
    found = findings(week_with(*rows, calendar_days=closed, days=[WED, THU, FRI]))
    assert found == {
        finding("HW-02", "class:2026-03-01", FRI, "62.0000", "60.0000"),
        finding("HW-03", "class:2026-03-01", MON, "60.6667", "60.0000"),
    }


# SC-01, SC-02


@pytest.mark.parametrize(
    ("stage", "lawful", "early", "expected"),
    [
        ("primary", "08:20", "08:19", finding("SC-01", "stage:primary", MON, "499.0000", "500.0000")),
        ("junior", "08:00", "07:59", finding("SC-02", "stage:junior", MON, "479.0000", "480.0000")),
    ],
)
def test_the_first_lesson_may_begin_on_the_minute_and_not_before(stage, lawful, early, expected):
    assert findings(world(filed(with_lesson(stage, THU, lawful)))) == set()
    assert findings(world(filed(with_lesson(stage, THU, early)))) == {expected}


def test_the_earliest_first_lesson_of_the_week_is_observed_once():
    payload = with_lesson("primary", TUE, "07:50")
    payload["school_day"] = [
        row | {"first_lesson": "08:10"} if row["stage"] == "primary" and row["day"] in (MON, FRI) else row
        for row in payload["school_day"]
    ]
    assert findings(world(filed(payload))) == {finding("SC-01", "stage:primary", MON, "470.0000", "500.0000")}


def test_a_junior_lesson_between_the_two_limits_is_lawful():
    assert findings(world(filed(with_lesson("junior", MON, "08:05")))) == set()


# AS-01, AS-02


@pytest.mark.parametrize("stage", ["primary", "junior"])
def test_a_school_day_ticked_without_service_is_as_01_only(stage):
    expected = {finding("AS-01", "stage:" + stage, WED, "1.0000", "0.0000")}
    assert findings(world(filed(with_service(stage, WED, None)))) == expected


@pytest.mark.parametrize(
    ("stage", "lawful", "short", "expected"),
    [
        ("primary", 80, 79, finding("AS-02", "stage:primary", FRI, "79.0000", "80.0000")),
        ("junior", 90, 89, finding("AS-02", "stage:junior", FRI, "89.0000", "90.0000")),
    ],
)
def test_two_class_hours_of_service_are_enough_and_a_minute_less_is_not(stage, lawful, short, expected):
    assert findings(world(filed(with_service(stage, FRI, lawful)))) == set()
    assert findings(world(filed(with_service(stage, FRI, short)))) == {expected}


# Which returns are judged


@pytest.mark.parametrize(("state", "is_judged"), [("submitted", True), ("returned", True), ("withdrawn", False)])
def test_submitted_and_returned_returns_are_judged_and_withdrawn_ones_are_not(state, is_judged):
    expected = {finding("HW-02", "class:2026-03-01", WED, "61.0000", "60.0000")} if is_judged else set()
    assert findings(week_with(item(GRADE_3, WED, 61), state=state)) == expected


def test_a_draft_is_not_judged():
    draft = {"school": SCHOOL, "week": "2026-W45", "state": "draft", "submits": []}
    draft["draft"] = with_service("primary", WED, None)
    assert findings(world(draft)) == set()


def test_the_last_submit_is_judged_and_the_first_one_is_forgotten():
    corrected = filed(with_service("primary", WED, None))
    corrected["submits"].append({"at": "2026-11-07T09:00:00+08:00", "payload": with_service("junior", THU, 89)})
    assert findings(world(corrected)) == {finding("AS-02", "stage:junior", THU, "89.0000", "90.0000")}


def test_each_return_is_judged_for_its_own_school_only():
    judged = week_with(item(GRADE_3, WED, 61))
    other = dict(judged["schools"][0], code="440113390002")
    judged["schools"].append(other)
    judged["returns"].append(filed(quiet_payload(), school="440113390002"))
    assert findings(judged) == {finding("HW-02", "class:2026-03-01", WED, "61.0000", "60.0000")}
