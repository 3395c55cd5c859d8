"""Filled week by week: the planner must know of the new one (docs/plans.md)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("schools", "0002_schoolday_arrival")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE schools_schoolday SET (autovacuum_analyze_scale_factor = 0.02)",
            "ALTER TABLE schools_schoolday RESET (autovacuum_analyze_scale_factor)",
        ),
    ]
