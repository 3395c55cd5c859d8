"""Views for rules TO-11 and TO-27. To alter a column that a view names, drop the view first and make it again."""

from django.db import migrations, models

# One row for each day of an institution on which somebody complained of a fee or asked for a refund, with the counts of
# the 30 days to it, of the 56 days before those, and the same as of the day before. Windows over days with gaps: RANGE
# counts by dates. A condition on institution_id reaches the tables below, since the windows are partitioned by it.
_DISPUTE_DAY = """
CREATE VIEW training_orgs_disputeday AS
SELECT institution_id, day,
  coalesce(sum(events) OVER (w RANGE BETWEEN '29 days' PRECEDING AND CURRENT ROW), 0) AS recent,
  coalesce(sum(events) OVER (w RANGE BETWEEN '85 days' PRECEDING AND '30 days' PRECEDING), 0) AS base,
  coalesce(sum(events) OVER (w RANGE BETWEEN '30 days' PRECEDING AND '1 day' PRECEDING), 0) AS recent_before,
  coalesce(sum(events) OVER (w RANGE BETWEEN '86 days' PRECEDING AND '31 days' PRECEDING), 0) AS base_before
FROM (
  SELECT institution_id, day, count(*) AS events
  FROM (
    SELECT c.institution_id, c.received_on AS day
    FROM evidence_complaint c
    JOIN bureau_institution i ON i.id = c.institution_id AND i.kind IN ('training_org', 'suspected_site')
    WHERE c.topic IN ('refund', 'prepayment', 'closed_down') AND c.duplicate_of_id IS NULL
      AND c.state <> 'refuted' AND c.is_confirmed IS NOT false
    UNION ALL
    SELECT r.institution_id, r.requested_on
    FROM training_orgs_refund r
    JOIN training_orgs_feeorder o ON o.id = r.order_id AND o.cancelled_on IS NULL
    WHERE r.withdrawn_on IS NULL) event
  GROUP BY institution_id, day) of_day
WINDOW w AS (PARTITION BY institution_id ORDER BY day)
"""

# What a training institution says of itself: its names, by profile (one row without a profile for what has none on the
# day asked about), and each course's title and text. since, until: when it says so.
_OFFERED_TEXT = """
CREATE VIEW training_orgs_offeredtext AS
SELECT i.id AS institution_id, p.id AS profile_id, NULL::bigint AS course_id, 'self' AS about,
  p.valid_from AS since, p.valid_until AS until, concat_ws(E'\\n', i.name, p.registered_name, p.sign_name) AS text
FROM bureau_institution i
JOIN training_orgs_orgprofile p ON p.institution_id = i.id
WHERE i.kind IN ('training_org', 'suspected_site')
UNION ALL
SELECT i.id, NULL, NULL, 'self', NULL, NULL, i.name
FROM bureau_institution i
WHERE i.kind IN ('training_org', 'suspected_site')
UNION ALL
SELECT c.institution_id, NULL, c.id, 'course:' || c.number,
  coalesce(c.published_on, c.starts_on), c.ends_on, concat_ws(E'\\n', c.title, c.text)
FROM training_orgs_course c
"""


class Migration(migrations.Migration):
    dependencies = [
        ("bureau", "0001_initial"),
        ("evidence", "0001_initial"),
        ("training_orgs", "0003_money_views"),
    ]

    operations = [
        migrations.CreateModel(
            name="DisputeDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("recent", models.IntegerField()),
                ("base", models.IntegerField()),
                ("recent_before", models.IntegerField()),
                ("base_before", models.IntegerField()),
            ],
            options={"db_table": "training_orgs_disputeday", "managed": False},
        ),
        migrations.CreateModel(
            name="OfferedText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("about", models.CharField(max_length=40)),
                ("since", models.DateField(null=True)),
                ("until", models.DateField(null=True)),
                ("text", models.TextField()),
            ],
            options={"db_table": "training_orgs_offeredtext", "managed": False},
        ),
        migrations.RunSQL(_DISPUTE_DAY, "DROP VIEW training_orgs_disputeday"),
        migrations.RunSQL(_OFFERED_TEXT, "DROP VIEW training_orgs_offeredtext"),
    ]
