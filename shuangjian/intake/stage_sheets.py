"""A sheet of one value per stage and school day, with or without a tick for "none": 作息, 课后服务."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from shuangjian.core.choices import Stage
from shuangjian.intake.days import FormDay
from shuangjian.intake.sheets import Line, Marks, Sheet


@dataclass
class StageCells:
    """One stage: values as typed and ticks, by weekday number (1–7)."""

    stage: str
    days: list[FormDay]
    values: dict[int, str] = field(default_factory=dict)
    ticks: set[int] = field(default_factory=set)


class StageSheet(Sheet):
    """``prefix`` begins the names of its cells: ``sd-primary-3``, tick ``as-primary-none-3``, ``sd-primary-all``."""

    prefix: ClassVar[str]
    value_key: ClassVar[str]
    value_column: ClassVar[str]
    tick_key: ClassVar[str] = ""

    def __init__(self, days: Mapping[str, list[FormDay]]) -> None:
        self.stages = {stage: StageCells(stage, list(columns)) for stage, columns in days.items()}

    # How a section reads and writes one value -----------------------------------------------------------------

    def typed(self, value: Any) -> str:
        """A payload value as it stands in its cell."""
        return str(value)

    def parsed(self, typed: str) -> Any:
        """What was typed, as a payload value."""
        return typed

    def limit(self, stage: str, day: FormDay) -> tuple[int | None, str]:
        """The least value that raises no finding, as a number, and in words; (None, "") when nothing is set."""
        return None, ""

    def is_below(self, typed: str, limit: int) -> bool:
        """Whether a typed value is below the limit; False while it is no value yet."""
        return False

    # Reading ------------------------------------------------------------------------------------------------

    def read_payload(self, payload: Mapping[str, Any]) -> None:
        """Fill the cells from payload rows that passed the checks once."""
        for cells, row in self._own_rows(payload.get(self.value_key)):
            cells.values[_number(cells, row)] = self.typed(row[self.value_column])
        for cells, row in self._own_rows(payload.get(self.tick_key)):
            cells.ticks.add(_number(cells, row))

    def read_post(self, post: Mapping[str, Any]) -> None:
        """Fill the cells from posted fields; what stands in "all days" fills the school days left blank."""
        for stage, cells in self.stages.items():
            for_all = post.get(f"{self.prefix}-{stage}-all", "").strip()
            for day in cells.days:
                if post.get(f"{self.prefix}-{stage}-none-{day.number}"):
                    cells.ticks.add(day.number)
                typed = post.get(f"{self.prefix}-{stage}-{day.number}", "").strip()
                if not typed and day.is_school_day and day.number not in cells.ticks:
                    typed = for_all
                if typed:
                    cells.values[day.number] = typed

    def _own_rows(self, rows: Any) -> Iterator[tuple[StageCells, Mapping[str, Any]]]:
        for row in rows or ():
            cells = self.stages.get(row["stage"])
            if cells is not None:
                yield cells, row

    # Sheet --------------------------------------------------------------------------------------------------

    def lines(self) -> Iterator[Line]:
        for key in self.keys:
            for stage, cells in self.stages.items():
                for day in cells.days:
                    row: dict[str, Any] = {"stage": stage, "day": day.iso}
                    if key == self.value_key and day.number in cells.values:
                        row[self.value_column] = self.parsed(cells.values[day.number])
                        yield Line(key, row, self._id(stage, day.number))
                    elif key == self.tick_key and day.number in cells.ticks:
                        yield Line(key, row, self._id(stage, f"none-{day.number}"))

    def cell_of(self, row: Mapping[str, Any]) -> str:
        return self.cell_of_finding(f"stage:{row['stage']}", row["day"])

    def cell_of_finding(self, about: str, day: str) -> str:
        cells = self.stages.get(about.removeprefix("stage:"))
        if cells is None:
            return ""
        number = next((column.number for column in cells.days if column.iso == day), None)
        return self._id(cells.stage, "block" if number is None else number)

    def label_of(self, about: str) -> str:
        stage = about.removeprefix("stage:")
        return str(Stage(stage).label) if stage in Stage.values else about

    def tick(self, key: str, row: Mapping[str, Any]) -> None:
        cells = self.stages.get(row["stage"])
        if key == self.tick_key and cells is not None:
            cells.ticks.add(_number(cells, row))

    def fill_blanks_from(self, other: StageSheet) -> int:
        filled = 0
        for stage, cells in self.stages.items():
            source = other.stages.get(stage)
            for day in cells.days if source is not None else ():
                if source is None or day.number in cells.values or day.number in cells.ticks:
                    continue
                if day.number in source.values:
                    cells.values[day.number] = source.values[day.number]
                    filled += 1
                elif day.number in source.ticks:
                    cells.ticks.add(day.number)
                    filled += 1
        return filled

    def view(self, marks: Marks) -> dict[str, Any]:
        return {"stages": [self._stage_view(cells, marks) for cells in self.stages.values()]}

    def _stage_view(self, cells: StageCells, marks: Marks) -> dict[str, Any]:
        columns: list[dict[str, Any]] = []
        for day in cells.days:
            identifier = self._id(cells.stage, day.number)
            tick_id = self._id(cells.stage, f"none-{day.number}")
            value = cells.values.get(day.number, "")
            limit, _ = self.limit(cells.stage, day)
            columns.append(
                {
                    "day": day,
                    "id": identifier,
                    "tick_id": tick_id,
                    "value": value,
                    "ticked": day.number in cells.ticks,
                    "limit": limit,
                    "is_below": limit is not None and bool(value) and self.is_below(value, limit),
                    # A value that stands on a day that is no school day any more must be seen to be taken away.
                    "has_cell": day.is_school_day or bool(value),
                    "has_tick": bool(self.tick_key) and (day.is_school_day or day.number in cells.ticks),
                    "errors": marks.get(identifier, []),
                    "tick_errors": marks.get(tick_id, []),
                }
            )
        first = next((day for day in cells.days if day.is_school_day), cells.days[0])
        return {
            "stage": cells.stage,
            "label": Stage(cells.stage).label,
            "block_id": self._id(cells.stage, "block"),
            "all_id": self._id(cells.stage, "all"),
            "columns": columns,
            "limit_text": self.limit(cells.stage, first)[1],
            "has_school_days": any(day.is_school_day for day in cells.days),
            "errors": list(dict.fromkeys(e for column in columns for e in column["errors"] + column["tick_errors"])),
        }

    def _id(self, stage: str, rest: int | str) -> str:
        return f"{self.prefix}-{stage}-{rest}"


def _number(cells: StageCells, row: Mapping[str, Any]) -> int:
    return next((day.number for day in cells.days if day.iso == row["day"]), 0)
