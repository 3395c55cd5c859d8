"""课消: shares exact to fen, one charge a session, silence that confirms; and sums that always agree."""

from __future__ import annotations

import datetime as dt
import math
import random
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from shuangjian.bureau.models import DistrictDay
from shuangjian.core.errors import Conflict, Refused
from tests.training_orgs import money_make as make
from training_orgs.choices import LedgerKind
from training_orgs.models import Consumption, CourseSession, DailyBalance, FeeOrder, LedgerEntry, Refund
from training_orgs.services import refunds
from training_orgs.services.consumption import confirm, confirm_silent, take_lessons
from training_orgs.services.ledger import post_entry
from training_orgs.services.reconciliation import reconcile

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 12, 31)
WHO: Any = {"actor": None, "today": TODAY}


def _days(course: Any, number: int, minutes: int = 45) -> list[CourseSession]:
    first = dt.date(2026, 9, 1)
    made = [make.session(course, str(first + dt.timedelta(days=n)), 18 * 60, 18 * 60 + minutes) for n in range(number)]
    return list(CourseSession.objects.filter(pk__in=[each.pk for each in made]).order_by("day"))


@pytest.mark.parametrize(("amount", "hours"), [("1000", 3), ("0.05", 7), ("999.99", 60), ("100", "2.5")])
def test_a_lines_consumptions_sum_to_its_amount_when_the_last_hour_is_taken(amount: str, hours: Any) -> None:
    course = make.course(make.org())
    make.order(course, "H1", "2026-09-01", amount, hours=hours)
    charged = [take_lessons(session, **WHO) for session in _days(course, 61)]
    assert sum(charged) == math.ceil(Decimal(hours))
    sums = Consumption.objects.aggregate(hours=Sum("hours"), amount=Sum("amount"))
    assert sums == {"hours": Decimal(hours), "amount": Decimal(amount)}
    assert FeeOrder.objects.get().consumed == Decimal(amount)


def test_a_third_of_a_thousand_is_rounded_and_the_last_hour_takes_the_rest() -> None:
    course = make.course(make.org())
    make.order(course, "H1", "2026-09-01", 1000, hours=3)
    for session in _days(course, 3):
        take_lessons(session, **WHO)
    amounts = list(Consumption.objects.order_by("day").values_list("amount", flat=True))
    assert amounts == [Decimal("333.33"), Decimal("333.34"), Decimal("333.33")]


def test_ninety_minutes_take_two_hours_of_forty_five_and_go_on_in_the_pupils_next_order() -> None:
    course = make.course(make.org())
    make.order(course, "H1", "2026-09-01", 300, hours=3)
    make.order(course, "H2", "2026-09-01", 500, hours=5)
    for session in _days(course, 2, minutes=90):
        take_lessons(session, **WHO)
    taken = Consumption.objects.order_by("day", "line__order__contract_no")
    assert list(taken.values_list("line__order__contract_no", "hours")) == [("H1", 2), ("H1", 1), ("H2", 1)]


def test_a_session_charges_a_pupil_once_and_only_those_who_were_there() -> None:
    course = make.course(make.org())
    make.order(course, "H1", "2026-09-01", 100)
    make.order(course, "H2", "2026-09-01", 100, pupil="X002")
    (session,) = _days(course, 1)
    assert take_lessons(session, pupils=["X002"], **WHO) == 1
    assert take_lessons(session, **WHO) == 1
    assert take_lessons(session, **WHO) == 0
    assert FeeOrder.objects.filter(consumed=10).count() == 2


def test_cancelled_refunded_and_later_orders_are_not_charged() -> None:
    course = make.course(make.org())
    make.order(course, "H1", "2026-09-01", 100, cancelled_on="2026-09-01")
    refunded = make.order(course, "H2", "2026-09-01", 100, pupil="X002")
    make.refund(refunded, "T1", "2026-09-01", 50, paid_on="2026-09-01", paid_amount=50)
    make.order(course, "H3", "2026-09-02", 100, pupil="X003")
    (session,) = _days(course, 1)
    assert take_lessons(session, **WHO) == 0


def test_a_cancelled_session_and_one_of_tomorrow_take_nothing() -> None:
    course = make.course(make.org())
    make.order(course, "H1", "2026-09-01", 100)
    (session,) = _days(course, 1)
    with pytest.raises(Refused, match="还没有上课"):
        take_lessons(session, actor=None, today=dt.date(2026, 8, 31))
    CourseSession.objects.update(is_cancelled=True)
    with pytest.raises(Conflict, match="已取消"):
        take_lessons(session, **WHO)


