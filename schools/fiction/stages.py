"""One stage's week: lessons and after-school service of each school day, as the return states them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from schools.fiction.habits import Habits, clock_text
from shuangjian.core.choices import Stage

Row = dict[str, Any]


@dataclass(slots=True)
class StageWeek:
    """The rows of one stage and week by day (ISO), which a plant changes. ``none``: days without service."""

    stage: str
    days: Sequence[str]
    lessons: dict[str, Row] = field(default_factory=dict)
    service: dict[str, Row] = field(default_factory=dict)
    none: dict[str, Row] = field(default_factory=dict)


def lawful_stage(stage: str, days: Sequence[str], pupils: int, habits: Habits, random: Random) -> StageWeek:
    """A week that breaks no rule: enough service for all who want it, and places after 18:30, now and then just so."""
    plan = StageWeek(stage, days)
    lesson: Row = {"first_lesson": clock_text(habits.lessons[stage])}
    if not habits.is_terse:
        lesson["arrival"] = clock_text(habits.lessons[stage] - habits.lead)
    evening = 60 if stage == Stage.JUNIOR and habits.minutes[stage] > 90 else 0
    usual = int(pupils * habits.wanting)
    for day in days:
        at = {"stage": stage, "day": day}
        plan.lessons[day] = at | lesson
        row: Row = at | {"minutes": habits.minutes[stage]}
        if not habits.is_terse:
            wanting = max(0, usual - int(random.random() * 5))
            late = int(random.random() * (2 + pupils // 60))
            row |= {"wanting": wanting, "served": wanting, "late_wanted": late}
            row |= {"late_places": late if random.random() < 0.2 else 2 + pupils // 40}
            row |= {"content": list(habits.contents), "flexible_leaving": True}
            if stage == Stage.JUNIOR:
                row["evening_study_minutes"] = evening
        plan.service[day] = row
    return plan
