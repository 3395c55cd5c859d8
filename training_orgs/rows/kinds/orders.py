"""Fee orders with their lines. A file has one row a line; rows of one contract are one order."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import connection

from shuangjian.core import clock
from training_orgs.choices import Channel
from training_orgs.models import Course, FeeLine, FeeOrder
from training_orgs.rows.batch import Batch
from training_orgs.rows.cells import Currency, Day, Flag, Money, Number, OneOf, Text
from training_orgs.rows.checks import in_order, not_ahead
from training_orgs.rows.declare import Column, Kind, Reference, register
from training_orgs.rows.staging import Written, copy_into, types_of

COURSE = Reference(Course, "number", "course_id", "课程")
_ORDER = ("contract_no", "pupil", "paid_on", "starts_on", "ends_on", "channel", "is_loan", "cancelled_on")
_LINE = ("course", "subject", "hours", "gift_hours", "lesson_minutes", "amount")
_HOURS = Number(0, Decimal("99999.99"), 2)
_FEW = 5_000
_OTHER = (
    "这个合同编号已登记，内容与本次不同，没有改动。请核对合同编号；确需更正的，先登记作废日期，再用新的合同编号登记。"
)


@register
class FeeOrders(Kind):
    key, label, model = "fee-orders", "收费订单", FeeOrder
    unique = ("institution_id", "contract_no")
    dated, is_money, child = "paid_on", True, "lines"
    columns = (
        Column("contract_no", "合同编号", Text(40), is_required=True),
        Column("pupil", "学员代号", Text(40), is_required=True, help="机构内部代号，不填姓名"),
        Column("paid_on", "收费日期", Day(), is_required=True, help="首次付款的日期"),
        Column("starts_on", "服务起", Day(), is_required=True),
        Column("ends_on", "服务止", Day(), help="最后一天；留空按课程安排"),
        Column("channel", "收费渠道", OneOf(dict(Channel.choices)), is_required=True),
        Column("is_loan", "培训贷", Flag(), default=False),
        Column("cancelled_on", "作废日期", Day()),
        Column("total", "合同总额（元）", Money(), field=None, help="填了就与各行金额之和核对"),
        Column("currency", "币种", Currency(), field=None, help="元；留空即为元"),
        Column("lines.course", "课程编号", Text(30), is_required=True, field=None, reference=COURSE),
        Column("lines.subject", "科目", Text(20), field=None, help="留空按课程"),
        Column("lines.hours", "课时", _HOURS, is_required=True, field=None),
        Column("lines.gift_hours", "赠送课时", _HOURS, field=None, default=Decimal(0)),
        Column("lines.lesson_minutes", "每课时分钟", Number(1, 600), field=None, help="留空按课程"),
        Column("lines.amount", "金额（元）", Money(), is_required=True, field=None),
    )

    def check(self, batch: Batch) -> None:
        in_order(batch, "starts_on", "ends_on", "服务止早于服务起，请改正。")
        if batch.has("cancelled_on"):
            in_order(batch, "paid_on", "cancelled_on", "作废日期早于收费日期，请改正。")
            not_ahead(batch, "cancelled_on")
        today = clock.today()
        for index, day in enumerate(batch.get("paid_on")):
            if day is not None and day > today:
                batch.add(index, "paid_on", "收费日期晚于今天，请核对；收到款以后再登记。")
        _complete_lines(batch)
        heads = _heads(batch)
        _alike(batch, heads)
        _lines_once(batch, heads)
        _totals(batch, heads)
        if batch.total:
            _taken_numbers(batch, heads)

    def write(self, batch: Batch) -> Written:
        return _Writer(batch).write()


def _complete_lines(batch: Batch) -> None:
    """Subject and minutes of an empty cell are the course's."""
    keys = batch.references.get("lines.course", [])
    known: dict[Any, tuple[str, int | None]] = {
        key: (subject, minutes)
        for key, subject, minutes in Course.objects.filter(institution_id__in=list(batch.units)).values_list(
            "pk", "subject", "lesson_minutes"
        )
    }
    subjects, minutes = batch.get("lines.subject"), batch.get("lines.lesson_minutes")
    own = [known.get(key, ("", None)) for key in keys]
    batch.put("lines.subject", [given or of[0] for given, of in zip(subjects, own, strict=True)])
    batch.put(
        "lines.lesson_minutes", [of[1] if given is None else given for given, of in zip(minutes, own, strict=True)]
    )


def _heads(batch: Batch) -> list[int]:
    """For each row the first row of its order. Two objects of a list body with one contract are one too many."""
    first: dict[tuple[Any, Any], int] = {}
    heads = [
        first.setdefault(name, index)
        for index, name in enumerate(zip(batch.institutions, batch.get("contract_no"), strict=True))
    ]
    group = batch.table.group
    if group is not None:
        for index, head in enumerate(heads):
            if group[index] != group[head] and (index == 0 or group[index] != group[index - 1]):
                message = f"合同编号与{batch.table.row(head)}重复，请删去一条或改正。"
                batch.add(index, "contract_no", message, "duplicate")
    return heads


