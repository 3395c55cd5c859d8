"""Clauses 2.4.1, 2.4.2.4 and 2.2.6 by hand, one step either side of every limit, each with its sentence of
rules.md."""

import pytest

from tests.oracle.training_by_hand import (
    BUREAU,
    OTHER_BODY,
    OTHER_TOWN,
    TODAY,
    TOMORROW,
    TOWN,
    TOWN_BODY,
    YESTERDAY,
    arts_institution,
    check,
    course,
    institution,
    licence,
    of,
    paper,
    person,
    profile,
    registration,
    teaching,
    world,
)
from tests.oracle.training_oracle import findings


def test_a_lawful_institution_has_no_finding():
    assert findings(world(institution())) == set()
    assert findings(world(arts_institution())) == set()


# TO-01: "first licence after the freeze: subject for compulsory or senior pupils, any category for pre-school children"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"issued_on": "2021-07-23"}, []),
        ({"issued_on": "2021-07-24"}, [("licence:XK1", "2021-09-01")]),
        ({"issued_on": "2022-05-06"}, [("licence:XK1", "2022-05-06")]),
        ({"issued_on": "2022-05-06", "stages": ["senior"]}, [("licence:XK1", "2022-05-06")]),
        ({"issued_on": "2022-05-06", "stages": []}, [("licence:XK1", "2022-05-06")]),
        ({"issued_on": "2022-05-06", "stages": ["preschool"]}, [("licence:XK1", "2022-05-06")]),
        ({"issued_on": "2022-05-06", "categories": ["arts"]}, []),
        ({"issued_on": "2022-05-06", "categories": ["arts"], "stages": []}, []),
        ({"issued_on": "2022-05-06", "categories": ["arts"], "stages": ["preschool"]}, [("licence:XK1", "2022-05-06")]),
        ({"issued_on": "2022-05-06", "expires_on": TODAY}, [("licence:XK1", "2022-05-06")]),
        ({"issued_on": "2022-05-06", "expires_on": YESTERDAY}, []),
        ({"issued_on": "2022-05-06", "ended_on": TODAY}, []),
        ({"issued_on": "2022-05-06", "ended_on": TOMORROW}, [("licence:XK1", "2022-05-06")]),
    ],
)
def test_the_first_licence_of_a_frozen_field_after_the_freeze(said, expected):
    assert of("TO-01", institution(licences=[licence(**said)])) == expected


def test_a_licence_that_follows_an_older_one_is_no_first_one():
    renewed = licence(number="XK2", issued_on="2023-06-01")
    assert of("TO-01", institution(licences=[licence(), renewed])) == []
    for_children = licence(number="XK2", issued_on="2023-06-01", stages=["preschool", "primary"])
    assert of("TO-01", institution(licences=[licence(), for_children])) == [("licence:XK2", "2023-06-01")]


# TO-02: "valid subject licences of a town or the district at month end above those of the month before or of the
# baseline; equal is lawful; points at the town or the bureau"


def growth(**said):
    """One institution of the town licensed long ago, and a second one licensed on 31 August 2026."""
    second = institution(code="T2", licences=[licence(number="XK2", issued_on="2026-08-31")])
    found = findings(world(institution(), second, **said))
    return sorted((code, *rest) for rule, code, _, *rest in found if rule == "TO-02")


def test_one_more_at_a_month_end_than_at_the_one_before_points_at_the_town_and_the_bureau():
    assert growth() == [(TOWN_BODY, "2026-08-01", 2, 1), (BUREAU, "2026-08-01", 2, 1)]


@pytest.mark.parametrize(("count", "months"), [(2, 1), (1, 2), (0, 61)])
def test_the_baseline_bounds_every_month_where_it_is_lower(count, months):
    found = growth(baselines=[{"town": TOWN, "licences": count}])
    assert len([each for each in found if each[0] == TOWN_BODY]) == months


def test_the_month_is_judged_when_it_is_over():
    assert growth(day="2026-08-31") == []
    assert len(growth(day="2026-09-01")) == 2


