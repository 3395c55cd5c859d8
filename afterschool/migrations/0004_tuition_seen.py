from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("afterschool", "0003_analyze_by_week")]

    operations = [
        # No table: an evaluation derives its rows from the service days and from what people confirmed.
        migrations.CreateModel(
            name="TuitionSeen",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "institution", "about", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
            ],
            options={"verbose_name": "讲新课或集体补课", "db_table": "afterschool_tuitionseen", "managed": False},
        ),
    ]
