"""The second half of bin/demo: own servers, database, web, worker and beat, until Ctrl-C."""

import argparse
import errno
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, NoReturn

from shuangjian.local import homes, processes
from shuangjian.local.postgres import Postgres
from shuangjian.local.problems import Problem
from shuangjian.local.processes import Command
from shuangjian.local.state import PROJECT, VAR, read_run_file, remove_run_file, write_run_file
from shuangjian.local.supervisor import Service, Stop, Supervisor, stop_on_signals, tail
from shuangjian.local.valkey import Valkey

LOGS = VAR / "log"
LOCK = VAR / "demo.lock"
STOP_ORDER = ["web", "beat", "worker", "valkey", "postgres"]
WEB_SECONDS = 120
READY_SECONDS = 15


@dataclass(frozen=True)
class Options:
    """What the command line and the environment ask for."""

    empty: bool
    host: str
    port: int

    @property
    def address(self) -> str:
        return f"http://{_bracketed(self.host)}:{self.port}"


def parse(arguments: Sequence[str]) -> Options:
    """Options of bin/demo; leaves with a usage message when they make no sense."""
    parser = argparse.ArgumentParser(
        prog="bin/demo",
        description="Start the portal on this machine: fresh machine → running portal. Ctrl-C stops everything.",
        epilog="Environment: HOST, PORT (default 127.0.0.1:8000); DATABASE_URL, REDIS_URL (use these servers instead "
        "of own ones). Logs: var/log/. Data: var/, or a folder in the temporary space that is named at the start.",
    )
    parser.add_argument("--empty", action="store_true", help="the real school directory and no returns")
    empty = parser.parse_args(arguments).empty
    port = os.environ.get("PORT") or "8000"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        parser.error(f"PORT={port} is not a port number (1–65535)")
    return Options(empty, os.environ.get("HOST") or "127.0.0.1", int(port))


def refuse_second_demo(options: Options) -> None:
    """Problem when a demo already runs in this checkout; checked before anything is installed under its feet."""
    take_lock(options).close()


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    stop_on_signals()
    supervisor = Supervisor(STOP_ORDER, say)
    try:
        with take_lock(options):
            try:
                _serve(options, supervisor)
            finally:
                remove_run_file()
                supervisor.stop_all()
    except Stop:
        say("Stopped.")
        return 0
    except Problem as problem:
        say(f"bin/demo: {problem}")
        return 1


def _serve(options: Options, supervisor: Supervisor) -> NoReturn:
    claim_port(options)
    _turn_logs()
    env = _start_servers(options, supervisor)
    write_run_file(database_url=env["DATABASE_URL"], redis_url=env["REDIS_URL"], address=options.address)
    say("Preparing the database …")
    _manage(env, "migrate", "--noinput", "--verbosity", "0")
    accounts = _manage(env, "prepare_demo", *(["--empty"] if options.empty else []))
    env["DATABASE_ROLE"] = "app"
    web = _web(options, env)
    supervisor.run(web)
    supervisor.run(_celery("worker", env, ["--concurrency", "2", "--without-gossip", "--without-mingle"]))
    supervisor.run(_celery("beat", env, ["--schedule", VAR / "beat-schedule", "--pidfile="]))
    _wait_for_web(options, web)
    _wait_for_beat(options)
    print(
        f"\n{accounts.strip()}\n\nThe portal runs at {options.address}/   (Ctrl-C stops it; logs: var/log/)", flush=True
    )
    supervisor.watch()


def _start_servers(options: Options, supervisor: Supervisor) -> dict[str, str]:
    """Environment for the portal's processes, after the servers it names are up."""
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "shuangjian.settings.dev", "PYTHONUNBUFFERED": "1"}
    env.pop("DATABASE_ROLE", None)
    home = homes.demo_home()
    if home != VAR and not (env.get("DATABASE_URL") and env.get("REDIS_URL")):
        say(f"var/ is closed to the database server's user: data and sockets are in {home}")
    if not env.get("DATABASE_URL"):
        postgres = Postgres(home / homes.POSTGRES, LOGS / "postgres.log")
        supervisor.run(Service("postgres", postgres.start, postgres.log, signal.SIGINT, patience=20))
        database = "shuangjian" if options.empty else "shuangjian_demo"
        postgres.create_database(database)
        env["DATABASE_URL"] = postgres.url(database)
    if not env.get("REDIS_URL"):
        valkey = Valkey(home / homes.VALKEY, LOGS / "valkey.log")
        supervisor.run(Service("valkey", valkey.start, valkey.log))
        env["REDIS_URL"] = valkey.url
    return env


