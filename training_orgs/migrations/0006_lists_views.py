"""Views for rules TO-24 and TO-34. To alter a column that they name, drop the view first and make it again."""

from django.db import migrations, models

# Conditions on institution and day reach both legs, and through them the entries of these institutions alone.
_BLACK_LISTED_DAY = """
CREATE VIEW training_orgs_blacklistedday AS
SELECT DISTINCT s.institution_id, ('session:' || c.number)::varchar AS about, s.day
FROM lists_listentry e
JOIN training_orgs_coursesession s ON s.institution_id = e.institution_id
  AND s.day >= e.entered_on AND (e.left_on IS NULL OR s.day < e.left_on)
JOIN training_orgs_course c ON c.id = s.course_id
WHERE e.kind = 'black' AND NOT s.is_cancelled
UNION ALL
SELECT o.institution_id, ('order:' || o.contract_no)::varchar AS about, o.paid_on AS day
FROM lists_listentry e
JOIN training_orgs_feeorder o ON o.institution_id = e.institution_id
  AND o.paid_on >= e.entered_on AND (e.left_on IS NULL OR o.paid_on < e.left_on)
WHERE e.kind = 'black' AND o.cancelled_on IS NULL
"""
_TO_BE_LISTED = """
CREATE VIEW training_orgs_tobelisted AS
SELECT b.id AS institution_id, i.id AS org_id, d."on" AS list_date
FROM bureau_institution b
CROSS JOIN lists_listdate d
JOIN bureau_institution i ON EXISTS (
  SELECT FROM training_orgs_licence l
  WHERE l.institution_id = i.id AND l.issued_on <= d."on" AND l.expires_on >= d."on"
    AND (l.ended_on IS NULL OR l.ended_on > d."on"))
WHERE b.kind = 'public_body' AND b.category = 'bureau'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("lists", "0002_reviewed_decisions"),
        ("training_orgs", "0005_subject_counts"),
    ]

    operations = [
        migrations.CreateModel(
            name="BlackListedDay",
            fields=[
                ("about", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("day", models.DateField()),
            ],
            options={
                "verbose_name": "黑名单机构经营日",
                "db_table": "training_orgs_blacklistedday",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="ToBeListed",
            fields=[
                (
                    "org",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=models.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="bureau.institution",
                    ),
                ),
                ("list_date", models.DateField()),
            ],
            options={"verbose_name": "应列名单机构", "db_table": "training_orgs_tobelisted", "managed": False},
        ),
        migrations.RunSQL(_BLACK_LISTED_DAY, "DROP VIEW training_orgs_blacklistedday"),
        migrations.RunSQL(_TO_BE_LISTED, "DROP VIEW training_orgs_tobelisted"),
    ]
