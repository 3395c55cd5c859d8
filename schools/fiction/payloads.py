"""Payloads of fictional weekly returns: lawful ones, and the violations that are planted into them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from shuangjian.core.choices import Stage

Payload = dict[str, list[dict[str, Any]]]
Days = Mapping[str, Sequence[dt.date]]

_SUBJECTS = {
    Stage.PRIMARY: ("语文", "数学", "英语"),
    Stage.JUNIOR: ("语文", "数学", "英语", "物理", "历史"),
}
_LOWER, _UPPER = {Stage.PRIMARY: (10, 18), Stage.JUNIOR: (10, 17)}, {Stage.PRIMARY: 60, Stage.JUNIOR: 90}

#: Rules that ``plant`` can break, with the weight of each in the demonstration.
PLANTS = {"HW-01": 3, "HW-02": 6, "HW-03": 2, "SC-01": 2, "SC-02": 2, "AS-01": 2, "AS-02": 3}


def lawful(classes: Mapping[str, int], days: Days, random: Random) -> Payload:
    """A complete return without any violation. ``classes``: grade by class code."""
    payload: Payload = {key: [] for key in ("homework", "homework_none", "class_off", "school_day", "after_school")}
    payload["service_none"] = []
    for code, grade in classes.items():
        stage = Stage.PRIMARY if grade <= 6 else Stage.JUNIOR
        for day in days.get(stage, ()):
            payload["homework"] += _homework(code, grade, stage, day, random)
    _tick_what_is_empty(payload, classes, days)
    for name, dates in days.items():
        stage = Stage(name)
        start = "08:30" if stage == Stage.PRIMARY else "08:05"
        minutes = random.choice((80, 90, 100)) if stage == Stage.PRIMARY else random.choice((90, 100, 120))
        payload["school_day"] += [{"stage": stage, "day": str(day), "first_lesson": start} for day in dates]
        payload["after_school"] += [{"stage": stage, "day": str(day), "minutes": minutes} for day in dates]
    return payload


def _homework(code: str, grade: int, stage: Stage, day: dt.date, random: Random) -> list[dict[str, Any]]:
    """Written items below the cap, sometimes a layered pair; in grades 1–2 nothing but reading."""
    if grade <= 2:
        return [_item(code, day, "语文", 15, written=False)] if random.random() < 0.3 else []
    if random.random() < 0.08:
        return []
    least, most = _LOWER[stage]
    items = [_item(code, day, subject, random.randint(least, most)) for subject in _SUBJECTS[stage]]
    if random.random() < 0.15:
        longest = items[1]["minutes"]
        items[1] |= {"alternative": "提高"}
        items.append(_item(code, day, "数学", max(5, longest - 4), alternative="提高"))
    return items


def _tick_what_is_empty(payload: Payload, classes: Mapping[str, int], days: Days) -> None:
    answered = {(row["class"], row["day"]) for row in payload["homework"]}
    for code, grade in classes.items():
        stage = Stage.PRIMARY if grade <= 6 else Stage.JUNIOR
        missing = [day for day in days.get(stage, ()) if (code, str(day)) not in answered]
        payload["homework_none"] += [{"class": code, "day": str(day)} for day in missing]


def _item(code: str, day: dt.date, subject: str, minutes: int, **fields: Any) -> dict[str, Any]:
    row = {"class": code, "day": str(day), "subject": subject, "minutes": minutes, "written": True}
    return {**row, "optional": False, "alternative": None, **fields}


def plant(rule: str, payload: Payload, classes: Mapping[str, int], days: Days, random: Random) -> bool:
    """Break ``rule`` in the payload; False when this school cannot break it (no such grade or stage)."""
    stage = Stage.JUNIOR if rule == "SC-02" else Stage.PRIMARY if rule == "SC-01" else random.choice(sorted(days))
    dates = days.get(stage) or ()
    if not dates:
        return False
    if rule in ("HW-01", "HW-02", "HW-03"):
        return _plant_homework(rule, payload, classes, days, random)
    day = str(random.choice(list(dates)))
    if rule in ("SC-01", "SC-02"):
        for row in payload["school_day"]:
            if row["stage"] == stage and row["day"] >= day:
                row["first_lesson"] = "08:00" if stage == Stage.PRIMARY else "07:40"
        return True
    if rule == "AS-01":
        payload["after_school"] = [r for r in payload["after_school"] if (r["stage"], r["day"]) != (stage, day)]
        payload["service_none"].append({"stage": stage, "day": day})
        return True
    for row in payload["after_school"]:
        if (row["stage"], row["day"]) == (stage, day):
            row["minutes"] = 60
    return True


def _plant_homework(rule: str, payload: Payload, classes: Mapping[str, int], days: Days, random: Random) -> bool:
    fitting = [code for code, grade in classes.items() if (grade <= 2) == (rule == "HW-01")]
    if not fitting:
        return False
    code = random.choice(fitting)
    stage = Stage.PRIMARY if classes[code] <= 6 else Stage.JUNIOR
    dates = list(days.get(stage, ()))
    if not dates:
        return False
    chosen = dates if rule == "HW-03" else [random.choice(dates)]
    extra = 12 if rule == "HW-01" else _UPPER[stage] - 10 if rule == "HW-03" else _UPPER[stage] - 25
    for day in chosen:
        payload["homework"].append(_item(code, day, "其他", extra + random.randint(0, 9)))
        payload["homework_none"] = [r for r in payload["homework_none"] if (r["class"], r["day"]) != (code, str(day))]
    return True
