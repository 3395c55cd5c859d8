"""What is charged (2.4.2.3) by hand, one step either side of every limit, each with its sentence of rules.md."""

from decimal import Decimal

import pytest

from tests.oracle.training_by_hand import (
    course,
    institution,
    line,
    of,
    order,
    refund,
    session,
    sessions,
)


def charged(*orders, courses=None, **said):
    return institution(courses=courses or [course()], orders=list(orders), **said)


# TO-07: "an order line for a compulsory-stage subject course with at least one session on rest time within the span it
# pays for; not cancelled; sold on or after 2021-09-01; occurred on the day of payment"

SATURDAY, SUNDAY, MONDAY = "2026-10-24", "2026-10-25", "2026-10-26"


@pytest.mark.parametrize(
    ("days", "said", "expected"),
    [
        ([MONDAY], {}, []),
        ([SATURDAY], {}, [("order:HT-1", "2026-09-01")]),
        ([SATURDAY, SATURDAY, SUNDAY], {}, [("order:HT-1", "2026-09-01", 2, 0)]),
        (["2026-10-10"], {}, []),
        (["2026-10-07"], {}, [("order:HT-1", "2026-09-01")]),
        ([SATURDAY], {"stage": "compulsory"}, [("order:HT-1", "2026-09-01")]),
        ([SATURDAY], {"stage": "senior"}, []),
        ([SATURDAY], {"category": "arts"}, []),
        (["2026-11-29"], {}, [("order:HT-1", "2026-09-01")]),
        (["2026-12-05"], {}, []),
        (["2026-08-31"], {}, []),
    ],
)
def test_no_rest_time_is_sold(days, said, expected):
    assert of("TO-07", charged(order(), courses=[course(sessions=sessions(*days), **said)])) == expected


def test_cancelled_sessions_and_orders_sell_nothing_and_an_open_span_reaches_to_the_last_session():
    cancelled = [course(sessions=[session(SATURDAY, is_cancelled=True)])]
    assert of("TO-07", charged(order(), courses=cancelled)) == []
    on_saturday = [course(sessions=sessions(SATURDAY))]
    assert of("TO-07", charged(order(cancelled_on="2026-09-02"), courses=on_saturday)) == []
    assert of("TO-07", charged(order(ends_on=None), courses=on_saturday)) == [("order:HT-1", "2026-09-01")]


@pytest.mark.parametrize(("paid_on", "is_found"), [("2021-08-31", False), ("2021-09-01", True)])
def test_what_was_sold_before_the_guideline_is_a_task_and_no_finding(paid_on, is_found):
    found = of("TO-07", charged(order(paid_on=paid_on), courses=[course(sessions=sessions(SATURDAY))]))
    assert bool(found) == is_found


# TO-12: "compulsory-stage subject course: price per standard class hour > guide price × (1 + float), by class size and
# mode; per order line, on the day of payment"

PRICES = [
    {"mode": "offline", "size_from": 1, "size_to": 10, "price": "70.00", "valid_from": "2022-02-14"},
    {"mode": "offline", "size_from": 11, "size_to": 20, "price": "50.00", "valid_from": "2022-02-14"},
    {"mode": "online", "size_from": 1, "size_to": None, "price": "20.00", "valid_from": "2022-02-14"},
]
ON = ("order:HT-1", "2026-09-01")


@pytest.mark.parametrize(
    ("said", "line_said", "expected"),
    [
        ({}, {"amount": "1540.00"}, []),
        ({}, {"amount": "1540.01"}, [(*ON, Decimal("77.0005"), 77)]),
        ({"class_size": 11}, {"amount": "1120.00"}, [(*ON, 56, 55)]),
        ({"class_size": 21}, {"amount": "9000.00"}, []),
        ({"class_size": None}, {"amount": "9000.00"}, []),
        ({}, {"amount": "1540.02", "gift_hours": "1"}, []),
        ({}, {"amount": "3080.00", "lesson_minutes": 90}, []),
        ({}, {"amount": "3080.20", "lesson_minutes": 90}, [(*ON, Decimal("77.0050"), 77)]),
        ({"mode": "online"}, {"amount": "660.00"}, []),
        ({"mode": "online"}, {"amount": "663.00"}, [(*ON, Decimal("22.1000"), 22)]),
        ({"stage": "senior"}, {"amount": "9000.00"}, []),
        ({"category": "arts"}, {"amount": "9000.00"}, []),
    ],
)
def test_a_price_lies_within_the_guide_price_and_its_float(said, line_said, expected):
    assert of("TO-12", charged(order(line(**line_said)), courses=[course(**said)]), guide_prices=PRICES) == expected


