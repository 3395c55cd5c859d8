"""Keeps a handful of services running, restarts those that die, and stops them in order.

Ctrl-C, SIGTERM and a closed terminal raise ``Stop`` wherever the supervisor is; ``stop_all`` then runs undisturbed.
"""

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import NoReturn

from shuangjian.local import processes
from shuangjian.local.problems import Problem

CALM_SECONDS = 60
LONGEST_PAUSE = 15.0
DEATHS_IN_A_ROW = 6


class Stop(BaseException):
    """Somebody asked us to stop. Not an Exception: no handler for errors may swallow it."""


def stop_on_signals() -> None:
    """From now on the first of the stopping signals raises Stop and the following ones are ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_stop)


def _raise_stop(number: int, frame: FrameType | None) -> None:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise Stop(number)


@dataclass
class Service:
    """One program: ``start`` returns its process once it may be used; ``stop_signal`` asks it to leave."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    log: Path
    stop_signal: int = signal.SIGTERM
    patience: float = 10
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    started_at: float = field(default=0.0, init=False)
    deaths: int = field(default=0, init=False)
    retry_at: float = field(default=0.0, init=False)


class Supervisor:
    """``run`` a service, ``watch`` them all, ``stop_all`` in the order of ``stop_order`` (names)."""

    def __init__(self, stop_order: list[str], say: Callable[[str], None]) -> None:
        self.stop_order = stop_order
        self.say = say
        self.services: list[Service] = []

    def run(self, service: Service) -> None:
        """Start ``service`` and look after it from now on."""
        self.services.append(service)
        self._start(service)

    def watch(self) -> NoReturn:
        """Restart what dies, with a growing pause; Problem when one service dies again and again. Ends by Stop."""
        while True:
            self.check()
            time.sleep(0.2)

    def check(self) -> None:
        """One round of ``watch``."""
        now = time.monotonic()
        for service in self.services:
            if service.process is not None and service.process.poll() is not None:
                self._note_death(service, f"{service.name} {_how(service.process.returncode)}", now)
            elif service.process is not None and service.deaths and now - service.started_at > CALM_SECONDS:
                service.deaths = 0
            if service.process is None and now >= service.retry_at:
                self._restart(service)

    def stop_all(self) -> None:
        """Stop every service that runs, in order; one that does not leave in time is killed."""
        for name in self.stop_order:
            for service in self.services:
                if service.name == name and service.process is not None:
                    if not processes.stop(service.process, service.stop_signal, service.patience):
                        self.say(f"{name} did not stop within {service.patience:.0f} s and was killed.")
                    service.process = None

    def _start(self, service: Service) -> None:
        service.process = service.start()
        service.started_at = time.monotonic()

    def _restart(self, service: Service) -> None:
        try:
            self._start(service)
        except Problem as problem:
            self._note_death(service, f"{service.name} could not be started again: {problem}", time.monotonic())
        else:
            self.say(f"{service.name} runs again.")

    def _note_death(self, service: Service, how: str, now: float) -> None:
        if service.process is not None:
            processes.kill_group(service.process)
            service.process = None
        service.deaths += 1
        if service.deaths >= DEATHS_IN_A_ROW:
            raise Problem(f"{how}; this was the {service.deaths}th time in a row. Its last words:\n{tail(service.log)}")
        pause = min(LONGEST_PAUSE, 0.5 * 2 ** (service.deaths - 1))
        service.retry_at = now + pause
        self.say(f"{how}; starting it again in {pause:.1f} s (log: {service.log}).")


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, for a message."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"


def _how(returncode: int) -> str:
    if returncode < 0:
        return f"was killed by {signal.Signals(-returncode).name}"
    return f"ended with exit code {returncode}"
