"""``python -m shuangjian.local.with_services COMMAND…``: run a command beside fresh, throw-away servers."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from shuangjian.local import homes, processes
from shuangjian.local.postgres import Postgres
from shuangjian.local.problems import Problem
from shuangjian.local.state import PROJECT, process_birth
from shuangjian.local.supervisor import Stop, stop_on_signals
from shuangjian.local.valkey import Valkey

DATABASE = "shuangjian"


@contextmanager
def fresh_services() -> Iterator[dict[str, str]]:
    """DATABASE_URL and REDIS_URL: those of the environment, else of empty servers that live as long as this block."""
    urls = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)}
    if len(urls) == 2:
        yield urls
        return
    with fresh_home() as home:
        yield from _services(home, urls)


def _services(home: Path, urls: dict[str, str]) -> Iterator[dict[str, str]]:
    postgres = Postgres(home / homes.POSTGRES, home / "postgres.log", durable=False)
    valkey = Valkey(home / homes.VALKEY, home / "valkey.log")
    try:
        if "DATABASE_URL" not in urls:
            postgres.start()
            postgres.create_database(DATABASE)
            urls["DATABASE_URL"] = postgres.url(DATABASE)
        if "REDIS_URL" not in urls:
            valkey.start()
            urls["REDIS_URL"] = valkey.url
        yield urls
    finally:
        valkey.stop()
        postgres.stop()


@contextmanager
def fresh_home() -> Iterator[Path]:
    """A folder that the servers can reach, for the length of this block.

    Those that killed processes left behind are removed on the way.
    """
    space = homes.reachable_temporary_folder()
    for left in space.glob("shuangjian-test-*-*"):
        owner = left.name.split("-")[2]
        if owner.isdecimal() and process_birth(int(owner)) is None:
            shutil.rmtree(left, ignore_errors=True)
    home = Path(tempfile.mkdtemp(prefix=f"shuangjian-test-{os.getpid()}-", dir=space))
    home.chmod(0o755)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def run(command: Sequence[str]) -> int:
    """Exit code of ``command``, run beside fresh services; a stopping signal stops it first."""
    stop_on_signals()
    try:
        with fresh_services() as urls:
            return _follow(command, {**os.environ, **urls, "DJANGO_SETTINGS_MODULE": "shuangjian.settings.test"})
    except Stop as stop:
        return 128 + int(stop.args[0])
    except Problem as problem:
        print(problem, file=sys.stderr, flush=True)
        return 1


def _follow(command: Sequence[str], env: dict[str, str]) -> int:
    """Runs in our own session and keeps the terminal: a debugger can read from it, and Ctrl-C reaches it directly."""
    process = subprocess.Popen(command, env=env, cwd=PROJECT, preexec_fn=processes.tie(signal.SIGKILL, os.getpid()))
    try:
        return process.wait()
    except Stop as stop:
        if stop.args[0] == signal.SIGINT:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
        processes.stop(process, signal.SIGINT, patience=10)
        raise


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
