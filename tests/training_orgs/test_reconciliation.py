"""每日对账: what a day's row says, and that going on from a day is the same as beginning anew."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

import pytest

from shuangjian.bureau.models import Institution
from tests.training_orgs import money_make as make
from training_orgs.models import Consumption, DailyBalance, FeeOrder, LedgerEntry
from training_orgs.services.reconciliation import reconcile

pytestmark = pytest.mark.django_db

COLUMNS = ("day", "paid", "consumed", "refunded", "ledger", "unconsumed")


def _rows(institution: Institution) -> list[tuple[Any, ...]]:
    return [
        (str(day), *map(int, figures))
        for day, *figures in DailyBalance.objects.filter(institution=institution).order_by("day").values_list(*COLUMNS)
    ]


def test_each_day_on_which_something_moved_has_its_cumulative_sums() -> None:
    org = make.org()
    course = make.course(org)
    order = make.order(course, "H1", "2026-09-01", 1000)
    make.order(course, "H2", "2026-09-03", 400, channel="direct")
    make.entry(org, "2026-09-01", 1, "payment", 1000, 1000)
    make.taken(order, "2026-09-05", 100)
    make.entry(org, "2026-09-06", 1, "release", 100, 900)
    make.refund(order, "T1", "2026-09-07", 300, paid_on="2026-09-08", paid_amount=300)
    make.refund(order, "T2", "2026-09-07", 300)
    make.entry(org, "2026-09-08", 1, "refund", 300, 600)

    assert reconcile([org.pk]) == 5
    assert _rows(org) == [
        ("2026-09-01", 1000, 0, 0, 1000, 1000),
        ("2026-09-03", 1000, 0, 0, 1000, 1400),
        ("2026-09-05", 1000, 100, 0, 1000, 1300),
        ("2026-09-06", 1000, 100, 0, 900, 1300),
        ("2026-09-08", 1000, 100, 300, 600, 1000),
    ]
    assert reconcile([org.pk]) == 0


def test_a_cancelled_order_counts_nowhere_and_its_day_goes() -> None:
    org = make.org()
    course = make.course(org)
    make.order(course, "H1", "2026-09-01", 1000)
    void = make.order(course, "H2", "2026-09-02", 500)
    make.taken(void, "2026-09-03", 50)
    reconcile([org.pk])
    assert len(_rows(org)) == 3
    FeeOrder.objects.filter(pk=void.pk).update(cancelled_on="2026-09-10")
    reconcile([org.pk], void.paid_on if isinstance(void.paid_on, dt.date) else dt.date(2026, 9, 2))
    assert _rows(org) == [("2026-09-01", 1000, 0, 0, 0, 1000)]


def test_the_balance_of_a_day_is_that_of_its_last_entry_even_where_a_smaller_one_stood_before() -> None:
    org = make.org()
    make.entry(org, "2026-09-01", 1, "payment", 500, 500)
    make.entry(org, "2026-09-01", 2, "release", 200, 300)
    make.entry(org, "2026-09-02", 1, "payment", 100, 400)
    reconcile([org.pk])
    assert [(row[0], row[4]) for row in _rows(org)] == [("2026-09-01", 300), ("2026-09-02", 400)]


def test_other_institutions_stay_as_they_are() -> None:
    first, second = make.org("示范甲"), make.org("示范乙")
    for each in (first, second):
        make.order(make.course(each), "H1", "2026-09-01", 100)
    reconcile([first.pk])
    assert _rows(first)
    assert not _rows(second)


@pytest.mark.parametrize("seed", range(6))
def test_going_on_from_a_day_equals_a_full_rebuild(seed: int) -> None:
    """Sixty random events on random days, in three lots; after each lot the days from its earliest on are derived."""
    dice = random.Random(seed)
    org = make.org()
    course = make.course(org)
    orders: list[FeeOrder] = []
    sequence = 0
    for _ in range(3):
        earliest = dt.date(2027, 1, 1)
        for _ in range(20):
            day = dt.date(2026, 9, 1) + dt.timedelta(days=dice.randrange(40))
            sequence += 1
            kind = dice.choice(["order", "consumption", "refund", "ledger", "cancel"]) if orders else "order"
            if kind == "order":
                channel = dice.choice(["custody", "custody", "direct"])
                orders.append(make.order(course, f"H{sequence}", str(day), 1000, channel=channel))
            elif kind == "consumption":
                chosen = dice.choice(orders)
                if not Consumption.objects.filter(line__order=chosen, day=day).exists():
                    make.taken(chosen, str(day), dice.randrange(1, 90))
            elif kind == "refund":
                paid = {"paid_on": str(day), "paid_amount": Decimal(5)} if dice.random() < 0.7 else {}
                make.refund(dice.choice(orders), f"T{sequence}", "2026-09-01", 5, **paid)
            elif kind == "ledger":
                make.entry(org, str(day), sequence, "payment", 7, dice.randrange(1000))
            else:
                void = dice.choice(orders)
                day = dt.date.fromisoformat(str(void.paid_on))
                FeeOrder.objects.filter(pk=void.pk).update(cancelled_on="2026-12-01")
            earliest = min(earliest, day)
        reconcile([org.pk], earliest)
    stepwise = _rows(org)
    DailyBalance.objects.all().delete()
    reconcile([org.pk])
    assert stepwise == _rows(org)
    assert len(stepwise) >= 5
    assert LedgerEntry.objects.exists()
