"""Hand-written worlds about a stage's days: arrival at school, pupils without a place, content, flexible leaving."""

import pytest

from tests.oracle.by_hand import (
    FRI,
    MON,
    TUE,
    WED,
    calendar_day,
    filed,
    finding,
    on_stage_day,
    quiet_payload,
    world,
)
from tests.oracle.oracle import findings


def judged(*changes, calendar_days=()):
    """Findings of a quiet week with these changes: (list of the payload, stage, day, keys)."""
    payload = quiet_payload()
    for key, stage, day, said in changes:
        on_stage_day(payload, key, stage, day, **said)
    return findings(world(filed(payload), calendar_days=calendar_days))


def service(stage, day, **said):
    return ("after_school", stage, day, said)


def no_service(stage, day, **said):
    return ("service_none", stage, day, said)


def lesson(stage, day, **said):
    return ("school_day", stage, day, said)


CLOSED = [calendar_day(WED, "closed")]


# SC-03


@pytest.mark.parametrize("stage", ["primary", "junior"])
def test_thirty_minutes_before_the_first_lesson_are_lawful_and_thirty_one_are_not(stage):
    assert judged(lesson(stage, WED, first_lesson="08:30", arrival="08:00")) == set()
    assert judged(lesson(stage, WED, first_lesson="08:30", arrival="07:59")) == {
        finding("SC-03", "stage:" + stage, MON, "31.0000", "30.0000")
    }


def test_the_longest_lead_of_the_week_is_observed_once_from_each_day_s_own_first_lesson():
    changes = [
        lesson("primary", MON, first_lesson="08:20", arrival="07:20"),
        lesson("primary", TUE, first_lesson="10:00", arrival="08:45"),
        lesson("primary", FRI, first_lesson="08:30", arrival="07:10"),
    ]
    assert judged(*changes) == {finding("SC-03", "stage:primary", MON, "80.0000", "30.0000")}


def test_no_arrival_stated_and_arrival_on_a_closed_day_prove_nothing():
    assert judged(lesson("primary", WED, first_lesson="12:00")) == set()
    assert judged(lesson("primary", WED, arrival="05:00"), calendar_days=CLOSED) == set()


# AS-03


@pytest.mark.parametrize(("wanted", "places", "without"), [(1, 1, 0), (0, 0, 0), (3, 4, 0), (3, 2, 1), (40, 0, 40)])
def test_every_pupil_who_wants_care_after_1830_needs_a_place(wanted, places, without):
    expected = {finding("AS-03", "stage:junior", TUE, without, "0.0000")} if without else set()
    assert judged(service("junior", TUE, late_wanted=wanted, late_places=places)) == expected


def test_two_days_without_places_are_two_findings():
    days = [service("primary", day, late_wanted=2, late_places=1) for day in (TUE, FRI)]
    assert {found[3] for found in judged(*days)} == {TUE, FRI}


def test_a_day_ticked_without_service_has_no_place():
    no_care = finding("AS-01", "stage:primary", WED, "1.0000", "0.0000")
    assert judged(no_service("primary", WED)) == {no_care}
    assert judged(no_service("primary", WED, late_wanted=0)) == {no_care}
    assert judged(no_service("primary", WED, late_wanted=5)) == {
        no_care,
        finding("AS-03", "stage:primary", WED, "5.0000", "0.0000"),
    }


def test_on_a_closed_day_no_place_is_missing():
    changes = [service("primary", WED, late_wanted=2, late_places=1), no_service("junior", WED, late_wanted=2)]
    assert judged(*changes, calendar_days=CLOSED) == set()


# AS-04, AS-11


LAWFUL = ["homework", "tutoring", "science", "sports", "arts", "labour", "reading", "clubs", "other"]


def test_no_lawful_content_is_a_finding_nor_is_content_that_nobody_stated():
    assert judged(service("primary", WED, content=LAWFUL)) == set()
    assert judged(service("primary", WED, content=None)) == set()


