"""``python -m shuangjian.local.tied MODULE ARGS…``: run a module whose forked workers die with it.

gunicorn and Celery fork their workers. Killed with -9 they could not take them along; here each fork first asks the
kernel to be killed when the process that forked it dies, so a supervisor killed with -9 leaves no orphan behind.
"""

import os
import runpy
import signal
import sys

from shuangjian.local.processes import die_with_parent

_forking_process = os.getpid()


def _before_fork() -> None:
    global _forking_process
    _forking_process = os.getpid()


def _in_child() -> None:
    die_with_parent(signal.SIGKILL, _forking_process)


def main() -> None:
    os.register_at_fork(before=_before_fork, after_in_child=_in_child)
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