def _alike(batch: Batch, heads: Sequence[int]) -> None:
    """All rows of a contract say the same of the order."""
    for key in (*_ORDER[1:], "total"):
        if not batch.has(key):
            continue
        values = batch.get(key)
        for index, head in enumerate(heads):
            if head != index and values[index] != values[head] and values[index] is not None:
                label = batch.kind.column(key).label
                message = f"合同编号与{batch.table.row(head)}重复，而{label}不同：同一合同的各行应一致，请改正。"
                batch.add(index, key, message, "duplicate")


def _lines_once(batch: Batch, heads: Sequence[int]) -> None:
    """In a table a contract names a course once: a second row is one pasted twice, or another contract's with a number
    that was not changed. An object of a list body says itself what its lines are."""
    if batch.table.group is not None:
        return
    columns = [batch.get(f"lines.{key}") for key in _LINE]
    lines = list(zip(*columns, strict=True))
    seen: dict[Any, int] = {}
    for index, (head, line) in enumerate(zip(heads, lines, strict=True)):
        first = seen.setdefault((head, line[0]), index)
        if first == index or not line[0]:
            continue
        where = batch.table.row(first)
        message = f"与{where}完全相同，请删去一行。"
        if line != lines[first]:
            message = (
                f"合同编号和课程都与{where}相同：同一合同的同一门课程只填一行，请合并；是另一份合同的，请改正合同编号。"
            )
        batch.add(index, "contract_no", message, "duplicate")


def _totals(batch: Batch, heads: Sequence[int]) -> None:
    sums: dict[int, Decimal] = dict.fromkeys(heads, Decimal(0))
    for head, amount in zip(heads, batch.get("lines.amount"), strict=True):
        sums[head] += amount or 0
    batch.sums = sums
    batch.heads = heads
    if batch.has("total"):
        for head, total in zip(heads, batch.get("total"), strict=True):
            if total is not None and sums.get(head) != total and batch.table.row(head) is not None:
                batch.add(head, "total", f"合同总额 {total} 元与各行金额之和 {sums[head]} 元不同，请核对。", "total")
                sums[head] = total


def _taken_numbers(batch: Batch, heads: Sequence[int]) -> None:
    """A contract on record with another content, told beside the other mistakes of a small table; writing a table
    without mistakes compares every line, however many there are."""
    if batch.size > _FEW:
        return
    numbers = batch.get("contract_no")
    known: dict[Any, tuple[Any, ...]] = {
        (unit, number): tuple(values)
        for unit, number, *values in FeeOrder.objects.filter(
            institution_id__in=list(batch.units), contract_no__in={number for number in numbers if number}
        ).values_list("institution_id", "contract_no", *_SAME_FIELDS)
    }
    columns = [batch.get(key) for key in _SAME_FIELDS if key != "amount"]
    group = batch.table.group
    twice = {head for index, head in enumerate(heads) if group is not None and group[index] != group[head]}
    for head in sorted(set(heads) - twice):
        found = known.get((batch.institutions[head], numbers[head]))
        if found is not None and found != (*(values[head] for values in columns), batch.sums[head]):
            batch.add(head, "contract_no", _OTHER, "duplicate")


