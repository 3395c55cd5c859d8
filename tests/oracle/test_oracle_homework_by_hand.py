"""Hand-written worlds about homework beyond its minutes: published, varied, done at school, marked, parents."""

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
    SUN,
    THU,
    TUE,
    WED,
    WEEKDAYS,
    calendar_day,
    filed,
    finding,
    item,
    quiet_payload,
    week_with,
    weeks_with,
)
from tests.oracle.oracle import findings

UNPUBLISHED = finding("HW-04", "class:2026-03-01", MON, "1.0000", "0.0000")


def in_week(*rows, **how):
    return findings(week_with(*rows, **how))


# HW-04


@pytest.mark.parametrize(
    ("published_on", "is_published"),
    [(TUE, True), (WED, True), ("2021-09-01", True), (THU, False), ("2026-12-06", False), (None, False)],
)
@pytest.mark.parametrize("publication", [None, "公示栏照片1"])
def test_homework_is_published_on_its_day_or_before_and_not_after(published_on, is_published, publication):
    link = publication if published_on else None
    found = in_week(item(GRADE_3, WED, 20, published_on=published_on, publication=link))
    assert found == (set() if is_published else {UNPUBLISHED})


def test_one_link_in_time_serves_the_whole_class_day_and_a_date_without_a_link_only_its_item():
    linked = item(GRADE_3, WED, 20, publication="公示栏照片1")
    for never in (item(GRADE_3, WED, 20, "语文", published_on=None), item(GRADE_3, WED, 20, "语文", published_on=THU)):
        assert in_week(linked, never) == set()
        assert in_week(never, linked) == set()
        assert in_week(item(GRADE_3, WED, 20), never) == {UNPUBLISHED}


def test_a_link_that_came_too_late_serves_nothing_not_even_its_own_item():
    late = item(GRADE_3, WED, 20, published_on=THU, publication="公示栏照片1")
    assert in_week(late, item(GRADE_3, WED, 20, "语文")) == {UNPUBLISHED}


def test_a_link_serves_neither_another_day_nor_another_class():
    linked = item(GRADE_3, TUE, 20, publication="公示栏照片1")
    assert in_week(linked, item(GRADE_3, WED, 20, published_on=None)) == {UNPUBLISHED}
    assert in_week(linked, item(GRADE_6, TUE, 20, published_on=None)) == {
        finding("HW-04", "class:2026-06-01", MON, "1.0000", "0.0000")
    }


def test_the_days_of_the_week_are_counted_in_one_finding_weekend_and_unwritten_homework_included():
    rows = [item(GRADE_3, day, 20, published_on=None) for day in (MON, SAT)]
    rows += [item(GRADE_3, SAT, 20, "语文", published_on=None), item(GRADE_3, TUE, 20)]
    rows.append(item(GRADE_3, SUN, 20, written=False, published_on=None))
    assert in_week(*rows) == {finding("HW-04", "class:2026-03-01", MON, "3.0000", "0.0000")}


@pytest.mark.parametrize("class_code", [GRADE_2, GRADE_9])
def test_publication_is_asked_of_every_grade(class_code):
    found = in_week(item(class_code, WED, 20, written=False, published_on=None))
    assert found == {finding("HW-04", "class:" + class_code, MON, "1.0000", "0.0000")}


# HW-07


AUTUMN = ["2026-10-12", "2026-10-19", "2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16"]


def row_of_weeks(*mondays):
    """Findings of a world with six quiet weeks, and basic homework on these Mondays."""
    rows = [item(GRADE_3, day, 20, kind="basic") for day in mondays]
    return findings(weeks_with(*rows, mondays=AUTUMN))


def plain_weeks(*mondays, class_code=GRADE_3):
    return {finding("HW-07", "class:" + class_code, monday, "4.0000", "4.0000") for monday in mondays}


def test_the_fourth_plain_week_in_a_row_is_a_finding_and_each_one_after_it():
    assert row_of_weeks(*AUTUMN[:3]) == set()
    assert row_of_weeks(*AUTUMN[:4]) == plain_weeks(AUTUMN[3])
    assert row_of_weeks(*AUTUMN) == plain_weeks(*AUTUMN[3:])


