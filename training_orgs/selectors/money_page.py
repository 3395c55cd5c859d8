"""The money of one institution: balances, the reconciliation by day, open orders, refunds. Constant query count."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, DateField, Exists, F, OuterRef, Q, QuerySet, When

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.rules import engine
from shuangjian.rules.expressions import WorkdaysAfter
from shuangjian.rules.parameters import frozen
from shuangjian.rules.periods import BEGINNING
from training_orgs.choices import LedgerKind
from training_orgs.models import Consumption, DailyBalance, FeeOrder, LedgerEntry, LinePrice, OrderSpan, Refund
from training_orgs.rules.refunds import ANSWER_WORKDAYS, PAYMENT_WORKDAYS, refund_overdue

#: Days of the reconciliation on the page, those that disagree first; points of the chart.
MOST_DAYS = 60
MOST_POINTS = 120
MOST_REFUNDS = 100


@dataclass(frozen=True)
class DayLine:
    """One day of the reconciliation; cumulative yuan."""

    row: DailyBalance

    @property
    def expected(self) -> Decimal:
        """What the custody account should hold: paid − consumed − refunded."""
        return self.row.paid - self.row.consumed - self.row.refunded

    @property
    def gap(self) -> Decimal:
        return self.row.ledger - self.expected

    @property
    def agrees(self) -> bool:
        return self.gap == 0


@dataclass(frozen=True)
class RefundLine:
    """A refund with its clock: what is due next, by when, and whether that day has passed."""

    refund: Refund
    state: str
    due_on: dt.date | None
    is_overdue: bool
    is_open: bool


def money_page(unit: Institution, today: dt.date) -> dict[str, Any]:
    """Context of the page, apart from orders, which are paged by the view."""
    lines = [DayLine(row) for row in DailyBalance.objects.filter(institution=unit).order_by("-day")]
    wrong = [line for line in lines if not line.agrees]
    last = lines[0] if lines else None
    refunds = refund_lines(unit, today)
    reserve = unit.reserves.filter(valid_from__lte=today).exclude(valid_until__lt=today).order_by("-valid_from").first()
    account = unit.custody_accounts.filter(valid_from__lte=today).exclude(valid_until__lt=today).first()
    return {
        "last": last,
        "account": account,
        "reserve": reserve,
        "days": sorted(lines, key=lambda line: line.agrees)[:MOST_DAYS],
        "days_total": len(lines),
        "wrong_total": len(wrong),
        "refunds": refunds[:MOST_REFUNDS],
        "refunds_open": sum(1 for line in refunds if line.is_open),
        "refunds_overdue": sum(1 for line in refunds if line.is_overdue),
        "not_judged": not_judged(unit),
        "unconfirmed": Consumption.objects.filter(institution=unit, confirmed_on=None).count(),
        "chart": _chart(lines, len(wrong)) if len(lines) > 1 else None,
        "heading": _heading(unit, last, len(wrong), sum(1 for line in refunds if line.is_overdue)),
    }


def not_judged(unit: Institution) -> list[str]:
    """What TO-12 and TO-13 cannot say of the institution's orders for want of data, in sentences: never 合规."""
    charged = {"institution": unit, "paid_on__gte": BEGINNING}
    endless = OrderSpan.objects.filter(ends_on=None, **charged).count()
    unpriced = LinePrice.objects.filter(guide=None, **charged).aggregate(n=Count("contract_no", distinct=True))["n"]
    told = (
        (endless, "份订单没有约定服务止，课程也没有排课，无法判断是否超过 3 个月（TO-13）"),
        (unpriced, "份学科类订单没有当日适用的政府指导价，无法判断是否超价（TO-12）"),
    )
    return [f"{count} {words}" for count, words in told if count]


def open_orders(unit: Institution) -> QuerySet[FeeOrder]:
    """Orders with something left of them, or with lessons that their parents have still to confirm, by pupil; the lines
    come with them in one query more."""
    waiting = Consumption.objects.filter(line__order=OuterRef("pk"), confirmed_on=None)
    is_open = Q(amount__gt=F("consumed") + F("refunded")) | Exists(waiting)
    return (
        FeeOrder.objects.filter(is_open, institution=unit, cancelled_on=None)
        .annotate(left=F("amount") - F("consumed") - F("refunded"))
        .prefetch_related("lines")
        .order_by("pupil", "paid_on", "contract_no")
    )


