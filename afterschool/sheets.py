"""The 课后服务 part of the web form: what each stage offers on each school day, or 当日无课后服务."""

from __future__ import annotations

from typing import ClassVar

from afterschool.choices import CONTENTS, FORBIDDEN
from afterschool.rules import CLASS_HOUR_MINUTES, CLASS_HOURS_PER_DAY
from shuangjian.core.choices import Stage
from shuangjian.intake.columns import number_or_text
from shuangjian.intake.days import FormDay
from shuangjian.intake.stage_cells import StageCells, StageField
from shuangjian.intake.stage_sheets import StageSheet


class ServiceSheet(StageSheet):
    """Cells ``as-primary-3`` hold minutes as typed, ``as-primary-wanting-3`` and others what the day's service was
    like, ``as-primary-none-3`` the tick of the same day."""

    keys = ("after_school", "service_none")
    prefix = "as"
    value_key = "after_school"
    tick_key = "service_none"
    fields = (
        StageField("minutes", "服务分钟数", "number"),
        StageField("wanting", "有需求人数", "number", part="wanting", unit="人", is_beside_tick=True),
        StageField("served", "实际参加人数", "number", part="served", unit="人"),
        StageField("late_wanted", "18:30后需留校人数", "number", part="late", unit="人", is_beside_tick=True),
        StageField("late_places", "18:30后托管名额", "number", part="places", unit="人"),
        StageField("content", "服务内容", "choices", part="content", choices=CONTENTS, forbidden=FORBIDDEN),
        StageField("flexible_leaving", "弹性离校", "flag", part="leaving"),
        StageField(
            "evening_study_minutes",
            "初中晚自习分钟数",
            "number",
            part="evening",
            stages=(Stage.JUNIOR,),
        ),
    )
    finding_cells: ClassVar = {
        "AS-03": ("late_places", None),
        "AS-04": ("content", None),
        "AS-10": ("served", lambda cells: _least_served(cells)),
        "AS-11": ("content", None),
        "AS-12": ("flexible_leaving", lambda cells: _not_flexible(cells)),
    }

    def limit(self, stage: str, day: FormDay) -> tuple[int | None, str]:
        key = CLASS_HOUR_MINUTES.key_for(stage)
        hours = CLASS_HOURS_PER_DAY.on(day.date)
        per_hour = None if key is None else CLASS_HOUR_MINUTES.on(day.date, key=key)
        if hours is None or per_hour is None:
            return None, ""
        words = f"不少于 {hours * per_hour:g} 分钟（{hours:g} 学时 × {Stage(stage).label} {per_hour:g} 分钟）"
        return int(hours * per_hour), words

    def is_below(self, typed: str, limit: int) -> bool:
        minutes = number_or_text(typed)
        return isinstance(minutes, int) and minutes < limit


def _least_served(cells: StageCells) -> int | None:
    """The school day on which the smallest part of those who want it is served; nobody is where a tick stands."""
    shares: dict[int, float] = {}
    for number in cells.school_days():
        wanting, served = (number_or_text(str(cells.of(column, number))) for column in ("wanting", "served"))
        if isinstance(wanting, int) and wanting > 0 and number in cells.ticks:
            shares[number] = 0.0
        elif isinstance(wanting, int) and wanting > 0 and isinstance(served, int):
            shares[number] = served / wanting
    return min(shares, key=lambda number: shares[number], default=None)


def _not_flexible(cells: StageCells) -> int | None:
    return next((number for number in cells.school_days() if cells.of("flexible_leaving", number) == "0"), None)