def test_of_several_lines_the_worst_is_told_and_without_a_table_nothing():
    two = order(line(amount="1600.00"), line(position=2, amount="1800.00"))
    assert of("TO-12", charged(two), guide_prices=PRICES) == [(*ON, 90, 77)]
    assert of("TO-12", charged(two)) == []
    later = [row | {"valid_from": "2026-09-02"} for row in PRICES]
    assert of("TO-12", charged(two), guide_prices=later) == []


# TO-13: "the span paid for, both days included, ends after the last lawful day = start + 3 months − 1 day where that
# corresponding day exists, else the end of that month (1 Sep→30 Nov, 30 Nov→28/29 Feb, 31 Jan→30 Apr)"


@pytest.mark.parametrize(
    ("starts_on", "lawful", "too_late", "days"),
    [
        ("2026-09-01", "2026-11-30", "2026-12-01", (92, 91)),
        ("2025-11-30", "2026-02-28", "2026-03-01", (92, 91)),
        ("2023-11-30", "2024-02-29", "2024-03-01", (93, 92)),
        ("2023-11-29", "2024-02-28", "2024-02-29", (93, 92)),
        ("2025-11-29", "2026-02-28", "2026-03-01", (93, 92)),
        ("2025-11-28", "2026-02-27", "2026-02-28", (93, 92)),
        ("2026-01-31", "2026-04-30", "2026-05-01", (91, 90)),
        ("2026-02-28", "2026-05-27", "2026-05-28", (90, 89)),
    ],
)
def test_a_span_ends_within_three_months_by_the_calendar(starts_on, lawful, too_late, days):
    def paid(ends_on):
        return charged(order(paid_on=starts_on, starts_on=starts_on, ends_on=ends_on))

    assert of("TO-13", paid(lawful)) == []
    assert of("TO-13", paid(too_late)) == [("order:HT-1", starts_on, *days)]


@pytest.mark.parametrize("said", [{"category": "arts"}, {"stage": "senior"}, {"stage": "preschool"}])
def test_every_course_is_bound_by_three_months(said):
    found = of("TO-13", charged(order(ends_on="2026-12-01"), courses=[course(**said)]))
    assert found == [("order:HT-1", "2026-09-01", 92, 91)]


def test_without_an_end_the_last_session_of_the_plan_ends_the_span():
    for days, expected in (([], []), (["2026-11-30"], []), (["2026-12-01"], [(*ON, 92, 91)])):
        planned = [course(sessions=sessions(*days))]
        assert of("TO-13", charged(order(ends_on=None), courses=planned)) == expected


# TO-14: "class hours of a single subject in one charge > 60. Orders of one pupil for one subject paid on one day are
# one charge (later contract number); gift hours count; nominal hours decide"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([line(hours="60")], []),
        ([line(hours="61")], [(*ON, 61, 60)]),
        ([line(hours="60", gift_hours="0.5")], [(*ON, Decimal("60.5"), 60)]),
        ([line(hours="60", lesson_minutes=90)], []),
        ([line(hours="30"), line(position=2, hours="31")], [(*ON, 61, 60)]),
        ([line(hours="30"), line(position=2, hours="25", subject="英语"), line(position=3, hours="25")], []),
        ([line(hours="61"), line(position=2, hours="70", subject="英语")], [(*ON, 70, 60)]),
    ],
)
def test_one_charge_holds_sixty_hours_of_a_subject(lines, expected):
    assert of("TO-14", charged(order(*lines))) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, [("order:HT-9", "2026-09-01", 61, 60)]),
        ({"pupil": "P2"}, []),
        ({"paid_on": "2026-09-02"}, []),
        ({"cancelled_on": "2026-09-03"}, []),
    ],
)
def test_orders_of_one_pupil_and_day_are_one_charge_under_the_later_contract(said, expected):
    # As texts HT-9 comes after HT-10.
    two = [order(line(hours="30"), contract_no="HT-9"), order(line(hours="31"), contract_no="HT-10", **said)]
    assert of("TO-14", charged(*two)) == expected


# TO-15: "hours not yet taken of all open orders of that pupil, subject and institution, the new one included, > 60; or
# the spans of orders paid on that day or in the 30 days before reach, together, beyond 3 months from their earliest
# start; lessons of that day count as taken, refunded orders are closed; not where that same charge alone breaks
# TO-13/14"

SPLIT = ("pupil:P1/数学", "2026-09-20")


