"""docker-compose.yml, the Dockerfile and .dockerignore as data, and what the settings say they need."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

import yaml

from shuangjian.local.state import PROJECT


@dataclass
class Files:
    """The three files as text, and the first parsed."""

    compose: dict[str, Any]
    dockerfile: str
    dockerignore: str

    @classmethod
    def read(cls) -> Files:
        """Those of this checkout."""
        compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
        return cls(compose, (PROJECT / "Dockerfile").read_text(), (PROJECT / ".dockerignore").read_text())

    @property
    def services(self) -> dict[str, Any]:
        return self.compose["services"]

    @property
    def instructions(self) -> list[str]:
        """The Dockerfile's instructions, one line each."""
        return joined(self.dockerfile)

    def command(self, name: str) -> list[str]:
        """The service's command, or else the image's."""
        (image,) = [line for line in self.instructions if line.startswith("CMD ")]
        return self.services[name].get("command") or yaml.safe_load(image.removeprefix("CMD "))


def required_names() -> set[str]:
    """The variables without which the production settings do not load, read from their source."""
    names = set()
    for module in ("base", "prod"):
        tree = ast.parse((PROJECT / "shuangjian" / "settings" / f"{module}.py").read_text())
        for node in ast.walk(tree):
            match node:
                case ast.Call(ast.Name("required" | "service_url"), [ast.Constant(str(name)), *_]):
                    names.add(name)
    return names


def filled(value: str) -> str:
    """A value of the file as compose would fill it in, with an invented secret for each variable."""
    return re.sub(r"\$\{(\w+):([?-])([^}]*)\}", lambda m: m[3] if m[2] == "-" else f"invented-{m[1]}", value)


def environment_of(files: Files, name: str) -> dict[str, str]:
    """The service's environment as its process sees it."""
    return {key: filled(str(value)) for key, value in files.services[name]["environment"].items()}


def postgres_settings(files: Files) -> dict[str, str]:
    """The parameters on the server's command line."""
    program, *words = files.services["postgres"]["command"]
    assert program == "postgres"
    assert set(words[::2]) == {"-c"}
    return dict(word.split("=", 1) for word in words[1::2])


def joined(text: str) -> list[str]:
    """Lines of a Dockerfile without comments, continued ones put together, blanks made one."""
    lines = "\n".join(line for line in text.splitlines() if line and not line.startswith("#"))
    return [" ".join(line.split()) for line in lines.replace("\\\n", " ").splitlines() if line.strip()]


def seconds(text: str) -> int:
    """``15s``, ``2m``."""
    return int(text[:-1]) * {"s": 1, "m": 60}[text[-1]]


def megabytes(text: str) -> int:
    """``512MB``, ``6GB``."""
    return int(text[:-2]) * {"MB": 1, "GB": 1024}[text[-2:]]
