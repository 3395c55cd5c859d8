"""Reads the environment, and says what to do when something is missing."""

from __future__ import annotations

import os
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from shuangjian.local.state import read_run_file


def required(name: str, remedy: str) -> str:
    """Value of the variable ``name``; ImproperlyConfigured with ``remedy`` when it is unset or empty."""
    value = os.environ.get(name, "").strip()
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {remedy}")
    return value


def service_url(name: str) -> str:
    """URL of a server: the variable ``name``, else what a running bin/demo of this checkout recorded."""
    value = os.environ.get(name, "").strip() or read_run_file().get(name.lower(), "")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set and no local server is recorded. Start bin/demo (it starts its own servers), "
            f"or set {name}, for example {EXAMPLES[name]}."
        )
    return value


EXAMPLES = {
    "DATABASE_URL": "postgres://owner:secret@db.internal:5432/shuangjian",
    "REDIS_URL": "redis://redis.internal:6379/0",
}


def database(url: str, *, as_app_role: bool) -> dict[str, Any]:
    """Django database settings for ``url``.

    With ``as_app_role`` the session drops from the owner to ``<owner>_app``, the role that the first migration
    creates: it may write data, but on the audit journal it may only INSERT and SELECT. ``APP_DATABASE_URL``
    replaces that by a login of its own.
    """
    app_url = os.environ.get("APP_DATABASE_URL", "").strip()
    if as_app_role and app_url:
        return dict(environ.Env.db_url_config(app_url))
    config = dict(environ.Env.db_url_config(url))
    if config.get("ENGINE") != "django.db.backends.postgresql":
        raise ImproperlyConfigured(
            "DATABASE_URL must name a PostgreSQL database (postgres://…): nothing else is supported."
        )
    if as_app_role:
        options = dict(config.get("OPTIONS") or {})
        options["options"] = f"-c role={app_role(config['USER'])}"
        config["OPTIONS"] = options
    return config


def app_role(owner: str) -> str:
    """Name of the restricted role that belongs to the database owner ``owner``."""
    return f"{owner}_app"
