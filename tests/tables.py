"""Case tables as the tests read them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """YAML in which ``on`` is a word: only true and false are flags."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


def load_table(path: Path) -> Any:
    """A case table: ``rule``, ``cases`` and, where it has some, ``defaults``."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
