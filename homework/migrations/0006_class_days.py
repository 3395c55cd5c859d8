from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("homework", "0005_flagged_items_and_vacuum"),
        ("schools", "0002_schoolday_arrival"),
    ]

    operations = [
        # Made before the old one goes: what judges meanwhile has one of the two.
        migrations.AddIndex(
            model_name="homeworkitem",
            index=models.Index(
                fields=["school_class", "day"], name="homework_item_by_class", include=("minutes", "counts")
            ),
        ),
        migrations.RemoveIndex(model_name="homeworkitem", name="homework_ho_school__5018b8_idx"),
        # No table: an evaluation derives its rows from the items.
        migrations.CreateModel(
            name="ClassDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "school_class", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
            ],
            options={"verbose_name": "班级日", "db_table": "homework_classday", "managed": False},
        ),
    ]
