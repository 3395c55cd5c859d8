"""Views that the money rules read. To alter a column that a view names, drop the view first and make it again."""

from django.db import migrations, models

# LATERAL with LIMIT, so that each line asks the index (course, day) for one session. Joined freely, a course's
# sessions would be read for each of its orders.
_ORDER_SPAN = """
CREATE VIEW training_orgs_orderspan AS
SELECT o.id, o.institution_id, o.contract_no, o.pupil, o.paid_on, o.starts_on,
  coalesce(o.ends_on, plan.last_on) AS ends_on
FROM training_orgs_feeorder o
LEFT JOIN LATERAL (
  SELECT max(s.day) AS last_on
  FROM training_orgs_feeline l
  CROSS JOIN LATERAL (
    SELECT s.day FROM training_orgs_coursesession s
    WHERE s.course_id = l.course_id AND s.day >= o.starts_on AND NOT s.is_cancelled
    ORDER BY s.day DESC LIMIT 1) s
  WHERE l.order_id = o.id AND o.ends_on IS NULL) plan ON true
WHERE o.cancelled_on IS NULL
"""

_ORDER_PLAN = """
CREATE VIEW training_orgs_orderplan AS
SELECT o.id, o.institution_id, o.contract_no, o.paid_on, o.starts_on, plan.first_on
FROM training_orgs_feeorder o
LEFT JOIN LATERAL (
  SELECT min(s.day) AS first_on
  FROM training_orgs_feeline l
  CROSS JOIN LATERAL (
    SELECT s.day FROM training_orgs_coursesession s
    WHERE s.course_id = l.course_id AND s.day BETWEEN o.starts_on AND coalesce(o.ends_on, 'infinity')
      AND NOT s.is_cancelled
    ORDER BY s.day LIMIT 1) s
  WHERE l.order_id = o.id) plan ON true
WHERE o.cancelled_on IS NULL
"""

_LINE_PRICE = """
CREATE VIEW training_orgs_lineprice AS
SELECT l.id, o.institution_id, o.contract_no, o.paid_on, l.position, c.number AS course_no, c.mode, l.amount,
  (l.hours + l.gift_hours) * l.lesson_minutes AS minutes, g.price AS guide
FROM training_orgs_feeorder o
JOIN training_orgs_feeline l ON l.order_id = o.id
JOIN training_orgs_course c ON c.id = l.course_id AND c.is_subject AND c.stage IN ('primary', 'junior', 'compulsory')
JOIN (
  SELECT mode, size_from, size_to, price, valid_from,
    least(valid_until, lead(valid_from) OVER (PARTITION BY mode, size_from ORDER BY valid_from) - 1) AS valid_until
  FROM training_orgs_guideprice) g
  ON g.mode = c.mode AND c.class_size BETWEEN g.size_from AND coalesce(g.size_to, c.class_size)
  AND o.paid_on BETWEEN g.valid_from AND coalesce(g.valid_until, 'infinity')
WHERE o.cancelled_on IS NULL AND l.hours + l.gift_hours > 0
"""

_FEE_CHARGE = """
CREATE VIEW training_orgs_feecharge AS
SELECT o.institution_id, o.pupil, l.subject, o.paid_on, max(o.contract_no COLLATE "C") AS contract_no,
  sum(l.hours + l.gift_hours) AS hours,
  coalesce(sum((l.hours + l.gift_hours) * l.lesson_minutes) FILTER (WHERE c.mode = 'offline'), 0) AS offline_minutes,
  coalesce(sum((l.hours + l.gift_hours) * l.lesson_minutes) FILTER (WHERE c.mode = 'online'), 0) AS online_minutes
FROM training_orgs_feeorder o
JOIN training_orgs_feeline l ON l.order_id = o.id
JOIN training_orgs_course c ON c.id = l.course_id
WHERE o.cancelled_on IS NULL
GROUP BY o.institution_id, o.pupil, l.subject, o.paid_on
"""

# The charge's own date bounds only the charge: what was paid before is looked for beyond it.
_CHARGE_HISTORY = """
CREATE VIEW training_orgs_chargehistory AS
SELECT c.institution_id, c.pupil, c.subject, c.paid_on, l.id AS line_id, o.paid_on AS line_paid_on,
  o.starts_on, o.ends_on, l.hours + l.gift_hours AS hours,
  greatest(l.hours + l.gift_hours - coalesce(taken.hours, 0), 0) AS left_hours,
  refunded.paid_on IS NULL OR refunded.paid_on > c.paid_on AS is_open
FROM (
  SELECT DISTINCT o.institution_id, o.pupil, l.subject, o.paid_on
  FROM training_orgs_feeorder o
  JOIN training_orgs_feeline l ON l.order_id = o.id
  WHERE o.cancelled_on IS NULL) c
JOIN training_orgs_orderspan o
  ON o.institution_id = c.institution_id AND o.pupil = c.pupil AND o.paid_on <= c.paid_on
JOIN training_orgs_feeline l ON l.order_id = o.id AND l.subject = c.subject
CROSS JOIN LATERAL (
  SELECT sum(t.hours) AS hours FROM training_orgs_consumption t WHERE t.line_id = l.id AND t.day <= c.paid_on) taken
CROSS JOIN LATERAL (SELECT min(r.paid_on) AS paid_on FROM training_orgs_refund r WHERE r.order_id = o.id) refunded
"""