def test_silence_confirms_on_the_fifteenth_workday_and_not_a_day_before() -> None:
    course = make.course(make.org())
    order = make.order(course, "H1", "2026-09-01", 100)
    make.taken(order, "2026-09-01", 10)
    day, workdays = dt.date(2026, 9, 1), 0
    while day <= dt.date(2026, 10, 1):
        workdays += day.isoweekday() <= 5
        DistrictDay.objects.create(date=day, is_workday=day.isoweekday() <= 5, workdays=workdays, is_known=True)
        day += dt.timedelta(days=1)
    assert confirm_silent(dt.date(2026, 9, 22)) == 0  # the fifteenth workday is not over
    assert confirm_silent(dt.date(2026, 9, 23)) == 1
    assert Consumption.objects.get().confirmed_on == dt.date(2026, 9, 22)
    assert confirm_silent(dt.date(2026, 9, 30)) == 0


def test_a_confirmation_is_not_earlier_than_the_lesson_and_counts_once() -> None:
    order = make.order(make.course(make.org()), "H1", "2026-09-01", 100)
    taken = make.taken(order, "2026-09-05", 10)
    taken.refresh_from_db()
    with pytest.raises(Refused, match="早于上课日期"):
        confirm([taken], confirmed_on=dt.date(2026, 9, 4), actor=None)
    assert confirm([taken], confirmed_on=dt.date(2026, 9, 5), actor=None) == 1
    assert confirm([taken], confirmed_on=dt.date(2026, 9, 6), actor=None) == 0


@pytest.mark.parametrize("seed", range(8))
def test_after_any_sequence_of_acts_the_sums_agree_and_nothing_is_negative(seed: int) -> None:
    """Charges, lessons with their release, refunds asked and paid at random: after each act paid − consumed − refunded
    is what the custody account holds, and the database refuses one fen more of consumption or refund than is left."""
    dice = random.Random(seed)
    org = make.org()
    course = make.course(org)
    sessions = _days(course, 40)
    for number in range(60):
        act, day = dice.choice(["charge", "lesson", "lesson", "ask", "pay"]), sessions[dice.randrange(40)].day
        if act == "charge":
            amount = Decimal(dice.randrange(1, 99999)) / 100
            pupil = f"X{dice.randrange(3)}"
            order = make.order(course, f"H{number}", str(day), amount, hours=dice.randrange(1, 9), pupil=pupil)
            post_entry(org.pk, kind=LedgerKind.PAYMENT, day=day, amount=amount, reference=f"S{number}", order=order)
            reconcile([org.pk], day)
        elif act == "lesson":
            take_lessons(dice.choice(sessions), with_release=True, **WHO)
        elif act == "ask":
            order = FeeOrder.objects.order_by("?").first() if dice.random() < 0.9 else None
            if order is not None and refunds.refundable(order) > 0:
                asked = min(refunds.refundable(order), Decimal(dice.randrange(1, 9999)) / 100)
                refunds.request_refund(order, number=f"T{number}", requested_on=order.paid_on, amount=asked, **WHO)
        else:
            refund = Refund.objects.filter(paid_on=None).order_by("pk").first()
            if refund is not None and refund.amount <= refunds.refundable(refund.order):
                refunds.pay_refund(refund, paid_on=max(day, refund.requested_on), **WHO)
        sums = FeeOrder.objects.aggregate(Sum("amount"), Sum("consumed"), Sum("refunded"))
        left = sum((sums["amount__sum"] or 0, -(sums["consumed__sum"] or 0), -(sums["refunded__sum"] or 0)))
        last = LedgerEntry.objects.order_by("-day", "-sequence").first()
        assert (last.balance if last else 0) == left >= 0
        assert not LedgerEntry.objects.filter(balance__lt=0).exists()
    assert LedgerEntry.objects.count() > 20
    assert all(row.ledger == row.paid - row.consumed - row.refunded for row in DailyBalance.objects.order_by("day"))
    order = FeeOrder.objects.order_by("pk").first()
    assert order is not None
    for column in ("consumed", "refunded"):
        too_much = getattr(order, column) + refunds.refundable(order) + Decimal("0.01")
        with pytest.raises(IntegrityError), transaction.atomic():
            FeeOrder.objects.filter(pk=order.pk).update(**{column: too_much})
