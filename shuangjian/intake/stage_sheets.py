"""A sheet of several values per stage and school day, with or without a tick for "none": 作息, 课后服务."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from shuangjian.core.choices import Stage
from shuangjian.intake.days import FormDay
from shuangjian.intake.sheets import Line, Marks, Sheet
from shuangjian.intake.stage_cells import StageCells, StageField, Typed, Weightiest

_ALL = "all"


class StageSheet(Sheet):
    """``prefix`` begins the names of its cells: ``as-primary-3`` (the first field's), ``as-primary-wanting-3``, tick
    ``as-primary-none-3``, and ``as-primary-all``, ``as-primary-wanting-all`` for every school day left blank.

    ``finding_cells`` gives, per rule, the column its finding leads to, and for rules about a whole week the day of it.
    """

    prefix: ClassVar[str]
    value_key: ClassVar[str]
    fields: ClassVar[tuple[StageField, ...]]
    tick_key: ClassVar[str] = ""
    finding_cells: ClassVar[Mapping[str, tuple[str, Weightiest | None]]] = {}

    def __init__(self, days: Mapping[str, list[FormDay]]) -> None:
        self.stages = {stage: StageCells(stage, list(columns)) for stage, columns in days.items()}

    def limit(self, stage: str, day: FormDay) -> tuple[int | None, str]:
        """The least first value that raises no finding, as a number, and in words; (None, "") when nothing is set."""
        return None, ""

    def is_below(self, typed: str, limit: int) -> bool:
        """Whether a typed first value is below the limit; False while it is no value yet."""
        return False

    # Reading ------------------------------------------------------------------------------------------------

    def read_payload(self, payload: Mapping[str, Any]) -> None:
        """Fill the cells from payload rows that passed the checks once."""
        for key in self.keys:
            for row in payload.get(key) or ():
                cells = self.stages.get(row["stage"])
                if cells is None:
                    continue
                number = cells.number_of(row["day"])
                if key == self.tick_key:
                    cells.ticks.add(number)
                for each in self.fields:
                    if row.get(each.column) is not None:
                        cells.values[each.column, number] = each.typed(row[each.column])

    def read_post(self, post: Mapping[str, Any]) -> None:
        """Fill the cells from posted fields; what stands in "all days" fills the school days left blank."""
        for stage, cells in self.stages.items():
            for day in cells.days:
                if post.get(f"{self.prefix}-{stage}-none-{day.number}"):
                    cells.ticks.add(day.number)
            for each in self.fields:
                for_all = self._posted(post, stage, each, _ALL)
                for day in cells.days:
                    typed = self._posted(post, stage, each, day.number)
                    if not typed and day.is_school_day and day.number not in cells.ticks:
                        typed = for_all
                    if typed:
                        cells.values[each.column, day.number] = typed

    def _posted(self, post: Mapping[str, Any], stage: str, each: StageField, day: int | str) -> Typed:
        name = self.name_of(stage, each, day)
        if each.kind != "choices":
            return str(post.get(name, "")).strip()
        start = f"{name}-"
        sent = [field.removeprefix(start) for field in post if field.startswith(start) and post[field]]
        known = list(each.choices)

        def place(code: str) -> tuple[int, int]:
            """A box's value tells where its code stood in what was stored, so that an untouched list stays as it is."""
            value = str(post[start + code])
            stood = int(value) if value.isascii() and value.isdigit() else len(known)
            return stood, known.index(code) if code in known else len(known)

        return tuple(sorted(sent, key=place))

    # Sheet --------------------------------------------------------------------------------------------------

    def lines(self) -> Iterator[Line]:
        for key in self.keys:
            for stage, cells in self.stages.items():
                for day in cells.days:
                    stated = self._stated(key, cells, day.number)
                    if stated is not None:
                        values = {each.column: each.parsed(cells.of(each.column, day.number)) for each in stated}
                        row = {"stage": stage, "day": day.iso, **values}
                        named = {each.column: self.name_of(stage, each, day.number) for each in self.fields}
                        main = self.name_of(stage, self.fields[0], day.number)
                        yield Line(key, row, self._tick_id(stage, day) if key == self.tick_key else main, named)

    def _stated(self, key: str, cells: StageCells, number: int) -> list[StageField] | None:
        """The fields that the day's row of this key holds; None: the day has no such row.

        Beside a tick stands what the tick's row may hold. What else was typed goes with it and is refused by name,
        unless the first field is filled in too: then both rows are there and contradict each other.
        """
        typed = [each for each in self.fields if (each.column, number) in cells.values]
        is_ticked, has_first = number in cells.ticks, self.fields[0] in typed
        if key == self.value_key:
            return typed if typed and (has_first or not is_ticked) else None
        if not is_ticked:
            return None
        return [each for each in typed if each.is_beside_tick] if has_first else typed

    def cell_of(self, row: Mapping[str, Any]) -> str:
        return self.cell_of_finding(f"stage:{row['stage']}", row["day"])

    def cell_of_finding(self, about: str, day: str, rule: str = "") -> str:
        cells = self.stages.get(about.removeprefix("stage:"))
        if cells is None:
            return ""
        column, weightiest = self.finding_cells.get(rule, (self.fields[0].column, None))
        number = (weightiest(cells) if weightiest else None) or cells.number_of(day)
        each = next(each for each in self.fields if each.column == column)
        if number in cells.ticks and not each.is_beside_tick:
            return f"{self.prefix}-{cells.stage}-none-{number}"
        return self.name_of(cells.stage, each, number) if number else self._block_id(cells.stage)

    def label_of(self, about: str) -> str:
        stage = about.removeprefix("stage:")
        return str(Stage(stage).label) if stage in Stage.values else about

    def tick(self, key: str, row: Mapping[str, Any]) -> None:
        cells = self.stages.get(row["stage"])
        if key == self.tick_key and cells is not None:
            cells.ticks.add(cells.number_of(row["day"]))

    def fill_blanks_from(self, other: StageSheet) -> int:
        """Days on which nothing is filled in yet, each as a whole."""
        filled = 0
        for stage, cells in self.stages.items():
            source = other.stages.get(stage)
            for day in cells.days if source is not None else ():
                if source is None or not cells.is_blank(day.number) or source.is_blank(day.number):
                    continue
                taken = {key: value for key, value in source.values.items() if key[1] == day.number}
                cells.values |= taken
                cells.ticks |= source.ticks & {day.number}
                filled += 1
        return filled

    # What the template shows --------------------------------------------------------------------------------

    def view(self, marks: Marks) -> dict[str, Any]:
        return {"stages": [self._stage_view(cells, marks) for cells in self.stages.values()]}

    def _stage_view(self, cells: StageCells, marks: Marks) -> dict[str, Any]:
        first = next((day for day in cells.days if day.is_school_day), cells.days[0])
        rows = [self._row_view(cells, each, marks) for each in self.fields if self._is_shown(cells, each)]
        ticks = [self._tick_view(cells, day, marks) for day in cells.days]
        found = [error for row in rows for column in row["columns"] for error in column["errors"]]
        found += [error for tick in ticks for error in tick["errors"]]
        return {
            "stage": cells.stage,
            "label": Stage(cells.stage).label,
            "block_id": self._block_id(cells.stage),
            "days": cells.days,
            "rows": rows,
            "ticks": ticks if self.tick_key else [],
            "limit_text": self.limit(cells.stage, first)[1],
            "has_school_days": any(day.is_school_day for day in cells.days),
            "errors": list(dict.fromkeys(found)),
        }

    def _is_shown(self, cells: StageCells, each: StageField) -> bool:
        """A field that the stage has no use for is shown where a payload states it: what is filed must be seen."""
        is_offered = each.stages is None or cells.stage in each.stages
        return is_offered or any(column == each.column for column, _ in cells.values)

    def _row_view(self, cells: StageCells, each: StageField, marks: Marks) -> dict[str, Any]:
        columns = [self._cell_view(cells, each, day, marks) for day in cells.days]
        all_id = self.name_of(cells.stage, each, _ALL)
        codes = (*each.choices, *(c for column in columns for c in column["chosen"] if c not in each.choices))
        return {
            "field": each,
            "is_first": each is self.fields[0],
            "all_id": all_id,
            "columns": columns,
            "has_errors": any(column["errors"] for column in columns),
            "choices": [
                {
                    "code": code,
                    "label": each.choices.get(code, code),
                    "is_forbidden": code in each.forbidden,
                    "all_id": f"{all_id}-{code}",
                    "columns": [_box_view(column, code, len(codes)) for column in columns],
                }
                for code in dict.fromkeys(codes)
            ],
        }

    def _cell_view(self, cells: StageCells, each: StageField, day: FormDay, marks: Marks) -> dict[str, Any]:
        identifier, typed = self.name_of(cells.stage, each, day.number), cells.of(each.column, day.number)
        value, chosen = (typed, ()) if isinstance(typed, str) else ("", typed)
        limit = self.limit(cells.stage, day)[0] if each is self.fields[0] else None
        return {
            "day": day,
            "id": identifier,
            "value": value,
            "chosen": chosen,
            "words": "、".join(each.choices.get(code, code) for code in chosen),
            "is_forbidden": any(code in each.forbidden for code in chosen),
            "limit": limit,
            "is_below": limit is not None and bool(value) and self.is_below(value, limit),
            # A value that stands on a day that is no school day any more must be seen to be taken away.
            "has_cell": day.is_school_day or bool(typed),
            "errors": marks.get(identifier, []),
        }

    def _tick_view(self, cells: StageCells, day: FormDay, marks: Marks) -> dict[str, Any]:
        identifier, is_ticked = self._tick_id(cells.stage, day), day.number in cells.ticks
        return {
            "day": day,
            "id": identifier,
            "ticked": is_ticked,
            "has_tick": day.is_school_day or is_ticked,
            "errors": marks.get(identifier, []),
        }

    # Names of cells -----------------------------------------------------------------------------------------

    def name_of(self, stage: str, each: StageField, day: int | str) -> str:
        """The field's cell of that weekday number, or of ``all`` days."""
        return "-".join(str(part) for part in (self.prefix, stage, each.part, day) if part)

    def _tick_id(self, stage: str, day: FormDay) -> str:
        return f"{self.prefix}-{stage}-none-{day.number}"

    def _block_id(self, stage: str) -> str:
        return f"{self.prefix}-{stage}-block"


def _box_view(column: Mapping[str, Any], code: str, count: int) -> dict[str, Any]:
    """One box of a cell of several choices; its value keeps the place that the code has in the stored list."""
    chosen = column["chosen"]
    return {
        "id": f"{column['id']}-{code}",
        "day": column["day"],
        "has_cell": column["has_cell"],
        "is_chosen": code in chosen,
        "place": chosen.index(code) if code in chosen else count,
    }