def taken(day, hours):
    return {"day": day, "hours": hours, "amount": "1.00"}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"hours": "30"}, {"hours": "30"}, []),
        ({"hours": "30"}, {"hours": "31"}, [(*SPLIT, 61, 60)]),
        ({"hours": "60", "consumptions": [taken("2026-09-20", "1")]}, {"hours": "1"}, []),
        ({"hours": "60", "consumptions": [taken("2026-09-21", "1")]}, {"hours": "1"}, [(*SPLIT, 61, 60)]),
        ({"hours": "5", "consumptions": [taken("2026-09-20", "9")]}, {"hours": "60"}, []),
        ({"hours": "30", "subject": "英语"}, {"hours": "31"}, []),
        ({"hours": "30"}, {"hours": "61"}, []),
    ],
)
def test_open_hours_of_all_charges_together_stay_within_sixty(first, second, expected):
    two = [order(line(**first)), order(line(**second), contract_no="HT-2", paid_on="2026-09-20")]
    assert of("TO-15", charged(*two)) == expected


def test_two_open_orders_of_one_day_are_one_charge_and_break_the_limit_of_one():
    two = charged(order(line(hours="30")), order(line(hours="31"), contract_no="HT-2"))
    assert of("TO-15", two) == []
    assert of("TO-14", two) == [("order:HT-2", "2026-09-01", 61, 60)]


@pytest.mark.parametrize(("paid_on", "is_found"), [("2026-09-20", False), ("2026-09-21", True)])
def test_an_order_is_closed_from_the_day_on_which_a_refund_was_paid(paid_on, is_found):
    closed = order(line(hours="30"), refunds=[refund("2026-09-10", paid_on=paid_on, paid_amount="9.00")])
    second = order(line(hours="31"), contract_no="HT-2", paid_on="2026-09-20")
    assert bool(of("TO-15", charged(closed, second))) == is_found


@pytest.mark.parametrize(
    ("paid_on", "ends_on", "expected"),
    [
        ("2026-09-20", "2026-11-30", []),
        ("2026-09-20", "2026-12-01", [("pupil:P1/数学", "2026-09-20", 92, 91)]),
        ("2026-10-01", "2026-12-01", [("pupil:P1/数学", "2026-10-01", 92, 91)]),
        ("2026-10-02", "2026-12-01", []),
    ],
)
def test_spans_paid_within_thirty_days_stay_within_three_months_together(paid_on, ends_on, expected):
    first = order(line(hours="10"), ends_on="2026-10-31")
    second = order(line(hours="10"), contract_no="HT-2", paid_on=paid_on, starts_on="2026-11-01", ends_on=ends_on)
    assert of("TO-15", charged(first, second)) == expected


# TO-16: "paid more than the bound before the first session paid for (else the start of the span; counted back from the
# first session, months clamped to month ends), or the span has no session in the teaching plan" (1 month)


@pytest.mark.parametrize(
    ("paid_on", "first", "expected"),
    [
        ("2026-09-01", "2026-10-01", []),
        ("2026-09-01", "2026-10-02", [("order:HT-1", "2026-09-01", 31, 30)]),
        ("2026-02-28", "2026-03-31", []),
        ("2026-02-27", "2026-03-29", [("order:HT-1", "2026-02-27", 30, 29)]),
        ("2024-02-29", "2024-03-31", []),
        ("2026-10-12", "2026-09-07", []),
    ],
)
def test_nothing_is_charged_more_than_a_month_before_the_first_session(paid_on, first, expected):
    planned = [course(sessions=sessions(first, "2026-08-05"))]
    paid = order(paid_on=paid_on, starts_on=first, ends_on=first)
    assert of("TO-16", charged(paid, courses=planned)) == expected


def test_a_span_without_a_session_in_the_plan_is_paid_for_nothing():
    assert of("TO-16", charged(order())) == [("order:HT-1", "2026-09-01")]
    assert of("TO-16", charged(order(paid_on="2026-07-31"))) == [("order:HT-1", "2026-07-31", 32, 31)]
    outside = [course(sessions=sessions("2026-12-01"))]
    assert of("TO-16", charged(order(), courses=outside)) == [("order:HT-1", "2026-09-01")]


# TO-17: "charge not through the custody account and no reserve ≥ the unconsumed amounts of all open orders (none on
# record counts as none); ledger balance ≠ paid − consumed − refunded"


@pytest.mark.parametrize(
    ("reserve", "expected"),
    [
        (None, [(*ON, 900, 0)]),
        ({"amount": "899.99"}, [(*ON, 900, Decimal("899.99"))]),
        ({"amount": "900.00"}, []),
        ({"amount": "900.00", "valid_until": "2026-08-31"}, [(*ON, 900, 0)]),
        ({"amount": "900.00", "valid_until": "2026-09-01"}, []),
        ({"amount": "900.00", "valid_from": "2026-09-02"}, [(*ON, 900, 0)]),
    ],
)
def test_what_is_charged_past_the_custody_account_is_covered_by_a_reserve(reserve, expected):
    row = {"valid_from": "2026-01-01", "valid_until": None} | (reserve or {})
    assert of("TO-17", charged(order(channel="direct"), reserves=[row] if reserve else [])) == expected