def test_a_permit_is_no_school_running_licence_and_a_licence_that_ended_that_day_is_none():
    permit = institution(licences=[licence(kind="permit", issued_on="2026-08-31")])
    assert not [each for each in findings(world(permit)) if each[0] == "TO-02"]
    ended = institution(licences=[licence(issued_on="2026-08-01", ended_on="2026-08-31")])
    assert not [each for each in findings(world(ended)) if each[0] == "TO-02"]
    elsewhere = institution(town=OTHER_TOWN, licences=[licence(issued_on="2026-08-01")])
    assert {each[1] for each in findings(world(elsewhere)) if each[0] == "TO-02"} == {OTHER_BODY, BUREAU}


# TO-03: "subject institution registered for profit, or not re-registered, after the deadline" (2021-12-31)


@pytest.mark.parametrize(
    ("registrations", "expected"),
    [
        ([registration()], []),
        ([registration(is_nonprofit=False, issued_on="2018-05-01")], [("self", "2022-01-01")]),
        ([registration(is_nonprofit=False, issued_on="2022-03-04")], [("self", "2022-03-04")]),
        ([registration(), registration(number="ZC2", is_nonprofit=False)], [("self", "2022-01-01")]),
        ([registration(is_nonprofit=False, ended_on=TODAY), registration(number="ZC2")], []),
        ([registration(is_nonprofit=False, ended_on=TODAY)], [("self", "2022-01-01")]),
        ([registration(expires_on=TODAY)], []),
        ([registration(expires_on=YESTERDAY)], [("self", TODAY)]),
        ([registration(ended_on="2026-05-01")], [("self", "2026-05-01")]),
        ([], [("self", "2022-01-01")]),
    ],
)
def test_a_subject_institution_is_registered_as_non_profit(registrations, expected):
    assert of("TO-03", institution(registrations=registrations)) == expected


def test_the_deadline_itself_is_lawful_and_others_may_seek_profit():
    for_profit = [registration(is_nonprofit=False, issued_on="2018-05-01")]
    assert of("TO-03", institution(registrations=for_profit), day="2021-12-31") == []
    assert of("TO-03", institution(registrations=for_profit), day="2022-01-01") == [("self", "2022-01-01")]
    assert of("TO-03", arts_institution(registrations=for_profit)) == []
    assert of("TO-03", institution(registrations=for_profit, closed_on=TODAY)) == []
    assert of("TO-03", institution(registrations=for_profit, closed_on=TOMORROW)) == [("self", "2022-01-01")]


# TO-04: "sports / arts / practice institution without the competent department's permit in force"


@pytest.mark.parametrize(
    ("category", "department", "is_lawful"),
    [
        ("arts", "WL", True),
        ("sports", "WL", True),
        ("science", "KG", True),
        ("practice", "JY", True),
        ("arts", "JY", False),
        ("science", "WL", False),
        ("practice", "KG", False),
    ],
)
def test_each_category_needs_the_permit_of_its_own_department(category, department, is_lawful):
    permit = licence(kind="permit", department=department, categories=[category], stages=[])
    found = of("TO-04", institution(profiles=[profile(category=category)], licences=[permit]))
    assert found == ([] if is_lawful else [("self", "2021-09-01")])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"expires_on": TODAY}, []),
        ({"expires_on": YESTERDAY}, [("self", TODAY)]),
        ({"ended_on": "2026-04-01"}, [("self", "2026-04-01")]),
        ({"categories": ["sports"]}, [("self", "2021-09-01")]),
    ],
)
def test_a_permit_counts_to_its_last_day_and_for_what_it_names(said, expected):
    permit = licence(kind="permit", department="WL", stages=[], **{"categories": ["arts"], **said})
    assert of("TO-04", arts_institution(licences=[permit])) == expected


def test_a_suspected_site_is_no_institution_without_its_permit():
    assert of("TO-04", arts_institution(kind="suspected_site", licences=[])) == []


