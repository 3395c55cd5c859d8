"""Starting and stopping child processes so that none outlives the process that started it.

On Linux the kernel signals a child when its parent dies (PR_SET_PDEATHSIG), even if the parent was killed with -9.
The setting does not reach grandchildren: programs that fork workers of their own are started through ``tied``.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

PR_SET_PDEATHSIG = 1
Command = Sequence[str | Path]
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(sig: int, parent: int) -> None:
    """Called in a fresh child of ``parent``: ask the kernel for ``sig`` when it dies; leave if it already has."""
    if _libc is None:
        return
    _libc.prctl(PR_SET_PDEATHSIG, sig)
    if os.getppid() != parent:
        os._exit(1)


def spawn(
    command: Command,
    *,
    output: IO[bytes] | int | None = None,
    errors: IO[bytes] | int | None = subprocess.STDOUT,
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    as_user: Mapping[str, Any] | None = None,
    when_orphaned: int = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start ``command`` in a session of its own (Ctrl-C reaches only us), tied to the life of this process.

    ``as_user`` are the user keywords of Popen. The calling thread must be the main thread: the kernel watches the
    thread that forked.
    """
    parent = os.getpid()
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        env=env,
        cwd=cwd,
        start_new_session=True,
        preexec_fn=tie(when_orphaned, parent),
        **(as_user or {}),
    )


def stop(process: subprocess.Popen[bytes] | None, sig: int, patience: float) -> bool:
    """Ask with ``sig``, wait ``patience`` seconds, then kill the whole group; True when asking was enough."""
    if process is None or process.poll() is not None:
        return True
    process.send_signal(sig)
    try:
        process.wait(patience)
        return True
    except subprocess.TimeoutExpired:
        kill_group(process)
        process.kill()
        process.wait()
        return False


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the session that ``spawn`` opened for ``process``."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def tie(sig: int, parent: int) -> Callable[[], None]:
    """What Popen runs in the child: see ``die_with_parent``."""
    return lambda: die_with_parent(sig, parent)
