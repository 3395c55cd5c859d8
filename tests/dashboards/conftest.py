"""The world of world.py at a fixed morning, and a client for each of its people."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.test import Client

from tests.dashboards.world import NOW, World, build


@pytest.fixture
def morning() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def world(db: None, morning: None) -> World:
    return build()


@pytest.fixture
def visit(world: World) -> Callable[[str], Client]:
    """A client signed in as that person of the cast; "nobody" is not signed in."""

    def client(person: str) -> Client:
        browser = Client()
        if person != "nobody":
            browser.force_login(world.people[person])
        return browser

    return client
