"""Filled week by week: the planner must know of the new one (docs/plans.md)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("afterschool", "0002_service_day_later_fields")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE afterschool_serviceday SET (autovacuum_analyze_scale_factor = 0.02)",
            "ALTER TABLE afterschool_serviceday RESET (autovacuum_analyze_scale_factor)",
        ),
    ]
