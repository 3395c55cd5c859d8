"""Clause 2.4.2.1, lists and observations by hand, one step either side of every limit, each with its sentence of
rules.md."""

import pytest

from tests.oracle.training_by_hand import (
    TODAY,
    TOMORROW,
    YESTERDAY,
    course,
    institution,
    of,
    order,
    seen,
    session,
    sessions,
)

# TO-05: "a session of a subject course, any stage, on a rest day, from the day itself on; once per course and day".
# "A rest day is a statutory holiday, a day of the winter or summer break of the course's stage, or a Saturday or Sunday
# that is not a swapped workday; a swapped workday lifts the weekend only, never a break (2026-02-14 stays a rest day,
# 2026-10-10 is none)."


@pytest.mark.parametrize(
    ("day", "is_rest_day"),
    [
        ("2026-10-16", False),
        ("2026-10-17", True),
        ("2026-10-18", True),
        ("2026-10-10", False),
        ("2026-10-11", True),
        ("2026-10-04", True),
        ("2026-10-01", True),
        ("2026-09-30", False),
        ("2026-09-20", False),
        ("2026-09-19", True),
        ("2026-02-14", True),
        ("2026-02-28", True),
        ("2026-03-02", False),
        ("2026-07-10", False),
        ("2026-07-13", True),
        ("2026-08-31", True),
        ("2026-09-01", False),
    ],
)
def test_no_subject_is_taught_on_a_rest_day(day, is_rest_day):
    found = of("TO-05", institution(courses=[course(sessions=sessions(day))]))
    assert found == ([("session:C-01", day)] if is_rest_day else [])


@pytest.mark.parametrize(
    ("said", "is_found"),
    [
        ({"stage": "preschool"}, True),
        ({"stage": "senior"}, True),
        ({"stage": "compulsory"}, True),
        ({"category": "arts"}, False),
        ({"category": "arts", "identified": "subject"}, True),
        ({"identified": "non_subject"}, False),
    ],
)
def test_every_stage_of_a_subject_is_bound_and_others_are_not(said, is_found):
    found = of("TO-05", institution(courses=[course(sessions=sessions("2026-10-18"), **said)]))
    assert bool(found) == is_found


@pytest.mark.parametrize(("stage", "is_found"), [("primary", True), ("compulsory", True), ("junior", False)])
def test_a_break_is_that_of_the_course_s_stage(stage, is_found):
    calendar = {"holidays": ["2026-01-01"], "workdays": [], "breaks": []}
    calendar["breaks"] = [{"stage": "primary", "starts_on": "2026-10-12", "ends_on": "2026-10-13"}]
    taught = course(stage=stage, sessions=sessions("2026-10-13"))
    assert bool(of("TO-05", institution(courses=[taught]), calendar=calendar)) == is_found


def test_a_day_counts_once_from_itself_on_unless_cancelled_and_never_in_an_unknown_year():
    two = course(sessions=[session("2026-10-18"), session("2026-10-18", 600)])
    assert of("TO-05", institution(courses=[two])) == [("session:C-01", "2026-10-18")]
    assert of("TO-05", institution(courses=[two]), day="2026-10-17") == []
    cancelled = course(sessions=[session("2026-10-18", is_cancelled=True)])
    assert of("TO-05", institution(courses=[cancelled])) == []
    unknown = course(sessions=sessions("2025-10-19"))
    assert of("TO-05", institution(courses=[unknown])) == []


# TO-06: "a session, any category, from the day itself on, ends after the bound: offline 20:30, online 21:00; subject
# from 2021-09-01, others from 2022-12-29"


@pytest.mark.parametrize(
    ("mode", "ends_at", "expected"),
    [
        ("offline", 1230, []),
        ("offline", 1231, [("session:C-01", "2026-10-14", 1231, 1230)]),
        ("online", 1260, []),
        ("online", 1261, [("session:C-01", "2026-10-14", 1261, 1260)]),
        ("online", 1231, []),
    ],
)
def test_training_ends_by_the_hour_of_its_mode(mode, ends_at, expected):
    taught = course(mode=mode, sessions=[session("2026-10-14", ends_at), session("2026-10-14", 700)])
    assert of("TO-06", institution(courses=[taught])) == expected


@pytest.mark.parametrize(
    ("category", "day", "is_found"),
    [
        ("subject", "2021-08-31", False),
        ("subject", "2021-09-01", True),
        ("arts", "2022-12-28", False),
        ("arts", "2022-12-29", True),
        ("subject", "2022-12-28", True),
        ("arts", TODAY, True),
        ("arts", TOMORROW, False),
    ],
)
def test_others_are_bound_a_year_later(category, day, is_found):
    taught = course(category=category, sessions=[session(day, 1290)])
    assert bool(of("TO-06", institution(courses=[taught]))) == is_found


# TO-24: "a session held or a charge on a day on which the institution is black-listed"


