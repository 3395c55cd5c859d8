"""退费: asked for, answered, paid once, or withdrawn. Money moves only under the order's lock."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F

from shuangjian.core.errors import Conflict, InvalidInput, Problem
from shuangjian.core.locks import lock_institutions
from shuangjian.journal.services import record
from training_orgs.choices import Channel, LedgerKind
from training_orgs.models import FeeOrder, Refund
from training_orgs.services.judging import ask
from training_orgs.services.ledger import post_entry
from training_orgs.services.reconciliation import reconcile
from training_orgs.services.refusals import open_clues

FEN = Decimal("0.01")
LONGEST_NUMBER = 40
LONGEST_REASON = 200


@transaction.atomic
def request_refund(
    order: FeeOrder, *, number: str, requested_on: dt.date, amount: Decimal, actor: Any, today: dt.date
) -> Refund:
    """Put down that a refund is asked for: at most what is neither consumed nor paid back. Yuan, exact to fen."""
    order = _locked(order.institution_id, order.pk)
    number = number.strip()
    problems = _amount_problems("amount", amount, order)
    if not 0 < len(number) <= LONGEST_NUMBER:
        problems.append(Problem("number", f"请填写退费编号，不超过 {LONGEST_NUMBER} 字。", "required"))
    elif Refund.objects.filter(institution_id=order.institution_id, number=number).exists():
        problems.append(Problem("number", f"退费编号 {number} 已登记，请改正。", "duplicate"))
    problems += _date_problems("requested_on", "申请日期", requested_on, order.paid_on, "收费日期", today)
    if order.cancelled_on is not None:
        problems.append(Problem("order", f"订单 {order.contract_no} 已作废，不能申请退费。", "cancelled"))
    if problems:
        raise InvalidInput(problems)
    refund = Refund.objects.create(
        institution_id=order.institution_id, order=order, number=number, requested_on=requested_on, amount=amount
    )
    _done("request_refund", refund, actor, today, {"amount": str(amount), "contract_no": order.contract_no})
    return refund


@transaction.atomic
def answer_refund(
    refund: Refund, *, answer: str, answered_on: dt.date, reason: str = "", actor: Any, today: dt.date
) -> Refund:
    """Agree or refuse, once; a refusal says why, and opens a clue where it came in time."""
    refund = _locked_refund(refund)
    _refuse_if_over(refund)
    if refund.answer:
        raise Conflict(f"退费 {refund.number} 已于 {refund.answered_on} 答复“{refund.get_answer_display()}”。")
    reason = reason.strip()
    problems = _date_problems("answered_on", "答复日期", answered_on, refund.requested_on, "申请日期", today)
    if answer not in Refund.Answer.values:
        problems.append(Problem("answer", "请选择同意或不同意。", "required"))
    if answer == Refund.Answer.REFUSED and not reason:
        problems.append(Problem("reason", "不同意退费须写明理由。", "required"))
    if len(reason) > LONGEST_REASON:
        problems.append(Problem("reason", f"理由不超过 {LONGEST_REASON} 字，现有 {len(reason)} 字。", "too_long"))
    if problems:
        raise InvalidInput(problems)
    refund.answer, refund.answered_on, refund.reason = answer, answered_on, reason
    refund.save(update_fields=["answer", "answered_on", "reason"])
    open_clues([refund.pk])
    _done("answer_refund", refund, actor, today, {"answer": answer, "reason": reason})
    return refund


@transaction.atomic
def pay_refund(
    refund: Refund,
    *,
    paid_on: dt.date,
    amount: Decimal | None = None,
    reference: str = "",
    actor: Any,
    today: dt.date,
) -> Refund:
    """Pay a refund, once: the order's ``refunded`` grows by ``amount`` (None: what was asked for), yuan.

    The order's row is locked first, so that of two payments at one time the second sees the first and is refused
    (Conflict "paid"); the database refuses more than was paid less what was consumed. An order of the custody account
    gets its ledger entry in the same transaction, under ``reference`` (the bank's number; without one the
    portal's own); Refused when the account does not hold as much.
    """
    order, refund = _locked_with_order(refund)
    _refuse_if_over(refund)
    if refund.answer == Refund.Answer.REFUSED:
        raise Conflict(f"退费 {refund.number} 已答复“不同意”，不能退款；改为同意的，请重新登记一份退费申请。")
    amount = refund.amount if amount is None else amount
    problems = _amount_problems("paid_amount", amount, order)
    problems += _date_problems("paid_on", "退款日期", paid_on, refund.requested_on, "申请日期", today)
    if problems:
        raise InvalidInput(problems)
    refund.paid_on, refund.paid_amount = paid_on, amount
    refund.save(update_fields=["paid_on", "paid_amount"])
    FeeOrder.objects.filter(pk=order.pk).update(refunded=F("refunded") + amount)
    if order.channel == Channel.CUSTODY:
        post_entry(
            order.institution_id,
            kind=LedgerKind.REFUND,
            day=paid_on,
            amount=amount,
            reference=reference.strip() or f"TF{refund.pk}",
            order=order,
        )
    reconcile([order.institution_id], paid_on)
    _done("pay_refund", refund, actor, today, {"amount": str(amount), "paid_on": str(paid_on)})
    return refund


@transaction.atomic
def withdraw_refund(refund: Refund, *, withdrawn_on: dt.date, actor: Any, today: dt.date) -> Refund:
    """The parent takes the request back; what was paid stays paid and cannot be withdrawn."""
    refund = _locked_refund(refund)
    _refuse_if_over(refund)
    problems = _date_problems("withdrawn_on", "撤回日期", withdrawn_on, refund.requested_on, "申请日期", today)
    if problems:
        raise InvalidInput(problems)
    refund.withdrawn_on = withdrawn_on
    refund.save(update_fields=["withdrawn_on"])
    _done("withdraw_refund", refund, actor, today, {"withdrawn_on": str(withdrawn_on)})
    return refund


def refundable(order: FeeOrder) -> Decimal:
    """What of the order is neither consumed nor paid back, yuan."""
    return order.amount - order.consumed - order.refunded


def _locked(institution_id: int, order_id: int) -> FeeOrder:
    """The order as it stands, nobody else writing it; the institution first, as everywhere, so that none deadlock."""
    lock_institutions([institution_id])
    return _locked_order(order_id)


def _locked_order(order_id: int) -> FeeOrder:
    return FeeOrder.objects.select_for_update().get(pk=order_id)


def _locked_with_order(refund: Refund) -> tuple[FeeOrder, Refund]:
    """The order under its lock, then the refund read anew: what another payment did meanwhile is seen."""
    order = _locked(refund.institution_id, refund.order_id)
    return order, Refund.objects.get(pk=refund.pk)


def _locked_refund(refund: Refund) -> Refund:
    return _locked_with_order(refund)[1]


def _refuse_if_over(refund: Refund) -> None:
    if refund.paid_on is not None:
        raise Conflict(f"退费 {refund.number} 已于 {refund.paid_on} 退款 {refund.paid_amount:.2f} 元。", code="paid")
    if refund.withdrawn_on is not None:
        raise Conflict(f"退费 {refund.number} 已于 {refund.withdrawn_on} 撤回。", code="withdrawn")


def _amount_problems(path: str, amount: Decimal, order: FeeOrder) -> list[Problem]:
    if amount <= 0:
        return [Problem(path, "金额应大于零。", "not_positive")]
    if amount != amount.quantize(FEN):
        return [Problem(path, "金额精确到分，请改正。", "too_precise")]
    left = refundable(order)
    if amount > left:
        message = (
            f"{amount:.2f} 元超过订单 {order.contract_no} 的可退余额 {left:.2f} 元"
            f"（已收 {order.amount:.2f}，已消课 {order.consumed:.2f}，已退 {order.refunded:.2f}），请改正。"
        )
        return [Problem(path, message, "above_paid")]
    return []


def _date_problems(
    path: str, label: str, day: dt.date, earliest: dt.date, earliest_label: str, today: dt.date
) -> list[Problem]:
    if day < earliest:
        return [Problem(path, f"{label} {day} 早于{earliest_label} {earliest}，请改正。", "too_early")]
    if day > today:
        return [Problem(path, f"{label} {day} 还没有到，请改正。", "in_future")]
    return []


def _done(act: str, refund: Refund, actor: Any, today: dt.date, detail: dict[str, Any]) -> None:
    record(act, actor=actor, institution_id=refund.institution_id, target=f"refund:{refund.number}", detail=detail)
    ask(refund.institution_id, refund.requested_on, today, f"退费 {refund.number}")
