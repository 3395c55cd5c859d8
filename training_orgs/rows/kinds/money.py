"""Refunds, hours taken, and the custody account's movements: sums that the database never lets exceed what was paid."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.db import connection

from training_orgs.models import Consumption, CourseSession, FeeLine, FeeOrder, Refund
from training_orgs.rows.batch import Batch
from training_orgs.rows.cells import Day, Money, Number, OneOf, Text, TimeOfDay
from training_orgs.rows.checks import in_order, not_ahead, once, together
from training_orgs.rows.declare import Column, Kind, Reference, register
from training_orgs.rows.staging import Written, merge
from training_orgs.services.refusals import open_clues

ORDER = Reference(FeeOrder, "contract_no", "order_id", "合同编号为此的订单，合同编号")
_FEN = Decimal("0.01")


@register
class Refunds(Kind):
    key, label, model = "refunds", "退费", Refund
    unique = ("institution_id", "number")
    is_money = True
    columns = (
        Column("number", "退费编号", Text(40), is_required=True),
        Column("contract_no", "合同编号", Text(40), is_required=True, reference=ORDER),
        Column("requested_on", "申请日期", Day(), is_required=True),
        Column("amount", "申请金额（元）", Money(_FEN), is_required=True),
        Column("answered_on", "答复日期", Day()),
        Column("answer", "答复", OneOf(dict(Refund.Answer.choices))),
        Column("reason", "理由", Text(200, is_long=True)),
        Column("paid_on", "退款日期", Day()),
        Column("paid_amount", "退款金额（元）", Money(_FEN)),
        Column("withdrawn_on", "撤回日期", Day()),
    )

    def check(self, batch: Batch) -> None:
        in_order(batch, "requested_on", "answered_on", "答复日期早于申请日期，请改正。")
        in_order(batch, "requested_on", "paid_on", "退款日期早于申请日期，请改正。")
        in_order(batch, "requested_on", "withdrawn_on", "撤回日期早于申请日期，请改正。")
        together(batch, "answered_on", "answer", "答复日期和答复应同时填写。")
        together(batch, "paid_on", "paid_amount", "退款日期和退款金额应同时填写。")
        not_ahead(batch, "requested_on", "answered_on", "paid_on", "withdrawn_on")
        once(batch, ("number",), "退费编号")
        _Refundable(batch).check()

    def write(self, batch: Batch) -> Written:
        orders = {key for key in batch.references["contract_no"] if key is not None}
        before = dict(Refund.objects.filter(institution_id__in=list(batch.units)).values_list("pk", "order_id"))
        written = merge(batch)
        orders |= {before[key] for key in written.keys.values() if key in before}
        with connection.cursor() as cursor:
            cursor.execute(_SUM_REFUNDED, [sorted(orders)])
        open_clues(written.keys[row] for row in {*written.fresh, *written.altered})
        for row, key in written.keys.items():
            day = batch.get("requested_on")[row]
            unit = batch.institutions[row]
            if key in before and unit not in written.since:
                continue
            known = written.since.get(unit) if unit is not None else None
            if unit is not None:
                written.since[unit] = day if known is None else min(known, day)
        return written


_SUM_REFUNDED = """
UPDATE training_orgs_feeorder o SET refunded = r.paid
FROM (
  SELECT o.id, coalesce(sum(r.paid_amount), 0) AS paid
  FROM training_orgs_feeorder o LEFT JOIN training_orgs_refund r ON r.order_id = o.id
  WHERE o.id = ANY(%s) GROUP BY o.id
) r
WHERE o.id = r.id AND o.refunded <> r.paid
"""


_LATER = ("answered_on", "answer", "reason", "paid_on", "paid_amount", "withdrawn_on")


class _Refundable:
    """What is asked for or paid fits into what is left of the order beside its other refunds.

    What happened since the request was filed (answer, payment, withdrawal) stands: an empty cell does not take it back.
    """

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        orders = batch.references.get("contract_no", [])
        self.rows = list(zip(orders, batch.institutions, batch.get("number"), strict=True))
        named = {(unit, number) for _, unit, number in self.rows}
        wanted = {key for key in orders if key is not None}
        numbers = {number for _, number in named}
        mine = Refund.objects.filter(institution_id__in=list(batch.units), number__in=numbers)
        self.known: dict[Any, Refund] = {(each.institution_id, each.number): each for each in mine}
        self.orders = {order.pk: order for order in FeeOrder.objects.filter(pk__in=wanted)}
        self.paid: dict[int, Decimal] = defaultdict(Decimal)
        for refund in Refund.objects.filter(order_id__in=wanted, paid_amount__isnull=False):
            if (refund.institution_id, refund.number) not in named:
                self.paid[refund.order_id] += refund.paid_amount or 0

    def check(self) -> None:
        self._keep_what_happened()
        self._refuse_what_excludes_payment()
        batch = self.batch
        days, amounts, payments = (batch.get(key) for key in ("requested_on", "amount", "paid_amount"))
        for index, (key, unit, number) in enumerate(self.rows):
            order, known = self.orders.get(key), self.known.get((unit, number))
            if order is None:
                continue
            if days[index] is not None and days[index] < order.paid_on:
                batch.add(index, "requested_on", f"申请日期早于收费日期 {order.paid_on}，请核对。")
            is_known = known is not None and (known.order_id, known.amount) == (key, amounts[index])
            if is_known and known is not None and known.paid_amount == payments[index]:
                self.paid[key] += payments[index] or 0
                continue
            self._fits(index, order, None if is_known else amounts[index], payments[index])

    def _fits(self, index: int, order: FeeOrder, amount: Decimal | None, payment: Decimal | None) -> None:
        paid = self.paid[order.pk]
        left = order.amount - order.consumed - paid
        for column, asked in (("amount", amount), ("paid_amount", payment)):
            if asked is not None and asked > left:
                told = f"已收 {order.amount} 元，已消课 {order.consumed} 元，已退 {paid} 元"
                self.batch.add(index, column, f"{asked} 元超过可退的 {left} 元（{told}），请核对。", "above_paid")
                return
        self.paid[order.pk] += payment or 0

    def _refuse_what_excludes_payment(self) -> None:
        """As the acts have it: what was refused is not paid, what was paid is not withdrawn. What stands so, stands."""
        batch = self.batch
        columns = [batch.get(key) for key in ("paid_on", "answer", "withdrawn_on")]
        for index, (paid_on, answer, withdrawn_on) in enumerate(zip(*columns, strict=True)):
            _, unit, number = self.rows[index]
            known = self.known.get((unit, number))
            if paid_on is None or (known is not None and known.paid_on is not None):
                continue
            if (answer or getattr(known, "answer", "")) == Refund.Answer.REFUSED:
                message = "这笔退费的答复是“不同意”，不能退款；改为同意的，请另用一个退费编号登记。"
                batch.add(index, "paid_on", message, "refused")
            elif (withdrawn_on or getattr(known, "withdrawn_on", None)) is not None:
                message = "已撤回的申请不能退款，已退款的不能撤回；重新申请的，请另用一个退费编号登记。"
                batch.add(index, "withdrawn_on" if batch.has("withdrawn_on") else "paid_on", message, "paid")

    def _keep_what_happened(self) -> None:
        for key in _LATER:
            if not self.batch.has(key):
                continue
            values = list(self.batch.get(key))
            for index, (_, unit, number) in enumerate(self.rows):
                known = self.known.get((unit, number))
                stands = getattr(known, key) if known is not None else None
                if stands in (None, ""):
                    continue
                if values[index] in (None, ""):
                    values[index] = stands
                elif values[index] != stands and key in ("paid_on", "paid_amount"):
                    self.batch.add(index, key, f"这笔退费已登记为 {stands}，不能更改，请核对。", "duplicate")
            self.batch.put(key, values)


@register
class Consumptions(Kind):
    key, label, model = "consumptions", "课消", Consumption
    unique = ("line_id", "day", "session_id")
    dated, is_money = "day", True
    columns = (
        Column("contract_no", "合同编号", Text(40), is_required=True, field=None),
        Column("line", "明细序号", Number(1, 99), field=None, default=1, help="订单中第几行，留空为第 1 行"),
        Column("day", "日期", Day(), is_required=True),
        Column("starts_at", "上课时间", TimeOfDay(), field=None, help="同一天有多次课时填，如 18:30"),
        Column("hours", "课时", Number(_FEN, Decimal("99999.99"), 2), is_required=True),
        Column("amount", "金额（元）", Money(), is_required=True),
        Column("confirmed_on", "家长确认日期", Day()),
    )

    def check(self, batch: Batch) -> None:
        in_order(batch, "day", "confirmed_on", "家长确认日期早于上课日期，请改正。")
        not_ahead(batch, "day", "confirmed_on")
        once(batch, ("contract_no", "line", "starts_at", "day"), "这一天的课消", may_be_empty=("starts_at",))
        self._lines(batch)
        self._sessions(batch)
        self._sums(batch)

    def stored(self, batch: Batch) -> dict[str, list[Any]]:
        found = super().stored(batch)
        return found | {"line_id": batch.references["line"], "session_id": batch.references["starts_at"]}

    def write(self, batch: Batch) -> Written:
        written = merge(batch)
        lines = sorted({key for key in batch.references["line"] if key is not None})
        with connection.cursor() as cursor:
            cursor.execute(_SUM_CONSUMED, [lines])
        return written

    def _lines(self, batch: Batch) -> None:
        names = list(zip(batch.institutions, batch.get("contract_no"), batch.get("line"), strict=True))
        rows = FeeLine.objects.filter(order__institution_id__in=list(batch.units)).select_related("order")
        contracts = {contract for _, contract, _ in names if contract}
        found: dict[Any, FeeLine] = {
            (line.order.institution_id, line.order.contract_no, line.position): line
            for line in rows.filter(order__contract_no__in=contracts)
        }
        self_lines: list[Any] = []
        for index, name in enumerate(names):
            line = found.get(name)
            if line is None and name[0] is not None and name[1]:
                batch.add(
                    index,
                    "contract_no",
                    f"没有合同“{name[1]}”的第 {name[2]} 行明细，请先登记订单或改正。",
                    "unknown_reference",
                )
            self_lines.append(line)
        batch.lines = self_lines
        batch.references["line"] = [line.pk if line else None for line in self_lines]
        for index, (line, day) in enumerate(zip(self_lines, batch.get("day"), strict=True)):
            if line is not None and day is not None and day < line.order.paid_on:
                batch.add(index, "day", f"日期早于收费日期 {line.order.paid_on}，请核对。")

    def _sessions(self, batch: Batch) -> None:
        times = batch.get("starts_at")
        courses = {line.course_id for line in batch.lines if line}
        found: dict[Any, int] = {}
        if any(time is not None for time in times):
            rows = CourseSession.objects.filter(course_id__in=courses, day__in={day for day in batch.get("day") if day})
            found = {
                (course, day, at): key
                for course, day, at, key in rows.values_list("course_id", "day", "starts_at", "pk")
            }
        keys: list[int | None] = []
        for index, (line, day, at) in enumerate(zip(batch.lines, batch.get("day"), times, strict=True)):
            key = found.get((line.course_id, day, at)) if line is not None else None
            if line is not None and at is not None and key is None:
                batch.add(
                    index, "starts_at", "这门课当天这个时间没有场次，请核对时间，或先登记场次。", "unknown_reference"
                )
            keys.append(key)
        batch.references["starts_at"] = keys

    def _sums(self, batch: Batch) -> None:
        """Hours fit into the line's, yuan into what is left of the order."""
        lines = {line.pk: line for line in batch.lines if line}
        orders = {line.order_id: line.order for line in lines.values()}
        mine = set(zip(batch.references["line"], batch.get("day"), batch.references["starts_at"], strict=True))
        hours: dict[int, Decimal] = defaultdict(Decimal)
        yuan: dict[int, Decimal] = defaultdict(Decimal)
        for each in Consumption.objects.filter(line__order_id__in=list(orders)).select_related("line"):
            if (each.line_id, each.day, each.session_id) not in mine:
                hours[each.line_id] += each.hours
                yuan[each.line.order_id] += each.amount
        for index, line in enumerate(batch.lines):
            taken, amount = batch.get("hours")[index], batch.get("amount")[index]
            if line is None or taken is None or amount is None:
                continue
            bought, order = line.hours + line.gift_hours, orders[line.order_id]
            hours[line.pk] += taken
            yuan[order.pk] += amount
            if hours[line.pk] > bought:
                batch.add(
                    index, "hours", f"累计课消 {hours[line.pk]} 课时，超过所购的 {bought} 课时，请核对。", "above_paid"
                )
            if yuan[order.pk] > order.amount - order.refunded:
                left = order.amount - order.refunded
                batch.add(
                    index, "amount", f"累计消课 {yuan[order.pk]} 元，超过已收未退的 {left} 元，请核对。", "above_paid"
                )


_SUM_CONSUMED = """
UPDATE training_orgs_feeorder o SET consumed = c.taken
FROM (
  SELECT l.order_id, coalesce(sum(c.amount), 0) AS taken
  FROM training_orgs_feeline l LEFT JOIN training_orgs_consumption c ON c.line_id = l.id
  WHERE l.order_id IN (SELECT order_id FROM training_orgs_feeline WHERE id = ANY(%s))
  GROUP BY l.order_id
) c
WHERE o.id = c.order_id AND o.consumed <> c.taken
"""
