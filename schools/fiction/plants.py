"""The violations that are planted into lawful payloads, one function a kind, so that a demonstration has something."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any

from schools.fiction.payloads import Days, Payload, item, stage_of
from shuangjian.core.choices import Stage

Row = dict[str, Any]

#: Rules that ``plant`` can break within one week, with the weight of each in the demonstration.
PLANTS = {"HW-01": 3, "HW-02": 6, "HW-03": 2, "SC-01": 2, "SC-02": 2, "AS-01": 2, "AS-02": 3}
#: The same for what the later keys of a return tell; drawn apart, so that the others stay as frequent as they are.
LATER_PLANTS = {
    "HW-04": 4, "HW-08": 3, "HW-09": 2, "HW-10": 2, "SC-03": 2,
    "AS-03": 2, "AS-04": 1, "AS-10": 2, "AS-11": 2, "AS-12": 2,
}  # fmt: skip

_UPPER = {Stage.PRIMARY: 60, Stage.JUNIOR: 90}


def plant(rule: str, payload: Payload, classes: Mapping[str, int], days: Days, random: Random) -> bool:
    """Break ``rule`` in the payload; False when this school cannot break it (no such grade, stage or homework)."""
    if rule in ("HW-01", "HW-02", "HW-03"):
        return _add_homework(rule, payload, classes, days, random)
    if rule in _OF_ITEMS:
        return _change_items(rule, payload, classes, random)
    fixed = {"SC-01": Stage.PRIMARY, "SC-02": Stage.JUNIOR}
    stage = fixed.get(rule) or random.choice(sorted(days))
    dates = days.get(stage) or ()
    if not dates:
        return False
    day = str(random.choice(list(dates)))
    if rule == "AS-01":
        payload["after_school"] = [r for r in payload["after_school"] if (r["stage"], r["day"]) != (stage, day)]
        payload["service_none"].append({"stage": stage, "day": day, "wanting": 0, "late_wanted": 0})
        return True
    section, change = _OF_DAYS[rule]
    rows = [row for row in payload[section] if row["stage"] == stage]
    changed = [row for row in rows if row["day"] == day or (rule in _UNTIL_FRIDAY and row["day"] > day)]
    for row in changed:
        change(row, random)
    return bool(changed)


def plain(payload: Payload, code: str) -> bool:
    """Take every variety out of a class's homework: four weeks of it break HW-07. False without homework."""
    longest: dict[tuple[str, str], Row] = {}
    for row in payload["homework"]:
        if row["class"] == code and row.get("alternative"):
            key = (row["day"], row["subject"])
            longest[key] = max(longest.get(key, row), row, key=lambda each: each["minutes"])
    kept = []
    for row in payload["homework"]:
        if row["class"] == code:
            if row.get("alternative") and longest[row["day"], row["subject"]] is not row:
                continue
            row = {key: value for key, value in row.items() if key != "alternative"} | {"kind": "basic"}
        kept.append(row)
    payload["homework"] = kept
    return any(row["class"] == code for row in kept)


def _lessons_too_early(row: Row, random: Random) -> None:
    row |= (
        {"first_lesson": "08:00", "arrival": "07:40"}
        if row["stage"] == Stage.PRIMARY
        else {"first_lesson": "07:40", "arrival": "07:20"}
    )


def _arrival_too_early(row: Row, random: Random) -> None:
    hour, minute = map(int, row["first_lesson"].split(":"))
    at = dt.timedelta(hours=hour, minutes=minute) - dt.timedelta(minutes=random.choice((35, 40, 45)))
    row["arrival"] = f"{at.seconds // 3600:02d}:{at.seconds // 60 % 60:02d}"


def _short_service(row: Row, random: Random) -> None:
    row["minutes"] = 60


def _too_few_late_places(row: Row, random: Random) -> None:
    row["late_wanted"] = row["late_places"] + random.randint(1, 6)


def _new_lessons(row: Row, random: Random) -> None:
    row["content"] = [*row["content"], random.choice(("new_lesson", "collective_tuition"))]


def _too_few_served(row: Row, random: Random) -> None:
    row["served"] = max(0, row["wanting"] - random.randint(3, 12))


def _noon_counted(row: Row, random: Random) -> None:
    row["content"] = [*row["content"], random.choice(("noon_break", "morning_care"))]


def _fixed_leaving(row: Row, random: Random) -> None:
    row["flexible_leaving"] = False


_OF_DAYS: dict[str, tuple[str, Callable[[Row, Random], None]]] = {
    "SC-01": ("school_day", _lessons_too_early),
    "SC-02": ("school_day", _lessons_too_early),
    "SC-03": ("school_day", _arrival_too_early),
    "AS-02": ("after_school", _short_service),
    "AS-03": ("after_school", _too_few_late_places),
    "AS-04": ("after_school", _new_lessons),
    "AS-10": ("after_school", _too_few_served),
    "AS-11": ("after_school", _noon_counted),
    "AS-12": ("after_school", _fixed_leaving),
}
#: From the chosen day to the end of the week.
_UNTIL_FRIDAY = ("SC-01", "SC-02", "SC-03", "AS-12")


def _unpublished(rows: Iterable[Row], random: Random) -> None:
    for row in rows:
        row.pop("publication", None)
        row.pop("published_on", None)


def _left_for_home(rows: Iterable[Row], random: Random) -> None:
    for row in rows:
        row["done_at_school"] = random.randint(30, 45) / 100


def _marked_by_pupils(rows: Iterable[Row], random: Random) -> None:
    for row in rows:
        row["marked_by"] = random.choice(("self", "peer"))


def _for_parents(rows: Iterable[Row], random: Random) -> None:
    for row in rows:
        row["asks_parents"] = True


#: What is done to items, and to which of a class: those of a day, all written ones, or one.
_OF_ITEMS: dict[str, tuple[str, Callable[[Iterable[Row], Random], None]]] = {
    "HW-04": ("day", _unpublished),
    "HW-08": ("written", _left_for_home),
    "HW-09": ("one", _marked_by_pupils),
    "HW-10": ("one", _for_parents),
}


def _change_items(rule: str, payload: Payload, classes: Mapping[str, int], random: Random) -> bool:
    reach, change = _OF_ITEMS[rule]
    least = 3 if rule == "HW-08" else 1
    fitting = [row for row in payload["homework"] if classes[row["class"]] >= least]
    if not fitting:
        return False
    one = random.choice(fitting)
    of_class = [row for row in fitting if row["class"] == one["class"]]
    of_day = [row for row in of_class if row["day"] == one["day"]]
    written = [row for row in of_class if row["written"]]
    change({"day": of_day, "written": written, "one": [one]}[reach], random)
    return True


def _add_homework(rule: str, payload: Payload, classes: Mapping[str, int], days: Days, random: Random) -> bool:
    fitting = [code for code, grade in classes.items() if (grade <= 2) == (rule == "HW-01")]
    if not fitting:
        return False
    code = random.choice(fitting)
    stage = stage_of(classes[code])
    dates = list(days.get(stage, ()))
    if not dates:
        return False
    chosen = dates if rule == "HW-03" else [random.choice(dates)]
    extra = 12 if rule == "HW-01" else _UPPER[stage] - 10 if rule == "HW-03" else _UPPER[stage] - 25
    for day in chosen:
        added = item(code, day, "其他", extra + random.randint(0, 9))
        payload["homework"].append(added if classes[code] <= 2 else added | {"done_at_school": 1})
        payload["homework_none"] = [r for r in payload["homework_none"] if (r["class"], r["day"]) != (code, str(day))]
    return True
