"""Nothing outlives a supervisor that was killed with -9: not the servers, not what they forked."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from shuangjian.local.state import PROJECT, process_birth
from shuangjian.local.with_services import fresh_home
from tests.local.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")


@pytest.fixture
def home() -> Iterator[Path]:
    with fresh_home() as folder:
        yield folder


def children_of(pid: int) -> set[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return {int(word) for word in listed.split()}


def forked(home: Path) -> set[int]:
    """What the forking program has noted so far."""
    note = home / "forked"
    return {int(word) for word in note.read_text().split()} if note.exists() else set()


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if process_birth(pid) is not None}


def test_kill_9_of_the_supervisor_leaves_no_orphan(home: Path) -> None:
    supervisor = subprocess.Popen([sys.executable, "-m", "tests.local.family", str(home)], cwd=PROJECT)
    family: set[int] = set()
    try:
        wait_until((home / "ready").exists, "the services run")
        wait_until(lambda: len(forked(home)) == 5, "every worker is forked")
        family |= {int(word) for word in (home / "servers").read_text().split()}
        family |= forked(home)
        family |= {child for pid in tuple(family) for child in children_of(pid)}
        assert len(family) >= 10, "three services, four workers, PostgreSQL's own processes"
        supervisor.send_signal(signal.SIGKILL)
        supervisor.wait()
        wait_until(lambda: not alive(family), "every process is gone")
    finally:
        supervisor.kill()
        for pid in alive(family):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
