"""A rule about money sums up what an institution holds: 100 million yuan and more. No row is rewritten by this."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rules", "0004_findings_by_period"),
    ]

    operations = [
        migrations.AlterField(
            model_name="dismissal",
            name="limit",
            field=models.DecimalField(decimal_places=4, max_digits=18),
        ),
        migrations.AlterField(
            model_name="dismissal",
            name="observed",
            field=models.DecimalField(decimal_places=4, max_digits=18),
        ),
        migrations.AlterField(
            model_name="finding",
            name="limit",
            field=models.DecimalField(decimal_places=4, max_digits=18),
        ),
        migrations.AlterField(
            model_name="finding",
            name="observed",
            field=models.DecimalField(decimal_places=4, max_digits=18),
        ),
    ]