@pytest.mark.parametrize("mondays", [AUTUMN[:1] + AUTUMN[2:5], AUTUMN[:2] + AUTUMN[4:], [AUTUMN[0], *AUTUMN[3:]]])
def test_weeks_without_homework_are_skipped_however_many_and_have_no_finding_of_their_own(mondays):
    assert row_of_weeks(*mondays) == plain_weeks(mondays[-1])


@pytest.mark.parametrize("kind", ["layered", "flexible", "personalised", None])
def test_a_varied_or_an_unknown_item_breaks_the_row_even_beside_plain_ones(kind):
    odd = item(GRADE_3, "2026-10-30", 20, kind=kind)
    plain = [item(GRADE_3, day, 20, kind="basic") for day in AUTUMN]
    assert findings(weeks_with(*plain, odd, mondays=AUTUMN)) == set()
    odd = item(GRADE_3, "2026-10-23", 20, kind=kind)
    assert findings(weeks_with(*plain, odd, mondays=AUTUMN)) == plain_weeks(AUTUMN[5])


def test_a_layer_s_key_makes_an_item_varied_whatever_its_kind():
    with_key = [item(GRADE_3, day, 20, kind="basic", alternative="A") for day in AUTUMN[2:3]]
    rows = [item(GRADE_3, day, 20, kind="basic") for day in AUTUMN]
    assert findings(weeks_with(*rows, *with_key, mondays=AUTUMN)) == set()


def test_an_unwritten_varied_item_and_one_of_the_weekend_break_the_row_too():
    plain = [item(GRADE_3, day, 20, kind="basic") for day in AUTUMN[:4]]
    for odd in (
        item(GRADE_3, AUTUMN[3], 20, kind="layered", written=False),
        item(GRADE_3, "2026-11-08", 20, kind="layered"),
    ):
        assert findings(weeks_with(*plain, odd, mondays=AUTUMN)) == set()


@pytest.mark.parametrize(("class_code", "is_judged"), [(GRADE_2, False), (GRADE_3, True), (GRADE_9, True)])
def test_variety_is_asked_from_grade_3_on(class_code, is_judged):
    rows = [item(class_code, day, 20, kind="basic", written=False) for day in AUTUMN[:4]]
    found = findings(weeks_with(*rows, mondays=AUTUMN))
    assert found == (plain_weeks(AUTUMN[3], class_code=class_code) if is_judged else set())


def test_another_class_s_variety_breaks_no_row():
    rows = [item(GRADE_3, day, 20, kind="basic") for day in AUTUMN[:4]]
    rows.append(item(GRADE_6, AUTUMN[3], 20, kind="layered"))
    assert findings(weeks_with(*rows, mondays=AUTUMN)) == plain_weeks(AUTUMN[3])


def test_a_withdrawn_week_counts_as_one_without_homework_and_a_returned_one_as_filed():
    rows = [item(GRADE_3, day, 20, kind="basic") for day in AUTUMN[:5]]
    judged = weeks_with(*rows, mondays=AUTUMN)
    judged["returns"][1]["state"] = "withdrawn"
    assert {found for found in findings(judged) if found[0] == "HW-07"} == plain_weeks(AUTUMN[4])
    judged["returns"][1]["state"] = "returned"
    assert findings(judged) == plain_weeks(AUTUMN[3], AUTUMN[4])


def test_a_row_of_weeks_does_not_reach_into_the_term_before():
    rows = [item(GRADE_3, day, 20, kind="basic") for day in AUTUMN]
    judged = weeks_with(*rows, mondays=AUTUMN)
    judged["terms"][0]["ends_on"] = "2026-10-18"
    judged["terms"].append({"key": "2", "stage": "primary", "starts_on": "2026-10-19", "ends_on": "2027-01-22"})
    assert findings(judged) == plain_weeks(AUTUMN[4], AUTUMN[5])


