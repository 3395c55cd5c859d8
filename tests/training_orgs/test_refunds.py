"""退费: who may ask for how much, what an answer needs, and that money goes back once."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal
from typing import Any

import pytest

from shuangjian.bureau.derived_days import rebuild_derived_days
from shuangjian.core.errors import Conflict, InvalidInput, Refused
from shuangjian.evidence.models import Observation
from shuangjian.journal.models import AuditEntry, EvaluationRequest
from tests import make as platform
from tests.faults.parallel import together
from tests.make import Somebody
from tests.training_orgs import money_make as make
from training_orgs.models import DailyBalance, FeeOrder, LedgerEntry, Refund
from training_orgs.rows import save_rows
from training_orgs.services import refunds
from training_orgs.services.reconciliation import reconcile
from training_orgs.services.refusals import open_clues

TODAY = dt.date(2026, 11, 24)
WHO: Any = {"actor": None, "today": TODAY}


def _order(amount: int = 1000, **fields: Any) -> FeeOrder:
    org = make.org()
    order = make.order(make.course(org), "H1", "2026-09-01", amount, **fields)
    if order.channel == "custody":
        make.entry(org, "2026-09-01", 1, "payment", amount, amount)
    reconcile([org.pk])
    return FeeOrder.objects.get(pk=order.pk)


def _asked(order: FeeOrder, amount: int = 300, number: str = "T1") -> Refund:
    return refunds.request_refund(
        order, number=number, requested_on=dt.date(2026, 11, 1), amount=Decimal(amount), **WHO
    )


def _pay(refund: Refund, **more: Any) -> Refund:
    return refunds.pay_refund(refund, paid_on=dt.date(2026, 11, 10), **{**WHO, **more})


@pytest.mark.django_db
def test_a_refund_is_asked_for_answered_and_paid_and_the_ledger_follows() -> None:
    refund = _asked(_order())
    refunds.answer_refund(refund, answer="approved", answered_on=dt.date(2026, 11, 3), **WHO)
    paid = _pay(refund)
    order = FeeOrder.objects.get()
    assert (order.refunded, paid.paid_amount) == (300, 300)
    entry = LedgerEntry.objects.get(kind="refund")
    assert (entry.order_id, entry.amount, entry.balance) == (order.pk, 300, 700)
    last = DailyBalance.objects.latest("day")
    assert last.ledger == last.paid - last.consumed - last.refunded == 700
    acts = set(AuditEntry.objects.values_list("act", flat=True))
    assert {"request_refund", "answer_refund", "pay_refund"} <= acts
    assert EvaluationRequest.objects.filter(since=dt.date(2026, 11, 1), until=TODAY).exists()


@pytest.mark.django_db
def test_an_order_paid_past_the_custody_account_leaves_the_ledger_alone() -> None:
    _pay(_asked(_order(channel="direct")))
    assert not LedgerEntry.objects.exists()


@pytest.mark.django_db
def test_the_banks_own_entry_is_taken_as_the_payment_and_not_booked_twice() -> None:
    refund = _asked(_order())
    make.entry(refund.institution, "2026-11-09", 1, "refund", 300, 700)
    reference = LedgerEntry.objects.get(kind="refund").reference
    _pay(refund, reference=reference)
    assert LedgerEntry.objects.get(kind="refund").order_id == refund.order_id


@pytest.mark.django_db
def test_a_reference_of_another_movement_is_refused_and_nothing_is_paid() -> None:
    refund = _asked(_order())
    with pytest.raises(Conflict, match="已入账"):
        _pay(refund, reference=LedgerEntry.objects.get().reference)
    assert Refund.objects.get().paid_on is None
    assert FeeOrder.objects.get().refunded == 0


@pytest.mark.django_db
@pytest.mark.parametrize(("amount", "is_lawful"), [("900", True), ("900.01", False), ("0", False), ("1.005", False)])
def test_what_is_asked_for_is_at_most_what_is_left(amount: str, is_lawful: bool) -> None:
    order = _order()
    FeeOrder.objects.filter(pk=order.pk).update(consumed=100)
    day = dt.date(2026, 11, 1)
    if is_lawful:
        refunds.request_refund(order, number="T1", requested_on=day, amount=Decimal(amount), **WHO)
        return
    with pytest.raises(InvalidInput) as caught:
        refunds.request_refund(order, number="T1", requested_on=day, amount=Decimal(amount), **WHO)
    assert [problem.path for problem in caught.value.problems] == ["amount"]
    assert not Refund.objects.exists()


@pytest.mark.django_db
def test_every_mistake_of_a_request_is_named_at_its_field() -> None:
    order = _order()
    FeeOrder.objects.filter(pk=order.pk).update(cancelled_on=TODAY)
    with pytest.raises(InvalidInput) as caught:
        refunds.request_refund(order, number=" ", requested_on=dt.date(2026, 8, 31), amount=Decimal(2000), **WHO)
    assert [problem.path for problem in caught.value.problems] == ["amount", "number", "requested_on", "order"]


@pytest.mark.django_db
def test_the_same_number_is_refused_within_one_institution() -> None:
    order = _order()
    _asked(order)
    with pytest.raises(InvalidInput, match="1 处"):
        _asked(order)


@pytest.mark.django_db
def test_a_refusal_without_a_reason_is_not_taken() -> None:
    refund = _asked(_order())
    with pytest.raises(InvalidInput) as caught:
        refunds.answer_refund(refund, answer="refused", answered_on=dt.date(2026, 11, 3), reason=" ", **WHO)
    assert caught.value.problems[0].path == "reason"
    refunds.answer_refund(refund, answer="refused", answered_on=dt.date(2026, 11, 3), reason="合同约定", **WHO)
    with pytest.raises(Conflict, match="不能退款"):
        _pay(refund)
    with pytest.raises(Conflict, match="已于"):
        refunds.answer_refund(refund, answer="approved", answered_on=dt.date(2026, 11, 3), **WHO)


def _clues() -> list[tuple[str, str, str]]:
    return list(Observation.objects.order_by("pk").values_list("kind", "about", "state"))


@pytest.mark.django_db
@pytest.mark.parametrize(("answered_on", "opens"), [(dt.date(2026, 11, 6), True), (dt.date(2026, 11, 9), False)])
def test_a_reasoned_refusal_in_time_opens_a_clue_once_and_a_late_one_none(answered_on: dt.date, opens: bool) -> None:
    platform.calendar()
    rebuild_derived_days("测试")
    refund = _asked(_order())  # Sunday 1 November: the fifth workday is Friday 6
    refunds.answer_refund(refund, answer="refused", answered_on=answered_on, reason="课时已上完", **WHO)
    assert _clues() == ([("contract", "refund:T1", "clue")] if opens else [])
    if opens:
        found = Observation.objects.get()
        assert (found.occurred_on, found.institution) == (answered_on, refund.institution)
        assert "课时已上完" in found.text
        assert open_clues([refund.pk]) == []
    assert AuditEntry.objects.filter(act="record_observation").exists() is opens


@pytest.mark.django_db
def test_a_refusal_that_is_filed_as_a_row_opens_the_clue_too() -> None:
    platform.calendar()
    rebuild_derived_days("测试")
    order = _order()
    row = {"number": "T1", "contract_no": "H1", "requested_on": "2026-11-02", "amount": 100, "answer": "refused"}
    other = {**row, "number": "T2", "answered_on": "2026-11-03", "reason": ""}
    rows = [{**row, "answered_on": "2026-11-03", "reason": "材料费已用"}, other]
    for _ in range(2):
        save_rows("refunds", rows, actor=Somebody(), institution=order.institution)
        assert _clues() == [("contract", "refund:T1", "clue")]


@pytest.mark.django_db
def test_what_was_paid_or_withdrawn_takes_no_further_act() -> None:
    order = _order()
    paid, withdrawn = _asked(order, number="T1"), _asked(order, number="T2")
    _pay(paid)
    refunds.withdraw_refund(withdrawn, withdrawn_on=TODAY, **WHO)
    for refund in (paid, withdrawn):
        with pytest.raises(Conflict):
            _pay(refund)
        with pytest.raises(Conflict):
            refunds.withdraw_refund(refund, withdrawn_on=TODAY, **WHO)
    assert FeeOrder.objects.get().refunded == 300


@pytest.mark.django_db
def test_an_account_that_holds_less_pays_nothing() -> None:
    refund = _asked(_order())
    make.entry(refund.institution, "2026-11-05", 1, "release", 900, 100)
    with pytest.raises(Refused, match="监管账户余额不足"):
        _pay(refund)
    assert FeeOrder.objects.get().refunded == 0
    assert LedgerEntry.objects.count() == 2


@pytest.mark.django_db
def test_a_payment_dated_back_lowers_the_balances_after_it_and_never_below_zero() -> None:
    refund = _asked(_order())
    make.entry(refund.institution, "2026-11-20", 1, "release", 600, 400)
    _pay(refund)
    assert list(LedgerEntry.objects.order_by("day").values_list("balance", flat=True)) == [1000, 700, 100]
    other = _asked(FeeOrder.objects.get(), amount=101, number="T2")
    with pytest.raises(Refused, match="可动用 100"):
        _pay(other)


@pytest.mark.django_db(transaction=True)
def test_two_payments_of_one_refund_at_one_time_pay_once() -> None:
    refund = _asked(_order())
    results = together([lambda: _pay(refund, actor=Somebody())] * 2)
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "Refund"]
    assert FeeOrder.objects.get().refunded == 300
    assert LedgerEntry.objects.filter(kind="refund").count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_locks_both_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard switched off: this is the double payment that it prevents."""
    refund = _asked(_order(channel="direct"))
    for name in ("refunds", "reconciliation"):
        monkeypatch.setattr(f"training_orgs.services.{name}.lock_institutions", lambda ids: None)
    monkeypatch.setattr(refunds, "_locked_order", lambda pk: FeeOrder.objects.get(pk=pk))
    barrier = _meeting_before_they_pay(monkeypatch)
    results = together([lambda: _pay(refund, actor=Somebody())] * 2)
    assert [type(result).__name__ for result in results] == ["Refund", "Refund"], (results, barrier)
    assert FeeOrder.objects.get().refunded == 600


def _meeting_before_they_pay(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Both have read the refund before either writes: what an unlucky moment does by itself."""
    barrier = threading.Barrier(2)
    check = refunds._refuse_if_over

    def check_and_meet(refund: Refund) -> None:
        check(refund)
        barrier.wait(timeout=10)

    monkeypatch.setattr(refunds, "_refuse_if_over", check_and_meet)
    return barrier
