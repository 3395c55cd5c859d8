"""The 作业 part of the web form: per class a grid of days × items, as typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from homework.sheets.blocks import ClassBlock, ItemRow, for_class, new_row, starters
from homework.sheets.places import OWN_CELLS
from homework.sheets.typed import date_or_text, short_date
from homework.sheets.views import sheet_view
from schools.classes import ClassFacts
from shuangjian.intake.columns import number_or_text
from shuangjian.intake.days import FormDay
from shuangjian.intake.sheets import (
    Line,
    Marks,
    Sheet,
    as_flag,
    as_percent,
    flag_or_text,
    percent_or_text,
)

__all__ = ["HomeworkSheet"]

_CELL = re.compile(
    r"^hw-(.{1,40})-(\d{1,3})-(subject|written|optional|alternative|kind|share|marked|parents|[mdl][1-7])$"
)
_TICK = re.compile(r"^hw-(.{1,40})-none-([1-7])$")
_PUBLISHED = re.compile(r"^hw-(.{1,40})-p([dl])-([1-7])$")
_OFF = re.compile(r"^hw-(.{1,40})-off$")
_TEXTS = {"subject": "subject", "alternative": "alternative", "kind": "kind", "share": "share"} | {
    "marked": "marked_by",
    "parents": "asks_parents",
}
_BY_DAY = {"m": "minutes", "d": "own_dates", "l": "own_links"}
#: payload column → the part of its cell's name
_PARTS = {"subject": "subject", "written": "written", "optional": "optional", "alternative": "alternative"} | {
    "kind": "kind",
    "done_at_school": "share",
    "marked_by": "marked",
    "asks_parents": "parents",
}


class _FreeRows:
    """For one reading of a payload: the rows of each kind in a class, and the first that a day has not used yet.

    Rows of a kind fill from the top on each day, so one count a day tells the next free one; looking through all rows
    for each item would cost the square of a class's items.
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[Any, ...], list[ItemRow]] = {}
        self._used: dict[tuple[Any, ...], int] = {}

    def next_for(self, block: ClassBlock, new: ItemRow, number: int) -> ItemRow:
        kind = (block.code, new.sameness)
        rows, used = self._rows.setdefault(kind, []), self._used.get((kind, number), 0)
        self._used[kind, number] = used + 1
        if used == len(rows):
            rows.append(new)
            block.items[len(block.items)] = new
        return rows[used]


class HomeworkSheet(Sheet):
    """Cells ``hw-<class>-<row>-m3`` and the like; every class of the week has a block, in the school's order.

    When and where a day's items were published stands once for the class, in ``hw-<class>-pd-3`` and ``-pl-3``; what
    is typed there goes to every item of that day.
    """

    keys = ("homework", "homework_none", "class_off")

    def __init__(self, classes: Mapping[str, ClassFacts], days: Mapping[str, list[FormDay]]) -> None:
        self._any_days = next(iter(days.values()), [])
        self.evidence = ""  # what was typed beside the button that publishes every class
        self.blocks = {
            code: ClassBlock(code, facts, [for_class(facts, day) for day in days.get(facts.stage, [])])
            for code, facts in classes.items()
        }

    # Reading ------------------------------------------------------------------------------------------------

    def read_payload(self, payload: Mapping[str, Any]) -> None:
        """Fill the grid: items of one kind share a row, one a day."""
        free = _FreeRows()
        for row in payload.get("homework", ()):
            self._place(self._block(row["class"]), row, free)
        for row in payload.get("homework_none", ()):
            block = self._block(row["class"])
            block.ticks |= {day.number for day in block.days if day.iso == row["day"]}
        for row in payload.get("class_off", ()):
            self._block(row["class"]).is_off = True
        for block in self.blocks.values():
            block.gather_publications()
            if not block.items:
                block.items = dict(enumerate(starters(block.facts)))

    def read_post(self, post: Mapping[str, Any]) -> None:
        """Fill the grid with what was sent, rows without a subject and half-typed ones included."""
        self.evidence = str(post.get("publish-link", ""))
        for name in post:
            typed = str(post[name]).strip()
            if match := _CELL.match(name):
                item = self._block(match[1]).items.setdefault(int(match[2]), ItemRow())
                _set_cell(item, match[3], typed)
            elif not typed:
                continue
            elif match := _PUBLISHED.match(name):
                block = self._block(match[1])
                (block.dates if match[2] == "d" else block.links)[int(match[3])] = typed
            elif match := _TICK.match(name):
                self._block(match[1]).ticks.add(int(match[2]))
            elif match := _OFF.match(name):
                self._block(match[1]).is_off = True
        for block in self.blocks.values():
            block.items = {row: block.items[row] for row in sorted(block.items)} or {0: new_row()}

    def add_row(self, code: str) -> None:
        """One more blank row at the end of a class's grid."""
        if code in self.blocks:
            items = self.blocks[code].items
            items[max(items, default=-1) + 1] = new_row()

    def publish(self, evidence: str) -> int:
        return sum(block.publish(evidence) for block in self.blocks.values())

    def _block(self, code: str) -> ClassBlock:
        return self.blocks.setdefault(code, ClassBlock(code, None, self._any_days))

    def _place(self, block: ClassBlock, row: Mapping[str, Any], free: _FreeRows) -> None:
        number = block.number_of(row["day"])
        item = free.next_for(block, _item_of(row), number)
        item.minutes[number] = str(row["minutes"])
        if row.get("published_on"):
            near = next((day.date for day in block.days if day.number == number), None)
            item.own_dates[number] = short_date(row["published_on"], near) if near else row["published_on"]
        if row.get("publication"):
            item.own_links[number] = row["publication"]

    # Sheet --------------------------------------------------------------------------------------------------

    def lines(self) -> Iterator[Line]:
        for block in self.blocks.values():
            for day in block.days:
                for row, item in block.items_on(day.number):
                    yield _item_line(block, row, item, day)
                yield from _published_nothing(block, day)
        for code, block in self.blocks.items():
            for day in block.days:
                if day.number in block.ticks:
                    tick = f"hw-{code}-none-{day.number}"
                    stated, cells = _stated_publication(block, day)
                    beside = {} if block.has_minutes(day.number) else stated
                    yield Line("homework_none", {"class": code, "day": day.iso} | beside, tick, cells)
        for code, block in self.blocks.items():
            if block.is_off:
                yield Line("class_off", {"class": code}, f"hw-{code}-off")

    def cell_of(self, row: Mapping[str, Any]) -> str:
        return self.cell_of_finding(f"class:{row['class']}", row["day"])

    def cell_of_finding(self, about: str, day: str, rule: str = "") -> str:
        block = self.blocks.get(about.removeprefix("class:"))
        if block is None:
            return ""
        number = block.number_of(day, 1)
        found = OWN_CELLS[rule](block, number) if rule in OWN_CELLS else None
        return (
            found or f"hw-{block.code}-{next((row for row, _ in block.items_on(number)), min(block.items))}-m{number}"
        )

    def label_of(self, about: str) -> str:
        block = self.blocks.get(about.removeprefix("class:"))
        return about if block is None else block.name

    def tick(self, key: str, row: Mapping[str, Any]) -> None:
        if key == "homework_none":
            block = self._block(row["class"])
            block.ticks |= {day.number for day in block.days if day.iso == row["day"]}

    def fill_blanks_from(self, other: HomeworkSheet) -> int:
        """Whole classes only: half of one class from last week and half typed now would be neither.

        Publications speak of their own week and stay behind, like ticks of days on which this week asks for nothing.
        """
        filled = 0
        for code, block in self.blocks.items():
            source = other.blocks.get(code)
            if block.is_blank and source is not None and not source.is_blank:
                school_days = {day.number for day in block.days if day.is_school_day}
                block.items, block.ticks = source.items, source.ticks & school_days
                for item in block.items.values():
                    item.own_dates, item.own_links = {}, {}
                filled += 1
        return filled

    def view(self, marks: Marks) -> dict[str, Any]:
        return {**sheet_view(list(self.blocks.values()), self._any_days, marks), "evidence": self.evidence}


