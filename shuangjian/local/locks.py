"""``python -m shuangjian.local.locks [--check]``: write the Python lock files anew, or say which are out of date.

Pins that the lock already holds are kept as long as pyproject.toml allows them, so a check does not fail because a
newer version appeared. ``--upgrade`` drops them. The files name no package index.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from shuangjian.local import install
from shuangjian.local.assets import NODE_LOCK
from shuangjian.local.problems import Problem
from shuangjian.local.processes import Command
from shuangjian.local.state import PROJECT

COMPILE = ["pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-header", "--no-annotate"]
PYPROJECT = PROJECT / "pyproject.toml"
# What the container image needs: the same versions, without test tools and embedded servers.
PRODUCTION_LOCK = PROJECT / "requirements-prod.lock"
# What benchmarks.openfisca compares with, in an environment of its own: the portal does not use it.
BENCHMARKS_LOCK = PROJECT / "requirements-benchmarks.lock"


def sources() -> dict[Path, list[str]]:
    """What each lock file is made from, as arguments of uv; the other groups stand alone on purpose."""
    groups = [part for group in ("local", "test", "lint") for part in ("--group", group)]
    return {
        install.UV_LOCK: ["--group", "bootstrap"],
        install.PACKAGES_LOCK: [str(PYPROJECT), *groups],
        NODE_LOCK: ["--group", "node"],
        PRODUCTION_LOCK: [str(PYPROJECT), "--constraint", str(install.PACKAGES_LOCK)],
        BENCHMARKS_LOCK: ["--group", "benchmarks", "--constraint", str(install.PACKAGES_LOCK)],
    }


def compiled(lock: Path, arguments: list[str], folder: Path, *, upgrade: bool) -> str:
    """Text of ``lock`` as it should be, made in ``folder``."""
    fresh = folder / lock.name
    if lock.exists() and not upgrade:
        shutil.copy(lock, fresh)
    python = tomllib.loads(PYPROJECT.read_text())["project"]["requires-python"].removeprefix(">=")
    uv = install.VENV / "bin" / "uv"
    command: Command = [uv, *COMPILE, "--python-version", python, *arguments, "-o", fresh]
    done = subprocess.run(
        command, cwd=PROJECT, env=install.uv_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    if done.returncode != 0:
        raise Problem(f"{lock.name} could not be compiled, see the lines above.")
    return fresh.read_text()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m shuangjian.local.locks", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a lock is out of date")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that pyproject.toml allows")
    options = parser.parse_args()
    stale = []
    with tempfile.TemporaryDirectory() as folder:
        for lock, arguments in sources().items():
            text = compiled(lock, arguments, Path(folder), upgrade=options.upgrade)
            if not lock.exists() or lock.read_text() != text:
                stale.append(lock.name)
                if not options.check:
                    lock.write_text(text)
    if stale and options.check:
        print(f"Out of date: {', '.join(stale)}. Run `python -m shuangjian.local.locks` and commit.", file=sys.stderr)
        return 1
    print(f"Written: {', '.join(stale)}" if stale else "All lock files are current.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
