"""This week's figures beside those of an earlier week: per class and stage, with a mark where much changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shuangjian.core.units import TIME_OF_DAY
from shuangjian.intake.workbook.tables import Figure, Table


@dataclass(frozen=True)
class Compared:
    """One figure of both weeks; None where nothing is filed."""

    name: str
    unit: str
    earlier: int | None
    now: int | None
    much: int

    @property
    def change(self) -> int | None:
        """How much more than in the earlier week; None when one of them is missing."""
        return None if self.earlier is None or self.now is None else self.now - self.earlier

    @property
    def change_words(self) -> str:
        """+30, −1, 晚 10 分钟, 持平; "" when nothing can be compared."""
        if self.change is None:
            return ""
        if self.change == 0:
            return "持平"
        if self.unit == TIME_OF_DAY:
            return f"{'晚' if self.change > 0 else '早'} {abs(self.change)} 分钟"
        return f"{'+' if self.change > 0 else '−'}{abs(self.change)}"

    @property
    def is_much(self) -> bool:
        return self.change is not None and abs(self.change) >= self.much

    @property
    def is_up(self) -> bool:
        return self.change is not None and self.change > 0


@dataclass(frozen=True)
class Line:
    """One class or stage and its figures, in the order of the block's names."""

    who: str
    figures: list[Compared]

    @property
    def is_much(self) -> bool:
        return any(figure.is_much for figure in self.figures)


@dataclass(frozen=True)
class Block:
    """The lines that have the same figures: all classes, or all stages."""

    noun: str
    names: list[tuple[str, str]]
    lines: list[Line]

    @property
    def much(self) -> int:
        """How many of its lines changed much."""
        return sum(1 for line in self.lines if line.is_much)


def side_by_side(tables: Sequence[Table], payload: Mapping[str, Any], earlier: Mapping[str, Any] | None) -> list[Block]:
    """Classes first, then stages. Without an earlier week its figures are None."""
    before = {(figure.about, figure.name): figure.value for figure in _figures(tables, earlier or {})}
    rows: dict[str, dict[str, tuple[str, list[Compared]]]] = {"class": {}, "stage": {}}
    for figure in _figures(tables, payload):
        kind = figure.about.partition(":")[0]
        _, compared = rows[kind].setdefault(figure.about, (figure.who, []))
        value = before.get((figure.about, figure.name)) if earlier is not None else None
        compared.append(Compared(figure.name, figure.unit, value, figure.value, figure.much))
    blocks = []
    for kind, noun in (("class", "班级"), ("stage", "学段")):
        lines = [Line(who, compared) for who, compared in rows[kind].values()]
        if lines:
            blocks.append(Block(noun, [(each.name, each.unit) for each in lines[0].figures], lines))
    return blocks


def _figures(tables: Sequence[Table], payload: Mapping[str, Any]) -> list[Figure]:
    return [figure for table in tables for figure in table.figures(payload)]
