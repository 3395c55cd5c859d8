"""Clause 2.4.2.3 and the money of 2.4.2.1: orders, refunds, custody, the surge of disputes.

Part of the independent judge, see training_oracle.py. Each function yields `(rule, about, on, observed, limit)`. Yuan
and hours are exact fractions; balances are summed up anew from orders, class log, refunds and ledger.
"""

from datetime import date, timedelta
from fractions import Fraction

from tests.oracle.training_calendar import (
    START,
    days_inclusive,
    holds,
    is_rest_day,
    last_lawful_day,
    months_later,
    the_day_after,
    workdays_after,
)
from tests.oracle.training_register import COMPULSORY, begins, is_subject

HOURS_A_CHARGE = 60
MONTHS_A_CHARGE = 3
MONTHS_AHEAD = 1
SPLIT_WITHIN_DAYS = 30
STANDARD_MINUTES = {"offline": 45, "online": 30}
FLOAT_UP = Fraction(110, 100)
YUAN_A_CHARGE = 5000
OTHERS_FROM = date(2022, 12, 29)
ANSWER_WORKDAYS = 5
PAY_WORKDAYS = 15
FEE_TOPICS = ("refund", "prepayment", "closed_down")
SURGE_DAYS, SURGE_BASE_DAYS, SURGE_LEAST, SURGE_TIMES = 30, 56, 5, 3


def judge(world, institution, day):
    orders = [each for each in institution["orders"] if each.get("cancelled_on") is None and each["paid_on"] <= day]
    courses = {course["number"]: course for course in institution["courses"]}
    for order in orders:
        if order["paid_on"] >= START:
            yield from judge_order(world, institution, courses, orders, order)
    yield from judge_charges(courses, orders)
    yield from judge_reconciliation(institution, orders, day)
    yield from judge_refunds(world, institution, day)
    yield from judge_surge(institution, day)


def judge_order(world, institution, courses, orders, order):
    yield from judge_rest_time_sold(world, courses, order)
    yield from judge_price(world, courses, order)
    if is_span_too_long(courses, order):
        yield "TO-13", about(order), order["paid_on"], *span_against_limit([span(courses, order)])
    yield from judge_early(courses, order)
    yield from judge_custody(institution, orders, order)
    if order.get("is_loan"):
        yield "TO-18", about(order), order["paid_on"], 1, 0
    yield from judge_amount(courses, order)


def about(order):
    return "order:" + order["contract_no"]


def hours_of(line):
    return Fraction(str(line["hours"])) + Fraction(str(line.get("gift_hours", 0)))


def yuan(amount):
    return Fraction(str(amount))


# What an order pays for


def courses_of(courses, order):
    return [courses[number] for number in sorted({line["course"] for line in order["lines"]})]


def planned_days(course):
    return [each["day"] for each in course["sessions"] if not each.get("is_cancelled")]


def span(courses, order):
    """First and last day paid for; without a stated end the last session of its courses; neither: None."""
    if order.get("ends_on") is not None:
        return order["starts_on"], order["ends_on"]
    days = []
    for course in courses_of(courses, order):
        days += [each for each in planned_days(course) if each >= order["starts_on"]]
    return (order["starts_on"], max(days)) if days else None


def sessions_paid_for(courses, order):
    """Distinct (course number, day) within the span."""
    paid_for = span(courses, order)
    if paid_for is None:
        return []
    found = set()
    for course in courses_of(courses, order):
        for each in planned_days(course):
            if paid_for[0] <= each <= paid_for[1]:
                found.add((course["number"], each))
    return sorted(found)


def judge_rest_time_sold(world, courses, order):
    """TO-07: sessions on rest days of subject courses for pupils of compulsory age, within what was paid for."""
    count = 0
    for number, each in sessions_paid_for(courses, order):
        course = courses[number]
        if is_subject(course) and course["stage"] in COMPULSORY and is_rest_day(world, course["stage"], each):
            count += 1
    if count > 0:
        yield "TO-07", about(order), order["paid_on"], count, 0


def judge_price(world, courses, order):
    """TO-12: the line that lies furthest above the guide price and its float."""
    worst = None
    for line in sorted(order["lines"], key=lambda line: line["position"]):
        course = courses[line["course"]]
        guide = guide_price(world, course, order["paid_on"])
        if not is_subject(course) or course["stage"] not in COMPULSORY or guide is None or hours_of(line) == 0:
            continue
        standard_hours = hours_of(line) * Fraction(line["lesson_minutes"], STANDARD_MINUTES[course["mode"]])
        observed, limit = yuan(line["amount"]) / standard_hours, guide * FLOAT_UP
        if observed > limit and (worst is None or observed / limit > worst[0] / worst[1]):
            worst = observed, limit
    if worst is not None:
        yield "TO-12", about(order), order["paid_on"], *worst


