"""Clause 2.4.3 by hand (operating without papers, scope, disguise), one step either side of every limit, each with its
sentence of rules.md."""

import pytest

from tests.oracle.training_by_hand import (
    TODAY,
    TOMORROW,
    YESTERDAY,
    arts_institution,
    course,
    institution,
    licence,
    of,
    order,
    profile,
    registration,
    seen,
    session,
    sessions,
    word,
)

# TO-25: "operating without registration (any institution) or without a valid school-running licence (subject
# institutions); training scope registered after 2021-09-01 and before the licence; begins on the first operating day
# without"


def operating(*days, **said):
    return institution(courses=[course(category="arts", sessions=sessions(*days))], **said)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, []),
        ({"registrations": []}, [("self", "2026-10-12")]),
        ({"licences": []}, [("self", "2026-10-12")]),
        ({"licences": [licence(expires_on="2026-10-13")]}, [("self", "2026-10-16")]),
        ({"licences": [licence(expires_on=YESTERDAY)]}, []),
        ({"licences": [licence(expires_on="2026-10-16")]}, []),
        ({"licences": [licence(expires_on="2026-10-15")]}, [("self", "2026-10-16")]),
        ({"licences": [licence(kind="permit")]}, [("self", "2026-10-12")]),
        ({"registrations": [registration(ended_on="2026-10-14")]}, [("self", "2026-10-16")]),
    ],
)
def test_nobody_operates_without_registration_or_a_subject_one_without_licence(said, expected):
    assert of("TO-25", operating("2026-10-12", "2026-10-16", TOMORROW, **said)) == expected


def test_charges_and_upheld_observations_are_operating_too_and_cancelled_sessions_are_not():
    assert of("TO-25", institution(licences=[], courses=[course()], orders=[order()])) == [("self", "2026-09-01")]
    assert of("TO-25", institution(licences=[], observations=[seen("operating")])) == [("self", "2026-10-12")]
    assert of("TO-25", institution(licences=[], observations=[seen("operating", state="checking")])) == []
    cancelled = course(sessions=[session("2026-10-12", is_cancelled=True)])
    assert of("TO-25", institution(licences=[], courses=[cancelled])) == []


@pytest.mark.parametrize(
    ("scope_on", "issued_on", "expected"),
    [
        ("2021-09-01", "2022-03-04", []),
        ("2021-09-02", "2022-03-04", [("self", "2021-09-02")]),
        ("2022-03-03", "2022-03-04", [("self", "2022-03-03")]),
        ("2022-03-04", "2022-03-04", []),
    ],
)
def test_training_is_registered_after_the_licence(scope_on, issued_on, expected):
    rows = {"registrations": [registration(training_scope_on=scope_on)], "licences": [licence(issued_on=issued_on)]}
    assert of("TO-25", institution(**rows)) == expected


# TO-26: "a course's category or stage is outside the scope of the licence in force that day (one licence must hold
# both); no licence at all is TO-25/04"


@pytest.mark.parametrize(
    ("said", "is_found"),
    [
        ({}, False),
        ({"stage": "junior"}, False),
        ({"stage": "compulsory"}, False),
        ({"stage": "senior"}, True),
        ({"category": "arts"}, True),
        ({"category": "arts", "identified": "subject"}, False),
        ({"identified": "non_subject"}, False),
        ({"identified": "non_subject", "stage": "senior"}, True),
        ({"stage": "senior", "published_on": TOMORROW}, False),
        ({"stage": "senior", "ends_on": YESTERDAY}, False),
    ],
)
def test_a_course_stays_within_the_licence(said, is_found):
    found = of("TO-26", institution(courses=[course(**said)]))
    assert found == ([("course:C-01", "2026-09-01")] if is_found else [])


def test_one_licence_must_hold_category_and_stage_both():
    two = [licence(stages=["primary"]), licence(number="XK2", categories=["arts"], stages=["senior"])]
    assert of("TO-26", institution(licences=two, courses=[course(stage="senior")])) == [("course:C-01", "2026-09-01")]
    every_stage = [licence(stages=[])]
    assert of("TO-26", institution(licences=every_stage, courses=[course(stage="senior")])) == []
    assert of("TO-26", institution(licences=[], courses=[course(stage="senior")])) == []


