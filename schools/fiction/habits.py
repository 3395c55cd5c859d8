"""What is usual at a fictional school: its times, its homework, what its returns state, and how careful it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from shuangjian.core.choices import Stage

#: The guideline's daily caps on written homework, and its least service, which lawful schools keep to the minute.
CAPS = {Stage.PRIMARY.value: 60, Stage.JUNIOR.value: 90}
SERVICE = {Stage.PRIMARY.value: 80, Stage.JUNIOR.value: 90}
FIRST_LESSON = {Stage.PRIMARY.value: 500, Stage.JUNIOR.value: 480}
MOST_LEAD = 30

_LESSONS = {Stage.PRIMARY.value: (500, 505, 510, 510), Stage.JUNIOR.value: (480, 485, 485, 490)}
_LEADS = (15, 20, 25, MOST_LEAD)
_MINUTES = {Stage.PRIMARY.value: (80, 80, 90, 100, 120), Stage.JUNIOR.value: (90, 90, 100, 120)}
_CONTENTS = ("tutoring", "science", "sports", "arts", "labour", "reading", "clubs")
#: Shares of the written homework that is done at school, in hundredths: 基本完成 (from 90 on), 大部分 (from 51 on).
_SHARES = {
    Stage.PRIMARY.value: ((90, 90), (90, 100), (92, 100), (95, 100)),
    Stage.JUNIOR.value: ((51, 51), (55, 70), (60, 90), (60, 90)),
}
#: Written minutes of an ordinary day by grade: lower grades have none.
LOADS = {3: (22, 42), 4: (25, 46), 5: (28, 52), 6: (30, 56), 7: (42, 74), 8: (46, 82), 9: (50, 86)}
#: Weights of breaches by school: most are rarely careless, some are all the time. Their mean is 1.
CARELESSNESS = (0.1, 0.4, 0.4, 0.6, 0.8, 1.0, 1.4, 3.3)


@dataclass(frozen=True, slots=True)
class Habits:
    """One school's ways. ``is_terse``: its returns state no key that came after minutes and times."""

    carelessness: float
    is_terse: bool
    lessons: dict[str, int]
    lead: int
    minutes: dict[str, int]
    contents: tuple[str, ...]
    shares: dict[str, tuple[int, int]]
    publication: str
    wanting: float

    @classmethod
    def of(cls, random: Random, stages: Iterable[str]) -> Habits:
        """Draw them."""
        stages = sorted(stages)
        return cls(
            carelessness=random.choice(CARELESSNESS),
            is_terse=random.random() < 0.05,
            lessons={stage: random.choice(_LESSONS[stage]) for stage in stages},
            lead=random.choice(_LEADS),
            minutes={stage: random.choice(_MINUTES[stage]) for stage in stages},
            contents=("homework", *random.sample(_CONTENTS, 3)),
            shares={stage: random.choice(_SHARES[stage]) for stage in stages},
            publication=random.choice(("link", "link", "dated", "eve")),
            wanting=random.uniform(0.55, 0.95),
        )


def stage_of(grade: int) -> str:
    """The stage of compulsory education that the grade belongs to."""
    return Stage.PRIMARY.value if grade <= 6 else Stage.JUNIOR.value


def clock_text(minutes: int) -> str:
    """Minutes after midnight as a return writes them: 500 → 08:20."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
