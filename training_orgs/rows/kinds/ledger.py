"""The custody account's movements. Balances are chained by day and sequence, none of them below zero."""

from __future__ import annotations

from decimal import Decimal

from django.db import connection

from training_orgs.choices import LedgerKind
from training_orgs.models import FeeOrder, LedgerEntry
from training_orgs.rows.batch import Batch
from training_orgs.rows.cells import Day, Money, OneOf, Text
from training_orgs.rows.checks import not_ahead, once
from training_orgs.rows.declare import Column, Kind, Reference, register
from training_orgs.rows.staging import Written, copy_into, note, types_of

ORDER = Reference(FeeOrder, "contract_no", "order_id", "订单，合同编号")
_FEN = Decimal("0.01")
_OTHER = "这个流水号已登记，内容与本行不同，没有改动。请核对流水号；要更正的，另登一笔冲正。"


@register
class Ledger(Kind):
    key, label, model = "ledger", "监管账户流水", LedgerEntry
    unique = ("institution_id", "reference")
    changes, dated, is_money = False, "day", True
    columns = (
        Column("reference", "流水号", Text(40), is_required=True),
        Column("day", "日期", Day(), is_required=True, help="同一天的几笔按行的先后"),
        Column("kind", "类型", OneOf(dict(LedgerKind.choices)), is_required=True),
        Column("contract_no", "合同编号", Text(40), reference=ORDER, help="与订单对应的填"),
        Column("amount", "金额（元）", Money(_FEN), is_required=True),
    )

    def check(self, batch: Batch) -> None:
        not_ahead(batch, "day")
        once(batch, ("reference",), "流水号")

    def write(self, batch: Batch) -> Written:
        """Entries on record stay; new ones stand after those of their day, and later balances follow from them."""
        columns = {key: batch.get(key) for key in ("reference", "day", "kind", "amount")}
        orders = batch.references.get("contract_no", [None] * batch.size)
        columns |= {"institution_id": batch.institutions, "order_id": orders}
        copy_into("staged_ledger", types_of(LedgerEntry, list(columns)), columns)
        written = Written()
        with connection.cursor() as cursor:
            cursor.execute(_KNOWN)
            for row, key, is_other in cursor.fetchall():
                written.keys[row] = key
                written.unchanged += not is_other
                if is_other:
                    batch.add(row, "reference", _OTHER, "duplicate")
            batch.raise_if_any()
            cursor.execute(_CHAIN)
            self._refuse_overdrawn(batch)
            batch.raise_if_any()
            cursor.execute(_RENEW)
            cursor.execute(_INSERT)
            for row, key in cursor.fetchall():
                written.keys[row] = key
                written.fresh.append(row)
                note(written, batch.institutions[row], batch.get("day")[row])
        written.created = len(written.fresh)
        return written

    def _refuse_overdrawn(self, batch: Batch) -> None:
        """Told at the new entry after which, or the last new one before which, the balance falls below zero."""
        with connection.cursor() as cursor:
            cursor.execute(_OVERDRAWN)
            for row, day, before, amount in cursor.fetchall():
                message = (
                    f"{day} 支出 {amount} 元前的余额只有 {before} 元，余额不足，不能入账。请核对金额、日期和先后。"
                )
                batch.add(row, "amount", message, "insufficient_balance")


_KNOWN = """
SELECT s.row_no, e.id,
  ROW(e.day, e.kind, e.order_id, e.amount) IS DISTINCT FROM ROW(s.day, s.kind, s.order_id, s.amount)
FROM staged_ledger s JOIN training_orgs_ledgerentry e USING (institution_id, reference) ORDER BY 1
"""
# All entries of the institutions from their first new day on, old and new, with the balance that follows.
_CHAIN = """
DROP TABLE IF EXISTS chained_ledger;
CREATE TEMP TABLE chained_ledger ON COMMIT DROP AS
WITH fresh AS (
  SELECT s.* FROM staged_ledger s
  WHERE NOT EXISTS (
    SELECT FROM training_orgs_ledgerentry e
    WHERE e.institution_id = s.institution_id AND e.reference = s.reference
  )
), since AS (
  SELECT institution_id, min(day) AS day FROM fresh GROUP BY institution_id
), opening AS (
  SELECT DISTINCT ON (e.institution_id) e.institution_id, e.balance
  FROM training_orgs_ledgerentry e JOIN since USING (institution_id)
  WHERE e.day < since.day ORDER BY e.institution_id, e.day DESC, e.sequence DESC
), moved AS (
  SELECT e.id, NULL::int AS row_no, e.institution_id, e.day, e.sequence, e.kind, e.amount
  FROM training_orgs_ledgerentry e JOIN since ON since.institution_id = e.institution_id AND e.day >= since.day
  UNION ALL
  SELECT NULL, f.row_no, f.institution_id, f.day,
    coalesce(last.sequence, 0) + row_number() OVER (PARTITION BY f.institution_id, f.day ORDER BY f.row_no),
    f.kind, f.amount
  FROM fresh f LEFT JOIN (
    SELECT institution_id, day, max(sequence) AS sequence FROM training_orgs_ledgerentry GROUP BY institution_id, day
  ) last USING (institution_id, day)
)
SELECT m.*, coalesce(o.balance, 0)
  + sum(CASE WHEN m.kind = 'payment' THEN m.amount ELSE -m.amount END) OVER upto AS balance,
  max(m.row_no) OVER upto AS last_row
FROM moved m LEFT JOIN opening o USING (institution_id)
WINDOW upto AS (PARTITION BY m.institution_id ORDER BY m.day, m.sequence)
"""
# The first overdraft of each institution says it; those after it follow from it.
_OVERDRAWN = """
SELECT DISTINCT ON (institution_id) coalesce(row_no, last_row), day, balance + amount, amount
FROM chained_ledger WHERE balance < 0 ORDER BY institution_id, day, sequence
"""
_RENEW = """
UPDATE training_orgs_ledgerentry e SET balance = c.balance
FROM chained_ledger c WHERE c.id = e.id AND c.balance <> e.balance
"""
_INSERT = """
WITH fresh AS (
  INSERT INTO training_orgs_ledgerentry
    (institution_id, reference, day, sequence, kind, order_id, amount, balance)
  SELECT s.institution_id, s.reference, s.day, c.sequence, s.kind, s.order_id, s.amount, c.balance
  FROM chained_ledger c JOIN staged_ledger s USING (row_no)
  RETURNING id, institution_id, reference
)
SELECT s.row_no, f.id FROM fresh f JOIN staged_ledger s USING (institution_id, reference) ORDER BY 1
"""
