"""The portal, started by hand as docker-compose.yml starts it, is walked through from first login to last stop."""

import os
import socket
import subprocess
import sys

from shuangjian.local.state import PROJECT


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_portal_works_in_the_very_configuration_of_production() -> None:
    """On servers of its own: nothing of this process's environment reaches the portal."""
    clean = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    command = [sys.executable, "-m", "benchmarks.production", "--port", str(_free_port())]
    done = subprocess.run(command, cwd=PROJECT, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "everything held" in done.stdout
