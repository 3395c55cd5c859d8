"""The money rules' views once more, so that each costs what its institutions hold, and the index that TO-15 sums by."""

from importlib import import_module

from django.db import migrations, models

_before = import_module("training_orgs.migrations.0003_money_views")

# The sessions of each course once, then those on rest days, then their orders: OFFSET 0 holds to that order. Joined
# freely, the planner asked the index for each course on each of 700 rest days, or took the orders first.
_REST_LESSON = """
CREATE VIEW training_orgs_restlesson AS
SELECT c.institution_id, o.id AS order_id, o.contract_no, o.paid_on, c.id AS course_id, s.day
FROM training_orgs_course c
CROSS JOIN LATERAL (
  SELECT s.day FROM training_orgs_coursesession s WHERE s.course_id = c.id AND NOT s.is_cancelled OFFSET 0) s
JOIN bureau_restday r ON r.date = s.day AND r.stage = CASE c.stage WHEN 'junior' THEN 'junior' ELSE 'primary' END
CROSS JOIN LATERAL (
  SELECT o.id, o.contract_no, o.paid_on
  FROM training_orgs_feeline l
  JOIN training_orgs_feeorder o ON o.id = l.order_id
  WHERE l.course_id = c.id AND o.cancelled_on IS NULL AND o.institution_id = c.institution_id
    AND r.date BETWEEN o.starts_on AND coalesce(o.ends_on, 'infinity')
  OFFSET 0) o
WHERE c.is_subject AND c.stage IN ('primary', 'junior', 'compulsory')
"""

# An outer join whose price could be anything: joined freely, the planner takes the few prices first, and reads all
# orders once for each of them.
_LINE_PRICE = """
CREATE VIEW training_orgs_lineprice AS
SELECT l.id, o.institution_id, o.contract_no, o.paid_on, l.position, c.number AS course_no, c.mode, l.amount,
  (l.hours + l.gift_hours) * l.lesson_minutes AS minutes, nullif(coalesce(g.price, 0), 0) AS guide
FROM training_orgs_feeorder o
JOIN training_orgs_feeline l ON l.order_id = o.id
JOIN training_orgs_course c ON c.id = l.course_id AND c.is_subject AND c.stage IN ('primary', 'junior', 'compulsory')
LEFT JOIN (
  SELECT mode, size_from, size_to, price, valid_from,
    least(valid_until, lead(valid_from) OVER (PARTITION BY mode, size_from ORDER BY valid_from) - 1) AS valid_until
  FROM training_orgs_guideprice) g
  ON g.mode = c.mode AND c.class_size BETWEEN g.size_from AND coalesce(g.size_to, c.class_size)
  AND o.paid_on BETWEEN g.valid_from AND coalesce(g.valid_until, 'infinity')
WHERE o.cancelled_on IS NULL AND l.hours + l.gift_hours > 0
"""

# The minutes stand outside the groups: they are summed up only for what is found.
_FEE_CHARGE = """
CREATE VIEW training_orgs_feecharge AS
SELECT g.institution_id, g.pupil, g.subject, g.paid_on, g.contract_no, g.hours,
  (
    SELECT coalesce(sum((k.hours + k.gift_hours) * k.lesson_minutes), 0)
    FROM training_orgs_feeorder q
    JOIN training_orgs_feeline k ON k.order_id = q.id AND k.subject = g.subject
    JOIN training_orgs_course c ON c.id = k.course_id AND c.mode = 'offline'
    WHERE q.institution_id = g.institution_id AND q.pupil = g.pupil AND q.paid_on = g.paid_on
      AND q.cancelled_on IS NULL) AS offline_minutes,
  (
    SELECT coalesce(sum((k.hours + k.gift_hours) * k.lesson_minutes), 0)
    FROM training_orgs_feeorder q
    JOIN training_orgs_feeline k ON k.order_id = q.id AND k.subject = g.subject
    JOIN training_orgs_course c ON c.id = k.course_id AND c.mode = 'online'
    WHERE q.institution_id = g.institution_id AND q.pupil = g.pupil AND q.paid_on = g.paid_on
      AND q.cancelled_on IS NULL) AS online_minutes
FROM (
  SELECT o.institution_id, o.pupil, l.subject, o.paid_on, max(o.contract_no COLLATE "C") AS contract_no,
    sum(l.hours + l.gift_hours) AS hours
  FROM training_orgs_feeorder o
  JOIN training_orgs_feeline l ON l.order_id = o.id
  WHERE o.cancelled_on IS NULL
  GROUP BY o.institution_id, o.pupil, l.subject, o.paid_on) g
"""

