"""A fictional school as the story goes on: its classes, its habits, and the class whose homework never varies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from schools.classes import school_year
from schools.fiction.habits import Habits, stage_of
from schools.fiction.key import Found, found
from shuangjian.bureau.models import Institution
from shuangjian.core.weeks import Week

#: Weeks of plain homework from which on it is found.
MOST_PLAIN = 4


@dataclass(frozen=True, slots=True)
class Class:
    """A class with the span of its use; both dates are Mondays or absent."""

    code: str
    grade: int
    pupils: int
    opened_on: dt.date | None = None
    closed_on: dt.date | None = None

    def is_open(self, monday: dt.date) -> bool:
        """Whether it is in use in that week."""
        return (self.opened_on is None or self.opened_on <= monday) and (
            self.closed_on is None or monday < self.closed_on
        )


@dataclass
class Monotony:
    """A class whose homework is basic for ``run`` weeks on end, then varied for one, and so on.

    With a run of three it stays lawful; with a longer one each week from the fourth on is found, until the varied one.
    """

    grade: int
    number: int
    run: int
    at: int
    term: str = ""
    weeks: int = 0

    def is_plain(self, index: int) -> bool:
        """Whether the week with this index in the story is one of the basic ones."""
        return (index + self.at) % (self.run + 1) != self.run

    def count(self, code: str, term: str, week: Week, *, is_plain: bool) -> list[Found]:
        """A week stands judged in which the class ``code`` has homework; what it must raise."""
        self.weeks = (self.weeks + 1 if term == self.term else 1) if is_plain else 0
        self.term = term
        if self.weeks < MOST_PLAIN:
            return []
        return [found("HW-07", f"class:{code}", week.monday.isoformat(), MOST_PLAIN, MOST_PLAIN)]


@dataclass
class Unit:
    """A school of the story."""

    institution: Institution
    habits: Habits
    classes: dict[int, list[Class]]
    monotony: Monotony | None = None
    closed_on: dt.date | None = None
    pupils: dict[str, int] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return self.institution.code

    def is_open(self, week: Week) -> bool:
        """Whether it stands in that week; it closes on a Monday."""
        return self.closed_on is None or week.monday < self.closed_on

    def classes_in(self, week: Week) -> Mapping[str, Class]:
        """Its classes in use that week, by code."""
        of_year = self.classes.get(school_year(week), [])
        return {each.code: each for each in sorted(of_year, key=lambda c: c.code) if each.is_open(week.monday)}

    def plain_class(self, week: Week, index: int) -> str:
        """The code of the class whose homework is all basic this week; empty where none is."""
        code = self.monotone_class(week)
        return code if self.monotony is not None and self.monotony.is_plain(index) else ""

    def monotone_class(self, week: Week) -> str:
        """The code that the class of ``monotony`` bears in the week's school year."""
        if self.monotony is None:
            return ""
        return f"{school_year(week)}-{self.monotony.grade:02d}-{self.monotony.number:02d}"


def pupils_by_stage(classes: Mapping[str, Class]) -> dict[str, int]:
    """How many pupils the classes have, by stage."""
    pupils: dict[str, int] = {}
    for each in classes.values():
        pupils[stage_of(each.grade)] = pupils.get(stage_of(each.grade), 0) + each.pupils
    return pupils


def monotony_of(classes: Mapping[int, int], habits: Habits, random: Random, eventfulness: float) -> Monotony | None:
    """Some schools have such a class; ``classes`` is the number of classes by grade."""
    grades = [grade for grade in classes if grade >= 3]
    if habits.is_terse or not grades or random.random() >= 0.15 * eventfulness:
        return None
    grade = random.choice(grades)
    return Monotony(grade, random.randint(1, classes[grade]), random.choice((3, 3, 4, 5, 8)), random.randint(0, 5))