def guide_price(world, course, day):
    size = course.get("class_size")
    for row in world["guide_prices"]:
        fits = size is not None and row["size_from"] <= size and (row.get("size_to") is None or size <= row["size_to"])
        if fits and row["mode"] == course["mode"] and holds(row, day):
            return yuan(row["price"])
    return None


def is_span_too_long(courses, order):
    paid_for = span(courses, order)
    return paid_for is not None and paid_for[1] > last_lawful_day(paid_for[0], MONTHS_A_CHARGE)


def span_against_limit(spans):
    """Days from the earliest start to the latest end, and the days that would be lawful from that start."""
    first, last = min(start for start, _ in spans), max(end for _, end in spans)
    return days_inclusive(first, last), days_inclusive(first, last_lawful_day(first, MONTHS_A_CHARGE))


def judge_early(courses, order):
    """TO-16: paid more than a month before the first session paid for, or for a span without any session."""
    sessions = sessions_paid_for(courses, order)
    first = min([each for _, each in sessions], default=order["starts_on"])
    bound = months_later(first, -MONTHS_AHEAD)
    if order["paid_on"] < bound:
        yield "TO-16", about(order), order["paid_on"], (first - order["paid_on"]).days, (first - bound).days
    elif not sessions:
        yield "TO-16", about(order), order["paid_on"], 1, 0


def judge_amount(courses, order):
    """TO-19: what is charged at once for courses that are not subject."""
    amount = Fraction(0)
    for line in order["lines"]:
        if not is_subject(courses[line["course"]]):
            amount += yuan(line["amount"])
    if order["paid_on"] >= OTHERS_FROM and amount > YUAN_A_CHARGE:
        yield "TO-19", about(order), order["paid_on"], amount, YUAN_A_CHARGE


# Charges: what one pupil pays for one subject on one day


def judge_charges(courses, orders):
    """TO-14 and TO-15, by pupil, day and subject."""
    charges = {}
    for order in orders:
        for subject in {line["subject"] for line in order["lines"]}:
            charges.setdefault((order["pupil"], order["paid_on"], subject), []).append(order)
    too_many = {}
    for (pupil, day, subject), together in charges.items():
        if day < START:
            continue
        hours = sum(hours_of_subject(order, subject) for order in together)
        if hours > HOURS_A_CHARGE:
            contract = max(order["contract_no"] for order in together)
            too_many[day, contract] = max(hours, too_many.get((day, contract), 0))
        elif not any(is_span_too_long(courses, order) for order in together):
            yield from judge_split(courses, orders, pupil, day, subject)
    for (day, contract), hours in too_many.items():
        yield "TO-14", "order:" + contract, day, hours, HOURS_A_CHARGE


def hours_of_subject(order, subject):
    return sum(hours_of(line) for line in order["lines"] if line["subject"] == subject)


def judge_split(courses, orders, pupil, day, subject):
    """TO-15: hours not yet taken of all open orders, or the spans paid for within thirty days, taken together."""
    theirs = []
    for order in orders:
        holds_subject = any(line["subject"] == subject for line in order["lines"])
        if order["pupil"] == pupil and order["paid_on"] <= day and holds_subject and not is_refunded(order, day):
            theirs.append(order)
    left = sum(hours_left(order, subject, day) for order in theirs)
    recent = [order for order in theirs if order["paid_on"] >= day - timedelta(days=SPLIT_WITHIN_DAYS)]
    spans = [span(courses, order) for order in recent if span(courses, order) is not None]
    name = f"pupil:{pupil}/{subject}"
    if left > HOURS_A_CHARGE:
        yield "TO-15", name, day, left, HOURS_A_CHARGE
    elif spans:
        observed, limit = span_against_limit(spans)
        if observed > limit:
            yield "TO-15", name, day, observed, limit


def is_refunded(order, day):
    return any(each.get("paid_on") is not None and each["paid_on"] <= day for each in order["refunds"])


def hours_left(order, subject, day):
    left = Fraction(0)
    for line in order["lines"]:
        if line["subject"] == subject:
            taken = sum(Fraction(str(each["hours"])) for each in line["consumptions"] if each["day"] <= day)
            left += max(Fraction(0), hours_of(line) - taken)
    return left


# Custody