@pytest.mark.parametrize(
    ("rule", "codes"),
    [
        ("AS-04", ["new_lesson"]),
        ("AS-04", ["collective_tuition"]),
        ("AS-11", ["morning_care"]),
        ("AS-11", ["noon_break"]),
        ("AS-11", ["evening_study"]),
    ],
)
def test_each_forbidden_content_and_each_one_outside_the_afternoon_is_a_finding_of_the_day(rule, codes):
    expected = {finding(rule, "stage:junior", WED, "1.0000", "0.0000")}
    assert judged(service("junior", WED, content=codes)) == expected
    assert judged(service("junior", WED, content=["homework", *codes, "sports"])) == expected


def test_several_contents_of_one_day_are_one_finding_of_each_rule():
    content = ["morning_care", "collective_tuition", "noon_break", "new_lesson", "evening_study"]
    assert judged(service("primary", WED, content=content)) == {
        finding("AS-04", "stage:primary", WED, "1.0000", "0.0000"),
        finding("AS-11", "stage:primary", WED, "1.0000", "0.0000"),
    }


def test_a_new_lesson_is_forbidden_on_a_closed_day_too_and_morning_care_is_counted_on_school_days_only():
    content = ["new_lesson", "morning_care"]
    assert judged(service("primary", WED, content=content), calendar_days=CLOSED) == {
        finding("AS-04", "stage:primary", WED, "1.0000", "0.0000")
    }


def test_minutes_of_evening_study_beside_the_service_are_no_content_of_it():
    assert judged(service("junior", WED, evening_study_minutes=240)) == set()


# AS-10


@pytest.mark.parametrize(
    ("wanting", "served", "share"),
    [(40, 40, None), (40, 41, None), (0, 0, None), (40, 39, "0.9750"), (3, 2, "0.6667"), (1, 0, "0.0000")],
)
def test_every_pupil_who_wants_the_service_is_served(wanting, served, share):
    expected = {finding("AS-10", "stage:primary", MON, share, "1.0000")} if share else set()
    assert judged(service("primary", WED, wanting=wanting, served=served)) == expected


def test_a_share_that_rounds_to_one_is_a_finding_nevertheless():
    found = judged(service("primary", WED, wanting=9999, served=9998))
    assert found == {finding("AS-10", "stage:primary", MON, "0.9999", "1.0000")}


def test_the_worst_day_of_the_week_is_observed_once_and_days_are_not_added_up():
    changes = [
        service("primary", MON, wanting=4, served=3),
        service("primary", TUE, wanting=100, served=74),
        service("primary", FRI, wanting=10, served=30),
    ]
    assert judged(*changes) == {finding("AS-10", "stage:primary", MON, "0.7400", "1.0000")}


def test_on_a_day_ticked_without_service_nobody_is_served():
    no_care = finding("AS-01", "stage:primary", WED, "1.0000", "0.0000")
    assert judged(no_service("primary", WED, wanting=0)) == {no_care}
    assert judged(no_service("primary", WED, wanting=1)) == {
        no_care,
        finding("AS-10", "stage:primary", MON, "0.0000", "1.0000"),
    }


def test_pupils_of_a_closed_day_do_not_enter():
    changes = [no_service("primary", WED, wanting=1), service("junior", WED, wanting=2, served=1)]
    assert judged(*changes, calendar_days=CLOSED) == set()


# AS-12


@pytest.mark.parametrize("flexible", [True, None])
def test_flexible_leaving_is_lawful_and_nothing_stated_proves_nothing(flexible):
    assert judged(service("primary", WED, flexible_leaving=flexible)) == set()


def test_one_day_or_more_without_flexible_leaving_is_one_finding_on_monday():
    expected = {finding("AS-12", "stage:junior", MON, "1.0000", "0.0000")}
    for days in ([FRI], [TUE, WED, FRI]):
        assert judged(*[service("junior", day, flexible_leaving=False) for day in days]) == expected


def test_leaving_on_a_closed_day_is_not_judged():
    assert judged(service("junior", WED, flexible_leaving=False), calendar_days=CLOSED) == set()