def refund_lines(unit: Institution, today: dt.date) -> list[RefundLine]:
    """Refunds, overdue ones first, then open ones by what is due; whether one is overdue is what TO-08 says."""
    with frozen(engine.current_overrides()):
        rows = list(_with_clock(Refund.objects.filter(institution=unit)).select_related("order"))
        asked = refund_overdue(Refund.objects.filter(institution=unit), clock.at(today, 0))
        overdue = {about.partition(":")[2] for about in asked.values_list("f_about", flat=True)}
    lines = [_line(refund, refund.number in overdue) for refund in rows]
    far = dt.date.max
    return sorted(lines, key=lambda line: (not line.is_overdue, not line.is_open, line.due_on or far))


def movements(unit: Institution, day: dt.date) -> dict[str, Any]:
    """What moved on one day, side by side: orders, class log, refunds and ledger."""
    return {
        "orders": FeeOrder.objects.filter(institution=unit, paid_on=day, cancelled_on=None).order_by("contract_no"),
        "consumptions": Consumption.objects.filter(institution=unit, day=day)
        .select_related("line__order", "line__course")
        .order_by("line__order__contract_no"),
        "refunds": Refund.objects.filter(institution=unit, paid_on=day).select_related("order").order_by("number"),
        "entries": LedgerEntry.objects.filter(institution=unit, day=day).select_related("order").order_by("sequence"),
        "takes": (LedgerKind.RELEASE, LedgerKind.REFUND),
    }


def _with_clock(refunds: QuerySet[Refund]) -> QuerySet[Any]:
    in_time = Q(answered_on__lte=F("answer_due"), answer=Refund.Answer.APPROVED)
    return (
        refunds.annotate(answer_due=WorkdaysAfter("requested_on", ANSWER_WORKDAYS.at("requested_on")))
        .annotate(base=Case(When(in_time, then="answered_on"), default="answer_due", output_field=DateField()))
        .annotate(pay_due=WorkdaysAfter("base", PAYMENT_WORKDAYS.at("base")))
        .order_by("-requested_on", "number")
    )


def _line(refund: Any, is_overdue: bool) -> RefundLine:
    if refund.paid_on is not None:
        return RefundLine(refund, f"{refund.paid_on} 已退", None, False, False)
    if refund.withdrawn_on is not None:
        return RefundLine(refund, f"{refund.withdrawn_on} 撤回", None, False, False)
    if refund.answer == Refund.Answer.REFUSED:
        return RefundLine(refund, "不同意", refund.pay_due if is_overdue else None, is_overdue, is_overdue)
    if refund.answer == Refund.Answer.APPROVED:
        return RefundLine(refund, "同意，待退款", refund.pay_due, is_overdue, True)
    return RefundLine(refund, "待答复", refund.answer_due, is_overdue, True)


def _heading(unit: Institution, last: DayLine | None, wrong: int, overdue: int) -> str:
    if last is None:
        return f"{unit.name}还没有收费、课消或流水"
    words = f"{wrong} 天对不上账" if wrong else "收费、课消与监管账户一致"
    return f"{unit.name}：{words}" + (f"，{overdue} 笔退费逾期" if overdue else "")


def _chart(lines: list[DayLine], wrong: int) -> dict[str, Any]:
    points = lines[:MOST_POINTS][::-1]
    return {
        "id": "balance",
        "kind": "line",
        "title": f"应有余额与监管账户余额，{wrong} 天不一致" if wrong else "应有余额与监管账户余额一致",
        "unit": "元",
        "columns": ["日期", "应有", "账户"],
        "rows": [[str(line.row.day), float(line.expected), float(line.row.ledger)] for line in points],
        "note": f"最近 {len(points)} 个有变动的日子" if len(lines) > len(points) else "",
    }
