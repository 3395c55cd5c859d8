"""Violations of the register to plant in a lawful institution. Each writes down what must be found, from what it did
and not by judging anything; it takes its own course, order or paper, so that several can stand beside each other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from shuangjian.core.fiction import Found, flag, found
from training_orgs.fiction.orgs import Org, session_row, teacher_row

START = dt.date(2021, 9, 1)

#: Returns what must be found, or nothing where the institution or the calendar does not allow the violation.
Plant = Callable[[Org], list[Found]]


def self_flag(rule: str, on: dt.date) -> list[Found]:
    return [flag(rule, "self", on.isoformat())]


def late_licence(org: Org) -> list[Found]:
    """TO-01: the first licence for pre-school children, of any category, after the freeze."""
    if org.category == "subject":
        return []
    late = org.licences[0] | {"number": f"{org.licences[0]['number']}-2", "stages": ["preschool"]}
    org.licences.append(late | {"issued_on": dt.date(2022, 5, 6)})
    return [flag("TO-01", f"licence:{late['number']}", "2022-05-06")]


def for_profit(org: Org) -> list[Found]:
    """TO-03: a subject institution that was never registered anew."""
    if org.category != "subject":
        return []
    org.registrations[0] |= {"kind": "business", "is_nonprofit": False}
    return self_flag("TO-03", dt.date(2022, 1, 1))


def wrong_department(org: Org) -> list[Found]:
    """TO-04: the permit is another department's."""
    if org.category not in ("arts", "sports", "science"):
        return []
    org.licences[0]["department"] = "JY"
    return self_flag("TO-04", START)


def stale_fire_check(org: Org) -> list[Found]:
    """TO-20: the last fire check is of the first day of a month, more than a year ago."""
    checked = dt.date(org.days.today.year - 2, org.days.today.month, 1)
    org.safety_checks = [each for each in org.safety_checks if each["kind"] != "fire"]
    org.safety_checks.append({"kind": "fire", "checked_on": checked, "is_passed": True})
    return self_flag("TO-20", checked.replace(year=checked.year + 1, day=2))


def lent_certificate(org: Org) -> list[Found]:
    """TO-21: a teacher of a subject shows another's certificate."""
    if org.category != "subject":
        return []
    teacher = teacher_row(3)
    teacher["qualifications"][0]["holder_name"] = "示范他人"
    org.staff.append(teacher)
    course = org.extra_course(teachers=[teacher["number"]])
    return [flag("TO-21", f"staff:{teacher['number']}", course["starts_on"].isoformat())]


def in_service(org: Org) -> list[Found]:
    """TO-22: somebody who teaches at a school too."""
    teacher = teacher_row(4) | {"identity_hash": f"{int(org.code[2:]):064d}"}
    org.staff.append(teacher)
    return [flag("TO-22", f"staff:{teacher['number']}", teacher["employed_on"].isoformat())]


def no_annual_check(org: Org) -> list[Found]:
    """TO-23: nothing of last year's check on file, after June."""
    due = dt.date(org.days.today.year, 7, 1)
    if org.days.today < due:
        return []
    org.annual_checks = []
    return self_flag("TO-23", due)


def unlisted(org: Org) -> list[Found]:
    """TO-34 is found at the bureau's body: world.py notes it there."""
    org.entries = []
    return [flag("TO-34", f"org:{org.code}", "")]


def no_licence(org: Org) -> list[Found]:
    """TO-25: a subject institution goes on after its licence ended."""
    if org.category != "subject" or not org.courses[0]["sessions"]:
        return []
    org.licences[0]["ended_on"] = dt.date(2024, 1, 1)
    days = [each["day"] for course in org.courses for each in course["sessions"]]
    first = min([*days, *(order["paid_on"] for order in org.orders)])
    return self_flag("TO-25", first) if first <= org.days.today else []


def out_of_scope(org: Org) -> list[Found]:
    """TO-26: senior pupils, whom the licence does not hold."""
    if org.category != "subject":
        return []
    course = org.extra_course(stage="senior")
    return [flag("TO-26", f"course:{course['number']}", course["starts_on"].isoformat())]