# TO-20: "premises or fire check failed, missing or older than bound (the anniversary is still lawful; online-only
# institutions need no premises)"


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ([check("premises", "2025-10-20"), check("fire", "2026-03-10")], []),
        ([check("premises", "2025-10-19"), check("fire", "2026-03-10")], [("self", "2026-10-20")]),
        ([check("premises", "2025-10-19"), check("fire", "2025-10-01")], [("self", "2026-10-02")]),
        ([check("premises", "2026-03-10")], [("self", "2021-09-01")]),
        ([check("premises", "2026-03-10"), check("fire", "2026-04-01", False)], [("self", "2026-04-01")]),
        ([check("premises", "2026-03-10"), check("fire", "2026-04-01", False), check("fire", "2026-04-09")], []),
        (
            [check("premises", "2026-03-10"), check("fire", "2026-04-01"), check("fire", "2026-04-09", False)],
            [("self", "2026-04-09")],
        ),
    ],
)
def test_premises_and_fire_are_checked_within_twelve_months(checks, expected):
    assert of("TO-20", institution(safety_checks=checks)) == expected


def test_a_check_of_a_leap_day_holds_to_the_end_of_february():
    checks = [check("premises", "2024-02-29"), check("fire", "2024-02-29")]
    assert of("TO-20", institution(safety_checks=checks), day="2025-02-28") == []
    assert of("TO-20", institution(safety_checks=checks), day="2025-03-01") == [("self", "2025-03-01")]


def test_who_is_online_only_or_not_licensed_needs_no_check():
    assert of("TO-20", institution(safety_checks=[], profiles=[profile(is_online_only=True)])) == []
    assert of("TO-20", institution(safety_checks=[], licences=[licence(expires_on=YESTERDAY)])) == []
    late = institution(safety_checks=[], licences=[licence(issued_on="2022-04-05")])
    assert of("TO-20", late) == [("self", "2022-04-05")]


# TO-21: "a teacher of a compulsory-stage subject course without any teacher's qualification valid on that day; a lent
# certificate or one in another's name counts as none"


def teaches(*papers, course_said=None, teaching_said=None, **said):
    taught = course(teachers=[teaching(**(teaching_said or {}))], **(course_said or {}))
    return institution(staff=[person(*papers, **said)], courses=[taught])


@pytest.mark.parametrize(
    ("papers", "expected"),
    [
        ([paper()], []),
        ([paper(valid_until=TODAY)], []),
        ([paper(valid_until=YESTERDAY)], [("staff:G01", TODAY)]),
        ([paper(valid_until="2026-10-01")], [("staff:G01", "2026-10-02")]),
        ([paper(valid_from=TOMORROW)], [("staff:G01", "2026-09-01")]),
        ([paper(holder_name="示范他人")], [("staff:G01", "2026-09-01")]),
        ([paper(is_lent=True)], [("staff:G01", "2026-09-01")]),
        ([paper(is_lent=True), paper(number="ZG2")], []),
        ([], [("staff:G01", "2026-09-01")]),
    ],
)
def test_who_teaches_a_subject_has_a_qualification_of_their_own(papers, expected):
    assert of("TO-21", teaches(*papers)) == expected


@pytest.mark.parametrize(
    ("said", "is_found"),
    [
        ({"course_said": {"stage": "compulsory"}}, True),
        ({"course_said": {"stage": "senior"}}, False),
        ({"course_said": {"stage": "preschool"}}, False),
        ({"course_said": {"category": "arts"}}, False),
        ({"course_said": {"category": "arts", "identified": "subject"}}, True),
        ({"course_said": {"identified": "non_subject"}}, False),
        ({"course_said": {"ends_on": TODAY}}, True),
        ({"course_said": {"ends_on": YESTERDAY}}, False),
        ({"teaching_said": {"valid_until": YESTERDAY}}, False),
        ({"left_on": TODAY}, True),
        ({"left_on": YESTERDAY}, False),
    ],
)
def test_only_subjects_of_compulsory_age_that_are_taught_today_need_one(said, is_found):
    assert bool(of("TO-21", teaches(**said))) == is_found


# TO-22: "a staff hash matches the in-service register; employed here and in public service today; retired teachers do
# not match"


