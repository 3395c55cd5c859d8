"""Prints how long bin/demo takes from a fresh clone to an answering portal, and the second time.

    python3 -m benchmarks.demo_start

Clones this checkout's HEAD into a temporary folder. Packages come from the download caches of pip and uv where they are
warm, so run it twice for figures without downloads. Needs what bin/demo needs, and git.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
LONGEST_SECONDS = 900
PREPARING = "Preparing the database"
RUNNING = "The portal runs at"


def main() -> None:
    """Clone, start cold, start warm; the clone is removed at the end."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    folder = Path(tempfile.mkdtemp(prefix="demo-start-"))
    folder.chmod(0o755)  # the database server's user must get in, as in an ordinary checkout
    try:
        subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(folder / "clone")], check=True)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        for name in ("cold", "warm"):
            print(f"{name}: {_start(folder / 'clone')}", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(clone: Path) -> str:
    """One start and stop, in words."""
    port = _free_port()
    began = time.monotonic()
    demo = subprocess.Popen(
        ["bin/demo"],
        cwd=clone,
        env={**os.environ, "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    seen: dict[str, float] = {}
    reader = threading.Thread(target=_note_lines, args=(demo, began, seen), daemon=True)
    reader.start()
    try:
        answered = _wait_for_answer(demo, port, began)
        while RUNNING not in seen and demo.poll() is None and time.monotonic() - began < LONGEST_SECONDS:
            time.sleep(0.05)
    finally:
        stopping = time.monotonic()
        demo.send_signal(signal.SIGINT)
        demo.wait(60)
    return (
        f"installed after {seen.get(PREPARING, 0):.1f} s, /healthz answers after {answered:.1f} s, "
        f"address printed after {seen.get(RUNNING, 0):.1f} s, stopped in {time.monotonic() - stopping:.1f} s"
    )


def _note_lines(demo: subprocess.Popen[str], began: float, seen: dict[str, float]) -> None:
    assert demo.stdout is not None
    for line in demo.stdout:
        for mark in (PREPARING, RUNNING):
            if line.startswith(mark):
                seen.setdefault(mark, time.monotonic() - began)


def _wait_for_answer(demo: subprocess.Popen[str], port: int, began: float) -> float:
    """Seconds until /healthz answers 200; SystemExit when the demo ends or takes far too long."""
    while time.monotonic() - began < LONGEST_SECONDS:
        if demo.poll() is not None:
            raise SystemExit(f"bin/demo ended with exit code {demo.returncode}; run it by hand to see why")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                if answer.status == 200:
                    return time.monotonic() - began
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"/healthz did not answer within {LONGEST_SECONDS} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
