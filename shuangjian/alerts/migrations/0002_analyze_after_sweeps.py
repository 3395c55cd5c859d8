"""What a sweep adds at once is judged again a second later (docs/plans.md)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("alerts", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE alerts_alert SET (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05)",
            "ALTER TABLE alerts_alert RESET (autovacuum_analyze_scale_factor, autovacuum_vacuum_scale_factor)",
        ),
    ]
