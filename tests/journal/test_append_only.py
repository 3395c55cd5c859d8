"""The application's database role can add to the journal and read it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from django.db import connection

from shuangjian.journal import seals
from shuangjian.journal.models import AuditEntry
from shuangjian.journal.services import record
from shuangjian.settings.env import app_role

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def app_cursor() -> Iterator[Any]:
    """A connection of its own, dropped to the application's role as web, worker and beat are."""
    parameters = connection.get_connection_params()
    owner = connection.settings_dict["USER"]
    parameters = {k: v for k, v in parameters.items() if k not in ("cursor_factory", "context")}
    with psycopg2.connect(**{**parameters, "options": f"-c role={app_role(owner)}"}) as own:
        own.autocommit = True
        yield own.cursor()


def test_the_app_role_reads_and_adds_audit_entries(app_cursor: Any) -> None:
    app_cursor.execute(
        "INSERT INTO journal_auditentry (actor_label, act, target, detail, source, request_id, result) "
        "VALUES ('测试', 'test', '', '{}', 'job', '', 'done')"
    )
    app_cursor.execute("SELECT count(*) FROM journal_auditentry")
    assert app_cursor.fetchone() == (1,)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_auditentry SET act = 'forged'",
        "DELETE FROM journal_auditentry",
        "TRUNCATE journal_auditentry",
        "UPDATE journal_auditseal SET hash = ''",
        "DELETE FROM journal_auditseal",
        "ALTER TABLE journal_auditentry ADD COLUMN x int",
        "DROP TABLE journal_auditentry",
    ],
)
def test_the_app_role_cannot_change_or_remove_the_audit(app_cursor: Any, statement: str) -> None:
    record("test", actor=None)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        app_cursor.execute(statement)
    assert AuditEntry.objects.filter(act="test").count() == 1


def test_the_app_role_works_on_every_other_table(app_cursor: Any) -> None:
    app_cursor.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT (has_table_privilege(c.oid, 'SELECT') "
        "AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE') "
        "AND has_table_privilege(c.oid, 'DELETE'))"
    )
    assert {name for (name,) in app_cursor.fetchall()} == {"journal_auditentry", "journal_auditseal"}
    app_cursor.execute("CREATE TEMP TABLE app_may_evaluate (x int)")


def test_a_seal_tells_when_a_superuser_changed_a_row() -> None:
    for _ in range(3):
        record("test", actor=None)
    first = seals.seal()
    record("later", actor=None)
    assert first is not None
    assert first.entries == 3
    assert seals.seal() is not None
    assert list(seals.broken_seals()) == []
    AuditEntry.objects.filter(pk=first.first_id + 1).update(act="forged")
    assert [seal.pk for seal in seals.broken_seals()][0] == first.pk


def test_a_seal_tells_when_a_row_is_gone() -> None:
    for _ in range(3):
        record("test", actor=None)
    first = seals.seal()
    assert first is not None
    AuditEntry.objects.filter(pk=first.first_id + 1).delete()
    assert first in list(seals.broken_seals())


def test_sealing_twice_makes_one_seal() -> None:
    record("test", actor=None)
    assert seals.seal() is not None
    assert seals.seal() is None