def consumed(order, day):
    taken = [each for line in order["lines"] for each in line["consumptions"] if each["day"] <= day]
    return sum((yuan(each["amount"]) for each in taken), Fraction(0))


def refunded(order, day):
    paid = [each for each in order["refunds"] if each.get("paid_on") is not None and each["paid_on"] <= day]
    return sum((yuan(each["paid_amount"]) for each in paid), Fraction(0))


def judge_custody(institution, orders, order):
    """TO-17, the charge: past the custody account, and no reserve that reaches what stands unconsumed that day."""
    day = order["paid_on"]
    if order["channel"] != "direct":
        return
    reserve = sum((yuan(each["amount"]) for each in institution["reserves"] if holds(each, day)), Fraction(0))
    unconsumed = Fraction(0)
    for other in orders:
        if other["paid_on"] <= day:
            unconsumed += yuan(other["amount"]) - consumed(other, day) - refunded(other, day)
    if reserve < unconsumed:
        yield "TO-17", about(order), day, unconsumed, reserve


def judge_reconciliation(institution, orders, today):
    """TO-17, the balance: on a day on which something moved, the ledger is not paid − consumed − refunded."""
    in_custody = [order for order in orders if order["channel"] == "custody"]
    days = {each["day"] for each in institution["ledger"]}
    for order in orders:
        days.add(order["paid_on"])
        days |= {each["day"] for line in order["lines"] for each in line["consumptions"]}
        days |= {each["paid_on"] for each in order["refunds"] if each.get("paid_on") is not None}
    for day in sorted(days):
        if not START <= day <= today:
            continue
        ledger = sum(movement(each) for each in institution["ledger"] if each["day"] <= day)
        expected = Fraction(0)
        for order in in_custody:
            if order["paid_on"] <= day:
                expected += yuan(order["amount"])
            expected -= consumed(order, day) + refunded(order, day)
        if ledger != expected:
            yield "TO-17", "self", day, ledger, expected


def movement(entry):
    return yuan(entry["amount"]) if entry["kind"] == "payment" else -yuan(entry["amount"])


# Refunds and disputes


def judge_refunds(world, institution, day):
    """TO-08, by the refund's own clock, whatever became of its order; a request before 2021-09-01 has none."""
    for order in institution["orders"]:
        for refund in order["refunds"]:
            is_settled = refund.get("withdrawn_on") is not None or refund.get("paid_on") is not None
            if not is_settled and START <= refund["requested_on"] <= day:
                overdue = overdue_since(world, refund, day)
                if overdue:
                    yield "TO-08", "refund:" + refund["number"], begins(institution, min(overdue)), 1, 0


def overdue_since(world, refund, day):
    answer_by = workdays_after(world, refund["requested_on"], ANSWER_WORKDAYS)
    answered_on = refund.get("answered_on")
    is_in_time = answered_on is not None and answered_on <= answer_by
    days = []
    if answered_on is None and day > answer_by:
        days.append(the_day_after(answer_by))
    if is_in_time and refund["answer"] == "refused" and refund.get("reason"):
        return days
    base = answered_on if is_in_time and refund["answer"] == "approved" else answer_by
    pay_by = workdays_after(world, base, PAY_WORKDAYS)
    if day > pay_by:
        days.append(the_day_after(pay_by))
    return days


def judge_surge(institution, today):
    """TO-11: on a day with a dispute, the bound is reached that was not reached on the day before."""
    events = []
    for each in institution["complaints"]:
        is_refuted = each["state"] == "refuted" or each.get("is_confirmed") is False
        if each["topic"] in FEE_TOPICS and not each.get("duplicate_of") and not is_refuted:
            events.append(each["received_on"])
    for order in institution["orders"]:
        events += [each["requested_on"] for each in order["refunds"] if each.get("withdrawn_on") is None]
    for day in sorted(set(events)):
        count, bound = surge(events, day)
        before, bound_before = surge(events, day - timedelta(days=1))
        if START <= day <= today and count >= bound and before < bound_before:
            yield "TO-11", "self", day, count, bound


def surge(events, day):
    """Disputes of the thirty days up to this one, and the bound by the eight weeks before them."""
    first = day - timedelta(days=SURGE_DAYS - 1)
    count = sum(first <= each <= day for each in events)
    base = sum(first - timedelta(days=SURGE_BASE_DAYS) <= each < first for each in events)
    return count, max(Fraction(SURGE_LEAST), SURGE_TIMES * Fraction(base * SURGE_DAYS, SURGE_BASE_DAYS))
