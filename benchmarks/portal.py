"""The portal as docker-compose.yml runs it, started by hand: its commands, environment and server settings, read from
the file. What differs is named in ``Portal``.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shuangjian.local import homes, processes
from shuangjian.local.postgres import Postgres
from shuangjian.local.state import PROJECT
from shuangjian.local.valkey import Valkey
from shuangjian.local.with_services import fresh_home
from tests.local.production.files import Files, environment_of, postgres_settings

DATABASE = "shuangjian"
HOST = "portal.example"
PARTS = ("web", "worker", "beat")
_PATIENCE = {"web": 35.0, "worker": 60.0, "beat": 10.0}  # not longer than stop_grace_period


@dataclass(frozen=True)
class Answer:
    """What the web said; ``status`` 0 when it said nothing: refused, reset, or silent for too long."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


class Portal:
    """Own PostgreSQL and Valkey below ``home``, and web, worker and beat as production starts them.

    Unlike there, the servers listen on sockets (their addresses in the two URLs), web listens on ``port``, beat's
    notes lie below ``home``, a process dies with this one, and PGAPPNAME tells the database which part a session
    belongs to. Start and stop from the main thread.
    """

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.files = Files.read()
        self.logs = home / "log"
        self.logs.mkdir(parents=True, exist_ok=True)
        settings = postgres_settings(self.files)
        self.postgres = Postgres(home / homes.POSTGRES, self.logs / "postgres.log", settings=settings)
        self.valkey = Valkey(home / homes.VALKEY, self.logs / "valkey.log")
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        #: Further words of a part's command.
        self.extra: dict[str, list[str]] = {}

    def start_servers(self) -> None:
        self.postgres.start()
        self.postgres.create_database(DATABASE)
        self.valkey.start()

    def environment(self, service: str) -> dict[str, str]:
        """The whole environment of the service's process; nothing else of ours reaches it."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
        return {
            **kept,
            **environment_of(self.files, service),
            "DJANGO_SECRET_KEY": "invented for this run, and long enough to pass for a secret",
            "ALLOWED_HOSTS": HOST,
            "DATABASE_URL": self.postgres.url(DATABASE),
            "REDIS_URL": self.valkey.url,
            "PGAPPNAME": service,
            "PYTHONUNBUFFERED": "1",
        }

    def command(self, service: str) -> list[str]:
        """The service's command with our port and folder."""
        (self.home / "beat").mkdir(exist_ok=True)
        ours = {"0.0.0.0:8000": f"127.0.0.1:{self.port}", "/srv/beat/schedule": str(self.home / "beat" / "schedule")}
        return [ours.get(word, word) for word in self.files.command(service)] + self.extra.get(service, [])

    def manage(self, *words: str) -> str:
        """Run a management command as the owner, as the one-shot migration does; its output. SystemExit if it fails."""
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(
            command, env=self.environment("migrate"), cwd=PROJECT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"manage.py {' '.join(words)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
        return done.stdout

    def migrate(self) -> None:
        """The one-shot service."""
        _, _, *words = self.command("migrate")
        self.manage(*words, "--verbosity", "0")

    def start(self, part: str) -> None:
        """Start web, worker or beat."""
        with (self.logs / f"{part}.log").open("ab") as log:
            self.running[part] = processes.spawn(
                [sys.executable, "-m", "shuangjian.local.tied", *self.command(part)],
                output=log,
                env=self.environment(part),
                cwd=PROJECT,
            )

    def start_parts(self) -> None:
        """All three; returns when /readyz is green."""
        for part in PARTS:
            self.start(part)
        self.wait_until_ready()

    def wait_until_ready(self, seconds: float = 90) -> None:
        """SystemExit with the last report when /readyz does not turn green in time."""
        until(lambda: self.ask("GET", "/readyz", timeout=5).status == 200, "/readyz is not green", seconds)

    def kill(self, part: str) -> None:
        """Kill -9 of the part with all its processes, as when its container is killed."""
        process = self.running[part]
        processes.kill_group(process)
        process.wait()

    def mend(self) -> list[str]:
        """Restart what has died, as ``restart: unless-stopped`` does; returns the names."""
        dead = []
        if self.postgres.process is not None and self.postgres.process.poll() is not None:
            self.postgres.start()
            dead.append("postgres")
        for part, process in list(self.running.items()):
            if process.poll() is not None:
                processes.kill_group(process)
                self.start(part)
                dead.append(part)
        return dead

    def processor_seconds(self) -> float:
        """Spent so far by the servers and the parts that run, with their children: to be subtracted."""
        servers = (self.postgres.process, self.valkey.process)
        sessions = {process.pid for process in (*servers, *self.running.values()) if process is not None}
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[3]) in sessions:  # each was started in a session of its own
                    ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """Stop everything in order."""
        for part in PARTS:
            processes.stop(self.running.get(part), signal.SIGTERM, _PATIENCE[part])
        self.running.clear()
        self.valkey.stop()
        self.postgres.stop()

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        extra: Mapping[str, str] | None = None,
        timeout: float = 30,
    ) -> Answer:
        """One request as it comes through the proxy that speaks TLS; ``extra`` headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        common = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
        try:
            connection.request(method, path, body, {**common, **(extra or {})})
            answer = connection.getresponse()
            headers = answer.getheaders()
            cookies = tuple(value for name, value in headers if name == "Set-Cookie")
            return Answer(answer.status, dict(headers), answer.read(), cookies)
        except (OSError, http.client.HTTPException):
            return Answer(0, {}, b"")
        finally:
            connection.close()


@contextmanager
def own_portal(port: int, home: Path | None = None) -> Iterator[Portal]:
    """A portal whose servers run for the length of this block; its data stay when ``home`` is given."""
    with contextlib.ExitStack() as stack:
        portal = Portal(home or stack.enter_context(fresh_home()), port)
        stack.callback(portal.stop)
        portal.start_servers()
        yield portal


def until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait for ``condition``; SystemExit with ``what`` when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {seconds:.0f} s in vain: {what}")
        time.sleep(0.1)
