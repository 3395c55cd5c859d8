"""The oracle of visits against cases worked out by hand from the rule table and what issue 6 decides.

One school S1, one institution T1 and a second site T2 of its brand, on Tuesday 2026-11-24. Dates are written out, never
computed with the oracle's own functions, so that a test cannot repeat the oracle's mistake.
"""

import pytest

from tests.oracle.visit_oracle import findings

TODAY, YESTERDAY, TOMORROW = "2026-11-24", "2026-11-23", "2026-11-25"
HOLIDAYS = [f"2026-10-0{number}" for number in range(1, 8)]


def unit(code="T1", kind="training_org", **said):
    row = {"code": code, "kind": kind, "stages": [], "opened_on": None, "brand": None}
    return row | {"observations": [], "rectifications": [], "services": []} | said


def school(**said):
    return unit("S1", "school", **({"stages": ["primary"]} | said))


def seen(kind="advertising", occurred_on="2025-03-01", confirmed_on="2025-03-10", number="GC-1", **said):
    row = {"number": number, "kind": kind, "occurred_on": occurred_on, "state": "confirmed"}
    return row | {"confirmed_on": confirmed_on, "due_on": None, "rectified_on": None, "severity": None} | said


def ordered(due_on=YESTERDAY, state="open", observation=None):
    return {"number": "ZG-1", "due_on": due_on, "state": state, "observation": observation}


def of(rule, *units, day=TODAY, at="10:00:00"):
    """What the oracle finds of one rule: (unit, about, on, observed)."""
    world = {"now": f"{day}T{at}+08:00", "units": list(units)}
    world["calendar"] = {"holidays": HOLIDAYS, "workdays": ["2026-10-10"], "breaks": []}
    return sorted((code, about, on, n) for found, code, about, on, n, limit in findings(world) if found == rule)


def twice(later, earlier=None, **said):
    """IN-02 of T1 with an earlier and a later observation."""
    earlier = earlier or seen()
    return of("IN-02", unit(observations=[earlier, later | {"number": "GC-2"}], **said))


AGAIN = [("T1", "observation:GC-2", "2025-09-01", 1)]
LATER = seen(occurred_on="2025-09-01", confirmed_on="2025-09-02")

# IN-01: "a rectification item past its deadline and not handed in; a returned item keeps its deadline"


@pytest.mark.parametrize(
    ("due_on", "state", "on"),
    [
        (TODAY, "open", None),
        (TOMORROW, "open", None),
        (YESTERDAY, "open", TODAY),
        (YESTERDAY, "returned", TODAY),
        (TODAY, "returned", None),
        ("2026-10-31", "open", "2026-11-01"),
        (YESTERDAY, "handed_in", None),
        (YESTERDAY, "passed", None),
        (YESTERDAY, "cancelled", None),
    ],
)
def test_what_was_to_be_put_right_by_a_day(due_on, state, on):
    for party in (unit, school):
        found = of("IN-01", party(rectifications=[ordered(due_on, state)]))
        assert [each[1:] for each in found] == ([("rectification:ZG-1", on, 1)] if on else [])


@pytest.mark.parametrize(("at", "is_found"), [("23:59:59", False), ("00:00:00", True)])
def test_a_day_ends_at_local_midnight(at, is_found):
    day = TOMORROW if is_found else TODAY
    assert bool(of("IN-01", unit(rectifications=[ordered(TODAY)]), day=day, at=at)) == is_found


# "what TO-33 judges is left out"


@pytest.mark.parametrize(
    ("kind", "is_found"),
    [("safety", False), ("epidemic", False), ("unlawful_content", False), ("price", False), ("contract", False),
     ("competition", False), ("advertising", True), ("operating", True), ("other", True)],
)  # fmt: skip
def test_what_is_judged_by_its_due_date_elsewhere_is_not_judged_twice(kind, is_found):
    party = unit(observations=[seen(kind, "2026-11-02", "2026-11-19")], rectifications=[ordered(observation="GC-1")])
    assert bool(of("IN-01", party)) == is_found


