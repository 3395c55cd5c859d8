"""Takes the pictures of docs/screenshots from a running demo: ``.venv/bin/python docs/take_screenshots.py ADDRESS``.

Signs in with the demo accounts and shows each main page on an office screen (1366×900) and on a phone (390×844).
For a fresh fictional demo only: ``screenshot_acts`` first does what a locked return and a class handed in need, and the
shots of ``screenshot_pages`` that say so leave something behind; the others only look. Needs a Chromium and a Chinese
font on the machine, and the packages of the tests, as the browser tests do.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

from playwright.sync_api import Browser, Page, sync_playwright
from screenshot_acts import prepare
from screenshot_pages import SHOTS, Shot, go, visit_record

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from shuangjian.local.browser import chromium  # noqa: E402

FOLDER = PROJECT / "docs" / "screenshots"
SIZES = {"desktop": (1366, 900), "phone": (390, 844)}
PASSWORD = "shifan-demo-2026"  # noqa: S105 - that of the demo accounts, which bin/demo prints


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="where the demo runs, for example http://127.0.0.1:8000")
    parser.add_argument("--only", action="append", choices=[shot.name for shot in SHOTS], help="may be repeated")
    parser.add_argument("--to", type=Path, default=FOLDER, help="folder of the pictures (default docs/screenshots)")
    options = parser.parse_args()
    shots = [shot for shot in SHOTS if not options.only or shot.name in options.only]
    options.to.mkdir(parents=True, exist_ok=True)
    address = options.address.rstrip("/")
    with _browser() as browser:
        prepare(_pages(browser, address, "desktop"))
        for size in SIZES:
            _take(_pages(browser, address, size), size, shots, options.to)
        if not options.only or "visit-record" in options.only:
            _print_record(_pages(browser, address, "desktop")("zhenjie"), options.to)


def _pages(browser: Browser, address: str, size: str) -> Callable[[str], Page]:
    """A page of that size for each account, signed in at its first use; "" is nobody."""
    width, height = SIZES[size]
    pages: dict[str, Page] = {}

    def page_of(account: str) -> Page:
        page = pages.get(account)
        if page is None:
            context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
            page = pages[account] = context.new_page()
            page.goto(f"{address}/login/")
            if account:
                _sign_in(page, account)
        go(page, "/")
        return page

    return page_of


def _take(page_of: Callable[[str], Page], size: str, shots: list[Shot], folder: Path) -> None:
    for shot in shots:
        page = page_of(shot.account)
        shot.reach(page)
        page.wait_for_load_state("networkidle")
        target = folder / f"{shot.name}-{size}.png"
        page.screenshot(path=target, animations="disabled")
        left = f"  (leaves {shot.leaves})" if shot.leaves else ""
        print(f"{target.name}  {target.stat().st_size // 1024} kB  {page.locator('h1').first.inner_text()}{left}")


def _print_record(page: Page, folder: Path) -> None:
    """The printed record of a filed visit, its first two pages as pictures; needs pdftoppm (poppler-utils)."""
    if shutil.which("pdftoppm") is None:
        print("No pdftoppm on this machine: the printed record is left out (`apt-get install poppler-utils`).")
        return
    visit_record(page)
    address = page.locator("a[href*='record.pdf']").first.get_attribute("href") or ""
    printed = page.context.request.get(urljoin(page.url, address)).body()
    for number in (1, 2):
        target = folder / f"visit-record-pdf-{number}"
        command = [
            "pdftoppm",
            "-png",
            "-r",
            "80",
            "-singlefile",
            "-f",
            str(number),
            "-l",
            str(number),
            "-",
            str(target),
        ]
        subprocess.run(command, input=printed, check=True)
        print(f"{target.name}.png  {target.with_suffix('.png').stat().st_size // 1024} kB")


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
