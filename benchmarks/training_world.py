"""A district of fictional training institutions, filled set-based: courses, sessions, orders, class log, ledger.

    python -m benchmarks.training_world --institutions 120 --orders 20000 --seed 7

Works on the empty, migrated database that DATABASE_URL names, with the reference data loaded. The same arguments give
the same rows. Full size is 1,200 institutions and 200,000 orders: about 260,000 lines, 2 million sessions, 1.5 million
consumptions, over four terms of twelve weeks from 2 March 2026. A few percent of orders break each money rule.
"""

from __future__ import annotations

import argparse
import os
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuangjian.settings.dev")
django.setup()

from django.db import connection, transaction  # noqa: E402

from shuangjian.bureau.models import Institution  # noqa: E402
from training_orgs.services.reconciliation import reconcile  # noqa: E402

FULL = (1200, 200_000)

# What is drawn: a number below n that depends on nothing but the row's number, what it is drawn for, and the seed.
_DRAW = """
CREATE FUNCTION pg_temp.draw(of bigint, what int, n int) RETURNS int IMMUTABLE LANGUAGE sql AS
  'SELECT ((hashint8extended(of, {seed} * 100 + what) & 9223372036854775807) % n)::int';
CREATE FUNCTION pg_temp.term_start(t int) RETURNS date IMMUTABLE LANGUAGE sql AS
  'SELECT date ''2026-03-02'' + 84 * t';
"""

_INSTITUTIONS = """
INSERT INTO bureau_institution (id, code, name, pinyin, kind, category, stages, town_candidates, status, opened_on,
  is_fictional, source, town_id, registered_on)
SELECT b.base + i, 'TB' || lpad(i::text, 6, '0'), '虚构培训机构' || i, lpad(i::text, 6, '0'), 'training_org',
  CASE WHEN pg_temp.draw(i, 1, 10) < 4 THEN 'subject' ELSE 'arts' END, '{{}}', '', 'active', '2021-01-01', true, '测速',
  t.ids[1 + i % cardinality(t.ids)], '2021-01-01'
FROM generate_series(1, {institutions}) i, (SELECT coalesce(max(id), 0) AS base FROM bureau_institution) b,
  (SELECT array_agg(id ORDER BY id) AS ids FROM bureau_town) t;
CREATE TEMP TABLE w_org AS
  SELECT id, row_number() OVER (ORDER BY id)::int AS i, category FROM bureau_institution WHERE source = '测速';
INSERT INTO training_orgs_trainingorg (institution_id, legal_person, phone) SELECT id, '', '' FROM w_org;
INSERT INTO training_orgs_orgprofile (institution_id, valid_from, registered_name, sign_name, category, department,
  address, is_online_only)
SELECT id, '2021-01-01', '虚构培训机构' || i, '虚构培训机构' || i, category, '', '虚构路' || i || '号', false
FROM w_org;
INSERT INTO training_orgs_licence (institution_id, kind, number, department, categories, stages, address, issued_on,
  expires_on, ended_reason)
SELECT id, CASE category WHEN 'subject' THEN 'school_running' ELSE 'permit' END, 'X' || i,
  CASE category WHEN 'subject' THEN 'JY' ELSE 'WL' END, ARRAY[category, 'subject', 'arts', 'sports', 'science'],
  '{{}}', '', '2021-01-01', '2028-12-31', ''
FROM w_org WHERE pg_temp.draw(i, 2, 100) > 2;
INSERT INTO training_orgs_registration (institution_id, kind, number, registered_name, is_nonprofit, scope, issued_on)
SELECT id, 'nonprofit_unit', 'D' || i, '', true, '', '2021-01-01' FROM w_org WHERE pg_temp.draw(i, 3, 100) > 2;
INSERT INTO training_orgs_annualcheck (institution_id, year, is_passed, checked_on, decision_no)
SELECT id, 2026, pg_temp.draw(i, 4, 100) > 2, '2027-01-10', '' FROM w_org;
INSERT INTO training_orgs_safetycheck (institution_id, kind, checked_on, is_passed, checker, note)
SELECT id, k, date '2026-03-01' + pg_temp.draw(i, 5, 300), pg_temp.draw(i, 6, 100) > 2, '', ''
FROM w_org, unnest(ARRAY['premises', 'fire']) k;
INSERT INTO training_orgs_reserve (institution_id, amount, valid_from)
SELECT id, 1000000, '2021-01-01' FROM w_org WHERE pg_temp.draw(i, 7, 5) = 0;
INSERT INTO training_orgs_guideprice (mode, size_from, size_to, price, valid_from, reference)
VALUES ('offline', 1, 10, 60, '2021-12-07', '测速'), ('offline', 11, 20, 45, '2021-12-07', '测速'),
  ('offline', 21, 30, 35, '2021-12-07', '测速'), ('offline', 31, NULL, 30, '2021-12-07', '测速'),
  ('online', 1, NULL, 20, '2021-12-07', '测速');
"""

