"""Parallel wrong logins get no more tries than slow ones, and the test can tell."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client

from shuangjian.accounts import adapter, lockout
from shuangjian.accounts.models import LoginFailure, User
from shuangjian.core import clock

ATTEMPTS = 20
DEADLOCK = 60  # seconds after which a stuck thread fails the test; never waited for otherwise


class Gate:
    """Holds every password check until each attempt is either being checked or has been refused: the worst moment."""

    def __init__(self, attempts: int) -> None:
        self.attempts = attempts
        self.checked = 0
        self.settled = 0
        self._changed = threading.Condition()

    def arrive(self) -> None:
        with self._changed:
            self.checked += 1
            self._settle()
            assert self._changed.wait_for(lambda: self.settled >= self.attempts, timeout=DEADLOCK)

    def release(self) -> None:
        """Let everybody go: one attempt has failed for a reason of its own, and waiting would only hide it."""
        with self._changed:
            self.settled = self.attempts
            self._changed.notify_all()

    def refused(self) -> None:
        with self._changed:
            self._settle()

    def _settle(self) -> None:
        self.settled += 1
        self._changed.notify_all()


def fire(gate: Gate, monkeypatch: pytest.MonkeyPatch, login: str) -> list[str]:
    """Post ``gate.attempts`` wrong logins at once, each on a connection of its own; returns the pages."""

    def checking(request: Any, **credentials: Any) -> None:
        gate.arrive()

    monkeypatch.setattr(adapter, "authenticate", checking)
    start = threading.Barrier(gate.attempts)

    def attempt(_: int) -> str:
        try:
            start.wait(timeout=DEADLOCK)
            page = Client().post("/login/", {"login": login, "password": "wrong"}).content.decode()
            if "登录失败次数过多" in page:
                gate.refused()
            return page
        except BaseException:
            gate.release()
            raise
        finally:
            connections.close_all()

    with ThreadPoolExecutor(gate.attempts) as pool:
        return list(pool.map(attempt, range(gate.attempts)))


@pytest.mark.parametrize("login", ["bureau", "nobody-here"])
@pytest.mark.django_db(transaction=True)
def test_of_parallel_wrong_logins_at_most_five_are_checked(monkeypatch: pytest.MonkeyPatch, login: str) -> None:
    User.objects.create(username="bureau", name="演示", role_kind="bureau", password="!")
    gate = Gate(ATTEMPTS)
    pages = fire(gate, monkeypatch, login)
    assert gate.checked == lockout.PER_LOGIN
    assert sum("登录失败次数过多" in page for page in pages) == ATTEMPTS - lockout.PER_LOGIN


@pytest.mark.django_db(transaction=True)
def test_with_reading_first_and_adding_afterwards_all_of_them_would_be_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockout, "_reserve", read_then_add(threading.Barrier(ATTEMPTS)))
    gate = Gate(ATTEMPTS)
    fire(gate, monkeypatch, "nobody-here")
    assert gate.checked > lockout.PER_LOGIN


@pytest.mark.django_db(transaction=True)
def test_an_attempt_is_not_counted_inside_a_transaction_that_could_take_it_back() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        lockout.reserve("nobody", "192.0.2.1", clock.now())


def read_then_add(everyone_has_read: threading.Barrier) -> Callable[[str, int, dt.datetime], bool]:
    """The tempting way, with the moment between its two steps made as long as it takes."""

    def reserve(key: str, limit: int, now: dt.datetime) -> bool:
        count = LoginFailure.objects.filter(key=key).values_list("count", flat=True).first() or 0
        everyone_has_read.wait(timeout=DEADLOCK)
        if count >= limit:
            return False
        LoginFailure.objects.update_or_create(key=key, defaults={"count": count + 1, "first_at": now})
        return True

    return reserve
