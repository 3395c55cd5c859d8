"""What a fictional world is made of: tellers that domains register, and the key of what must be found in it.

A domain that can invent records registers a teller; the command that makes a world calls each in turn. None of them
knows of another domain.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, NamedTuple

COLUMNS = ("rule", "institution", "about", "occurred_on", "observed", "limit")


class Found(NamedTuple):
    """One finding that must stand open at an institution; ``observed`` and ``limit`` in the rule's unit."""

    rule: str
    about: str
    occurred_on: str
    observed: Decimal
    limit: Decimal


class Answer(NamedTuple):
    """``Found`` with the institution's code."""

    rule: str
    institution: str
    about: str
    occurred_on: str
    observed: Decimal
    limit: Decimal


def found(rule: str, about: str, occurred_on: str, observed: int | Decimal, limit: int | Decimal) -> Found:
    """A finding with its numbers as they are stored: four places, halves up."""
    return Found(rule, about, occurred_on, four_places(observed), four_places(limit))


def flag(rule: str, about: str, occurred_on: str) -> Found:
    """The finding of a rule that says yes or no: 1 > 0."""
    return found(rule, about, occurred_on, 1, 0)


def four_places(number: int | Decimal) -> Decimal:
    """As findings are stored."""
    return Decimal(number).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


@dataclass
class AnswerKey:
    """Every finding that must stand open once the world is judged at its ``now``, and no other."""

    answers: set[Answer] = field(default_factory=set)

    def add(self, institution: str, findings: Iterable[Found]) -> None:
        """Note what was planted at the institution; a finding that is there already is a mistake of the planter."""
        for each in findings:
            answer = Answer(each.rule, institution, *each[1:])
            if answer in self.answers:
                raise ValueError(f"{answer} was planted twice.")
            self.answers.add(answer)

    def by_rule(self) -> Counter[str]:
        """How many findings of each rule must stand open."""
        return Counter(answer.rule for answer in sorted(self.answers))

    def write(self, path: Path) -> None:
        """The key as CSV with COLUMNS, sorted, numbers with four places."""
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(sorted(self.answers))


@dataclass(frozen=True)
class Commission:
    """What a teller is asked for: so many institutions, at this present; it notes what it plants in ``key``.

    ``share``: of the institutions, how many break a rule.
    """

    count: int
    seed: int
    now: dt.datetime
    share: float
    key: AnswerKey


#: Writes its records in its own transaction, asks for their judging, and returns how many institutions it made.
Teller = Callable[[Commission], int]

_tellers: dict[str, Teller] = {}

#: Acts once, through the services, what the demonstration shows: (accounts by login, the present). Outside any
#: transaction; does nothing where it was acted before.
Scene = Callable[[Mapping[str, Any], dt.datetime], None]

_scenes: dict[str, Scene] = {}


def register_teller(name: str, teller: Teller) -> None:
    """Let ``teller`` add to every fictional world; called when an app gets ready."""
    _tellers[name] = teller


def tell_all(commission: Commission) -> int:
    """Let every registered teller add its part; returns how many institutions were made."""
    return sum(teller(commission) for _, teller in sorted(_tellers.items()))


def register_scene(name: str, scene: Scene) -> None:
    """Let ``scene`` be acted in the demonstration; called when an app gets ready."""
    _scenes[name] = scene


def act_all(people: Mapping[str, Any], now: dt.datetime) -> None:
    """Act every registered scene, in the order of their names."""
    for _, scene in sorted(_scenes.items()):
        scene(people, now)