# Ten courses a term; of a subject's, none on a rest day but for one in a hundred.
_COURSES = """
INSERT INTO training_orgs_course (id, institution_id, number, title, text, category, subject, stage, mode, class_size,
  lesson_minutes, is_full_time, starts_on, ends_on, identified)
SELECT (o.i - 1) * 40 + t * 10 + j + 1, o.id, 'K' || t || '-' || j, '虚构课程', '',
  (ARRAY['subject','subject','subject','subject','arts','arts','arts','sports','sports','science'])[j + 1],
  (ARRAY['语文','数学','英语','物理','美术','音乐','舞蹈','足球','游泳','编程'])[j + 1],
  (ARRAY['primary','junior','primary','junior','senior'])[1 + j % 5],
  CASE j % 5 WHEN 3 THEN 'online' ELSE 'offline' END,
  (ARRAY[8, 15, 25, 40])[1 + pg_temp.draw(o.i * 40 + j, 8, 4)], CASE j % 5 WHEN 3 THEN 30 ELSE 45 END, false,
  pg_temp.term_start(t), pg_temp.term_start(t) + 83, ''
FROM w_org o, generate_series(0, 3) t, generate_series(0, 9) j;
INSERT INTO training_orgs_coursesession (institution_id, course_id, day, starts_at, ends_at, is_cancelled)
SELECT c.institution_id, c.id, d.day, 1080, 1170, pg_temp.draw(c.id * 400 + d.n, 9, 50) = 0
FROM training_orgs_course c
CROSS JOIN LATERAL (SELECT c.starts_on + n AS day, n FROM generate_series(0, 83) n) d
WHERE CASE WHEN c.is_subject THEN extract(isodow FROM d.day) <= 4 ELSE extract(isodow FROM d.day) IN (2, 4, 6, 7) END
  AND NOT (c.is_subject AND EXISTS (SELECT FROM bureau_restday r WHERE r.date = d.day
    AND r.stage = CASE WHEN c.stage IN ('junior', 'senior') THEN 'junior' ELSE 'primary' END))
ORDER BY c.id, d.day;
INSERT INTO training_orgs_coursesession (institution_id, course_id, day, starts_at, ends_at, is_cancelled)
SELECT institution_id, id, starts_on + 12, 540, 630, false FROM training_orgs_course
WHERE is_subject AND pg_temp.draw(id, 10, 100) = 0;
ANALYZE training_orgs_course; ANALYZE training_orgs_coursesession;
"""

