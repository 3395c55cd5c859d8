"""Twenty officials at their desks: how long the portal's pages take while all of them work, through gunicorn.

What "20 users" means here: 20 people who are signed in at once, each with an account of their own: 4 of the bureau, 3
of guidance centres, 6 of towns and 7 of schools, the largest units first. Each reads pages as their role's navigation
offers them (home, units, a unit, alerts, an alert, filings …) and looks at one for 5–10 s before opening the next. The
bounds are for this. The forms that a school fills in once a week, and the API, are not among these pages.

After that the same people click without any pause, as fast as pages come back. Nobody does, and this process then
takes its share of the machine too; it says how far the bounds are from what the machine can give.

The server is gunicorn as in the Dockerfile: 2 workers of 4 threads, preloaded. Every page is opened three times before
anything is counted. Nothing is written meanwhile, unless ``--writes`` asks for a transaction with an id every so
many seconds: after each, every page is made anew (``dashboards.views.kept``), as after each submit and each beat of a
running portal.
"""

from __future__ import annotations

import http.client
import os
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.db.models import Count

from shuangjian.accounts.models import User
from shuangjian.alerts.models import Alert
from shuangjian.bureau.models import GuidanceCentre, Institution, Town

HOST, PORT = "127.0.0.1", int(os.environ.get("PORT", "8766"))
THINK = (5.0, 10.0)
SATURATED_SECONDS = 20
WARM = 3
BOUNDS = {"bureau": 200, "centre": 200, "town": 100, "school": 100}
#: Of twenty.
SHARES = {"bureau": 4, "centre": 3, "town": 6, "school": 7}
_SUPERVISOR = (
    ("/", 3),
    ("/units/", 2),
    ("/units/{code}/", 3),
    ("/alerts/", 2),
    ("/alerts/{alert}/", 3),
    ("/filings/?state=all", 2),
)
#: Pages of each role, and how often one is opened against the others.
PAGES: dict[str, tuple[tuple[str, int], ...]] = {
    "bureau": _SUPERVISOR,
    "centre": _SUPERVISOR,
    "town": _SUPERVISOR,
    "school": (("/", 3), ("/units/{code}/returns/", 2), ("/alerts/", 2), ("/alerts/{alert}/", 3)),
}
_BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass
class Person:
    """One account, what the addresses of its pages name, and its cookie."""

    role: str
    number: int
    cookie: str
    units: list[str]
    alerts: list[int]
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(f"{self.role}{self.number}")  # noqa: S311 - a load, not a secret

    def addresses(self) -> list[tuple[str, str]]:
        """Each page of the role once, as (pattern, address)."""
        return [(pattern, self._address(pattern)) for pattern, _ in PAGES[self.role]]

    def next_page(self) -> tuple[str, str]:
        patterns, weights = zip(*PAGES[self.role], strict=True)
        pattern = self.random.choices(patterns, weights)[0]
        return pattern, self._address(pattern)

    def _address(self, pattern: str) -> str:
        alert = self.random.choice(self.alerts) if self.alerts else 0
        return pattern.format(code=self.random.choice(self.units), alert=alert)


@dataclass
class Taken:
    """Seconds of each (role, page), and what was not answered 200."""

    seconds: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    failed: list[str] = field(default_factory=list)


def measure_users(users: int, seconds: int, *, writes: float = 0.0) -> None:
    """Print the pages of so many people, first with time to think, then without."""
    people = list(_people(users))
    connection.close()
    with _gunicorn():
        failed = _together(people, _warm).failed
        if failed:
            sys.exit(f"{len(failed)} pages were not answered 200 before anything was measured: {failed[:5]}")
        until = time.monotonic() + seconds
        with _writing(writes):
            taken = _together(people, lambda *each: _work(*each, until=until, think=THINK))
        load = os.getloadavg()[0]
        _print(f"{users} users, a page every {THINK[0]:.0f}–{THINK[1]:.0f} s each", seconds, taken, load, BOUNDS)
        until = time.monotonic() + SATURATED_SECONDS
        with _writing(writes):
            taken = _together(people, lambda *each: _work(*each, until=until, think=(0.0, 0.0)))
        _print(f"saturated: {users} users without any pause", SATURATED_SECONDS, taken, os.getloadavg()[0], {})


# People ----------------------------------------------------------------------------------------------------


def _people(users: int) -> Iterator[Person]:
    """So many people in the shares of the roles, at the largest units of each kind."""
    for number in range(users):
        role = _role(number)
        place = sum(_role(earlier) == role for earlier in range(number))
        yield _person(role, place)


def _role(number: int) -> str:
    order = [role for role, share in SHARES.items() for _ in range(share)]
    return order[number % len(order)]


