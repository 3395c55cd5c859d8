"""What the portal's own services must be started with: each command is read by the program's own parser."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import click
from celery.bin.celery import celery
from django.core.management import get_commands
from gunicorn.config import Config

from shuangjian.celery import app
from shuangjian.local.state import PROJECT
from shuangjian.settings import base
from tests.local.production.files import Files, seconds


def migrates_without_questions(files: Files) -> None:
    python, manage, command, *options = files.command("migrate")
    assert (python, manage, options) == ("python", "manage.py", ["--noinput"])
    assert (PROJECT / manage).is_file()
    assert command == "migrate"
    assert command in get_commands()


def serves_by_gunicorn(files: Files) -> None:
    program, *words = files.command("web")
    assert program == "gunicorn"
    given = {key: value for key, value in vars(Config().parser().parse_args(words)).items() if value is not None}
    assert given == {
        "args": [base.WSGI_APPLICATION.replace(".application", ":application")],
        "bind": ["0.0.0.0:8000"],
        "worker_class": "gthread",
        "workers": 2,
        "threads": 4,
        "preload_app": True,
        "worker_tmp_dir": "/dev/shm",
        "control_socket_disable": True,
        "accesslog": "-",
    }
    assert files.services["web"]["ports"] == ["127.0.0.1:8000:8000"]
    assert "EXPOSE 8000" in files.instructions


def asks_the_web_how_it_is(files: Files) -> None:
    kind, python, option, code = files.services["web"]["healthcheck"]["test"]
    assert (kind, python, option) == ("CMD", "python", "-c")
    asked: list[Any] = []
    with (
        patch.dict("os.environ", {"ALLOWED_HOSTS": " portal.example , www.portal.example"}),
        patch("urllib.request.urlopen", lambda request, timeout: asked.append((request, timeout))),
    ):
        exec(compile(ast.parse(code), "healthcheck", "exec"), {})
    ((request, timeout),) = asked
    assert request.full_url == "http://127.0.0.1:8000/healthz"
    assert request.headers == {"Host": "portal.example"}
    assert timeout < seconds(files.services["web"]["healthcheck"]["timeout"])


def works_by_celery(files: Files) -> None:
    assert _celery(files.command("worker"), "worker") == {
        "loglevel": "INFO",
        "concurrency": "2",
        "without_gossip": True,
        "without_mingle": True,
        "max_memory_per_child": "300000",
    }
    beat = _celery(files.command("beat"), "beat")
    assert beat == {"loglevel": "INFO", "schedule": "/srv/beat/schedule", "pidfile": ""}
    kind, line = files.services["worker"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    words = shlex.split(line)
    assert words[:3] == files.command("worker")[:3]
    # $$ is one $ that the container's shell fills in: a worker is named after its host.
    assert words[3:] == ["inspect", "ping", "--destination", "celery@$$HOSTNAME", "--timeout", "10"]


def _celery(words: list[str], role: str) -> dict[str, Any]:
    """The options that Celery's own parser reads from the command."""
    program, option, path, given_role, *rest = words
    assert (program, option, given_role) == ("celery", "-A", role)
    assert path == "shuangjian.celery:app"
    assert app.main == "shuangjian"
    command = celery.commands[role]
    options, left, _ = command.make_parser(click.Context(command)).parse_args(list(rest))
    assert not left
    return dict(options)


CHECKS: tuple[Callable[[Files], None], ...] = (
    migrates_without_questions,
    serves_by_gunicorn,
    asks_the_web_how_it_is,
    works_by_celery,
)