# A pupil takes the same subject each term. ``fate`` (0–999) says what is wrong with the order; past 123 nothing is.
_ORDERS = """
CREATE TEMP TABLE w_order AS
SELECT n AS id, o.id AS org, o.i, k % 42 AS pupil, (k / 42) % 4 AS t, (k % 42 + o.i) % 10 AS j, 0 AS again,
  pg_temp.draw(n, 11, 1000) AS fate
FROM generate_series(1, {orders}) n
CROSS JOIN LATERAL (SELECT (n - 1) / {institutions} AS k, 1 + (n - 1) % {institutions} AS i) s
JOIN w_org o ON o.i = s.i;
INSERT INTO w_order SELECT id + {orders}, org, i, pupil, t, j, 1, fate FROM w_order WHERE fate BETWEEN 104 AND 123;
CREATE TEMP TABLE w_line AS
SELECT w.id AS order_id, p.position, (w.i - 1) * 40 + w.t * 10 + p.j + 1 AS course_id, c.subject, c.lesson_minutes,
  h.hours, round(h.hours * CASE WHEN c.is_subject THEN g.price * CASE WHEN w.fate BETWEEN 50 AND 59 THEN 1.5 ELSE 1 END
    ELSE CASE WHEN w.fate BETWEEN 84 AND 103 THEN 160 ELSE 60 END END, 2) AS amount
FROM w_order w
CROSS JOIN LATERAL (SELECT 1 AS position, w.j UNION ALL
  SELECT 2, (w.j + 3) % 10 WHERE w.again = 0 AND pg_temp.draw(w.id, 12, 10) < 3) p
JOIN training_orgs_course c ON c.id = (w.i - 1) * 40 + w.t * 10 + p.j + 1
CROSS JOIN LATERAL (SELECT CASE WHEN w.fate BETWEEN 40 AND 49 THEN 64 WHEN w.again = 1 THEN 30 ELSE 36 END::numeric
  AS hours) h
LEFT JOIN training_orgs_guideprice g ON g.mode = c.mode
  AND c.class_size BETWEEN g.size_from AND coalesce(g.size_to, 999);
CREATE TEMP TABLE w_taken AS
SELECT l.order_id, l.position, pg_temp.term_start(w.t) + 10 + 14 * n AS day, trunc(l.hours / 6, 2) AS hours,
  trunc(l.amount / 6, 2) AS amount
FROM w_line l JOIN w_order w ON w.id = l.order_id, generate_series(0, 5) n
WHERE (n < 2 OR pg_temp.draw(w.id, 13, 100) >= 4) AND w.fate < 990;
CREATE TEMP TABLE w_sum AS
SELECT l.order_id, l.amount, coalesce(t.amount, 0) AS consumed
FROM (SELECT order_id, sum(amount) AS amount FROM w_line GROUP BY order_id) l
LEFT JOIN (SELECT order_id, sum(amount) AS amount FROM w_taken GROUP BY order_id) t USING (order_id);
ANALYZE w_order; ANALYZE w_line; ANALYZE w_taken; ANALYZE w_sum;
INSERT INTO training_orgs_feeorder (id, institution_id, contract_no, pupil, paid_on, amount, starts_on, ends_on,
  channel, is_loan, cancelled_on, refunded, consumed)
SELECT w.id, w.org, 'H' || lpad(w.id::text, 7, '0'), 'X' || w.pupil,
  pg_temp.term_start(w.t) - 1 - pg_temp.draw(w.id - w.again * {orders}, 14, 14)
    - CASE WHEN w.fate < 20 THEN 45 ELSE 0 END
    + CASE WHEN w.again = 1 AND w.fate >= 114 THEN 1 ELSE 0 END AS paid_on,
  s.amount, pg_temp.term_start(w.t),
  CASE WHEN w.fate BETWEEN 20 AND 39 THEN pg_temp.term_start(w.t) + 120
    WHEN pg_temp.draw(w.id, 15, 4) > 0 THEN pg_temp.term_start(w.t) + 83 END,
  CASE WHEN w.fate BETWEEN 60 AND 79 THEN 'direct' ELSE 'custody' END, w.fate BETWEEN 80 AND 83,
  CASE WHEN w.fate >= 990 THEN pg_temp.term_start(w.t) END, 0, s.consumed
FROM w_order w JOIN w_sum s ON s.order_id = w.id
ORDER BY paid_on, w.id;
INSERT INTO training_orgs_feeline (order_id, position, course_id, subject, hours, gift_hours, lesson_minutes, amount)
SELECT order_id, position, course_id, subject, hours, 0, lesson_minutes, amount FROM w_line ORDER BY order_id, position;
ANALYZE training_orgs_feeorder; ANALYZE training_orgs_feeline;
INSERT INTO training_orgs_consumption (institution_id, line_id, day, hours, amount)
SELECT w.org, l.id, t.day, t.hours, t.amount
FROM w_taken t JOIN w_order w ON w.id = t.order_id
JOIN training_orgs_feeline l ON l.order_id = t.order_id AND l.position = t.position
ORDER BY t.day, l.id;
"""

