"""Clause 2.4.2.1 and what people saw: sessions on rest days and late, sessions and charges of the black-listed, upheld
observations.

Part of the independent judge, see training_oracle.py. Each function yields `(rule, about, on, observed, limit)`.
"""

from datetime import date

from tests.oracle.training_calendar import START, is_rest_day, the_day_after, workdays_after
from tests.oracle.training_register import begins, is_subject

LATEST_END = {"offline": 20 * 60 + 30, "online": 21 * 60}
OTHERS_FROM = date(2022, 12, 29)
# Rules that filter one kind of upheld observations.
OBSERVED = {
    "privacy": "TO-09",
    "advertising": "TO-10",
    "content": "TO-30",
    "foreign_course": "TO-31",
    "enrolment_link": "TO-32",
}
TO_RECTIFY = ("safety", "epidemic", "unlawful_content", "price", "contract", "competition")
RECTIFY_WORKDAYS = {1: 10, 2: 5, 3: 3, 4: 1}


def judge(world, institution, day):
    for course in institution["courses"]:
        yield from judge_sessions(world, institution, course, day)
    for order in institution["orders"]:
        paid_on = order["paid_on"]
        if order.get("cancelled_on") is None and START <= paid_on <= day and is_black_listed(institution, paid_on):
            yield "TO-24", "order:" + order["contract_no"], paid_on, 1, 0
    for seen in institution["observations"]:
        yield from judge_observation(world, institution, seen, day)


def judge_sessions(world, institution, course, today):
    """TO-05, TO-06 and TO-24, once for a course and day, from the day itself on."""
    latest = {}
    for session in course["sessions"]:
        if not session.get("is_cancelled") and START <= session["day"] <= today:
            latest[session["day"]] = max(session["ends_at"], latest.get(session["day"], 0))
    name = "session:" + course["number"]
    for day, ends_at in latest.items():
        if is_subject(course) and is_rest_day(world, course["stage"], day):
            yield "TO-05", name, day, 1, 0
        if ends_at > LATEST_END[course["mode"]] and (is_subject(course) or day >= OTHERS_FROM):
            yield "TO-06", name, day, ends_at, LATEST_END[course["mode"]]
        if is_black_listed(institution, day):
            yield "TO-24", name, day, 1, 0


def is_black_listed(institution, day):
    """From the day of entry on; on the day of leaving it is off the list."""
    for entry in institution["list_entries"]:
        is_left = entry.get("left_on") is not None and entry["left_on"] <= day
        if entry["kind"] == "black" and entry["entered_on"] <= day and not is_left:
            return True
    return False


def judge_observation(world, institution, seen, day):
    """TO-09, TO-10, TO-30 to TO-32 while it is not rectified; TO-33 when it is not by its due date. 查实 only."""
    is_rectified = seen.get("rectified_on") is not None and seen["rectified_on"] <= day
    # What was done before the guideline was in force is judged by nothing.
    if seen["state"] != "confirmed" or is_rectified or not START <= seen["occurred_on"] <= day:
        return
    name = "observation:" + seen["number"]
    if seen["kind"] in OBSERVED:
        yield OBSERVED[seen["kind"]], name, begins(institution, seen["occurred_on"]), 1, 0
    if seen["kind"] in TO_RECTIFY:
        due = seen.get("due_on")
        if due is None:
            due = workdays_after(world, seen["confirmed_on"], RECTIFY_WORKDAYS[seen.get("severity") or 3])
        if day > due:
            yield "TO-33", name, begins(institution, the_day_after(due)), 1, 0
