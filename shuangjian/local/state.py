"""Where a checkout keeps its running state, and how other processes of the same checkout find it.

``var/run.json`` exists while bin/demo runs and names its database and broker, so that ``manage.py`` beside a running
demo works on the same data wherever the sockets had to be put.
"""

import json
import os
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
VAR = PROJECT / "var"
RUN_FILE = VAR / "run.json"


def process_birth(pid: int) -> str | None:
    """The start time of a live process in clock ticks ("" where the system has no /proc), or None if it is gone."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]


def read_run_file(path: Path = RUN_FILE) -> dict[str, str]:
    """``database_url``, ``redis_url``, ``address`` of the demo that runs in this checkout; {} when none runs.

    A file left behind by a supervisor that was killed counts as none: its process is gone, or its number was given to
    another process since.
    """
    try:
        noted: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        alive = process_birth(int(noted["pid"])) == noted["birth"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    if not alive:
        return {}
    return {key: str(noted[key]) for key in ("database_url", "redis_url", "address") if key in noted}


def write_run_file(path: Path = RUN_FILE, **facts: str) -> None:
    """Note that this process runs the demo. Replaced in one step: a reader never sees half a file."""
    noted = {**facts, "pid": os.getpid(), "birth": process_birth(os.getpid())}
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(json.dumps(noted, indent=2) + "\n", encoding="utf-8")
    fresh.chmod(0o600)
    fresh.replace(path)


def remove_run_file(path: Path = RUN_FILE) -> None:
    """Forget the demo; harmless when there is no file."""
    path.unlink(missing_ok=True)
