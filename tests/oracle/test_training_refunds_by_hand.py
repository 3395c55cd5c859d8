"""Refunds and the surge of disputes by hand, either side of every limit, each with its sentence of rules.md."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.oracle.training_by_hand import (
    TODAY,
    YESTERDAY,
    complaint,
    course,
    institution,
    of,
    order,
    refund,
)


def charged(*orders, courses=None, **said):
    return institution(courses=courses or [course()], orders=list(orders), **said)


# TO-08: "refund request unanswered after 5, or unpaid after 15 working days from acceptance (or from the 5th day when
# silent); a reasoned refusal within those 5 days needs no payment"


@pytest.mark.parametrize(
    ("requested_on", "day", "expected"),
    [
        ("2026-10-12", "2026-10-19", []),
        ("2026-10-12", "2026-10-20", [("refund:TK-1", "2026-10-20")]),
        # National Day, 1 to 7 October; Saturday the 10th is worked: 8, 9, 10, 12 and 13 October.
        ("2026-09-30", "2026-10-13", []),
        ("2026-09-30", "2026-10-14", [("refund:TK-1", "2026-10-14")]),
        ("2026-10-03", "2026-10-13", []),
        ("2026-10-03", "2026-10-14", [("refund:TK-1", "2026-10-14")]),
        ("2026-09-30", "2026-12-01", [("refund:TK-1", "2026-10-14")]),
    ],
)
def test_a_request_is_answered_within_five_working_days(requested_on, day, expected):
    assert of("TO-08", charged(order(refunds=[refund(requested_on)])), day=day) == expected


@pytest.mark.parametrize(
    ("said", "day", "expected"),
    [
        ({"answered_on": "2026-09-15", "answer": "approved"}, "2026-10-10", []),
        # Fifteen after 15 September: 16–18, the worked Sunday 20, 21–24, 28–30 September, 8, 9, 10 and 12 October.
        ({"answered_on": "2026-09-15", "answer": "approved"}, "2026-10-12", []),
        ({"answered_on": "2026-09-15", "answer": "approved"}, "2026-10-13", [("refund:TK-1", "2026-10-13")]),
        # Requested on 14 September: the fifth working day is Sunday the 20th.
        ({"answered_on": "2026-09-20", "answer": "refused", "reason": "已上完"}, "2026-12-01", []),
        ({"answered_on": "2026-09-20", "answer": "refused"}, "2026-12-01", [("refund:TK-1", "2026-10-17")]),
        ({"answered_on": "2026-09-21", "answer": "refused", "reason": "已上完"}, "2026-10-16", []),
        (
            {"answered_on": "2026-09-21", "answer": "refused", "reason": "已上完"},
            "2026-10-17",
            [("refund:TK-1", "2026-10-17")],
        ),
        ({"answered_on": "2026-09-21", "answer": "approved"}, "2026-10-17", [("refund:TK-1", "2026-10-17")]),
        ({"answered_on": "2026-09-15", "answer": "approved", "paid_on": "2026-10-20"}, "2026-12-01", []),
        ({"withdrawn_on": "2026-09-30"}, "2026-12-01", []),
    ],
)
def test_what_is_owed_is_paid_within_fifteen_working_days(said, day, expected):
    said |= {"paid_amount": "50.00"} if "paid_on" in said else {}
    assert of("TO-08", charged(order(refunds=[refund("2026-09-14", **said)])), day=day) == expected


def test_a_request_is_judged_whatever_became_of_the_institution():
    closed = charged(order(refunds=[refund("2026-09-14")]), closed_on="2026-10-01")
    assert of("TO-08", closed) == [("refund:TK-1", "2026-09-21")]


def test_a_request_keeps_its_clock_when_its_order_is_cancelled():
    cancelled = charged(order(cancelled_on="2026-09-30", refunds=[refund("2026-09-14")]))
    assert of("TO-08", cancelled) == [("refund:TK-1", "2026-09-21")]


# TO-11: "complaints + refund requests in 30 days ≥ n and ≥ k × the baseline (the 56 days before, × 30/56; at zero n
# alone decides), on the day the bound is reached"


def disputes(*days_ago, **said):
    days = [date(2026, 10, 20) - timedelta(days=each) for each in days_ago]
    return [complaint(day.isoformat(), number=f"TS{index}", **said) for index, day in enumerate(days)]


@pytest.mark.parametrize(
    ("days_ago", "expected"),
    [
        ([0, 1, 2, 3], []),
        ([0, 1, 2, 3, 4], [("self", TODAY, 5, 5)]),
        ([0, 1, 2, 3, 29], [("self", TODAY, 5, 5)]),
        ([0, 1, 2, 3, 30], []),
        ([0, 1, 2, 3, 4, 5], [("self", YESTERDAY, 5, 5)]),
        # Three in the base: 3 × 3 × 30 ÷ 56 = 4.82, so five still reach the bound; four: 6.43, so six do not.
        ([0, 0, 0, 0, 0, 30, 85, 85], [("self", TODAY, 5, 5)]),
        ([0, 0, 0, 0, 0, 0, 31, 85, 85, 40], []),
        ([0, 0, 0, 0, 0, 0, 0, 31, 85, 85, 40], [("self", TODAY, 7, Decimal("6.4286"))]),
        ([0, 0, 0, 0, 0, 31, 86, 86, 40], [("self", TODAY, 5, 5)]),
    ],
)
def test_a_surge_is_found_on_the_day_that_reaches_the_bound(days_ago, expected):
    assert of("TO-11", institution(complaints=disputes(*days_ago))) == expected


def test_only_disputes_of_fees_count_and_refund_requests_with_them():
    four = disputes(0, 0, 0, 0)
    for topic, is_found in (("prepayment", True), ("closed_down", True), ("advertising", False)):
        assert bool(of("TO-11", institution(complaints=[*four, *disputes(1, topic=topic)]))) == is_found
    assert of("TO-11", institution(complaints=[*four, *disputes(1, state="refuted")])) == []
    assert of("TO-11", institution(complaints=[*four, *disputes(1, duplicate_of="TS0")])) == []
    asked = charged(order(refunds=[refund(TODAY)]), complaints=four)
    assert of("TO-11", asked) == [("self", TODAY, 5, 5)]
    of_a_cancelled_order = charged(order(cancelled_on=YESTERDAY, refunds=[refund(TODAY)]), complaints=four)
    assert of("TO-11", of_a_cancelled_order) == [("self", TODAY, 5, 5)]
    withdrawn = charged(order(refunds=[refund(TODAY, withdrawn_on=TODAY)]), complaints=four)
    assert of("TO-11", withdrawn) == []