# By institution, each order read once: joined freely, the planner reads the orders of all pupils for those of some.
# What was paid before a charge is looked for beyond the dates that are asked about.
_CHARGE_HISTORY = """
CREATE VIEW training_orgs_chargehistory AS
SELECT i.id AS institution_id, h.*
FROM bureau_institution i
CROSS JOIN LATERAL (
  WITH paid AS MATERIALIZED (
    SELECT o.pupil COLLATE "C" AS pupil, l.subject COLLATE "C" AS subject, o.paid_on, o.starts_on, l.id AS line_id,
      l.hours + l.gift_hours AS hours, coalesce(o.ends_on, max(last.day) OVER (PARTITION BY o.id)) AS ends_on, r.paid_on AS refunded_on
    FROM training_orgs_feeorder o
    JOIN training_orgs_feeline l ON l.order_id = o.id
    LEFT JOIN LATERAL (
      SELECT s.day FROM training_orgs_coursesession s
      WHERE s.course_id = l.course_id AND s.day >= o.starts_on AND NOT s.is_cancelled AND o.ends_on IS NULL
      ORDER BY s.day DESC LIMIT 1) last ON true
    LEFT JOIN (
      SELECT r.order_id, min(r.paid_on) AS paid_on FROM training_orgs_refund r
      WHERE r.institution_id = i.id AND r.paid_on IS NOT NULL GROUP BY r.order_id) r ON r.order_id = o.id
    WHERE o.institution_id = i.id AND o.cancelled_on IS NULL)
  SELECT c.pupil, c.subject, c.paid_on, p.line_id, p.paid_on AS line_paid_on, p.starts_on, p.ends_on, p.hours,
    greatest(p.hours - coalesce(taken.hours, 0), 0) AS left_hours,
    p.refunded_on IS NULL OR p.refunded_on > c.paid_on AS is_open
  FROM (SELECT DISTINCT pupil, subject, paid_on FROM paid) c
  JOIN paid p ON p.pupil = c.pupil AND p.subject = c.subject AND p.paid_on <= c.paid_on
  CROSS JOIN LATERAL (
    SELECT sum(t.hours) AS hours FROM training_orgs_consumption t WHERE t.line_id = p.line_id AND t.day <= c.paid_on) taken) h
"""


def _view(name: str, sql: str, before: str) -> migrations.RunSQL:
    drop = f"DROP VIEW training_orgs_{name};"
    return migrations.RunSQL(drop + sql, drop + before)


class Migration(migrations.Migration):
    dependencies = [
        ("bureau", "0004_district_and_rest_days"),
        ("training_orgs", "0006_lists_views"),
    ]

    operations = [
        migrations.CreateModel(
            name="RestLesson",
            fields=[
                ("order_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("contract_no", models.CharField(max_length=40)),
                ("paid_on", models.DateField()),
                ("course_id", models.BigIntegerField()),
                ("day", models.DateField()),
            ],
            options={
                "db_table": "training_orgs_restlesson",
                "abstract": False,
                "managed": False,
            },
        ),
        migrations.RemoveConstraint(
            model_name="consumption",
            name="consumption_once",
        ),
        migrations.AddConstraint(
            model_name="consumption",
            constraint=models.UniqueConstraint(
                fields=("line", "day", "session"), include=("hours",), name="consumption_once", nulls_distinct=False
            ),
        ),
        migrations.RunSQL(_REST_LESSON, "DROP VIEW training_orgs_restlesson"),
        _view("lineprice", _LINE_PRICE, _before._LINE_PRICE),
        _view("feecharge", _FEE_CHARGE, _before._FEE_CHARGE),
        _view("chargehistory", _CHARGE_HISTORY, _before._CHARGE_HISTORY),
        # The newest days must be known to the planner and visible to scans of the index alone (docs/plans.md).
        migrations.RunSQL(
            "ALTER TABLE training_orgs_consumption SET (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02)",
            "ALTER TABLE training_orgs_consumption RESET (autovacuum_analyze_scale_factor, autovacuum_vacuum_insert_scale_factor)",
        ),
    ]