def test_a_public_body_is_no_party_and_a_finding_begins_with_the_opening():
    assert of("IN-01", unit(kind="public_body", rectifications=[ordered()])) == []
    assert of("IN-01", unit(kind="suspected_site", rectifications=[ordered()])) != []
    late = unit(rectifications=[ordered("2026-11-10")], opened_on="2026-11-20")
    assert of("IN-01", late) == [("T1", "rectification:ZG-1", "2026-11-20", 1)]


# IN-02: "the later act beginning after the earlier confirmation, within 24 months of it, from 2023-10-15"


@pytest.mark.parametrize(
    ("confirmed_on", "occurred_on", "is_found"),
    [
        ("2025-03-10", "2025-03-09", False),
        ("2025-03-10", "2025-03-10", False),
        ("2025-03-10", "2025-03-11", True),
        ("2024-03-10", "2026-03-10", True),
        ("2024-03-10", "2026-03-11", False),
        ("2024-08-31", "2026-08-31", True),
        ("2024-08-31", "2026-09-01", False),
        ("2024-02-29", "2026-02-28", True),
        ("2024-02-29", "2026-03-01", False),
        ("2024-02-28", "2026-02-28", True),
        ("2024-02-28", "2026-03-01", False),
        ("2023-10-14", "2023-10-20", False),
        ("2023-10-15", "2023-10-20", True),
        ("2023-10-15", "2025-10-15", True),
        ("2023-10-15", "2025-10-16", False),
    ],
)
def test_two_years_count_from_the_earlier_confirmation(confirmed_on, occurred_on, is_found):
    earlier = seen(occurred_on="2023-09-01", confirmed_on=confirmed_on)
    found = twice(seen(occurred_on=occurred_on, confirmed_on="2026-11-20"), earlier)
    assert found == ([("T1", "observation:GC-2", occurred_on, 1)] if is_found else [])


def test_once_is_no_repetition_and_the_third_time_is_two():
    assert of("IN-02", unit(observations=[seen()])) == []
    third = seen(occurred_on="2026-01-10", confirmed_on="2026-01-12", number="GC-3")
    found = of("IN-02", unit(observations=[seen(), LATER | {"number": "GC-2"}, third]))
    assert found == [*AGAIN, ("T1", "observation:GC-3", "2026-01-10", 2)]


@pytest.mark.parametrize(
    ("earlier", "later", "is_found"),
    [(None, None, True), (3, 3, True), (4, 3, True), (2, 3, False), (3, 2, False), (2, None, False), (None, 2, False)],
)
def test_both_are_of_severity_three_at_least_their_kind_s_where_none_is_said(earlier, later, is_found):
    assert bool(twice(LATER | {"severity": later}, seen(severity=earlier))) == is_found


@pytest.mark.parametrize(
    ("first", "second", "is_found"),
    [("advertising", "advertising", True), ("advertising", "privacy", False), ("safety", "price", True),
     ("safety", "advertising", False), ("operating", "operating", True), ("other", "other", False)],
)  # fmt: skip
def test_it_is_the_rule_that_is_broken_again_not_the_kind(first, second, is_found):
    later = seen(second, "2025-09-01", "2025-09-02", severity=4)
    assert twice(later, seen(first, severity=4)) == (AGAIN if is_found else [])


@pytest.mark.parametrize("state", ["clue", "checking", "refuted"])
def test_both_are_confirmed_and_being_put_right_makes_no_difference(state):
    undecided = {"state": state, "confirmed_on": None}
    assert twice(LATER | undecided) == []
    assert twice(LATER, seen() | undecided) == []
    assert twice(LATER | {"rectified_on": "2025-09-03"}, seen(rectified_on="2025-03-11")) == AGAIN


@pytest.mark.parametrize(
    ("own", "other", "is_found"),
    [("甲", "甲", True), ("甲", "乙", False), ("甲", None, False), (None, "甲", False), (None, None, False)],
)
def test_sites_of_one_brand_are_one_operator(own, other, is_found):
    second = unit("T2", "suspected_site", brand=other, observations=[seen(number="GC-9")])
    first = unit(brand=own, observations=[LATER | {"number": "GC-2"}])
    assert of("IN-02", first, second) == (AGAIN if is_found else [])