def _person(role: str, place: int) -> Person:
    unit = _unit(role, place)
    user, _ = User.objects.get_or_create(
        username=f"pages-{role}-{place}", defaults={"name": "测速", "role_kind": role, **unit}
    )
    own = Institution.objects.visible_to(user).filter(kind="school", status="active").annotate(n=Count("findings"))
    alerts = Alert.objects.visible_to(user).unclosed().order_by("-severity", "id")
    return Person(
        role,
        place,
        _cookie(user),
        list(own.order_by("-n").values_list("code", flat=True)[:40]),
        list(alerts.values_list("pk", flat=True)[:200]),
    )


def _unit(role: str, place: int) -> dict[str, Any]:
    if role == "bureau":
        return {}
    if role == "school":
        schools = Institution.objects.filter(weekly_returns__current_version__isnull=False, status="active").annotate(
            size=Count("school__classes", distinct=True)
        )
        return {"institution": schools.order_by("-size", "code")[place]}
    model: Any = Town if role == "town" else GuidanceCentre
    largest = model.objects.annotate(units=Count("institution")).filter(units__gt=0).order_by("-units", "code")
    return {role: largest[place % largest.count()]}


def _cookie(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), _BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


# What they do ----------------------------------------------------------------------------------------------


def _warm(person: Person, browser: http.client.HTTPConnection, taken: Taken) -> None:
    for _ in range(WARM):
        for pattern, address in person.addresses():
            _open(person, browser, pattern, address, taken)


def _work(
    person: Person, browser: http.client.HTTPConnection, taken: Taken, *, until: float, think: tuple[float, float]
) -> None:
    time.sleep(person.random.uniform(0, think[1]))  # they did not all begin in the same instant
    while time.monotonic() < until:
        pattern, address = person.next_page()
        _open(person, browser, pattern, address, taken)
        if think[1]:
            browser.close()  # the server does not keep a connection while its person reads
            time.sleep(person.random.uniform(*think))


def _open(person: Person, browser: http.client.HTTPConnection, pattern: str, address: str, taken: Taken) -> None:
    began = time.perf_counter()
    browser.request("GET", address, headers={"Cookie": person.cookie, "Host": "localhost"})
    response = browser.getresponse()
    response.read()
    taken.seconds[person.role, pattern].append(time.perf_counter() - began)
    if response.status != 200:
        taken.failed.append(f"{person.role} {address} {response.status}")


def _together(people: list[Person], act: Callable[..., None]) -> Taken:
    taken = Taken()

    def one(person: Person) -> None:
        browser = http.client.HTTPConnection(HOST, PORT, timeout=60)
        act(person, browser, taken)
        browser.close()

    threads = [threading.Thread(target=one, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


@contextmanager
def _writing(every: float) -> Iterator[None]:
    """A transaction with an id of its own every so many seconds; it changes nothing."""
    stop = threading.Event()

    def write() -> None:
        while not stop.wait(every):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_current_xact_id()")
        connection.close()

    writer = threading.Thread(target=write)
    if every:
        writer.start()
    try:
        yield
    finally:
        stop.set()
        if every:
            writer.join()


# What is printed -------------------------------------------------------------------------------------------


def _print(what: str, seconds: int, taken: Taken, load: float, bounds: dict[str, int]) -> None:
    count = sum(map(len, taken.seconds.values()))
    print(f"\n{what}, {seconds} s: {count} pages, {count / seconds:.1f} a second, load {load:.1f}")
    if taken.failed:
        print(f"not answered 200: {len(taken.failed)}, {taken.failed[:5]}")
    print("| who | page | opened | p50 ms | p90 ms | bound |\n|---|---|--:|--:|--:|--:|")
    for role in SHARES:
        pages = [(pattern, taken.seconds[role, pattern]) for pattern, _ in PAGES[role]]
        every = [each for _, times in pages for each in times]
        for pattern, times in [*pages, ("**all**", every)]:
            if times:
                print(_line(role, pattern, times, bounds.get(role)), flush=True)


def _line(role: str, pattern: str, times: list[float], bound: int | None) -> str:
    p50, p90 = statistics.median(times) * 1000, p90_of(times) * 1000
    mark = "" if bound is None else f"≤ {bound}" if p90 <= bound else f"**> {bound}**"
    return f"| {role} | {pattern} | {len(times)} | {p50:.0f} | {p90:.0f} | {mark} |"


def p90_of(times: list[float]) -> float:
    """The time that nine of ten stay within."""
    ordered = sorted(times)
    return ordered[max(0, -(-len(ordered) * 9 // 10) - 1)]


@contextmanager
def _gunicorn() -> Iterator[None]:
    command = [sys.executable, "-m", "gunicorn", "shuangjian.wsgi:application", "--worker-class", "gthread"]
    command += ["--bind", f"{HOST}:{PORT}", "--workers", "2", "--threads", "4", "--preload", "--no-control-socket"]
    process = subprocess.Popen([*command, "--log-level", "error"], env={**os.environ})
    try:
        for _ in range(100):
            time.sleep(0.2)
            try:
                http.client.HTTPConnection(HOST, PORT, timeout=5).request("GET", "/healthz")
                break
            except OSError:
                continue
        yield
    finally:
        process.terminate()
        process.wait(20)
