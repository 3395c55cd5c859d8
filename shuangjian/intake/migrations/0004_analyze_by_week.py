"""Filled week by week: the planner must know of the new one (docs/plans.md)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("intake", "0003_weekly_return_sufficient_for")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE intake_filing SET (autovacuum_analyze_scale_factor = 0.02)",
            "ALTER TABLE intake_filing RESET (autovacuum_analyze_scale_factor)",
        ),
        migrations.RunSQL(
            "ALTER TABLE intake_weeklyreturn SET (autovacuum_analyze_scale_factor = 0.02)",
            "ALTER TABLE intake_weeklyreturn RESET (autovacuum_analyze_scale_factor)",
        ),
    ]
