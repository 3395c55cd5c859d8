"""View for rule TO-02. To alter a column that it names, drop the view first and make it again."""

from django.db import migrations, models

# LATERAL, so that a condition on body and month leaves only those to be counted. The months reach as far as the
# calendar does (bureau.calendar_services.LATEST); the rule takes those that are over.
_SUBJECT_COUNT = """
CREATE VIEW training_orgs_subjectcount AS
SELECT b.id * 10000 + m.number AS id, b.id AS institution_id, m.month, c.licences::int AS licences,
  c.before::int AS before, s.licences AS baseline
FROM bureau_institution b
CROSS JOIN (
  SELECT g::date AS month, (g + interval '1 month')::date - 1 AS ends, g::date - 1 AS ends_before,
    ((extract(year FROM g) - 2021) * 12 + extract(month FROM g))::int AS number
  FROM generate_series('2021-09-01'::timestamp, '2040-12-01'::timestamp, '1 month') g) m
CROSS JOIN LATERAL (
  SELECT
    count(DISTINCT l.institution_id) FILTER (WHERE l.issued_on <= m.ends AND l.expires_on >= m.ends
      AND (l.ended_on IS NULL OR l.ended_on > m.ends)) AS licences,
    count(DISTINCT l.institution_id) FILTER (WHERE l.issued_on <= m.ends_before AND l.expires_on >= m.ends_before
      AND (l.ended_on IS NULL OR l.ended_on > m.ends_before)) AS before
  FROM training_orgs_licence l
  JOIN bureau_institution i ON i.id = l.institution_id
  WHERE l.kind = 'school_running' AND 'subject' = ANY(l.categories)
    AND (b.category = 'bureau' OR i.town_id = b.town_id)) c
LEFT JOIN training_orgs_subjectbaseline s ON s.town_id IS NOT DISTINCT FROM b.town_id
WHERE b.kind = 'public_body' AND b.category IN ('bureau', 'town')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("training_orgs", "0004_dispute_and_text_views"),
    ]

    operations = [
        migrations.CreateModel(
            name="SubjectCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField(help_text="its first day")),
                ("licences", models.IntegerField()),
                ("before", models.IntegerField()),
                ("baseline", models.IntegerField(null=True)),
            ],
            options={
                "verbose_name": "学科类机构数",
                "db_table": "training_orgs_subjectcount",
                "managed": False,
            },
        ),
        migrations.RunSQL(_SUBJECT_COUNT, "DROP VIEW training_orgs_subjectcount"),
    ]
