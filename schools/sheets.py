"""The 作息 part of the web form: first lesson and arrival of each stage and school day."""

from __future__ import annotations

import re
from typing import ClassVar

from schools.rules import FIRST_LESSON
from shuangjian.intake.days import FormDay
from shuangjian.intake.stage_cells import StageCells, StageField
from shuangjian.intake.stage_sheets import StageSheet

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)


class SchoolDaySheet(StageSheet):
    """Cells ``sd-primary-3`` hold the first lesson as typed, ``sd-primary-arrival-3`` when pupils must be there."""

    keys = ("school_day",)
    prefix = "sd"
    value_key = "school_day"
    fields = (
        StageField("first_lesson", "第一节课", "clock"),
        StageField("arrival", "要求到校时间", "clock", part="arrival"),
    )
    finding_cells: ClassVar = {
        "SC-01": ("first_lesson", lambda cells: _earliest(cells)),
        "SC-02": ("first_lesson", lambda cells: _earliest(cells)),
        "SC-03": ("arrival", lambda cells: _longest_wait(cells)),
    }

    def limit(self, stage: str, day: FormDay) -> tuple[int | None, str]:
        key = FIRST_LESSON.key_for(stage)
        bound = None if key is None else FIRST_LESSON.on(day.date, key=key)
        if bound is None:
            return None, ""
        minutes = int(bound)
        return minutes, f"第一节课不早于 {minutes // 60:02d}:{minutes % 60:02d}"

    def is_below(self, typed: str, limit: int) -> bool:
        minutes = _minutes(typed)
        return minutes is not None and minutes < limit


def _minutes(typed: object) -> int | None:
    """Minutes after midnight of a time as typed."""
    match = _CLOCK.fullmatch(typed) if isinstance(typed, str) else None
    return int(match[1]) * 60 + int(match[2]) if match else None


def _earliest(cells: StageCells) -> int | None:
    begins = {number: _minutes(cells.of("first_lesson", number)) for number in cells.school_days()}
    known = {number: minutes for number, minutes in begins.items() if minutes is not None}
    return min(known, key=lambda number: known[number], default=None)


def _longest_wait(cells: StageCells) -> int | None:
    waits: dict[int, int] = {}
    for number in cells.school_days():
        begins, arrival = _minutes(cells.of("first_lesson", number)), _minutes(cells.of("arrival", number))
        if begins is not None and arrival is not None:
            waits[number] = begins - arrival
    return max(waits, key=lambda number: waits[number], default=None)