_CUSTODY_GAP = """
CREATE VIEW training_orgs_custodygap AS
SELECT o.institution_id, 'order:' || o.contract_no AS about, o.paid_on AS day,
  b.unconsumed AS observed, coalesce(r.amount, 0) AS "limit"
FROM training_orgs_feeorder o
JOIN training_orgs_dailybalance b ON b.institution_id = o.institution_id AND b.day = o.paid_on
LEFT JOIN training_orgs_reserve r ON r.institution_id = o.institution_id
  AND o.paid_on BETWEEN r.valid_from AND coalesce(r.valid_until, 'infinity')
WHERE o.channel = 'direct' AND o.cancelled_on IS NULL AND b.unconsumed > coalesce(r.amount, 0)
UNION ALL
SELECT b.institution_id, 'self', b.day, b.ledger, b.paid - b.consumed - b.refunded
FROM training_orgs_dailybalance b
WHERE b.ledger <> b.paid - b.consumed - b.refunded
"""


class Migration(migrations.Migration):
    dependencies = [
        ("training_orgs", "0002_registers"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChargeHistory",
            fields=[
                ("line_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("pupil", models.CharField(max_length=40)),
                ("subject", models.CharField(max_length=20)),
                ("paid_on", models.DateField()),
                ("line_paid_on", models.DateField()),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField(null=True)),
                ("hours", models.DecimalField(decimal_places=2, max_digits=7)),
                ("left_hours", models.DecimalField(decimal_places=2, max_digits=7)),
                ("is_open", models.BooleanField()),
            ],
            options={
                "db_table": "training_orgs_chargehistory",
                "abstract": False,
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="CustodyGap",
            fields=[
                ("about", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("observed", models.DecimalField(decimal_places=2, max_digits=14)),
                ("limit", models.DecimalField(decimal_places=2, max_digits=14)),
            ],
            options={
                "db_table": "training_orgs_custodygap",
                "abstract": False,
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="FeeCharge",
            fields=[
                ("contract_no", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("pupil", models.CharField(max_length=40)),
                ("subject", models.CharField(max_length=20)),
                ("paid_on", models.DateField()),
                ("hours", models.DecimalField(decimal_places=2, max_digits=7)),
                ("offline_minutes", models.DecimalField(decimal_places=2, max_digits=12)),
                ("online_minutes", models.DecimalField(decimal_places=2, max_digits=12)),
            ],
            options={
                "db_table": "training_orgs_feecharge",
                "abstract": False,
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="LinePrice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("contract_no", models.CharField(max_length=40)),
                ("paid_on", models.DateField()),
                ("position", models.PositiveSmallIntegerField()),
                ("course_no", models.CharField(max_length=30)),
                ("mode", models.CharField(choices=[("offline", "线下"), ("online", "线上")], max_length=8)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("minutes", models.DecimalField(decimal_places=2, max_digits=12)),
                ("guide", models.DecimalField(decimal_places=2, max_digits=10)),
            ],
            options={
                "db_table": "training_orgs_lineprice",
                "abstract": False,
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="OrderPlan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("contract_no", models.CharField(max_length=40)),
                ("paid_on", models.DateField()),
                ("starts_on", models.DateField()),
                ("first_on", models.DateField(null=True)),
            ],
            options={
                "db_table": "training_orgs_orderplan",
                "abstract": False,
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="OrderSpan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("contract_no", models.CharField(max_length=40)),
                ("pupil", models.CharField(max_length=40)),
                ("paid_on", models.DateField()),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField(null=True)),
            ],
            options={
                "db_table": "training_orgs_orderspan",
                "abstract": False,
                "managed": False,
            },
        ),
        migrations.RunSQL(_ORDER_SPAN, "DROP VIEW training_orgs_orderspan"),
        migrations.RunSQL(_ORDER_PLAN, "DROP VIEW training_orgs_orderplan"),
        migrations.RunSQL(_LINE_PRICE, "DROP VIEW training_orgs_lineprice"),
        migrations.RunSQL(_FEE_CHARGE, "DROP VIEW training_orgs_feecharge"),
        migrations.RunSQL(_CHARGE_HISTORY, "DROP VIEW training_orgs_chargehistory"),
        migrations.RunSQL(_CUSTODY_GAP, "DROP VIEW training_orgs_custodygap"),
    ]
