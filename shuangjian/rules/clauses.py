"""条款: the guideline's own text, by clause id. Source: 番禺区贯彻落实“双减”工作指引, in data/clauses.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

CLAUSES_FILE = Path(__file__).parent / "data" / "clauses.yaml"


@dataclass(frozen=True)
class Clause:
    """One clause: ``id`` follows the numbering (二(一)1 → 2.1.1); ``fates`` say how it is watched: R, I, T, N.

    ``number`` is the document's own (二（一）1), ``section`` the headings above it.
    """

    id: str
    number: str
    section: str
    title: str
    text: str
    departments: tuple[str, ...]
    fates: tuple[str, ...]


@cache
def all_clauses() -> dict[str, Clause]:
    """Every clause by id, in the order of the document."""
    raw = yaml.safe_load(CLAUSES_FILE.read_text(encoding="utf-8"))
    return {
        str(entry["id"]): Clause(
            id=str(entry["id"]),
            number=entry["number"],
            section=entry["section"],
            title=entry["title"],
            text=entry["text"],
            departments=tuple(entry.get("departments", ())),
            fates=tuple(entry["fates"]),
        )
        for entry in raw["clauses"]
    }
