"""What every test may use. Servers are not started here: bin/test does it, or the developer names them by
DATABASE_URL and REDIS_URL (then plain ``pytest`` works)."""

import os
from typing import Any

import pytest

from shuangjian.local import browser
from tests.processes import broker, folder, processes

__all__ = ["broker", "folder", "processes"]  # fixtures for every test


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests marked ``browser`` or asking for a ``page`` need Chromium: without it they are skipped, in CI they fail."""
    wanting = [
        item for item in items if item.get_closest_marker("browser") or "page" in getattr(item, "fixturenames", ())
    ]
    if wanting:
        # Playwright leaves an event loop running in the main thread, beside which Django refuses its ORM.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    if wanting and not browser.in_ci() and browser.chromium() is None:
        for item in wanting:
            item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """pytest-playwright drives the system's Chromium; as root it runs only without its sandbox."""
    path = browser.chromium()
    assert path is not None, f"the browser tests need Chromium: apt-get install {' '.join(browser.PACKAGES)}"
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": path, "args": arguments}
