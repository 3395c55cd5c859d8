"""The violations that are planted into lawful plans of classes. Each tells every finding that it must raise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random

from schools.fiction.homework import ClassWeek
from schools.fiction.key import Found, flag, found

_BOUND = {"primary": Decimal("0.9"), "junior": Decimal("0.5")}
#: Ten-thousandths done at school that are too little, those beside the bound first.
_TOO_LITTLE = {"primary": (8999, 8900, 8000, 6000, 4500), "junior": (5000, 4999, 4500, 3500, 2500)}

#: Rules that a class can break within a week, with the weight of each, in grades 1–2 and in grades 3–9.
LOW_WEIGHTS = {"HW-01": 8, "HW-04": 3, "HW-09": 1, "HW-10": 3}
UPPER_WEIGHTS = {"HW-02": 12, "HW-03": 3, "HW-04": 6, "HW-08": 4, "HW-09": 2, "HW-10": 2}


def plant(rule: str, plan: ClassWeek, random: Random) -> list[Found]:
    """Break ``rule`` in the plan, a lawful one until now; the findings that it must raise, side effects included.

    Empty where the class cannot break it this week: it has no homework, or no school day.
    """
    if plan.is_off or not plan.days:
        return []
    return _PLANTS[rule](plan, f"class:{plan.code}", random)


def weights_for(grade: int) -> dict[str, int]:
    """The rules that a class of the grade can break, with their weights."""
    return LOW_WEIGHTS if grade <= 2 else UPPER_WEIGHTS


def _written_in_low_grades(plan: ClassWeek, about: str, random: Random) -> list[Found]:
    if plan.grade > 2:
        return []
    for day in _some_days(plan.days, random):
        plan.totals[day] = random.randint(5, 30)
    return [found("HW-01", about, day, plan.totals[day], 0) for day in plan.written]


def _long_days(plan: ClassWeek, about: str, random: Random) -> list[Found]:
    """One or two days over the cap, while the rest of the week keeps its mean lawful, if only just.

    Where the week has no room for that (a week of one school day), its mean breaks HW-03 too.
    """
    if plan.grade <= 2:
        return []
    if random.random() < 0.15:
        return _long_weekend_day(plan, about, random)
    day = random.choice(plan.days)
    room = sum(plan.cap - plan.totals.get(other, 0) for other in plan.days if other != day)
    excess = min(random.choice((1, 5, 10, 15, 20, 30, 40)), room) or 10
    plan.totals[day] = plan.cap + excess
    raised = [found("HW-02", about, day, plan.totals[day], plan.cap)]
    if excess > room:
        raised.append(_mean(plan, about))
    return raised


def _long_weekend_day(plan: ClassWeek, about: str, random: Random) -> list[Found]:
    """Weekend homework has the same cap and does not count toward the week's mean."""
    monday = _monday(plan.days[0])
    weekend = [(monday + dt.timedelta(days=offset)).isoformat() for offset in (5, 6)]
    free = [day for day in weekend if day not in plan.days]
    if not free:
        return []
    day = random.choice(free)
    plan.totals[day] = plan.cap + random.choice((1, 10, 30))
    return [found("HW-02", about, day, plan.totals[day], plan.cap)]


def _long_week(plan: ClassWeek, about: str, random: Random) -> list[Found]:
    """A mean over the cap: every day a little over it, or one minute over it in all."""
    if plan.grade <= 2:
        return []
    if random.random() < 0.5:
        plan.totals = {day: plan.cap + random.randint(1, 20) for day in plan.days}
    else:
        plan.totals = dict.fromkeys(plan.days, plan.cap)
        plan.totals[random.choice(plan.days)] += 1
    days = [day for day in plan.days if plan.totals[day] > plan.cap]
    return [*(found("HW-02", about, day, plan.totals[day], plan.cap) for day in days), _mean(plan, about)]


def _mean(plan: ClassWeek, about: str) -> Found:
    total = sum(plan.totals.get(day, 0) for day in plan.days)
    return found("HW-03", about, _monday(plan.days[0]).isoformat(), Decimal(total) / len(plan.days), plan.cap)


def _unpublished(plan: ClassWeek, about: str, random: Random) -> list[Found]:
    if not plan.with_homework:
        return []
    for day in _some_days(plan.with_homework, random):
        # One item of several left out needs several; a day of little homework has one.
        manners = ("never", "late", "partly") if plan.totals.get(day, 0) >= 12 else ("never", "late")
        plan.unpublished[day] = random.choice(manners)
    return [found("HW-04", about, _monday(plan.days[0]).isoformat(), len(plan.unpublished), 0)]


def _left_for_home(plan: ClassWeek, about: str, random: Random) -> list[Found]:
    """Too little of each day's homework is done at school; the week's share weighs the days with their minutes."""
    if plan.grade <= 2 or not plan.written:
        return []
    choices = _TOO_LITTLE[plan.stage]
    share = random.choice(choices)
    varied = random.random() < 0.5
    plan.shares = {day: random.choice(choices) if varied else share for day in plan.written}
    done = sum(plan.totals[day] * plan.shares[day] for day in plan.written)
    observed = Decimal(done) / sum(plan.totals[day] for day in plan.written) / 10000
    return [found("HW-08", about, _monday(plan.days[0]).isoformat(), observed, _BOUND[plan.stage])]


def _marked_by_pupils(plan: ClassWeek, about: str, random: Random) -> list[Found]:
    plan.marked = {day: random.choice(("self", "peer")) for day in _some_days(plan.with_homework, random)}
    return [flag("HW-09", about, day) for day in sorted(plan.marked)]


def _for_parents(plan: ClassWeek, about: str, random: Random) -> list[Found]:
    days = _some_days(plan.with_homework, random)
    if random.random() < 0.3:
        plan.marked = dict.fromkeys(days, "parent")
    else:
        plan.parents = set(days)
    return [flag("HW-10", about, day) for day in days]


def _some_days(days: Sequence[str], random: Random) -> list[str]:
    """One day, seldom two or three; none of none."""
    return sorted(random.sample(days, min(len(days), random.choice((1, 1, 1, 2, 3)))))


def _monday(day: str) -> dt.date:
    date = dt.date.fromisoformat(day)
    return date - dt.timedelta(days=date.weekday())


_PLANTS: dict[str, Callable[[ClassWeek, str, Random], list[Found]]] = {
    "HW-01": _written_in_low_grades,
    "HW-02": _long_days,
    "HW-03": _long_week,
    "HW-04": _unpublished,
    "HW-08": _left_for_home,
    "HW-09": _marked_by_pupils,
    "HW-10": _for_parents,
}
