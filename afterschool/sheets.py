"""The 课后服务 part of the web form: minutes of each stage and school day, or 当日无课后服务."""

from __future__ import annotations

from typing import Any

from afterschool.rules import CLASS_HOUR_MINUTES, CLASS_HOURS_PER_DAY
from shuangjian.core.choices import Stage
from shuangjian.intake.days import FormDay
from shuangjian.intake.sheets import whole_or_text
from shuangjian.intake.stage_sheets import StageSheet


class ServiceSheet(StageSheet):
    """Cells ``as-primary-3`` hold minutes as typed, ``as-primary-none-3`` the tick of the same day."""

    keys = ("after_school", "service_none")
    prefix = "as"
    value_key = "after_school"
    value_column = "minutes"
    tick_key = "service_none"

    def parsed(self, typed: str) -> Any:
        return whole_or_text(typed)

    def limit(self, stage: str, day: FormDay) -> tuple[int | None, str]:
        key = CLASS_HOUR_MINUTES.key_for(stage)
        hours = CLASS_HOURS_PER_DAY.on(day.date)
        per_hour = None if key is None else CLASS_HOUR_MINUTES.on(day.date, key=key)
        if hours is None or per_hour is None:
            return None, ""
        words = f"不少于 {hours * per_hour:g} 分钟（{hours:g} 学时 × {Stage(stage).label} {per_hour:g} 分钟）"
        return int(hours * per_hour), words

    def is_below(self, typed: str, limit: int) -> bool:
        minutes = whole_or_text(typed)
        return isinstance(minutes, int) and minutes < limit
