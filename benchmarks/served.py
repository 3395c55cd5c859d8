"""gunicorn, a Celery worker and beat over the servers that the environment names, and what asks them over HTTP.

Import it after ``django.setup()``.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shuangjian.accounts.tokens import create_api_token
from shuangjian.core import clock
from shuangjian.journal.models import EvaluationRequest

ADDRESS = "127.0.0.1:8765"


@contextmanager
def portal() -> Iterator[None]:
    """The three processes as bin/demo runs them, with the restricted database role; begins when web answers."""
    environment = {**os.environ, "DATABASE_ROLE": "app"}
    celery = ["celery", "-A", "shuangjian.celery:app"]
    with tempfile.TemporaryDirectory() as folder:
        beat = ["beat", "--schedule", str(Path(folder) / "schedule"), "--pidfile=", "--loglevel", "warning"]
        commands = [
            ["gunicorn", "shuangjian.wsgi:application", "-b", ADDRESS, "-k", "gthread", "-w", "2", "--threads", "4"],
            [*celery, "worker", "-c", "2", "--loglevel", "warning"],
            [*celery, *beat],
        ]
        running = [
            subprocess.Popen(
                [sys.executable, "-m", *command], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            for command in commands
        ]
        try:
            until(_answers, "/readyz")
            yield
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait()


def write_token() -> str:
    """A token of the whole district that may write, good for a day."""
    return create_api_token(
        name="benchmark", expires_at=clock.now() + dt.timedelta(days=1), actor=None, can_write=True
    )[1]


def post(path: str, token: str, body: Any) -> None:
    """RuntimeError with the portal's words when it refuses."""
    request = urllib.request.Request(
        f"http://{ADDRESS}{path}",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            answer.read()
    except urllib.error.HTTPError as refused:
        raise RuntimeError(f"{path}: {refused.code} {refused.read().decode()}") from refused


def until(condition: Callable[[], bool], what: str) -> None:
    """Ask every 10 ms; after a minute in vain SystemExit with ``what`` and the requests to judge that still wait."""
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            waiting = EvaluationRequest.objects.filter(done_at=None).values("cause", "attempts", "next_at", "error")[:5]
            raise SystemExit(f"waited 60 s in vain: {what}; still to judge: {list(waiting) or 'nothing'}")
        time.sleep(0.01)


def percentile(ordered: Sequence[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def _answers() -> bool:
    try:
        with urllib.request.urlopen(f"http://{ADDRESS}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