def _item_of(row: Mapping[str, Any]) -> ItemRow:
    """A row of the grid that says of an item what the payload says, without a day."""
    share, asks = row.get("done_at_school"), row.get("asks_parents")
    return ItemRow(
        subject=row["subject"],
        is_written=row["written"],
        is_optional=row.get("optional", False),
        alternative=row.get("alternative") or "",
        kind=row.get("kind") or "",
        share="" if share is None else as_percent(share),
        marked_by=row.get("marked_by") or "",
        asks_parents="" if asks is None else as_flag(asks),
    )


def _set_cell(item: ItemRow, name: str, typed: str) -> None:
    if name in _TEXTS:
        setattr(item, _TEXTS[name], typed)
    elif name in ("written", "optional"):
        setattr(item, f"is_{name}", bool(typed))
    elif typed:
        getattr(item, _BY_DAY[name[0]])[int(name[1])] = typed


def _item_line(block: ClassBlock, row: int, item: ItemRow, day: FormDay) -> Line:
    start = f"hw-{block.code}-{row}-"
    minutes = f"{start}m{day.number}"
    values: dict[str, Any] = {
        "class": block.code,
        "day": day.iso,
        "subject": item.subject,
        "minutes": number_or_text(item.minutes[day.number]),
        "written": item.is_written,
        "optional": item.is_optional,
        "alternative": item.alternative or None,
    }
    later = {
        "kind": item.kind,
        "done_at_school": percent_or_text(item.share) if item.share else "",
        "marked_by": item.marked_by,
        "asks_parents": flag_or_text(item.asks_parents),
        "published_on": date_or_text(block.date_of(item, day.number), day.date),
        "publication": block.link_of(item, day.number),
    }
    values |= {name: value for name, value in later.items() if value != ""}
    cells = {"minutes": minutes, "class": f"hw-{block.code}", **_publication_cells(block, day)}
    cells |= {name: start + part for name, part in _PARTS.items()}
    return Line("homework", values, minutes, cells)


def _publication_cells(block: ClassBlock, day: FormDay) -> dict[str, str]:
    return {
        "published_on": f"hw-{block.code}-pd-{day.number}",
        "publication": f"hw-{block.code}-pl-{day.number}",
    }


def _stated_publication(block: ClassBlock, day: FormDay) -> tuple[dict[str, Any], dict[str, str]]:
    """The day's publication as payload values, and its cells."""
    date, link = block.dates.get(day.number), block.links.get(day.number)
    stated = {"published_on": date_or_text(date, day.date) if date else None, "publication": link}
    return {name: value for name, value in stated.items() if value}, _publication_cells(block, day)


def _published_nothing(block: ClassBlock, day: FormDay) -> Iterator[Line]:
    """A publication of a day without items is refused for want of minutes: what was typed is not lost in silence."""
    stated, cells = _stated_publication(block, day)
    if stated and not block.has_minutes(day.number) and day.number not in block.ticks:
        row, item = next(iter(block.items.items()))
        line = _item_line(block, row, ItemRow(**{**vars(item), "minutes": {day.number: ""}}), day)
        del line.row["minutes"]
        yield line
