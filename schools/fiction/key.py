"""The answer key: what must stand open, noted by those who planted it and by nobody who judges."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import NamedTuple

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
