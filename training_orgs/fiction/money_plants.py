"""Violations of what is charged to plant in a lawful institution; see plants.py."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from shuangjian.bureau.calendar import add_workdays
from shuangjian.core.fiction import Found, flag, found
from training_orgs.fiction.calendar import ONE_DAY
from training_orgs.fiction.orgs import Org, Row, session_row
from training_orgs.fiction.plants import Plant

#: Of the fictional guide prices, offline, ten pupils at most: with its float of a tenth 77 yuan are lawful.
GUIDE_PRICE, HIGHEST_PRICE, PLANTED_PRICE = Decimal("70.00"), 77, 100


def taught(org: Org, days_ago: int) -> list[dt.date]:
    """Days on which a lesson could be held, at least so many days ago, the latest first."""
    return [day for day in org.days.past_workdays() if day <= org.days.ago(days_ago)]


def charged(org: Org, *, days_ago: int = 0, **said: Any) -> Row:
    """A plain order of a course of its own with one lesson on the day of payment, at least so many days ago."""
    days = taught(org, days_ago)
    course = org.extra_course(sessions=[session_row(days[0])])
    return org.extra_order(course, days[0], **said)


def told(rule: str, order: Row, observed: int | Decimal = 1, limit: int | Decimal = 0) -> list[Found]:
    return [found(rule, f"order:{order['contract_no']}", order["paid_on"].isoformat(), observed, limit)]


def rest_time_sold(org: Org) -> list[Found]:
    """TO-07: two rest days ahead within what was paid for."""
    ahead = sorted(day for day in org.days.of_all if day > org.days.today)[:2]
    if org.category != "subject" or not ahead:
        return []
    order = charged(org, ends_on=ahead[-1])
    org.courses[-1]["sessions"] += [session_row(day) for day in ahead]
    return told("TO-07", order, len(ahead))


def silent_refund(org: Org) -> list[Found]:
    """TO-08: asked three weeks ago, no answer."""
    asked = org.days.ago(21)
    due = add_workdays(asked, 5)
    if due >= org.days.today or not taught(org, 30):
        return []
    order = charged(org, days_ago=30)
    number = f"TK-{order['contract_no']}"
    order["refunds"].append({"number": number, "requested_on": asked, "amount": Decimal("100.00")})
    return [flag("TO-08", f"refund:{number}", (due + ONE_DAY).isoformat())]


def too_dear(org: Org) -> list[Found]:
    """TO-12: a hundred yuan an hour."""
    if org.category != "subject":
        return []
    return told("TO-12", charged(org, line_amount=Decimal(10 * PLANTED_PRICE)), PLANTED_PRICE, HIGHEST_PRICE)


def too_long(org: Org) -> list[Found]:
    """TO-13: from the first of a month to the first of the third month after it."""
    order = charged(org)
    first = order["paid_on"].replace(day=1)
    count = first.year * 12 + first.month - 1 + 3
    order |= {"starts_on": first, "ends_on": dt.date(count // 12, count % 12 + 1, 1)}
    lawful = (order["ends_on"] - first).days
    return told("TO-13", order, lawful + 1, lawful)


def too_many_hours(org: Org) -> list[Found]:
    """TO-14: sixty-one hours."""
    return told("TO-14", charged(org, hours=Decimal(61), line_amount=Decimal("3660.00")), 61, 60)


def split(org: Org) -> list[Found]:
    """TO-15: thirty hours, and thirty-one more some weeks later."""
    if not taught(org, 40):
        return []
    first = charged(org, days_ago=40, hours=Decimal(30), line_amount=Decimal("1800.00"))
    second = charged(org, days_ago=2, hours=Decimal(31), line_amount=Decimal("1860.00"), pupil=first["pupil"])
    second["lines"][0]["subject"] = first["lines"][0]["subject"]
    about = f"pupil:{first['pupil']}/{first['lines'][0]['subject']}"
    return [found("TO-15", about, second["paid_on"].isoformat(), 61, 60)]


def too_early(org: Org) -> list[Found]:
    """TO-16: forty days before the one lesson; a month before it is the same day of the month before."""
    lesson = next(day for day in org.days.past_workdays() if day.day <= 28)
    course = org.extra_course(sessions=[session_row(lesson)])
    paid_on = lesson - dt.timedelta(days=40)
    order = org.extra_order(course, paid_on, starts_on=lesson, ends_on=lesson)
    month_before = (lesson.replace(day=1) - ONE_DAY).replace(day=lesson.day)
    return told("TO-16", order, 40, (lesson - month_before).days)


def past_custody(org: Org) -> list[Found]:
    """TO-17, the charge: past the account, without a reserve; what all orders still owe that day stands open."""
    order = charged(org, channel="direct")
    day = order["paid_on"]
    open_yuan = Decimal(0)
    for each in org.orders:
        if each["paid_on"] <= day:
            taken = [row for line in each["lines"] for row in line["consumptions"] if row["day"] <= day]
            open_yuan += each["amount"] - sum((row["amount"] for row in taken), Decimal(0))
    return told("TO-17", order, open_yuan)


def lost_payment(org: Org) -> list[Found]:
    """TO-17, the balance: the bank never saw what was paid today, and nothing moved since."""
    today = org.days.today
    if today in org.days.of_any or today.isoweekday() > 5:
        return []
    order = org.extra_order(org.extra_course(sessions=[session_row(today)]), today)
    org.lost.add(order["contract_no"])
    expected = Decimal(0)
    for each in org.orders:
        taken = [row["amount"] for line in each["lines"] for row in line["consumptions"]]
        expected += each["amount"] - sum(taken, Decimal(0))
    return [found("TO-17", "self", today.isoformat(), expected - order["amount"], expected)]


def by_loan(org: Org) -> list[Found]:
    """TO-18."""
    return told("TO-18", charged(org, is_loan=True))


def too_much_at_once(org: Org) -> list[Found]:
    """TO-19: 5 200 yuan for what is no subject."""
    if org.category == "subject":
        return []
    return told("TO-19", charged(org, line_amount=Decimal("5200.00")), 5200, 5000)


MONEY_PLANTS: dict[str, Plant] = {
    "TO-07": rest_time_sold,
    "TO-08": silent_refund,
    "TO-12": too_dear,
    "TO-13": too_long,
    "TO-14": too_many_hours,
    "TO-15": split,
    "TO-16": too_early,
    "TO-17": past_custody,
    "TO-17b": lost_payment,
    "TO-18": by_loan,
    "TO-19": too_much_at_once,
}