@pytest.mark.parametrize(
    ("teacher", "said", "expected"),
    [
        ({}, {}, [("staff:G01", "2023-09-01")]),
        ({"valid_from": "2024-09-01"}, {}, [("staff:G01", "2024-09-01")]),
        ({"valid_until": TODAY}, {}, [("staff:G01", "2023-09-01")]),
        ({"valid_until": YESTERDAY}, {}, []),
        ({"valid_from": TOMORROW}, {}, []),
        ({}, {"identity_hash": "b"}, []),
        ({"identity_hash": ""}, {"identity_hash": ""}, []),
        ({}, {"left_on": YESTERDAY}, []),
    ],
)
def test_nobody_in_public_service_is_employed(teacher, said, expected):
    listed = {"identity_hash": "a", "valid_from": None, "valid_until": None} | teacher
    assert of("TO-22", institution(staff=[person(**said)]), in_service=[listed]) == expected


# TO-23: "no passed annual check for last year, from 1 July on, for those licensed on 31 December of that year"


@pytest.mark.parametrize(
    ("day", "checks", "expected"),
    [
        ("2026-06-30", [], []),
        ("2026-07-01", [], [("self", "2026-07-01")]),
        ("2026-07-01", [(2025, True, "2026-07-01")], []),
        (TODAY, [(2025, False, "2026-03-01")], [("self", "2026-07-01")]),
        (TODAY, [(2025, False, "2026-03-01"), (2025, True, "2026-03-02")], []),
        (TODAY, [(2024, True, "2025-03-01")], [("self", "2026-07-01")]),
    ],
)
def test_last_year_s_check_is_passed_by_1_july(day, checks, expected):
    rows = [{"year": year, "is_passed": is_passed, "checked_on": on} for year, is_passed, on in checks]
    assert of("TO-23", institution(annual_checks=rows), day=day) == expected


def test_only_those_licensed_on_31_december_owe_the_check():
    for issued_on, is_found in (("2025-12-31", True), ("2026-01-01", False)):
        late = institution(annual_checks=[], licences=[licence(issued_on=issued_on)])
        assert bool(of("TO-23", late)) == is_found


# TO-34: "an institution licensed on the bureau's yearly list date and on no list since; points at the bureau"


@pytest.mark.parametrize(
    ("entry", "is_found"),
    [
        (None, True),
        (("white", "2026-10-15", None), False),
        (("warning", TODAY, None), False),
        (("black", TOMORROW, None), True),
        (("white", "2024-01-01", "2026-10-11"), False),
        (("white", "2024-01-01", "2026-10-10"), True),
    ],
)
def test_who_is_licensed_on_the_list_date_stands_on_a_list_since(entry, is_found):
    entries = [dict(zip(("kind", "entered_on", "left_on"), entry, strict=True))] if entry else []
    dates = [{"year": 2025, "on": "2025-11-01"}, {"year": 2026, "on": "2026-10-10"}]
    found = findings(world(institution(list_entries=entries), list_dates=dates))
    assert found == ({("TO-34", BUREAU, "org:T1", "2026-10-10", 1, 0)} if is_found else set())


def test_the_list_date_itself_counts_and_one_ahead_does_not():
    assert of("TO-34", institution(), list_dates=[{"year": 2026, "on": TODAY}]) == [("org:T1", TODAY)]
    assert of("TO-34", institution(), list_dates=[{"year": 2026, "on": TOMORROW}]) == []


# "S rules judge the state on the day of evaluation, for institutions open that day"; "an S rule's finding begins at
# the latest of its own day, 2021-09-01 and the institution's opening"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"closed_on": TODAY}, []),
        ({"closed_on": TOMORROW}, [("self", "2021-09-01")]),
        ({"opened_on": TOMORROW}, []),
        ({"opened_on": TODAY}, [("self", TODAY)]),
    ],
)
def test_the_state_is_judged_of_those_open_that_day(said, expected):
    assert of("TO-20", institution(safety_checks=[], **said)) == expected
