"""每日对账: what orders, class log and custody ledger say, day by day, derived set-based from the first changed day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import connection, transaction

from shuangjian.core.locks import lock_institutions

#: Before any record: a rebuild from the first day.
FIRST_DAY = dt.date(1900, 1, 1)

# What moved on each day from `since` on, summed up from the last row before it. A day on which only the ledger moved
# adds nothing to the sums, and a day without a ledger entry keeps the balance of the entry before.
_DERIVE = """
WITH moved AS (
  SELECT o.institution_id, o.paid_on AS day,
    CASE WHEN o.channel = 'custody' THEN o.amount ELSE 0 END AS paid, 0 AS consumed, 0 AS refunded,
    o.amount AS unconsumed
  FROM training_orgs_feeorder o
  WHERE o.institution_id = ANY(%(institutions)s) AND o.paid_on >= %(since)s AND o.cancelled_on IS NULL
  UNION ALL
  SELECT c.institution_id, c.day, 0, CASE WHEN o.channel = 'custody' THEN c.amount ELSE 0 END, 0, -c.amount
  FROM training_orgs_consumption c
  JOIN training_orgs_feeline l ON l.id = c.line_id
  JOIN training_orgs_feeorder o ON o.id = l.order_id
  WHERE c.institution_id = ANY(%(institutions)s) AND c.day >= %(since)s AND o.cancelled_on IS NULL
  UNION ALL
  SELECT r.institution_id, r.paid_on, 0, 0, CASE WHEN o.channel = 'custody' THEN r.paid_amount ELSE 0 END,
    -r.paid_amount
  FROM training_orgs_refund r JOIN training_orgs_feeorder o ON o.id = r.order_id
  WHERE r.institution_id = ANY(%(institutions)s) AND r.paid_on >= %(since)s AND o.cancelled_on IS NULL
  UNION ALL
  SELECT e.institution_id, e.day, 0, 0, 0, 0
  FROM training_orgs_ledgerentry e
  WHERE e.institution_id = ANY(%(institutions)s) AND e.day >= %(since)s
), days AS (
  SELECT institution_id, day, sum(paid) AS paid, sum(consumed) AS consumed, sum(refunded) AS refunded,
    sum(unconsumed) AS unconsumed
  FROM moved GROUP BY institution_id, day
), closing AS (
  SELECT DISTINCT ON (e.institution_id, e.day) e.institution_id, e.day, e.balance
  FROM training_orgs_ledgerentry e
  WHERE e.institution_id = ANY(%(institutions)s) AND e.day >= %(since)s
  ORDER BY e.institution_id, e.day, e.sequence DESC
), before AS (
  SELECT DISTINCT ON (b.institution_id) b.*
  FROM training_orgs_dailybalance b
  WHERE b.institution_id = ANY(%(institutions)s) AND b.day < %(since)s
  ORDER BY b.institution_id, b.day DESC
), summed AS (
  SELECT d.institution_id, d.day, sum(d.paid) OVER upto AS paid, sum(d.consumed) OVER upto AS consumed,
    sum(d.refunded) OVER upto AS refunded, sum(d.unconsumed) OVER upto AS unconsumed, c.balance,
    count(c.balance) OVER upto AS entries
  FROM days d LEFT JOIN closing c USING (institution_id, day)
  WINDOW upto AS (PARTITION BY d.institution_id ORDER BY d.day)
), derived AS (
  SELECT s.institution_id, s.day, s.paid + coalesce(b.paid, 0) AS paid,
    s.consumed + coalesce(b.consumed, 0) AS consumed, s.refunded + coalesce(b.refunded, 0) AS refunded,
    s.unconsumed + coalesce(b.unconsumed, 0) AS unconsumed,
    coalesce(max(s.balance) OVER (PARTITION BY s.institution_id, s.entries), b.ledger, 0) AS ledger
  FROM summed s LEFT JOIN before b USING (institution_id)
), gone AS (
  DELETE FROM training_orgs_dailybalance g
  WHERE g.institution_id = ANY(%(institutions)s) AND g.day >= %(since)s
    AND NOT EXISTS (SELECT FROM days d WHERE d.institution_id = g.institution_id AND d.day = g.day)
  RETURNING 1
), written AS (
  INSERT INTO training_orgs_dailybalance AS t (institution_id, day, paid, consumed, refunded, ledger, unconsumed)
  SELECT institution_id, day, paid, consumed, refunded, ledger, unconsumed FROM derived
  ON CONFLICT (institution_id, day) DO UPDATE SET paid = excluded.paid, consumed = excluded.consumed,
    refunded = excluded.refunded, ledger = excluded.ledger, unconsumed = excluded.unconsumed
  WHERE (t.paid, t.consumed, t.refunded, t.ledger, t.unconsumed)
    IS DISTINCT FROM (excluded.paid, excluded.consumed, excluded.refunded, excluded.ledger, excluded.unconsumed)
  RETURNING 1
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM written)
"""


@transaction.atomic
def reconcile(institution_ids: Iterable[int], since: dt.date | None = None) -> int:
    """Derive DailyBalance of the institutions for every day from ``since`` on (None: all days); returns rows changed.

    ``since`` is the earliest date of what was added, changed or taken away: the day of payment of an order that was
    changed or cancelled, the day of a consumption, of a refund's payment, of a ledger entry. What stands before it is
    taken as right. ``paid``, ``consumed`` and ``refunded`` are of custody orders, ``unconsumed`` of all; cancelled
    orders count nowhere. ``ledger`` is the balance after the last entry up to that day, as the ledger states it. A
    second call changes nothing.
    """
    institutions = sorted(set(institution_ids))
    if not institutions:
        return 0
    lock_institutions(institutions)
    with connection.cursor() as cursor:
        cursor.execute(_DERIVE, {"institutions": institutions, "since": since or FIRST_DAY})
        return int(cursor.fetchone()[0])
