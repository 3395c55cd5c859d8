"""Restarting, giving up, stopping in order."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shuangjian.local import processes, supervisor
from shuangjian.local.problems import Problem
from shuangjian.local.supervisor import Service, Supervisor
from tests.local.waiting import wait_until

PATIENT = "import signal; signal.pause()"


def program(code: str) -> Callable[[], subprocess.Popen[bytes]]:
    return lambda: processes.spawn([sys.executable, "-c", code])


def pid(service: Service) -> int:
    assert service.process is not None
    return service.process.pid


def test_a_killed_service_is_started_again(tmp_path: Path) -> None:
    said: list[str] = []
    keeper = Supervisor(["web"], said.append)
    web = Service("web", program(PATIENT), tmp_path / "web.log")
    keeper.run(web)
    first = pid(web)
    os.kill(first, signal.SIGKILL)

    def runs_again() -> bool:
        keeper.check()
        return web.process is not None and pid(web) != first

    wait_until(runs_again, "web runs again")
    keeper.stop_all()
    assert said[0].startswith("web was killed by SIGKILL; starting it again")
    assert said[1] == "web runs again."


def test_one_that_dies_again_and_again_ends_the_demo_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE", 0.0)
    keeper = Supervisor(["web"], lambda text: None)
    log = tmp_path / "web.log"
    log.write_text("no such module\n")
    keeper.run(Service("web", program("raise SystemExit(3)"), log))
    with pytest.raises(Problem, match=r"web ended with exit code 3(?s:.*)no such module"):
        keeper.watch()


def test_a_service_that_cannot_start_again_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE", 0.0)
    starts = []

    def moody() -> subprocess.Popen[bytes]:
        starts.append(1)
        if len(starts) == 2:
            raise Problem("the old one is still there")
        return program(PATIENT)()

    keeper = Supervisor(["db"], lambda text: None)
    service = Service("db", moody, tmp_path / "db.log")
    keeper.run(service)
    os.kill(pid(service), signal.SIGKILL)

    def third() -> bool:
        keeper.check()
        return len(starts) == 3 and service.process is not None

    wait_until(third, "the third start succeeded")
    keeper.stop_all()


def test_services_stop_in_the_given_order(tmp_path: Path) -> None:
    order = tmp_path / "order"
    code = (
        "import signal, sys\n"
        "def leave(*_):\n"
        f"    open({str(order)!r}, 'a').write(sys.argv[1] + ' '); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, leave)\n"
        "open(sys.argv[2], 'w').close()\n"
        "while True: signal.pause()"
    )
    keeper = Supervisor(["web", "worker", "db"], lambda text: None)
    for name in ("db", "worker", "web"):
        ready = tmp_path / name
        command = [sys.executable, "-c", code, name, str(ready)]
        keeper.run(Service(name, lambda command=command: processes.spawn(command), tmp_path / "log"))  # type: ignore[misc]
        wait_until(ready.exists, f"{name} listens to signals")
    keeper.stop_all()
    assert order.read_text().split() == ["web", "worker", "db"]


def test_one_that_will_not_leave_is_killed_with_its_children(tmp_path: Path) -> None:
    note = tmp_path / "child"
    code = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"child = os.fork()\nif child: open({str(note)!r}, 'w').write(f'{{child}} ')\n"
        "while True: time.sleep(1)"
    )
    stubborn = processes.spawn([sys.executable, "-c", code])
    wait_until(lambda: note.exists() and note.read_text().endswith(" "), "it forked")
    assert not processes.stop(stubborn, signal.SIGTERM, patience=0.1)
    child = int(note.read_text())
    wait_until(lambda: supervisor_sees_no(child), "its child is gone")


def supervisor_sees_no(child: int) -> bool:
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(child)], capture_output=True, text=True).stdout.strip()
    return not listed or listed.startswith("Z")
