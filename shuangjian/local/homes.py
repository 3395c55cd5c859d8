"""Where the embedded servers keep data and sockets."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from shuangjian.local.postgres import LONGEST_SOCKET_FOLDER, server_can_reach
from shuangjian.local.problems import Problem
from shuangjian.local.state import PROJECT, VAR

POSTGRES, VALKEY = "pg", "valkey"


def demo_home() -> Path:
    """``var/``; or, where the server's user cannot reach it or its path is too long for a socket, a state folder in
    the system's temporary space that belongs to this checkout alone."""
    VAR.mkdir(exist_ok=True)
    if server_can_reach(VAR) and len(str(VAR / POSTGRES / "s")) <= LONGEST_SOCKET_FOLDER:
        return VAR
    name = hashlib.sha256(str(PROJECT).encode()).hexdigest()[:12]
    return _own_folder(reachable_temporary_folder() / f"shuangjian-{os.geteuid()}-{name}")


def reachable_temporary_folder() -> Path:
    """The system's temporary folder, unless TMPDIR names one that is closed to the server's user."""
    for folder in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):  # noqa: S108
        if server_can_reach(folder) and len(str(folder)) <= LONGEST_SOCKET_FOLDER - 40:
            return folder
    raise Problem("no temporary folder is open to the database server's user: set TMPDIR to one that is.")


def _own_folder(path: Path) -> Path:
    """A folder that is certainly ours: anybody may create names in the temporary space."""
    path.mkdir(mode=0o755, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise Problem(f"{path} belongs to somebody else. Remove it, or set TMPDIR to another folder.")
    path.chmod(0o755)
    return path
