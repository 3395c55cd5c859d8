"""A phone, and photos as a phone's camera makes them, for the browser tests of visits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

from tests import make

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
    "locale": "zh-CN",
    "geolocation": {"latitude": 22.937244, "longitude": 113.384129, "accuracy": 12},
    "permissions": ["geolocation"],
}


@contextmanager
def phone(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """A browser of its own with a phone's screen, touch and position."""
    context = browser.new_context(**{**PHONE, **options})
    context.set_default_timeout(15_000)
    try:
        yield context
    finally:
        context.close()


def sign_in(page: Page, address: str, username: str) -> None:
    page.goto(f"{address}/login/")
    page.fill("[name=login]", username)
    page.fill("[name=password]", make.PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/login/" not in url)


def camera_photo() -> bytes:
    """A 12-megapixel JPEG of some 4 MB with the grain of a camera, which is another in each picture."""
    size = (4000, 3000)
    grain = Image.effect_noise((size[0] // 2, size[1] // 2), 60).resize(size, Image.Resampling.BILINEAR)
    shade = Image.radial_gradient("L").resize(size)
    picture = Image.merge("RGB", [Image.blend(shade, grain, part) for part in (0.4, 0.5, 0.6)])
    written = BytesIO()
    picture.save(written, "JPEG", quality=90)
    return written.getvalue()
