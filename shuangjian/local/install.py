"""Brings what the lock files name into the checkout, once.

``.venv/installed.json`` holds the hashes of the lock files that are fully installed. It is removed before an install
begins and written after it ended, so an interrupted install is redone and a finished one costs nothing, not even a
network.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shuangjian.local import assets
from shuangjian.local.problems import Problem
from shuangjian.local.processes import Command
from shuangjian.local.state import PROJECT, VAR

VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
UV_LOCK = PROJECT / "requirements-bootstrap.lock"
PACKAGES_LOCK = PROJECT / "requirements.lock"


def everything() -> None:
    """.venv, its packages and the browser assets are as the lock files say. Problem when that cannot be reached."""
    with _one_at_a_time():
        python_packages()
        assets.install(VENV / "bin" / "uv", uv_environment)


def python_packages(venv: Path = VENV, locks: tuple[Path, ...] = (UV_LOCK, PACKAGES_LOCK)) -> bool:
    """Make ``venv`` hold exactly what the locks (uv itself first) name; False when it already did."""
    stamp = venv / "installed.json"
    wanted = {lock.name: digest(lock) for lock in locks}
    if is_usable(venv) and _read(stamp) == wanted:
        return False
    stamp.unlink(missing_ok=True)
    if not is_usable(venv):
        make_venv(venv)
    python = venv / "bin" / "python"
    say("Installing Python packages (only when a lock file changed) …")
    uv_lock, *rest = locks
    run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", uv_lock])
    sync: Command = [venv / "bin" / "uv", "pip", "sync", "--quiet", "--python", python, "--require-hashes"]
    run([*sync, *rest], env=uv_environment(python))
    stamp.write_text(json.dumps(wanted, indent=2) + "\n")
    return True


def is_usable(venv: Path) -> bool:
    """Whether ``venv`` was made for this place (its scripts name their Python by path) and its Python still runs."""
    python, script = venv / "bin" / "python", venv / "bin" / "pip"
    if not python.exists() or not script.exists() or str(python.parent) not in script.read_text(errors="replace"):
        return False
    probe = "import pip, sys; print(sys.prefix if sys.version_info >= (3, 11) else '')"
    shown = subprocess.run([python, "-c", probe], capture_output=True, text=True)
    return shown.returncode == 0 and Path(shown.stdout.strip()) == venv


def make_venv(venv: Path) -> None:
    """A fresh environment at ``venv``; one that is broken or was moved is replaced."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise Problem(
            f"this Python ({sys.executable}) lacks venv and ensurepip. On Debian or Ubuntu: "
            f"`apt-get install python3-venv` (or python{version}-venv); then run this again."
        )
    say(f"Making {venv.name} with Python {sys.version.split()[0]} …")
    run([sys.executable, "-m", "venv", "--clear", venv])


def uv_environment(python: Path = PYTHON) -> dict[str, str]:
    """Environment for uv: it follows the package index and certificates that pip is configured with.

    A machine that reaches packages only through a mirror names it in pip's configuration, which uv does not read.
    """
    env = {**os.environ, "UV_LINK_MODE": "copy", "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    shown = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    for line in shown.splitlines():
        key, _, value = line.partition("=")
        value = value.strip("'\"")
        match key.rpartition(".")[2]:
            case "index-url":
                env.setdefault("UV_DEFAULT_INDEX", value)
            case "cert":
                env.setdefault("SSL_CERT_FILE", value)
    if not os.access(Path.home(), os.W_OK):
        env["UV_NO_CACHE"] = "1"
    return env


def run(command: Command, env: dict[str, str] | None = None) -> None:
    """Run ``command`` with its output shown; Problem when it fails."""
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, cwd=PROJECT, env=env)
    if done.returncode != 0:
        raise Problem(
            f"`{Path(command[0]).name} {' '.join(str(part) for part in command[1:4])} …` failed "
            f"(exit {done.returncode}), see the lines above. A first start needs a reachable package index; "
            "what is half installed is redone at the next start."
        )


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def say(text: str) -> None:
    """Progress goes to standard error: standard output belongs to the command that follows."""
    print(text, file=sys.stderr, flush=True)


def _read(stamp: Path) -> object:
    try:
        return json.loads(stamp.read_text())
    except (OSError, ValueError):
        return None


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two starts in one checkout install one after the other; the second then finds everything done."""
    try:
        VAR.mkdir(exist_ok=True)
        lock = (VAR / "install.lock").open("w")
    except PermissionError as error:
        raise Problem(
            f"cannot write {error.filename}. Run it as the user who owns this checkout ({PROJECT.owner()})."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another start is installing in this checkout: waiting for it …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    if shutil.which("git") is None:
        say("git was not found: the checks of .ci/run that read the tracked files need it")
    try:
        everything()
    except Problem as problem:
        sys.exit(f"install: {problem}")
