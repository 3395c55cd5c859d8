"""The violations that are planted into lawful lessons and service. Each tells every finding that it must raise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random

from schools.fiction.habits import FIRST_LESSON, MOST_LEAD, SERVICE, clock_text
from schools.fiction.key import Found, flag, found
from schools.fiction.stages import StageWeek

#: Rules that lessons, and rules that service can break, with the weight of each. SC-01 stands for SC-02 in junior
#: stages. One of each kind is planted into a stage's week at most, so that none hides another.
LESSON_WEIGHTS = {"SC-01": 3, "SC-03": 2}
SERVICE_WEIGHTS = {"AS-01": 4, "AS-02": 4, "AS-03": 3, "AS-04": 2, "AS-10": 3, "AS-11": 2, "AS-12": 2}

_EARLY = {"primary": "SC-01", "junior": "SC-02"}


def plant(rule: str, plan: StageWeek, random: Random) -> list[Found]:
    """Break ``rule`` in the plan, a lawful one until now; the findings that it must raise, side effects included."""
    if not plan.days:
        return []
    return _PLANTS[rule](plan, f"stage:{plan.stage}", random)


def _lessons_too_early(plan: StageWeek, about: str, random: Random) -> list[Found]:
    """One finding a week, of the earliest; who has to be there comes no earlier before it than is lawful."""
    limit = FIRST_LESSON[plan.stage]
    starts = {day: limit - random.choice((1, 5, 10, 20, 30)) for day in _some_days(plan.days, random)}
    for day, start in starts.items():
        plan.lessons[day]["first_lesson"] = clock_text(start)
        if "arrival" in plan.lessons[day]:
            plan.lessons[day]["arrival"] = clock_text(start - random.choice((10, 20, MOST_LEAD)))
    return [found(_EARLY[plan.stage], about, _monday(plan), min(starts.values()), limit)]


def _arrival_too_early(plan: StageWeek, about: str, random: Random) -> list[Found]:
    leads = {day: MOST_LEAD + random.choice((1, 5, 10, 20)) for day in _some_days(plan.days, random)}
    for day, lead in leads.items():
        hours, minutes = plan.lessons[day]["first_lesson"].split(":")
        plan.lessons[day]["arrival"] = clock_text(int(hours) * 60 + int(minutes) - lead)
    return [found("SC-03", about, _monday(plan), max(leads.values()), MOST_LEAD)]


def _no_service(plan: StageWeek, about: str, random: Random) -> list[Found]:
    """A day without service; where pupils wanted it, nobody was served (AS-10), or had a place after 18:30 (AS-03)."""
    raised: list[Found] = []
    worst = False
    for day in _some_days(plan.days, random):
        del plan.service[day]
        plan.none[day] = {"stage": plan.stage, "day": day}
        raised.append(flag("AS-01", about, day))
        luck = random.random()
        if luck < 0.2:
            plan.none[day] |= {"wanting": 0, "late_wanted": 0}
        elif luck < 0.35:
            plan.none[day]["wanting"] = random.randint(1, 60)
            worst = True
        elif luck < 0.45:
            late = plan.none[day]["late_wanted"] = random.randint(1, 9)
            raised.append(found("AS-03", about, day, late, 0))
    if worst:
        raised.append(found("AS-10", about, _monday(plan), 0, 1))
    return raised


def _short_service(plan: StageWeek, about: str, random: Random) -> list[Found]:
    least = SERVICE[plan.stage]
    days = _some_days(plan.days, random)
    for day in days:
        plan.service[day]["minutes"] = least - random.choice((1, 10, 20, 40))
    return [found("AS-02", about, day, plan.service[day]["minutes"], least) for day in days]


def _too_few_late_places(plan: StageWeek, about: str, random: Random) -> list[Found]:
    raised = []
    for day in _some_days(plan.days, random):
        places, missing = random.choice((0, 0, 5, 10)), random.randint(1, 12)
        plan.service[day] |= {"late_places": places, "late_wanted": places + missing}
        raised.append(found("AS-03", about, day, missing, 0))
    return raised


def _new_lessons(plan: StageWeek, about: str, random: Random) -> list[Found]:
    days = _some_days(plan.days, random)
    for day in days:
        _add_content(plan, day, random.choice(("new_lesson", "collective_tuition")))
    return [flag("AS-04", about, day) for day in days]


def _too_few_served(plan: StageWeek, about: str, random: Random) -> list[Found]:
    """One finding a week, of the worst share."""
    shares = []
    for day in _some_days(plan.days, random):
        wanting = max(1, plan.service[day].get("wanting", random.randint(40, 400)))
        served = max(0, wanting - random.choice((1, 3, 12, 60)))
        plan.service[day] |= {"wanting": wanting, "served": served}
        shares.append(Decimal(served) / wanting)
    return [found("AS-10", about, _monday(plan), min(shares), 1)]


def _outside_the_afternoon(plan: StageWeek, about: str, random: Random) -> list[Found]:
    days = _some_days(plan.days, random)
    for day in days:
        _add_content(plan, day, random.choice(("noon_break", "morning_care", "evening_study")))
    return [flag("AS-11", about, day) for day in days]


def _fixed_leaving(plan: StageWeek, about: str, random: Random) -> list[Found]:
    for day in _some_days(plan.days, random):
        plan.service[day]["flexible_leaving"] = False
    return [flag("AS-12", about, _monday(plan))]


def _add_content(plan: StageWeek, day: str, code: str) -> None:
    plan.service[day]["content"] = [*plan.service[day].get("content", ["homework"]), code]


def _some_days(days: Sequence[str], random: Random) -> list[str]:
    """One or two days, seldom the whole week."""
    return sorted(random.sample(days, min(len(days), random.choice((1, 1, 1, 2, 5)))))


def _monday(plan: StageWeek) -> str:
    date = dt.date.fromisoformat(plan.days[0])
    return (date - dt.timedelta(days=date.weekday())).isoformat()


_PLANTS: dict[str, Callable[[StageWeek, str, Random], list[Found]]] = {
    "SC-01": _lessons_too_early,
    "SC-03": _arrival_too_early,
    "AS-01": _no_service,
    "AS-02": _short_service,
    "AS-03": _too_few_late_places,
    "AS-04": _new_lessons,
    "AS-10": _too_few_served,
    "AS-11": _outside_the_afternoon,
    "AS-12": _fixed_leaving,
}