def test_a_repetition_is_found_at_schools_and_not_at_public_bodies():
    rows = [seen("paid_tuition"), seen("paid_tuition", "2025-09-01", "2025-09-02", "GC-2")]
    assert of("IN-02", school(observations=rows)) == [("S1", "observation:GC-2", "2025-09-01", 1)]
    assert of("IN-02", unit(kind="public_body", observations=rows)) == []


# Rules of schools marked O: "filter Observation rows and count only 查实"


@pytest.mark.parametrize(
    ("rule", "kind"),
    [("HW-05", "homework_difficulty"), ("HW-06", "homework_mechanical"), ("SC-06", "teaching_ahead"),
     ("SC-09", "exam_beyond"), ("SC-12", "admission_target"), ("SC-13", "paid_tuition"),
     ("AS-04", "collective_tuition")],
)  # fmt: skip
def test_what_people_confirm_at_a_school_is_found_until_it_is_put_right(rule, kind):
    row = seen(kind, "2026-11-07", "2026-11-10")  # a Saturday
    assert of(rule, school(observations=[row])) == [("S1", "observation:GC-1", "2026-11-07", 1)]
    assert of(rule, school(observations=[row | {"rectified_on": TODAY}])) == []
    for state in ("clue", "checking", "refuted"):
        assert of(rule, school(observations=[row | {"state": state}])) == []
    assert of(rule, school(observations=[row], stages=[])) == []
    assert bool(of(rule, school(observations=[row], stages=["junior"]))) == (rule != "SC-06")
    assert of(rule, unit(observations=[row])) == []
    assert of(rule, school(observations=[row | {"occurred_on": "2021-08-31"}])) == []
    assert of(rule, school(observations=[row | {"occurred_on": "2021-09-01"}])) != []


def test_only_the_standing_rule_begins_with_the_opening():
    rows = [seen("paid_tuition", "2026-08-20", "2026-11-10"), seen("exam_beyond", "2026-08-20", "2026-11-10", "GC-2")]
    party = school(observations=rows, opened_on="2026-09-01")
    assert of("SC-13", party) == [("S1", "observation:GC-1", "2026-09-01", 1)]
    assert of("SC-09", party) == [("S1", "observation:GC-2", "2026-08-20", 1)]


# AS-07: "access not withdrawn by the school by its due date (day 0 = the day of 查实)", "5 working days"


@pytest.mark.parametrize(
    ("confirmed_on", "due_on", "day", "on"),
    [
        ("2026-11-17", None, "2026-11-24", None),
        ("2026-11-17", None, "2026-11-25", "2026-11-25"),
        ("2026-11-17", "2026-11-20", "2026-11-20", None),
        ("2026-11-17", "2026-11-20", "2026-11-21", "2026-11-21"),
        ("2026-11-17", "2026-11-30", "2026-11-27", None),
        # 查实 on Wednesday 30 September: 8, 9, 10 (a swapped Saturday), 12, 13 October.
        ("2026-09-30", None, "2026-10-13", None),
        ("2026-09-30", None, "2026-10-14", "2026-10-14"),
    ],
)
def test_a_provider_at_fault_goes_within_five_workdays(confirmed_on, due_on, day, on):
    row = seen("provider_misconduct", "2026-09-10", confirmed_on, due_on=due_on, severity=4)
    found = of("AS-07", school(observations=[row]), day=day)
    assert found == ([("S1", "observation:GC-1", on, 1)] if on else [])
    assert of("AS-07", school(observations=[row | {"rectified_on": day}]), day=day) == []


# AS-04: "content new lesson or collective tuition, filed or observed"


@pytest.mark.parametrize(
    ("content", "is_found"),
    [(["new_lesson"], True), (["homework", "collective_tuition"], True), (["homework"], False), (None, False)],
)
def test_what_a_return_says_of_service_and_what_people_saw_are_two_findings(content, is_found):
    filed = {"stage": "primary", "day": "2026-11-04", "content": content}
    row = seen("collective_tuition", "2026-11-04", "2026-11-05")
    found = of("AS-04", school(services=[filed], observations=[row]))
    by_return = [("S1", "stage:primary", "2026-11-04", 1)] if is_found else []
    assert found == [("S1", "observation:GC-1", "2026-11-04", 1), *by_return]