def for_small_children(org: Org) -> list[Found]:
    """TO-28: online, for pre-school children; the permit holds every stage."""
    if org.category == "subject":
        return []
    course = org.extra_course(stage="preschool", mode="online")
    return [flag("TO-28", f"course:{course['number']}", course["starts_on"].isoformat())]


def full_time(org: Org) -> list[Found]:
    """TO-29: a course that takes the place of school."""
    course = org.extra_course(is_full_time=True)
    return [flag("TO-29", f"course:{course['number']}", course["starts_on"].isoformat())]


def in_disguise(org: Org) -> list[Found]:
    """TO-27: 作业辅导, which stands in the subject list, under another category."""
    if org.category == "subject":
        return []
    course = org.extra_course(title="作业辅导班")
    return [flag("TO-27", f"course:{course['number']}", course["starts_on"].isoformat())]


def on_a_rest_day(org: Org) -> list[Found]:
    """TO-05: a subject on the last rest day before today."""
    past = [day for day in org.days.of_all if day < org.days.today]
    if org.category != "subject" or not past:
        return []
    course = org.extra_course(sessions=[session_row(max(past))])
    return [flag("TO-05", f"session:{course['number']}", max(past).isoformat())]


def late_evening(org: Org) -> list[Found]:
    """TO-06: to a minute past half past eight."""
    day = org.days.past_workdays()
    if not day:
        return []
    course = org.extra_course(sessions=[session_row(day[0], 20 * 60 + 31)])
    return [found("TO-06", f"session:{course['number']}", day[0].isoformat(), 1231, 1230)]


def black_listed(org: Org) -> list[Found]:
    """TO-24: a day on the black list on which nothing else happens than one lesson."""
    busy = {each["day"] for course in org.courses for each in course["sessions"]}
    busy |= {order["paid_on"] for order in org.orders}
    quiet = [day for day in org.days.past_workdays() if day not in busy]
    if not quiet:
        return []
    course = org.extra_course(sessions=[session_row(quiet[0])])
    org.entries.append({"kind": "black", "entered_on": quiet[0], "left_on": quiet[0] + dt.timedelta(days=1)})
    return [flag("TO-24", f"session:{course['number']}", quiet[0].isoformat())]


#: Kind of an upheld observation by the rule that filters it.
OBSERVED = {
    "TO-09": "privacy",
    "TO-10": "advertising",
    "TO-30": "content",
    "TO-31": "foreign_course",
    "TO-32": "enrolment_link",
    "TO-33": "safety",
}


def observed(rule: str) -> Plant:
    """What people saw twenty days ago, upheld, to be put right by four days ago, and is not."""

    def plant(org: Org) -> list[Found]:
        number = f"{org.code}-{rule}"
        row = {"number": number, "kind": OBSERVED[rule], "state": "confirmed", "occurred_on": org.days.ago(20)}
        org.observations.append(row | {"confirmed_on": org.days.ago(15), "due_on": org.days.ago(4)})
        on = org.days.ago(3) if rule == "TO-33" else org.days.ago(20)
        return [flag(rule, f"observation:{number}", on.isoformat())]

    return plant


def disputes(org: Org) -> list[Found]:
    """TO-11: five complaints of one day, after months of peace."""
    day = org.days.ago(9)
    for number in range(5):
        org.complaints.append({"number": f"{org.code}-{number}", "received_on": day, "topic": "refund"})
    return [found("TO-11", "self", day.isoformat(), 5, 5)]


PLANTS: dict[str, Plant] = {
    "TO-01": late_licence,
    "TO-03": for_profit,
    "TO-04": wrong_department,
    "TO-05": on_a_rest_day,
    "TO-06": late_evening,
    "TO-11": disputes,
    "TO-20": stale_fire_check,
    "TO-21": lent_certificate,
    "TO-22": in_service,
    "TO-23": no_annual_check,
    "TO-24": black_listed,
    "TO-25": no_licence,
    "TO-26": out_of_scope,
    "TO-27": in_disguise,
    "TO-28": for_small_children,
    "TO-29": full_time,
    "TO-34": unlisted,
    **{rule: observed(rule) for rule in OBSERVED},
}
