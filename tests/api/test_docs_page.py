"""The documentation page runs in a browser under the portal's content security policy."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_swagger_ui_shows_the_operations_and_the_console_stays_silent(page: Any, live_server: Any) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("requestfailed", lambda request: complaints.append(request.url))
    page.goto(f"{live_server.url}/api/docs/")
    page.wait_for_selector(".opblock")
    seen: set[str] = set()
    for _ in range(60):  # only operations in view are in the page
        seen.update(page.locator(".opblock-summary-description").all_inner_texts())
        page.mouse.wheel(0, 500)
        page.wait_for_timeout(100)
    assert len(seen) > 30
    assert "一条预警及其办理过程" in seen
    assert complaints == []
