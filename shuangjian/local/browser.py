"""The Chromium that the browser tests drive, and the Chinese font its screenshots need."""

import os
import shutil
import subprocess
import sys

from shuangjian.local.problems import Problem

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PACKAGES = ("chromium", "fonts-noto-cjk")


def chromium() -> str | None:
    """Path of a Chromium or Chrome that runs (a name on PATH may be a mere hint to install a snap)."""
    for name in NAMES:
        path = shutil.which(name)
        if path and subprocess.run([path, "--version"], capture_output=True, stdin=subprocess.DEVNULL).returncode == 0:
            return path
    return None


def has_chinese_font() -> bool:
    """Whether fontconfig knows a font for Chinese; True where there is no fontconfig to ask."""
    listing = shutil.which("fc-list")
    if listing is None:
        return shutil.which("apt-get") is None
    return bool(subprocess.run([listing, ":lang=zh"], capture_output=True, stdin=subprocess.DEVNULL).stdout.strip())


def in_ci() -> bool:
    """Whether a missing browser is a failure instead of a loud skip."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def prepare() -> None:
    """Install browser and font when we may; else say loudly that the browser tests are skipped (in CI: Problem)."""
    if chromium() and has_chinese_font():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {' and '.join(PACKAGES)} for the browser tests …", file=sys.stderr, flush=True)
        _apt("update")
        _apt("install", "--no-install-recommends", *PACKAGES)
    if chromium() is None:
        missing = f"no Chromium on this machine (`apt-get install {' '.join(PACKAGES)}`)"
        if in_ci():
            raise Problem(f"{missing}: the browser tests must run in CI.")
        print(f"\n*** BROWSER TESTS ARE SKIPPED: {missing} ***\n", file=sys.stderr, flush=True)
    elif not has_chinese_font():
        print("\n*** No Chinese font: screenshots will show boxes. Install fonts-noto-cjk. ***\n", file=sys.stderr)


def _apt(*words: str) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", words[0], "-y", "-qq", *words[1:]]
    done = subprocess.run(command, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        print(f"`{' '.join(command)}` failed:\n{done.stderr[-2000:]}", file=sys.stderr, flush=True)