# TO-27: "name or course text of a 咨询/科技/托管/家政/研学 operator matches the subject word list, until an expert
# identification of that operator or course says non-subject; exceptions stand beside the word list; an identification
# frees only what it names; … in course text only 研学, 托管, 家政"

WORDS = [word("思维"), word("国学"), word("托管", in_course_text_only=True), word("国学礼仪", is_exception=True)]


@pytest.mark.parametrize(
    ("name", "is_found"),
    [("示范思维中心", True), ("示范托管中心", False), ("示范国学礼仪馆", False), ("示范国学馆礼仪", True)],
)
def test_the_name_of_another_operator_holds_no_subject_word(name, is_found):
    expected = [("self", "2021-09-01")] if is_found else []
    assert of("TO-27", arts_institution(name=name), words=WORDS) == expected
    signed = arts_institution(profiles=[profile(category="arts", sign_name=name)])
    assert of("TO-27", signed, words=WORDS) == expected
    assert of("TO-27", institution(name=name), words=WORDS) == []


@pytest.mark.parametrize(
    ("said", "is_found"),
    [
        ({"category": "arts", "title": "思维绘画"}, True),
        ({"category": "arts", "text": "含课后托管"}, True),
        ({"category": "arts", "text": "国学礼仪"}, False),
        ({"category": "arts", "title": "思维绘画", "identified": "non_subject"}, False),
        ({"category": "subject", "title": "思维绘画"}, False),
        ({"category": "arts", "title": "思维绘画", "published_on": TOMORROW}, False),
    ],
)
def test_the_text_of_a_course_filed_as_another_holds_no_subject_word(said, is_found):
    found = of("TO-27", arts_institution(courses=[course(**said)]), words=WORDS)
    assert found == ([("course:C-01", "2026-09-01")] if is_found else [])


def test_an_identification_frees_only_what_it_names():
    decided = {"course": None, "result": "non_subject", "decided_on": TODAY}
    both = {
        "name": "示范思维中心",
        "courses": [course(category="arts", title="思维绘画")],
        "identifications": [decided],
    }
    assert of("TO-27", arts_institution(**both), words=WORDS) == [("course:C-01", "2026-09-01")]
    both["courses"] = [course(category="arts", title="思维绘画", identified="non_subject")]
    both["identifications"] = [decided | {"course": "C-01"}]
    assert of("TO-27", arts_institution(**both), words=WORDS) == [("self", "2021-09-01")]


@pytest.mark.parametrize(("said", "is_found"), [({"valid_until": TODAY}, True), ({"valid_until": YESTERDAY}, False)])
def test_a_word_counts_on_its_days(said, is_found):
    assert bool(of("TO-27", arts_institution(name="示范思维中心"), words=[word("思维", **said)])) == is_found


# TO-28: "offline subject course for pre-school children, incl. 学前班, 幼小衔接, 思维训练; online: any pre-school
# training; until identified non-subject"


@pytest.mark.parametrize(
    ("said", "is_found"),
    [
        ({"category": "arts"}, False),
        ({"category": "subject"}, True),
        ({"category": "arts", "mode": "online"}, True),
        ({"category": "arts", "title": "幼小衔接"}, True),
        ({"category": "arts", "title": "幼小衔接", "identified": "non_subject"}, False),
        ({"category": "arts", "mode": "online", "identified": "non_subject"}, False),
        ({"category": "arts", "title": "幼小衔接", "stage": "primary"}, False),
    ],
)
def test_no_subject_for_pre_school_children(said, is_found):
    offered = course(**{"stage": "preschool", **said})
    found = of("TO-28", arts_institution(courses=[offered]), words=[word("幼小衔接", list="preschool")])
    assert found == ([("course:C-01", "2026-09-01")] if is_found else [])


# TO-29: "any full-time course in school hours for pupils of compulsory age"


@pytest.mark.parametrize(
    ("said", "is_found"),
    [
        ({}, True),
        ({"stage": "compulsory"}, True),
        ({"stage": "senior"}, False),
        ({"category": "arts"}, True),
        ({"is_full_time": False}, False),
        ({"ends_on": YESTERDAY}, False),
    ],
)
def test_no_full_time_course_takes_the_place_of_compulsory_education(said, is_found):
    found = of("TO-29", institution(courses=[course(**{"is_full_time": True, **said})]))
    assert found == ([("course:C-01", "2026-09-01")] if is_found else [])
