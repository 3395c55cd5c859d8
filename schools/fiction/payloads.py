"""The content of a fictional weekly return: a lawful one, and one with planted violations and what they must raise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from schools.fiction import plants, stage_plants
from schools.fiction.habits import Habits, stage_of
from schools.fiction.homework import ClassWeek, items, lawful_week
from schools.fiction.key import Found
from schools.fiction.stages import StageWeek, lawful_stage

Payload = dict[str, list[dict[str, Any]]]
Days = Mapping[str, Sequence[dt.date]]


@dataclass
class Plans:
    """What one unit's week is to be, class by class and stage by stage."""

    classes: list[ClassWeek]
    stages: list[StageWeek]
    findings: list[Found] = field(default_factory=list)
    #: Class-days on which a planted finding about a class stands.
    breached: set[tuple[str, str]] = field(default_factory=set)

    def payload(self, habits: Habits, random: Random) -> Payload:
        """The plans as a payload in the very form in which the checks would leave it."""
        rows: Payload = {"homework": [], "homework_none": [], "class_off": []}
        start = random.getrandbits(48)
        for number, plan in enumerate(self.classes):
            random.seed(start + number)  # a change of one class leaves the rows of the others as they are
            if plan.is_off and plan.days:
                rows["class_off"].append({"class": plan.code})
                continue
            rows["homework"] += items(plan, habits, random)
            answered = {*plan.totals, *plan.spoken}
            rows["homework_none"] += [{"class": plan.code, "day": day} for day in plan.days if day not in answered]
        rows["school_day"] = [row for plan in self.stages for row in plan.lessons.values()]
        rows["after_school"] = [row for plan in self.stages for row in plan.service.values()]
        rows["service_none"] = [row for plan in self.stages for row in plan.none.values()]
        return rows


def lawful_plans(
    classes: Mapping[str, int],
    days: Days,
    pupils: Mapping[str, int],
    habits: Habits,
    random: Random,
    plain: Collection[str] = (),
) -> Plans:
    """Plans that break no rule. ``classes``: grade by code; ``pupils``: by stage; ``plain``: classes whose homework
    is all basic this week, which is unlawful in the fourth such week of a term."""
    texts = {stage: [day.isoformat() for day in dates] for stage, dates in days.items()}
    weeks = [lawful_week(code, grade, texts.get(stage_of(grade), []), random) for code, grade in classes.items()]
    for week in weeks:
        week.is_plain = week.code in plain
    stages = [lawful_stage(stage, texts[stage], pupils.get(stage, 0), habits, random) for stage in sorted(texts)]
    return Plans(weeks, stages)


def plant_some(plans: Plans, *, chance: float, stage_chance: float, random: Random, least: int = 0) -> None:
    """Break rules in some classes and stages, each with its chance; in one place at least where ``least`` is 1."""
    for week in plans.classes:
        if random.random() < chance:
            _plant_into_class(plans, week, random)
    for stage in plans.stages:
        for weights in (stage_plants.LESSON_WEIGHTS, stage_plants.SERVICE_WEIGHTS):
            if random.random() < stage_chance / 2:
                plans.findings += stage_plants.plant(_pick(weights, random), stage, random)
    for stage in plans.stages[:least] if not plans.findings else ():
        plans.findings += stage_plants.plant("AS-02", stage, random)


def _plant_into_class(plans: Plans, week: ClassWeek, random: Random) -> None:
    raised = plants.plant(_pick(plants.weights_for(week.grade), random), week, random)
    plans.findings += raised
    days = {found.occurred_on for found in raised if found.rule in ("HW-01", "HW-02", "HW-09", "HW-10")}
    plans.breached |= {(week.code, day) for day in days | set(week.unpublished) if day in week.days}


def _pick(weights: Mapping[str, int], random: Random) -> str:
    return random.choices(list(weights), weights=list(weights.values()))[0]


def lawful(classes: Mapping[str, int], days: Days, random: Random) -> Payload:
    """A complete return that states every key and breaks no rule. ``classes``: grade by class code."""
    return changed(classes, days, random, lambda plans: None)


def changed(classes: Mapping[str, int], days: Days, random: Random, change: Callable[[Plans], object]) -> Payload:
    """As ``lawful``, after ``change`` of the plans."""
    habits = Habits.of(random, days)
    while habits.is_terse:
        habits = Habits.of(random, days)
    pupils = {stage: 40 * sum(stage_of(grade) == stage for grade in classes.values()) for stage in days}
    plans = lawful_plans(classes, days, pupils, habits, random)
    change(plans)
    return plans.payload(habits, random)
