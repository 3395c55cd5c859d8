"""监管账户流水: one movement at a time, its balance and those after it, never below zero."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Max, Min

from shuangjian.core.errors import Conflict, Refused
from shuangjian.core.locks import lock_institutions
from training_orgs.choices import LedgerKind
from training_orgs.models import FeeOrder, LedgerEntry

TAKES = frozenset({LedgerKind.RELEASE, LedgerKind.REFUND})


@transaction.atomic
def post_entry(
    institution_id: int,
    *,
    kind: LedgerKind,
    day: dt.date,
    amount: Decimal,
    reference: str,
    order: FeeOrder | None = None,
) -> LedgerEntry:
    """Book one movement as the last of its day; the balances of later days follow. Yuan.

    Part of a larger act, which audits it and derives the daily balances. The bank's own entry with that reference,
    when it is of the same kind and amount, is taken as this movement and only tied to the order. Refused where the
    balance of that or any later entry would fall below zero.
    """
    lock_institutions([institution_id])
    entries = LedgerEntry.objects.filter(institution_id=institution_id)
    known = entries.filter(reference=reference).first()
    if known is not None:
        return _taken_as(known, kind, amount, order)
    delta = -amount if kind in TAKES else amount
    last = entries.filter(day__lte=day).order_by("-day", "-sequence").first()
    before = last.balance if last is not None else Decimal(0)
    later = entries.filter(day__gt=day)
    lowest_later = later.aggregate(least=Min("balance"))["least"]
    least = before if lowest_later is None else min(before, lowest_later)
    if least + delta < 0:
        raise Refused(
            f"监管账户余额不足：{day} 起可动用 {max(least, Decimal(0)):.2f} 元，这笔支出 {amount:.2f} 元不能入账。"
            "请先补登收款流水，或核对金额。",
            code="balance_short",
        )
    later.update(balance=F("balance") + delta)
    sequence = entries.filter(day=day).aggregate(last=Max("sequence"))["last"] or 0
    return LedgerEntry.objects.create(
        institution_id=institution_id,
        reference=reference,
        day=day,
        sequence=sequence + 1,
        kind=kind,
        order=order,
        amount=amount,
        balance=before + delta,
    )


def _taken_as(known: LedgerEntry, kind: LedgerKind, amount: Decimal, order: FeeOrder | None) -> LedgerEntry:
    if (known.kind, known.amount) != (kind, amount):
        raise Conflict(
            f"流水号 {known.reference} 已入账（{known.get_kind_display()} {known.amount:.2f} 元），"
            f"与这笔{kind.label} {amount:.2f} 元不一致，请核对流水号。",
            code="reference_taken",
        )
    if known.order_id is not None and order is not None and known.order_id != order.pk:
        raise Conflict(f"流水号 {known.reference} 已记在另一份订单上，请核对流水号。", code="reference_taken")
    if order is not None and known.order_id is None:
        known.order = order
        known.save(update_fields=["order"])
    return known
