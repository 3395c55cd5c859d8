"""docker-compose.yml, the Dockerfile and .dockerignore say what the code needs, and every piece of them is held."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from shuangjian.local.state import PROJECT
from tests.local.production import image, portal, services
from tests.local.production.files import Files, environment_of, joined, required_names

CHECKS = (*services.CHECKS, *portal.CHECKS, *image.CHECKS)
FILES = Files.read()


def _fails(check: Any, files: Files) -> bool:
    """A comparison that cannot even be made fails too."""
    try:
        check(files)
    except (Exception, SystemExit):  # argparse leaves
        return True
    return False


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_production_configuration(check: Any) -> None:
    check(FILES)


def _pieces(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every key and list entry; what begins with x- is only written once for several services."""
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in entries:
        if path or not str(key).startswith("x-"):
            yield (*path, key)
            yield from _pieces(value, (*path, key))


@pytest.mark.parametrize("path", list(_pieces(FILES.compose)), ids=lambda path: ".".join(map(str, path)))
def test_no_piece_of_the_compose_file_can_be_taken_out_unnoticed(path: tuple[Any, ...]) -> None:
    compose = deepcopy(FILES.compose)
    parent = compose
    for key in path[:-1]:
        parent = parent[key]
    del parent[path[-1]]
    assert any(_fails(check, replace(FILES, compose=compose)) for check in CHECKS)


@pytest.mark.parametrize("number", range(len(joined(FILES.dockerfile))), ids=joined(FILES.dockerfile).__getitem__)
def test_no_instruction_of_the_image_can_be_taken_out_unnoticed(number: int) -> None:
    lines = joined(FILES.dockerfile)
    del lines[number]
    assert any(_fails(check, replace(FILES, dockerfile="\n".join(lines))) for check in CHECKS)


@pytest.mark.parametrize("word", sorted({word for line in joined(FILES.dockerfile) for word in line.split()}))
def test_no_word_of_the_image_can_be_taken_out_unnoticed(word: str) -> None:
    lines = [" ".join(other for other in line.split() if other != word) for line in joined(FILES.dockerfile)]
    assert any(_fails(check, replace(FILES, dockerfile="\n".join(lines))) for check in CHECKS)


@pytest.mark.parametrize("line", [line for line in FILES.dockerignore.splitlines() if not line.startswith("#")])
def test_nothing_that_stays_out_of_the_image_can_come_in_unnoticed(line: str) -> None:
    rest = [other for other in FILES.dockerignore.splitlines() if other != line]
    assert any(_fails(check, replace(FILES, dockerignore="\n".join(rest))) for check in CHECKS)


def _loads(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, *words], env=clean | environment, cwd=PROJECT, capture_output=True, text=True
    )


@pytest.mark.parametrize("name", ["migrate", "web"])
def test_django_s_own_deployment_checks_pass_in_the_environment_of_the_service(name: str) -> None:
    done = _loads(
        environment_of(FILES, name) | {"DJANGO_SECRET_KEY": "a long row of characters " * 3},
        "manage.py", "check", "--deploy", "--fail-level", "WARNING",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", sorted(required_names()))
def test_without_a_required_variable_the_settings_do_not_load_and_name_it(name: str) -> None:
    environment = environment_of(FILES, "web")
    del environment[name]
    done = _loads(environment, "-c", "import shuangjian.settings.prod")
    assert done.returncode == 1
    assert f"{name} is not set" in done.stderr
