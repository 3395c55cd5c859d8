"""Lawful payloads of fictional weekly returns, in which every key is stated. What breaks them is in plants.py."""

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
_LOWER = {Stage.PRIMARY: (10, 18), Stage.JUNIOR: (10, 17)}
_LESSONS = {
    Stage.PRIMARY: {"first_lesson": "08:30", "arrival": "08:05"},
    Stage.JUNIOR: {"first_lesson": "08:05", "arrival": "07:40"},
}
_MINUTES = {Stage.PRIMARY: (80, 90, 100), Stage.JUNIOR: (90, 100, 120)}
#: Shares of the written homework that is done at school, in hundredths: 基本完成, 大部分.
_SHARES = {Stage.PRIMARY: (92, 100), Stage.JUNIOR: (60, 90)}
_CONTENTS = ("tutoring", "science", "sports", "arts", "labour", "reading", "clubs")
_VARIED = ("layered", "flexible", "personalised")


def stage_of(grade: int) -> Stage:
    return Stage.PRIMARY if grade <= 6 else Stage.JUNIOR


def lawful(classes: Mapping[str, int], days: Days, random: Random) -> Payload:
    """A complete return without any violation. ``classes``: grade by class code."""
    payload: Payload = {key: [] for key in ("homework", "homework_none", "class_off", "school_day", "after_school")}
    payload["service_none"] = []
    for code, grade in classes.items():
        items: list[dict[str, Any]] = []
        for day in days.get(stage_of(grade), ()):
            items += _homework(code, grade, day, random)
        if items and grade >= 3 and not any("alternative" in row for row in items):
            random.choice(items)["kind"] = random.choice(_VARIED)
        payload["homework"] += items
    _tick_what_is_empty(payload, classes, days)
    for name, dates in days.items():
        stage = Stage(name)
        payload["school_day"] += [{"stage": stage, "day": str(day), **_LESSONS[stage]} for day in dates]
        pupils = sum(random.randint(18, 30) for grade in classes.values() if stage_of(grade) == stage)
        minutes, content = random.choice(_MINUTES[stage]), ["homework", *random.sample(_CONTENTS, 3)]
        payload["after_school"] += [_service(stage, day, minutes, pupils, content, random) for day in dates]
    return payload


def _service(
    stage: Stage, day: dt.date, minutes: int, pupils: int, content: list[str], random: Random
) -> dict[str, Any]:
    wanting, late = max(0, pupils - random.randint(0, 4)), random.randint(0, 6)
    row = {"stage": stage, "day": str(day), "minutes": minutes, "wanting": wanting, "served": wanting}
    row |= {"late_wanted": late, "late_places": 8, "content": list(content), "flexible_leaving": True}
    return row | ({"evening_study_minutes": random.choice((0, 60))} if stage == Stage.JUNIOR else {})


def _homework(code: str, grade: int, day: dt.date, random: Random) -> list[dict[str, Any]]:
    """Written items below the cap, sometimes a layered pair; in grades 1–2 nothing but reading."""
    if grade <= 2:
        return [item(code, day, "语文", 15, written=False)] if random.random() < 0.3 else []
    if random.random() < 0.08:
        return []
    stage = stage_of(grade)
    least, most = _LOWER[stage]
    items = [item(code, day, subject, random.randint(least, most)) for subject in _SUBJECTS[stage]]
    if random.random() < 0.15:
        longest = items[1]["minutes"]
        items[1] |= {"alternative": "提高", "kind": "layered"}
        items.append(item(code, day, "数学", max(5, longest - 4), alternative="提高", kind="layered"))
    for row in items:
        row["done_at_school"] = random.randint(*_SHARES[stage]) / 100
    items[0]["publication"] = f"班级公示栏{day:%m%d}"
    return items


def _tick_what_is_empty(payload: Payload, classes: Mapping[str, int], days: Days) -> None:
    answered = {(row["class"], row["day"]) for row in payload["homework"]}
    for code, grade in classes.items():
        missing = [day for day in days.get(stage_of(grade), ()) if (code, str(day)) not in answered]
        payload["homework_none"] += [{"class": code, "day": str(day)} for day in missing]


def item(code: str, day: dt.date, subject: str, minutes: int, **fields: Any) -> dict[str, Any]:
    """A basic written item, marked by the teacher and published on its day."""
    row = {"class": code, "day": str(day), "subject": subject, "minutes": minutes, "written": True}
    row |= {"optional": False, "kind": "basic", "marked_by": "teacher", "asks_parents": False}
    return {**row, "published_on": str(day), **fields}