def test_a_week_that_two_terms_share_belongs_to_the_one_with_its_first_school_day():
    rows = [item(GRADE_3, day, 20, kind="basic") for day in AUTUMN]
    judged = weeks_with(*rows, mondays=AUTUMN)
    judged["terms"][0]["ends_on"] = "2026-10-20"
    judged["terms"].append({"key": "2", "stage": "primary", "starts_on": "2026-10-21", "ends_on": "2027-01-22"})
    assert findings(judged) == plain_weeks(AUTUMN[5])
    judged["calendar_days"] = [calendar_day(day, "closed") for day in ("2026-10-19", "2026-10-20")]
    assert findings(judged) == plain_weeks(AUTUMN[4], AUTUMN[5])


def test_a_week_without_a_school_day_belongs_to_the_term_that_overlaps_it_and_outside_every_term_nothing_is_judged():
    rows = [item(GRADE_3, day, 20, kind="basic") for day in AUTUMN[:4]]
    judged = weeks_with(*rows, mondays=AUTUMN)
    judged["calendar_days"] = [calendar_day(f"2026-11-{day:02d}", "closed") for day in range(2, 7)]
    assert findings(judged) == plain_weeks(AUTUMN[3])
    judged["terms"][0]["ends_on"] = "2026-11-01"
    assert findings(judged) == set()


# HW-08


def share_of(class_code, *minutes_and_shares, **how):
    rows = [
        item(class_code, day, minutes, done_at_school=share, **how)
        for day, (minutes, share) in zip([MON, TUE, WED, SAT], minutes_and_shares, strict=False)
    ]
    return {str(row[4]): str(row[5]) for row in in_week(*rows) if row[0] == "HW-08"}


@pytest.mark.parametrize("class_code", [GRADE_3, GRADE_6])
def test_nine_tenths_done_at_school_are_enough_in_grades_3_to_6(class_code):
    assert share_of(class_code, (60, 0.9)) == {}
    assert share_of(class_code, (60, 1)) == {}
    assert share_of(class_code, (60, 0.8999)) == {"0.8999": "0.9000"}


@pytest.mark.parametrize("class_code", [GRADE_7, GRADE_9])
def test_half_done_at_school_is_not_enough_in_grades_7_to_9(class_code):
    assert share_of(class_code, (60, 0.5001)) == {}
    assert share_of(class_code, (60, 0.5)) == {"0.5000": "0.5000"}
    assert share_of(class_code, (60, 0)) == {"0.0000": "0.5000"}


def test_the_finding_lies_on_monday():
    found = in_week(item(GRADE_6, FRI, 60, done_at_school=0.25))
    assert found == {finding("HW-08", "class:2026-06-01", MON, "0.2500", "0.9000")}


def test_shares_are_weighted_with_the_minutes():
    # 45 of 50 minutes; the plain mean of the shares would be one half.
    assert share_of(GRADE_3, (45, 1), (5, 0)) == {}
    assert share_of(GRADE_3, (44, 1), (5, 0)) == {"0.8980": "0.9000"}
    # 30 of 60 minutes; the plain mean would be two thirds.
    assert share_of(GRADE_7, (15, 1), (15, 1), (30, 0)) == {"0.5000": "0.5000"}
    assert share_of(GRADE_7, (15, 1), (16, 1), (30, 0)) == {}


def test_a_share_that_rounds_to_the_bound_is_compared_before_it_is_rounded():
    # 60 × 0.9 + 59 × 0.9 + 1 × 0.8999 of 120 minutes: 0.8999992.
    assert share_of(GRADE_3, (60, 0.9), (59, 0.9), (1, 0.8999)) == {"0.9000": "0.9000"}
    assert share_of(GRADE_7, (60, 0.5), (59, 0.5), (1, 0.5001)) == {}


def test_an_item_without_a_share_counts_neither_as_zero_nor_as_done():
    assert share_of(GRADE_3, (60, None), (60, None)) == {}
    assert share_of(GRADE_3, (1, 0.9), (60, None)) == {}
    assert share_of(GRADE_3, (1, 0.8), (60, None)) == {"0.8000": "0.9000"}


