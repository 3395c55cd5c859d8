"""Takes the pictures of docs/screenshots from a running demo: ``.venv/bin/python docs/take_screenshots.py ADDRESS``.

Signs in with the demo accounts and shows each main page on an office screen (1366×900) and on a phone (390×844).
Only looks: nothing is saved or submitted. Needs a Chromium and a Chinese font on the machine, as the browser tests do.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from playwright.sync_api import Browser, Page, sync_playwright

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from shuangjian.local.browser import chromium  # noqa: E402

FOLDER = PROJECT / "docs" / "screenshots"
SIZES = {"desktop": (1366, 900), "phone": (390, 844)}
PASSWORD = "shifan-demo-2026"  # noqa: S105 - that of the demo accounts, which bin/demo prints
RULE = "HW-02"


@dataclass(frozen=True)
class Shot:
    """One page: the name of its pictures, who looks, and how the page is reached from that person's home."""

    name: str
    account: str
    reach: Callable[[Page], None]


def at(path: str) -> Callable[[Page], None]:
    """Reach the page by its path."""
    return lambda page: _go(page, path)


def _go(page: Page, path: str) -> None:
    page.goto(urljoin(page.url, path))


def _first_link(page: Page, pattern: str) -> str:
    """Path of the first link on the page whose address matches."""
    for link in page.locator("a[href]").all():
        path = (link.get_attribute("href") or "").split("?")[0]
        if re.fullmatch(pattern, path):
            return path
    raise SystemExit(f"{page.url} has no link like {pattern}")


def _worst_unit(page: Page) -> None:
    _go(page, "/units/")
    _go(page, _first_link(page, r"/units/\d+/"))


def _alert(page: Page) -> None:
    _go(page, f"/alerts/?rule={RULE}")
    _go(page, _first_link(page, r"/alerts/\d+/"))


def _finding_in_drawer(page: Page) -> None:
    _alert(page)
    page.locator("a[data-drawer][href^='/findings/']").first.click()
    page.wait_for_selector("#drawer-body .sj-explain, #drawer-body blockquote, #drawer-body dl")


def _returns(page: Page) -> None:
    _go(page, _first_link(page, r"/units/\d+/returns/"))


def _empty_week(page: Page) -> None:
    """The week that the list's main button offers: nothing is filed in it yet."""
    _returns(page)
    _go(page, _first_link(page, r"/units/\d+/returns/\d{4}-W\d{2}/"))


def _preview(page: Page) -> None:
    """The last return taken over into the empty week, one class over its limit, and what a submit would raise."""
    _empty_week(page)
    page.locator("button[name=act][value=copy]").click()
    page.wait_for_load_state()
    minutes = page.locator("input[name^='hw-'][name*='-05-'][name$='-m2']").first
    minutes.evaluate("(cell) => { cell.value = '95'; cell.dispatchEvent(new Event('input', { bubbles: true })); }")
    page.locator("button[name=act][value=preview]").last.click()
    page.wait_for_load_state()


def _classes(page: Page) -> None:
    _go(page, _first_link(page, r"/schools/\d+/classes/"))


SHOTS = [
    Shot("login", "", at("/login/")),
    Shot("bureau-home", "jiaoyuju", at("/")),
    Shot("town-home", "zhenjie", at("/")),
    Shot("school-home", "xuexiao", at("/")),
    Shot("units", "jiaoyuju", at("/units/")),
    Shot("unit", "jiaoyuju", _worst_unit),
    Shot("alerts", "jiaoyuju", at("/alerts/")),
    Shot("alert", "jiaoyuju", _alert),
    Shot("finding-drawer", "jiaoyuju", _finding_in_drawer),
    Shot("filings", "jiaoyuju", at("/filings/")),
    Shot("rulebook", "jiaoyuju", at("/rules/")),
    Shot("rule", "jiaoyuju", at(f"/rules/{RULE}/")),
    Shot("calendar", "jiaoyuju", at("/calendar/")),
    Shot("unconfirmed-towns", "jiaoyuju", at("/unconfirmed-towns/")),
    Shot("accounts", "jiaoyuju", at("/accounts/")),
    Shot("returns", "xuexiao", _returns),
    Shot("return-empty", "xuexiao", _empty_week),
    Shot("return-preview", "xuexiao", _preview),
    Shot("classes", "xuexiao", _classes),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="where the demo runs, for example http://127.0.0.1:8000")
    parser.add_argument("--only", action="append", choices=[shot.name for shot in SHOTS], help="may be repeated")
    parser.add_argument("--to", type=Path, default=FOLDER, help="folder of the pictures (default docs/screenshots)")
    options = parser.parse_args()
    shots = [shot for shot in SHOTS if not options.only or shot.name in options.only]
    options.to.mkdir(parents=True, exist_ok=True)
    with _browser() as browser:
        for size in SIZES:
            _take(browser, options.address.rstrip("/"), size, shots, options.to)


def _take(browser: Browser, address: str, size: str, shots: list[Shot], folder: Path) -> None:
    width, height = SIZES[size]
    pages: dict[str, Page] = {}
    for shot in shots:
        page = pages.get(shot.account)
        if page is None:
            context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
            page = pages[shot.account] = context.new_page()
            page.goto(f"{address}/login/")
            if shot.account:
                _sign_in(page, shot.account)
        _go(page, "/")
        shot.reach(page)
        page.wait_for_load_state("networkidle")
        target = folder / f"{shot.name}-{size}.png"
        page.screenshot(path=target, animations="disabled")
        print(f"{target.name}  {target.stat().st_size // 1024} kB  {page.locator('h1').first.inner_text()}")


def _sign_in(page: Page, account: str) -> None:
    page.fill("[name=login]", account)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_load_state()
    if page.url.endswith("/login/"):
        raise SystemExit(f"{account} cannot sign in: is this bin/demo with its own accounts?")


@contextmanager
def _browser() -> Iterator[Browser]:
    program = chromium()
    if program is None:
        raise SystemExit("No Chromium on this machine: `apt-get install chromium fonts-noto-cjk`.")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


if __name__ == "__main__":
    main()
