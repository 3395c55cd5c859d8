"""What one stage's week of 作息 or 课后服务 consists of: its fields, and their cells as typed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from shuangjian.intake.columns import number_or_text
from shuangjian.intake.days import FormDay
from shuangjian.intake.sheets import as_flag, flag_or_text

#: as typed: text, of several choices their codes in the order in which they were stated
Typed = str | tuple[str, ...]


@dataclass(frozen=True)
class StageField:
    """One row of the grid: a payload column, and how its cells are typed.

    ``part`` stands in the names of its cells (``as-primary-wanting-3``); the sheet's main field has none.
    ``is_beside_tick``: the row of the tick may state it too. ``stages``: those to which it is offered (None: every
    one); elsewhere it shows only where a payload states it.
    """

    column: str
    label: str
    kind: Literal["clock", "number", "flag", "choices"]
    part: str = ""
    unit: str = ""
    is_beside_tick: bool = False
    stages: Collection[str] | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    forbidden: Collection[str] = ()

    def typed(self, value: Any) -> Typed:
        """A payload value as it stands in its cell."""
        if self.kind == "choices":
            return tuple(value)
        return as_flag(value) if self.kind == "flag" else str(value)

    def parsed(self, typed: Typed) -> Any:
        """What was typed, as a payload value."""
        if not isinstance(typed, str):
            return list(typed)
        return {"number": number_or_text, "flag": flag_or_text}.get(self.kind, str)(typed)


@dataclass
class StageCells:
    """One stage: what is typed by column and weekday number (1–7), and the ticks."""

    stage: str
    days: list[FormDay]
    values: dict[tuple[str, int], Typed] = field(default_factory=dict)
    ticks: set[int] = field(default_factory=set)

    def number_of(self, iso: str) -> int:
        return next((day.number for day in self.days if day.iso == iso), 0)

    def is_blank(self, number: int) -> bool:
        return number not in self.ticks and not any(number == day for _, day in self.values)

    def of(self, column: str, number: int) -> Typed:
        return self.values.get((column, number), "")

    def school_days(self) -> list[int]:
        return [day.number for day in self.days if day.is_school_day]


#: the weekday that weighs most in a finding about the whole week; None: Monday will do
Weightiest = Callable[[StageCells], int | None]