class _Writer:
    """Writes the checked orders of a batch: those on record are compared, the others inserted."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.heads = batch.heads
        self.firsts = sorted(set(self.heads))
        self.number = {head: at for at, head in enumerate(self.firsts)}

    def write(self) -> Written:
        written = Written()
        self._stage()
        with connection.cursor() as cursor:
            cursor.execute(_KNOWN)
            known = cursor.fetchall()
            if known:
                self._compare(cursor, known, written)
            cursor.execute(_INSERT_ORDERS)
            for at, key, unit, day in cursor.fetchall():
                row = self.firsts[at]
                written.fresh.append(row)
                written.keys[row] = key
                before = written.since.get(unit)
                written.since[unit] = day if before is None else min(before, day)
            cursor.execute(_INSERT_LINES)
        written.created = len(written.fresh)
        for row, head in enumerate(self.heads):
            if head in written.keys:
                written.keys[row] = written.keys[head]
        return written

    def _stage(self) -> None:
        batch, firsts = self.batch, self.firsts
        orders: dict[str, Sequence[Any]] = {"institution_id": [batch.institutions[row] for row in firsts]}
        for key in _ORDER:
            values = batch.get(key)
            orders[key] = [values[row] for row in firsts]
        orders["amount"] = [batch.sums[row] for row in firsts]
        copy_into("staged_orders", types_of(FeeOrder, list(orders)), orders)
        positions: list[int] = []
        counts: dict[int, int] = {}
        for head in self.heads:
            counts[head] = position = counts.get(head, 0) + 1
            positions.append(position)
        lines: dict[str, Sequence[Any]] = {
            "head": [self.number[head] for head in self.heads],
            "position": positions,
            "course_id": batch.references["lines.course"],
            **{key: batch.get(f"lines.{key}") for key in _LINE[1:]},
        }
        types = {"head": "int"} | types_of(FeeLine, [name for name in lines if name != "head"])
        copy_into("staged_lines", types, lines)

    def _compare(self, cursor: Any, known: list[Any], written: Written) -> None:
        cursor.execute("CREATE INDEX ON staged_lines (head)")
        cursor.execute(_OTHER_LINES)
        other_lines = {at for (at,) in cursor.fetchall()}
        cancelled = []
        for at, key, is_other, is_cancelled, unit, day in known:
            row = self.firsts[at]
            written.keys[row] = key
            if is_other or at in other_lines:
                self.batch.add(row, "contract_no", _OTHER, "duplicate")
            elif is_cancelled and self.batch.has("cancelled_on"):
                cancelled.append(at)
                before = written.since.get(unit)
                written.since[unit] = day if before is None else min(before, day)
            else:
                written.unchanged += 1
        self.batch.raise_if_any()
        if cancelled:
            cursor.execute(_CANCEL, [cancelled])
            written.altered, written.changed = frozenset(self.firsts[at] for at in cancelled), len(cancelled)


_SAME_FIELDS = ["pupil", "paid_on", "starts_on", "ends_on", "channel", "is_loan", "amount"]
_O = ", ".join(f"o.{name}" for name in _SAME_FIELDS)
_S = ", ".join(f"s.{name}" for name in _SAME_FIELDS)
_L = "course_id, subject, hours, gift_hours, lesson_minutes, amount"
_MATCH = "o.institution_id = s.institution_id AND o.contract_no = s.contract_no"
# An empty cell does not take a cancellation back: the file in which the order was filed is brought in again.
_KNOWN = f"""
SELECT s.row_no, o.id, ROW({_O}) IS DISTINCT FROM ROW({_S}),
  s.cancelled_on IS NOT NULL AND o.cancelled_on IS DISTINCT FROM s.cancelled_on, o.institution_id, o.paid_on
FROM staged_orders s JOIN training_orgs_feeorder o ON {_MATCH} ORDER BY s.row_no
"""  # noqa: S608 - names of columns
_OTHER_LINES = f"""
SELECT s.row_no FROM staged_orders s JOIN training_orgs_feeorder o ON {_MATCH}
WHERE EXISTS (
  SELECT FROM (SELECT position, ROW({_L}) AS line FROM training_orgs_feeline WHERE order_id = o.id) old
  FULL JOIN (SELECT position, ROW({_L}) AS line FROM staged_lines WHERE head = s.row_no) new USING (position)
  WHERE old.line IS DISTINCT FROM new.line
)
"""  # noqa: S608
_CANCEL = f"""
UPDATE training_orgs_feeorder o SET cancelled_on = s.cancelled_on FROM staged_orders s
WHERE {_MATCH} AND s.row_no = ANY(%s)
"""  # noqa: S608
_INSERT_ORDERS = f"""
WITH fresh AS (
  INSERT INTO training_orgs_feeorder (institution_id, contract_no, pupil, paid_on, amount, starts_on, ends_on,
    channel, is_loan, cancelled_on, refunded, consumed)
  SELECT s.institution_id, s.contract_no, s.pupil, s.paid_on, s.amount, s.starts_on, s.ends_on,
    s.channel, s.is_loan, s.cancelled_on, 0, 0
  FROM staged_orders s
  WHERE NOT EXISTS (SELECT FROM training_orgs_feeorder o WHERE {_MATCH})
  ORDER BY s.row_no
  RETURNING id, institution_id, contract_no, paid_on
)
SELECT s.row_no, o.id, o.institution_id, o.paid_on FROM fresh o JOIN staged_orders s ON {_MATCH} ORDER BY 1
"""  # noqa: S608
_INSERT_LINES = f"""
INSERT INTO training_orgs_feeline (order_id, position, course_id, subject, hours, gift_hours, lesson_minutes, amount)
SELECT o.id, l.position, l.course_id, l.subject, l.hours, l.gift_hours, l.lesson_minutes, l.amount
FROM staged_lines l
JOIN staged_orders s ON s.row_no = l.head
JOIN training_orgs_feeorder o ON {_MATCH}
WHERE NOT EXISTS (SELECT FROM training_orgs_feeline f WHERE f.order_id = o.id AND f.position = l.position)
"""  # noqa: S608
