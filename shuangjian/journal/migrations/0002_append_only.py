"""The application's role may write and read the journal's audit, never change or remove it."""

from django.db import migrations

from shuangjian.settings.env import app_role

TABLES = ("journal_auditentry", "journal_auditseal")


def make_append_only(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        role = app_role(cursor.fetchone()[0])
        for table in TABLES:
            cursor.execute(f'REVOKE ALL ON {table} FROM "{role}"')
            cursor.execute(f'GRANT SELECT, INSERT ON {table} TO "{role}"')


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial")]
    operations = [migrations.RunPython(make_append_only, migrations.RunPython.noop, elidable=False)]