def test_the_reserve_covers_what_stands_unconsumed_of_all_orders_that_day():
    older = line(amount="1000.00", consumptions=[taken("2026-08-05", "1") | {"amount": "300.00"}])
    back = refund("2026-08-10", paid_on="2026-08-20", paid_amount="100.00")
    before = order(older, amount="1000.00", paid_on="2026-08-01", contract_no="HT-0", refunds=[back], channel="direct")
    held = {"amount": "1499.99", "valid_from": "2026-08-21", "valid_until": None}
    first = {"amount": "1000.00", "valid_from": "2026-08-01", "valid_until": "2026-08-20"}
    found = of("TO-17", charged(before, order(channel="direct"), reserves=[first, held]))
    assert found == [(*ON, 1500, Decimal("1499.99"))]


def movement(day, kind, amount):
    return {"day": day, "kind": kind, "amount": amount, "sequence": 1, "reference": "", "balance": "0"}


@pytest.mark.parametrize(
    ("ledger", "expected"),
    [
        ([("2026-09-01", "payment", "900.00"), ("2026-09-08", "release", "45.00")], []),
        ([("2026-09-01", "payment", "900.00")], [("self", "2026-09-08", 900, 855)]),
        ([("2026-09-01", "payment", "900.00"), ("2026-09-08", "release", "45.01")], [("self", "2026-09-08", "x", 855)]),
        (
            [("2026-09-02", "payment", "900.00"), ("2026-09-08", "release", "45.00")],
            [("self", "2026-09-01", 0, 900)],
        ),
        ([], [("self", "2026-09-01", 0, 900), ("self", "2026-09-08", 0, 855)]),
    ],
)
def test_the_ledger_says_what_orders_and_class_log_say(ledger, expected):
    lesson = taken("2026-09-08", "1") | {"amount": "45.00"}
    paid = charged(order(line(consumptions=[lesson])), ledger=[movement(*each) for each in ledger])
    expected = [tuple(Decimal("854.99") if each == "x" else each for each in row) for row in expected]
    assert of("TO-17", paid) == expected


def test_a_refund_and_a_cancelled_order_move_the_expected_balance_or_not():
    back = refund("2026-09-09", paid_on="2026-09-10", paid_amount="50.00")
    rows = [("2026-09-01", "payment", "900.00"), ("2026-09-10", "refund", "50.00")]
    ledger = [movement(*each) for each in rows]
    assert of("TO-17", charged(order(refunds=[back]), ledger=ledger)) == []
    assert of("TO-17", charged(order(refunds=[back]), ledger=ledger[:1])) == [("self", "2026-09-10", 900, 850)]
    assert of("TO-17", charged(order(cancelled_on="2026-09-01"))) == []


# TO-18: "an order paid by a training loan"


def test_no_order_is_paid_by_a_loan():
    assert of("TO-18", charged(order())) == []
    assert of("TO-18", charged(order(is_loan=True))) == [ON]
    assert of("TO-18", charged(order(is_loan=True, cancelled_on="2026-09-01"))) == []
    assert of("TO-18", charged(order(is_loan=True, paid_on="2021-08-31"))) == []


# TO-19: "the non-subject lines of an order above the national bound" (5 000 yuan from 2022-12-29)


@pytest.mark.parametrize(
    ("paid_on", "amounts", "said", "expected"),
    [
        ("2026-09-01", ["5000.00"], {"category": "arts"}, []),
        ("2026-09-01", ["5000.01"], {"category": "arts"}, [Decimal("5000.01")]),
        ("2026-09-01", ["2500.00", "2500.01"], {"category": "arts"}, [Decimal("5000.01")]),
        ("2026-09-01", ["5000.01"], {}, []),
        ("2026-09-01", ["5000.01"], {"identified": "non_subject"}, [Decimal("5000.01")]),
        ("2026-09-01", ["5000.01"], {"category": "arts", "identified": "subject"}, []),
        ("2022-12-28", ["5000.01"], {"category": "arts"}, []),
        ("2022-12-29", ["5000.01"], {"category": "arts"}, [Decimal("5000.01")]),
    ],
)
def test_what_is_no_subject_costs_five_thousand_at_once_at_most(paid_on, amounts, said, expected):
    lines = [line(position=index + 1, amount=amount) for index, amount in enumerate(amounts)]
    found = of("TO-19", charged(order(*lines, paid_on=paid_on), courses=[course(**said)]))
    assert found == [("order:HT-1", paid_on, each, 5000) for each in expected]