@pytest.mark.parametrize(
    ("kind", "entered_on", "left_on", "is_found"),
    [
        ("black", "2026-10-14", None, True),
        ("black", "2026-10-15", None, False),
        ("black", "2026-10-01", "2026-10-15", True),
        ("black", "2026-10-01", "2026-10-14", False),
        ("white", "2026-10-01", None, False),
        ("warning", "2026-10-01", None, False),
    ],
)
def test_who_is_black_listed_teaches_nobody_and_charges_nobody(kind, entered_on, left_on, is_found):
    entry = {"kind": kind, "entered_on": entered_on, "left_on": left_on}
    rows = {"courses": [course(sessions=sessions("2026-10-14"))], "orders": [order(paid_on="2026-10-14")]}
    found = of("TO-24", institution(list_entries=[entry], **rows))
    expected = [("order:HT-1", "2026-10-14"), ("session:C-01", "2026-10-14")]
    assert found == (expected if is_found else [])


def test_neither_a_cancelled_session_nor_a_cancelled_order_is_held_or_charged():
    entry = {"kind": "black", "entered_on": "2026-10-01", "left_on": None}
    rows = {"courses": [course(sessions=[session("2026-10-14", is_cancelled=True), session(TOMORROW)])]}
    rows["orders"] = [order(paid_on="2026-10-14", cancelled_on="2026-10-15")]
    assert of("TO-24", institution(list_entries=[entry], **rows)) == []


# TO-09, 10, 30, 31, 32: "upheld complaint", "observed": "rules marked O filter Observation rows and count only 查实"


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("TO-09", "privacy"),
        ("TO-10", "advertising"),
        ("TO-30", "content"),
        ("TO-31", "foreign_course"),
        ("TO-32", "enrolment_link"),
    ],
)
def test_an_upheld_observation_counts_until_it_is_rectified(rule, kind):
    found = [("observation:HC-1", "2026-10-12")]
    assert of(rule, institution(observations=[seen(kind)])) == found
    assert of(rule, institution(observations=[seen(kind)], closed_on="2026-10-13")) == found
    assert of(rule, institution(observations=[seen("operating")])) == []
    for state in ("clue", "checking", "refuted"):
        assert of(rule, institution(observations=[seen(kind, state=state)])) == []
    for rectified_on, is_found in ((TOMORROW, True), (TODAY, False), (YESTERDAY, False)):
        assert bool(of(rule, institution(observations=[seen(kind, rectified_on=rectified_on)]))) == is_found


# "Before its first date a parameter judges nothing"; "all start 2021-09-01"


@pytest.mark.parametrize(("occurred_on", "is_found"), [("2021-08-31", False), ("2021-09-01", True)])
def test_what_was_done_before_the_guideline_is_judged_by_nothing(occurred_on, is_found):
    for rule, kind in (("TO-10", "advertising"), ("TO-33", "safety")):
        row = seen(kind, occurred_on=occurred_on, confirmed_on="2021-09-03")
        assert bool(of(rule, institution(observations=[row]))) == is_found


# TO-33: "observed and not rectified by its due date (default by severity, day 0 = the day of 查实)"; "working days to
# rectify: 10 / 5 / 3 / 1"


@pytest.mark.parametrize(
    ("severity", "due"),
    [
        # 查实 on Tuesday 29 September: Wednesday the 30th, then 8, 9, 10, 12 … October.
        (1, "2026-10-19"),
        (2, "2026-10-12"),
        (3, "2026-10-09"),
        (None, "2026-10-09"),
        (4, "2026-09-30"),
    ],
)
def test_what_was_upheld_is_rectified_by_its_due_date(severity, due):
    row = seen("safety", severity=severity, occurred_on="2026-09-28", confirmed_on="2026-09-29")
    the_day_after = {"2026-10-19": "2026-10-20", "2026-10-12": "2026-10-13", "2026-10-09": "2026-10-10"}
    begins = the_day_after.get(due, "2026-10-01")
    assert of("TO-33", institution(observations=[row]), day=due) == []
    assert of("TO-33", institution(observations=[row]), day=begins) == [("observation:HC-1", begins)]


@pytest.mark.parametrize("kind", ["epidemic", "unlawful_content", "price", "contract", "competition"])
def test_a_due_date_of_its_own_decides(kind):
    assert of("TO-33", institution(observations=[seen(kind, due_on=TODAY)])) == []
    overdue = seen(kind, due_on=YESTERDAY)
    assert of("TO-33", institution(observations=[overdue])) == [("observation:HC-1", TODAY)]
    assert of("TO-33", institution(observations=[overdue | {"rectified_on": TODAY}])) == []
    assert of("TO-33", institution(observations=[overdue | {"rectified_on": TOMORROW}])) != []
    assert of("TO-33", institution(observations=[overdue | {"state": "checking"}])) == []
