"""Real processes for tests: a broker of their own, a Celery worker and beat on the test database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from shuangjian.celery import app
from shuangjian.local.valkey import Valkey


def until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait for ``condition``; fail with ``what`` when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {what}"
        time.sleep(0.05)


class Processes:
    """The worker and beat of one test; ``kill`` is a kill -9 of a whole process group."""

    def __init__(self, folder: Path, broker: Valkey) -> None:
        self.folder = folder
        self.broker = broker
        self.running: list[subprocess.Popen[bytes]] = []

    def worker(self, *arguments: str) -> subprocess.Popen[bytes]:
        usual = ("-c", "2", "--without-gossip", "--without-mingle", "--loglevel", "info")
        return self._start("worker", *usual, *arguments)

    def beat(self) -> subprocess.Popen[bytes]:
        return self._start("beat", "--schedule", str(self.folder / "beat"), "--pidfile=")

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.running.remove(process)

    def stop_all(self) -> None:
        for process in list(self.running):
            self.kill(process)

    def _start(self, role: str, *arguments: str) -> subprocess.Popen[bytes]:
        settings = connection.settings_dict
        host = settings["HOST"] or settings["OPTIONS"].get("host", "")
        secret = f":{settings['PASSWORD']}" if settings["PASSWORD"] else ""
        name = settings["NAME"]
        where = f"/{name}?host={host}" if host.startswith("/") else f"{host}:{settings['PORT'] or 5432}/{name}"
        environment = {
            **os.environ,
            "DATABASE_URL": f"postgres://{settings['USER']}{secret}@{where}",
            "REDIS_URL": self.broker.url,
            "DATABASE_ROLE": "app",
            "DJANGO_SETTINGS_MODULE": "shuangjian.settings.test",
        }
        with (self.folder / f"{role}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "shuangjian.celery:app", role, *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.running.append(process)
        return process


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path: a socket's path has at most some hundred characters."""
    with tempfile.TemporaryDirectory(prefix="sj-") as path:
        yield Path(path)


@pytest.fixture
def broker(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Valkey]:
    """A broker that the test may flush and stop; the test's own doorbell rings there."""
    valkey = Valkey(folder / "v", folder / "valkey.log")
    valkey.start()
    monkeypatch.setattr(app.conf, "broker_url", valkey.url)
    yield valkey
    valkey.stop()


@pytest.fixture
def processes(transactional_db: None, folder: Path, broker: Valkey) -> Iterator[Processes]:
    """Started by the test; all dead before the database is emptied."""
    running = Processes(folder, broker)
    yield running
    running.stop_all()
