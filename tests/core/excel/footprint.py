"""How much memory one reading takes: each file in a child process of its own, so that no peak hides behind another."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


def measured(files: list[Path]) -> list[dict[str, Any]]:
    """For each file the path and code of its problem (or "", "read"), the processor seconds that it took, and by how
    many MiB the process grew at its peak."""
    root = Path(__file__).parents[3]
    command = [sys.executable, __file__, *map(str, files)]
    done = subprocess.run(
        command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def _measure(path: str) -> dict[str, Any]:
    from shuangjian.core.errors import InvalidInput
    from shuangjian.core.excel.reading import open_workbook

    data = Path(path).read_bytes()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    try:
        open_workbook(data)
        outcome = ["", "read"]
    except InvalidInput as refused:
        outcome = [refused.problems[0].path, refused.problems[0].code]
    seconds = time.process_time() - began
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {"outcome": outcome, "seconds": seconds, "grown": grown / 1024}


def _main(paths: list[str]) -> None:
    import shuangjian.core.excel.reading  # noqa: F401 - imported once, before the children begin

    for path in paths:
        child = os.fork()
        if child == 0:
            print(json.dumps(_measure(path)), flush=True)
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    _main(sys.argv[1:])
