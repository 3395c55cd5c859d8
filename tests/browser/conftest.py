"""Signing in as one of the people of a test's ``world``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests import make
from tests.dashboards.world import World


@pytest.fixture
def sign_in(page: Page, live_server: Any, world: World) -> Callable[[str], Page]:
    def enter(person: str) -> Page:
        page.set_default_timeout(10_000)
        page.goto(f"{live_server.url}/login/")
        page.fill("[name=login]", world.people[person].username)
        page.fill("[name=password]", make.PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_url(f"{live_server.url}/")
        return page

    return enter
