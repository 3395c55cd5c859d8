"""The 作息 part of the web form: first lesson of each stage and school day."""

from __future__ import annotations

import re

from schools.rules import FIRST_LESSON
from shuangjian.intake.days import FormDay
from shuangjian.intake.stage_sheets import StageSheet

_CLOCK = re.compile(r"^(\d{1,2}):(\d{2})$")


class SchoolDaySheet(StageSheet):
    """Cells ``sd-primary-3`` hold a time of day as typed."""

    keys = ("school_day",)
    prefix = "sd"
    value_key = "school_day"
    value_column = "first_lesson"

    def limit(self, stage: str, day: FormDay) -> tuple[int | None, str]:
        key = FIRST_LESSON.key_for(stage)
        bound = None if key is None else FIRST_LESSON.on(day.date, key=key)
        if bound is None:
            return None, ""
        minutes = int(bound)
        return minutes, f"不早于 {minutes // 60:02d}:{minutes % 60:02d}"

    def is_below(self, typed: str, limit: int) -> bool:
        match = _CLOCK.match(typed)
        return match is not None and int(match[1]) * 60 + int(match[2]) < limit