def _web(options: Options, env: dict[str, str]) -> Service:
    command: Command = [
        "gunicorn", "shuangjian.wsgi:application", "--bind", f"{_bracketed(options.host)}:{options.port}",
        "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--graceful-timeout", "5", "--preload",
        "--no-control-socket", "--access-logfile", str(LOGS / "access.log"),
    ]  # fmt: skip
    return _python_service("web", command, env)


def _celery(name: str, env: dict[str, str], words: Command) -> Service:
    return _python_service(name, ["celery", "-A", "shuangjian.celery:app", name, "--loglevel", "INFO", *words], env)


def _python_service(name: str, command: Command, env: dict[str, str]) -> Service:
    log = LOGS / f"{name}.log"

    def start() -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            tied = [sys.executable, "-m", "shuangjian.local.tied", *command]
            return processes.spawn(tied, output=output, env=env, cwd=PROJECT)

    return Service(name, start, log)


def _manage(env: dict[str, str], *words: str) -> str:
    """Run a management command as the database owner and return its output; Problem when it fails."""
    process = processes.spawn(
        [sys.executable, "manage.py", *words], output=subprocess.PIPE, errors=None, env=env, cwd=PROJECT
    )
    try:
        output = process.communicate()[0].decode(errors="replace")
    except Stop:
        processes.stop(process, signal.SIGTERM, patience=5)
        raise
    if process.returncode != 0:
        raise Problem(f"`manage.py {' '.join(words)}` failed (exit {process.returncode}):\n{output[-3000:]}")
    return output


def _wait_for_web(options: Options, web: Service) -> None:
    """Return when /healthz answers 200."""
    deadline = time.monotonic() + WEB_SECONDS
    assert web.process is not None
    while time.monotonic() < deadline:
        if web.process.poll() is not None:
            raise Problem(f"the web server did not start. Its last words:\n{tail(web.log)}")
        if _answers(options):
            return
        time.sleep(0.1)
    raise Problem(f"the web server did not answer within {WEB_SECONDS} s. Its last words:\n{tail(web.log)}")


def _wait_for_beat(options: Options) -> None:
    """Return when /readyz answers 200 as well, which on a new database takes beat's first tick; do not insist."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and not _answers(options, "/readyz"):
        time.sleep(0.5)


def _answers(options: Options, path: str = "/healthz") -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(options.host, options.host)  # noqa: S104
    connection = http.client.HTTPConnection(host, options.port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def claim_port(options: Options, patience: float = 3) -> None:
    """Problem when the address cannot be listened on, before anything else is started."""
    deadline = time.monotonic() + patience
    while True:
        try:
            family, kind, protocol, _, where = socket.getaddrinfo(options.host, options.port, type=socket.SOCK_STREAM)[
                0
            ]
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(where)
            return
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Problem(
                    f"cannot listen on {options.host} port {options.port} ({error.strerror}). Choose an address of "
                    "this machine by HOST and a port above 1023 by PORT."
                ) from error
            if time.monotonic() > deadline:
                raise Problem(
                    f"{options.host} port {options.port} is in use by another program. Stop it, or choose another "
                    f"port: `PORT={options.port % 65000 + 1} bin/demo`."
                ) from error
            time.sleep(0.2)


def take_lock(options: Options) -> IO[str]:
    """The lock that one demo of a checkout holds while it runs; the kernel gives it back when it dies."""
    try:
        LOCK.parent.mkdir(exist_ok=True)
        lock = LOCK.open("a")
    except PermissionError as error:
        raise Problem(
            f"{error.filename} cannot be written. Run it as {PROJECT.owner()}, who owns this checkout."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        where = read_run_file().get("address", "still starting")
        raise Problem(f"a demo already runs in this checkout ({where}). Use it, or stop it first.") from None
    return lock


def _turn_logs() -> None:
    """Fresh logs for this run; those of the run before stay beside them as ``.1``."""
    LOGS.mkdir(parents=True, exist_ok=True)
    for log in LOGS.glob("*.log"):
        log.replace(log.with_suffix(".log.1"))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def say(text: str) -> None:
    """Progress and problems, on standard error."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
