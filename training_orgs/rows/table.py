"""The rows that a door hands over: column by column, each cell able to say where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Place = Callable[[int, str, str], str]
"""(row index, column key, column label) → where the cell stands, in the words of the door; "" as key: the row."""


@dataclass(frozen=True)
class Table:
    """``columns``: raw values by column key, all of one length. ``place`` names a cell. ``group``: which rows of an
    order or course were one object at the door (None: rows of one natural key belong together wherever they stand)."""

    columns: Mapping[str, Sequence[Any]]
    size: int
    place: Place
    group: Sequence[int] | None = None
    extra_problems: list[Any] = field(default_factory=list)

    def row(self, index: int) -> str:
        """Where the row stands: 第 5 行, [3]."""
        return self.place(index, "", "")


def of_forms(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Rows whose cells are named by their column alone: a web form with one row."""
    return _of(rows, lambda index, key, label: key)


def of_json(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Objects of a list body: ``[3].amount``."""
    return _of(rows, lambda index, key, label: f"[{index}].{key}" if key else f"[{index}]")


def of_sheet(title: str, numbers: Sequence[int], columns: Mapping[str, Sequence[Any]]) -> Table:
    """Rows of a worksheet: ``订单 第 5 行 金额``."""

    def place(index: int, key: str, label: str) -> str:
        return f"{title} 第 {numbers[index]} 行 {label}".rstrip()

    return Table(columns, len(numbers), place)


def of_csv(lines: Sequence[int], columns: Mapping[str, Sequence[Any]]) -> Table:
    """Records of a CSV file: ``第 5 行 amount（金额）``."""

    def place(index: int, key: str, label: str) -> str:
        return f"第 {lines[index]} 行 {key}（{label}）" if key else f"第 {lines[index]} 行"

    return Table(columns, len(lines), place)


def of_nested(rows: Sequence[Mapping[str, Any]], child: str, only: Mapping[str, Any] | None = None) -> Table:
    """Objects with a list of children under ``child``, one row a child: ``[3].lines[0].hours``, ``[3].amount``.

    With ``only`` (a form) the one object's own cells are named by their column alone.
    """
    flat: list[dict[str, Any]] = []
    where: list[tuple[int, int]] = []
    for number, row in enumerate(rows):
        children = row.get(child)
        own = {key: value for key, value in row.items() if key != child}
        if not isinstance(children, list) or not all(isinstance(each, Mapping) for each in children) or not children:
            children = [{}]
        for at, each in enumerate(children):
            flat.append({**own, **{f"{child}.{key}": value for key, value in each.items()}})
            where.append((number, at))

    def place(index: int, key: str, label: str) -> str:
        number, at = where[index]
        own = "" if only is not None else f"[{number}]"
        if key.startswith(f"{child}."):
            return f"{own}{'.' if own else ''}{child}[{at}].{key.removeprefix(child + '.')}"
        return f"{own}.{key}".lstrip(".") if key else own

    table = _of(flat, place)
    return Table(table.columns, table.size, place, [number for number, _ in where])


def _of(rows: Sequence[Mapping[str, Any]], place: Place) -> Table:
    keys = list(dict.fromkeys(key for row in rows for key in row))
    return Table({key: [row.get(key) for row in rows] for key in keys}, len(rows), place)