_REFUNDS = """
INSERT INTO training_orgs_refund (institution_id, order_id, number, requested_on, amount, answered_on, answer, reason,
  paid_on, paid_amount)
SELECT o.institution_id, o.id, 'T' || o.id, asked, o.amount - o.consumed,
  CASE WHEN luck > 0 THEN asked + 3 END, CASE WHEN luck = 0 THEN '' WHEN luck = 1 THEN 'refused' ELSE 'approved' END,
  CASE WHEN luck = 1 THEN '课程已上完' ELSE '' END, CASE WHEN luck > 2 THEN asked + 10 END,
  CASE WHEN luck > 2 THEN o.amount - o.consumed END
FROM training_orgs_feeorder o
CROSS JOIN LATERAL (SELECT o.starts_on + 30 AS asked, pg_temp.draw(o.id, 16, 20) AS luck) r
WHERE pg_temp.draw(o.id, 13, 100) < 4 AND o.cancelled_on IS NULL AND o.amount > o.consumed;
UPDATE training_orgs_feeorder o SET refunded = r.paid_amount
FROM training_orgs_refund r WHERE r.order_id = o.id AND r.paid_amount IS NOT NULL;
INSERT INTO training_orgs_ledgerentry (institution_id, reference, day, sequence, kind, amount, balance)
SELECT m.org, 'L' || row_number() OVER upto, m.day, row_number() OVER (PARTITION BY m.org, m.day ORDER BY m.nth),
  m.kind, m.amount, sum(CASE m.kind WHEN 'payment' THEN m.amount ELSE -m.amount END) OVER upto
FROM (
  SELECT institution_id AS org, paid_on AS day, 1 AS nth, 'payment' AS kind, sum(amount) AS amount
  FROM training_orgs_feeorder WHERE channel = 'custody' AND cancelled_on IS NULL GROUP BY 1, 2
  UNION ALL
  SELECT t.institution_id, t.day, 2, 'release', sum(t.amount)
  FROM training_orgs_consumption t JOIN training_orgs_feeline l ON l.id = t.line_id
  JOIN training_orgs_feeorder o ON o.id = l.order_id AND o.channel = 'custody' GROUP BY 1, 2
  UNION ALL
  SELECT r.institution_id, r.paid_on, 3, 'refund', sum(r.paid_amount)
  FROM training_orgs_refund r JOIN training_orgs_feeorder o ON o.id = r.order_id AND o.channel = 'custody'
  WHERE r.paid_on IS NOT NULL GROUP BY 1, 2) m
WINDOW upto AS (PARTITION BY m.org ORDER BY m.day, m.nth);
"""

# One balance in 300 is off by a yuan, as if a ledger entry had been mistyped and corrected the next day.
_GAPS = "UPDATE training_orgs_dailybalance SET ledger = ledger + 1 WHERE pg_temp.draw(id, 17, 300) = 0"

# These were numbered by hand, so that lines and sessions could be made before their ids were known.
_SEQUENCES = """
SELECT setval(pg_get_serial_sequence('bureau_institution', 'id'), max(id)) FROM bureau_institution;
SELECT setval(pg_get_serial_sequence('training_orgs_course', 'id'), max(id)) FROM training_orgs_course;
SELECT setval(pg_get_serial_sequence('training_orgs_feeorder', 'id'), max(id)) FROM training_orgs_feeorder;
"""


def build(institutions: int, orders: int, seed: int) -> None:
    """Fill the database; SystemExit where it holds training institutions already or lacks rest days."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM training_orgs_trainingorg), EXISTS (SELECT FROM bureau_restday)")
        has_orgs, has_rest_days = cursor.fetchone()
        if has_orgs or not has_rest_days:
            raise SystemExit("Needs a migrated database with reference data and without training institutions.")
        numbers = {"institutions": institutions, "orders": orders, "seed": seed}
        with transaction.atomic():
            cursor.execute("SET LOCAL work_mem = '256MB'; SET LOCAL jit = off")
            for name, step in (("draw", _DRAW), ("institutions", _INSTITUTIONS), ("courses", _COURSES)):
                _run(cursor, name, step.format(**numbers))
            _run(cursor, "orders", _ORDERS.format(**numbers))
            _run(cursor, "refunds", _REFUNDS)
            began = time.monotonic()
            reconcile(Institution.objects.filter(source="测速").values_list("pk", flat=True))
            print(f"balances: {time.monotonic() - began:.0f} s", flush=True)
            _run(cursor, "gaps", _GAPS)
            _run(cursor, "sequences", _SEQUENCES)
        cursor.execute("VACUUM ANALYZE")


def _run(cursor, name: str, statements: str) -> None:  # type: ignore[no-untyped-def]
    began = time.monotonic()
    cursor.execute(statements)
    print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training_world", description=__doc__)
    parser.add_argument("--institutions", type=int, default=FULL[0])
    parser.add_argument("--orders", type=int, default=FULL[1])
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    build(asked.institutions, asked.orders, asked.seed)


if __name__ == "__main__":
    main()