def test_of_alternatives_only_the_longest_enters_the_share_whether_or_not_it_states_one():
    longest = item(GRADE_3, WED, 40, alternative="A", done_at_school=0.9)
    shorter = item(GRADE_3, WED, 30, alternative="A", done_at_school=0)
    assert in_week(shorter, longest) == set()
    assert in_week(longest | {"done_at_school": None}, shorter) == set()
    assert in_week(shorter | {"minutes": 41}, longest) == {
        finding("HW-08", "class:2026-03-01", MON, "0.0000", "0.9000")
    }


def test_unwritten_homework_has_no_share_and_weekend_homework_has():
    assert share_of(GRADE_3, (60, 0), written=False) == {}
    assert share_of(GRADE_3, (30, 1), (30, 1), (30, 1), (30, 0)) == {"0.7500": "0.9000"}


def test_grades_1_and_2_are_not_asked_for_a_share():
    assert share_of(GRADE_2, (1, 0)) == {}


# HW-09, HW-10


@pytest.mark.parametrize("marker", ["self", "peer"])
@pytest.mark.parametrize("class_code", [GRADE_2, GRADE_9])
@pytest.mark.parametrize("day", [WED, SAT])
def test_marking_by_pupils_is_one_finding_a_class_day_in_every_grade(marker, class_code, day):
    rows = [item(class_code, day, 20, subject, written=False, marked_by=marker) for subject in ("语文", "数学")]
    assert in_week(*rows) == {finding("HW-09", "class:" + class_code, day, "1.0000", "0.0000")}


@pytest.mark.parametrize("marker", ["teacher", None])
@pytest.mark.parametrize("asks_parents", [False, None])
def test_marking_by_teachers_is_lawful_and_nothing_stated_proves_nothing(marker, asks_parents):
    assert in_week(item(GRADE_3, WED, 20, marked_by=marker, asks_parents=asks_parents)) == set()


@pytest.mark.parametrize("class_code", [GRADE_2, GRADE_7])
@pytest.mark.parametrize(
    "said", [{"marked_by": "parent"}, {"asks_parents": True}, {"marked_by": "parent", "asks_parents": True}]
)
def test_asking_parents_or_letting_them_mark_is_one_finding_a_class_day_in_every_grade(class_code, said):
    found = in_week(item(class_code, SUN, 20, written=False, **said), item(class_code, SUN, 20, "语文", written=False))
    assert found == {finding("HW-10", "class:" + class_code, SUN, "1.0000", "0.0000")}


def test_parents_asked_and_pupils_marking_are_two_findings():
    assert in_week(item(GRADE_3, WED, 20, marked_by="self", asks_parents=True)) == {
        finding("HW-09", "class:2026-03-01", WED, "1.0000", "0.0000"),
        finding("HW-10", "class:2026-03-01", WED, "1.0000", "0.0000"),
    }


# Which returns are judged


@pytest.mark.parametrize("state", ["submitted", "returned", "approved", "accepted", "locked"])
def test_a_submitted_version_is_judged_in_whatever_state_of_review(state):
    expected = {finding("HW-09", "class:2026-03-01", WED, "1.0000", "0.0000")}
    assert in_week(item(GRADE_3, WED, 20, marked_by="self"), state=state) == expected


def test_null_means_the_same_as_a_missing_key():
    payload = quiet_payload()
    silent = dict.fromkeys(["kind", "done_at_school", "marked_by", "asks_parents", "published_on", "publication"])
    payload["homework_none"].remove({"class": GRADE_3, "day": WED})
    payload["homework"].append(item(GRADE_3, WED, 20) | silent)
    for row in payload["after_school"]:
        row |= dict.fromkeys(["wanting", "served", "late_wanted", "late_places", "content", "flexible_leaving"])
    for row in payload["school_day"]:
        row["arrival"] = None
    judged = week_with(days=WEEKDAYS)
    judged["returns"] = [filed(payload)]
    assert findings(judged) == {UNPUBLISHED}
