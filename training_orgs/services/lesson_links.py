"""A parent's way to the lessons of one order without an account: a signed link, as on the contract or by message.

Whoever holds the link sees the order's lessons and may confirm them. It names nobody; it works until long after the
order's last day, and not once the order is cancelled.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.core import signing
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction

from shuangjian.core.errors import InvalidInput, Problem
from shuangjian.rules.engine import current_overrides
from shuangjian.rules.parameters import frozen
from training_orgs.models import Consumption, FeeOrder
from training_orgs.services.consumption import CONFIRMED_BY_SILENCE, confirm

#: Days after the order's last day (of payment, where none is agreed) for which the link works.
WORKS_FOR = dt.timedelta(days=400)
_SIGNER = signing.Signer(salt="training_orgs.lessons", sep=".")


class Parent:
    """Who acts by the link, as the journal keeps it."""

    class _meta:
        label_lower = "training_orgs.parent"

    def __init__(self, order: FeeOrder) -> None:
        self.audit_label = f"家长（凭合同 {order.contract_no} 的确认链接）"


def token_of(order: FeeOrder) -> str:
    """What the link of the order ends in; the same each time."""
    return _SIGNER.sign(str(order.pk))


def order_of(token: str, today: dt.date) -> FeeOrder:
    """The order with its institution; ObjectDoesNotExist for a token that is none of ours or works no longer."""
    try:
        pk = int(_SIGNER.unsign(token))
    except (signing.BadSignature, ValueError):
        raise ObjectDoesNotExist("no order has this token") from None
    order = FeeOrder.objects.select_related("institution").get(pk=pk, cancelled_on=None)
    if (order.ends_on or order.paid_on) + WORKS_FOR < today:
        raise ObjectDoesNotExist("the token works no longer")
    return order


@transaction.atomic
def confirm_lessons(order: FeeOrder, chosen: Collection[int], *, today: dt.date) -> int:
    """家长确认 of lessons of the order by their keys; returns how many were open. InvalidInput without any."""
    lessons = Consumption.objects.filter(line__order=order, pk__in=chosen, day__lte=today)
    if not lessons:
        raise InvalidInput([Problem("lesson", "请先勾选上过的课，再点“确认”。")])
    return confirm(lessons, confirmed_on=today, actor=Parent(order))


def silent_workdays(today: dt.date) -> int | None:
    """Workdays of silence after which a lesson counts as confirmed; None where silence confirms nothing."""
    with frozen(current_overrides()):
        workdays = CONFIRMED_BY_SILENCE.on(today)
    return None if workdays is None else int(workdays)
