"""A queue: each row is written two or three times, and few live (docs/plans.md)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("journal", "0003_runs")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE journal_evaluationrequest SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)",
            "ALTER TABLE journal_evaluationrequest RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold)",
        ),
    ]
