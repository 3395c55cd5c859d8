"""The first half of bin/demo and bin/test: runs on the machine's bare Python, installs, hands over to .venv."""

import os
import sys
from typing import NoReturn

from shuangjian.local import browser, install
from shuangjian.local.demo import parse, refuse_second_demo
from shuangjian.local.problems import Problem
from shuangjian.local.state import PROJECT


def demo(arguments: list[str]) -> NoReturn:
    """Install what is missing, then become the supervisor of the demo."""
    options = parse(arguments)
    try:
        refuse_second_demo(options)
        install.everything()
    except Problem as problem:
        sys.exit(f"bin/demo: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
    _become("shuangjian.local.demo", arguments)


def test(arguments: list[str]) -> NoReturn:
    """Install what is missing, a browser included, then become the test runner."""
    try:
        install.everything()
        browser.prepare()
    except Problem as problem:
        sys.exit(f"bin/test: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
    _become("shuangjian.local.run_tests", arguments)


def _become(module: str, arguments: list[str]) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os.chdir(PROJECT)
    python = str(install.PYTHON)
    os.execv(python, [python, "-m", module, *arguments])
