"""Databases beside the one that DATABASE_URL names: empty, or a copy of another in its present state."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql


def url_of(name: str) -> str:
    """DATABASE_URL with another database."""
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


@contextmanager
def database(name: str, *, template: str = "template1") -> Iterator[str]:
    """Make it for the length of the block, in the place of one that a killed run left; yields its address."""
    _run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    _run("CREATE DATABASE {} TEMPLATE {}", name, template)
    try:
        yield url_of(name)
    finally:
        _run("DROP DATABASE {} WITH (FORCE)", name)


def settings() -> str:
    """Version of the server and the settings that its plans depend on."""
    names = ("server_version", "shared_buffers", "work_mem", "max_parallel_workers_per_gather", "fsync")
    with psycopg2.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name, current_setting(name) FROM unnest(%s) AS name", [list(names)])
        return ", ".join(f"{name} {value}" for name, value in cursor.fetchall())


def _run(statement: str, *names: str) -> None:
    # Not the database that is copied or dropped: a copy is refused while anybody is connected to the original.
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
    finally:
        connection.close()
