"""Rule TO-11 counts a refund request whatever became of its order: cancelling it must not hide what was asked back."""

from importlib import import_module

from django.db import migrations

_before = import_module("training_orgs.migrations.0004_dispute_and_text_views")

# As in 0004, without the orders.
_DISPUTE_DAY = """
CREATE OR REPLACE VIEW training_orgs_disputeday AS
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
    WHERE r.withdrawn_on IS NULL) event
  GROUP BY institution_id, day) of_day
WINDOW w AS (PARTITION BY institution_id ORDER BY day)
"""


class Migration(migrations.Migration):
    dependencies = [("training_orgs", "0007_views_by_institution")]

    operations = [
        migrations.RunSQL(
            _DISPUTE_DAY,
            _before._DISPUTE_DAY.replace("CREATE VIEW", "CREATE OR REPLACE VIEW"),
        ),
    ]
