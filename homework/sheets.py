"""The 作业 part of the web form: per class a grid of days × items, as typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from homework.choices import SUBJECTS
from homework.rules import DAILY_MINUTES, LOW_GRADE_MINUTES
from schools.classes import ClassFacts
from shuangjian.intake.days import FormDay
from shuangjian.intake.sheets import Line, Marks, Sheet, whole_or_text

_GRADES = "一二三四五六七八九"
_STARTERS = ("语文", "数学", "英语")
_LOW_GRADES = 2  # a starter row of grades 1–2 is not written: written homework is not set there
_SELECTED = mark_safe(" selected")  # a constant, nothing typed
_CELL = re.compile(r"^hw-(.{1,40})-(\d{1,3})-(subject|written|optional|alternative|m[1-7])$")
_TICK = re.compile(r"^hw-(.{1,40})-none-([1-7])$")
_OFF = re.compile(r"^hw-(.{1,40})-off$")


@dataclass
class ItemRow:
    """One row of the grid: what the item is, and its minutes by weekday number, as typed."""

    subject: str = ""
    is_written: bool = False
    is_optional: bool = False
    alternative: str = ""
    minutes: dict[int, str] = field(default_factory=dict)

    @property
    def kind(self) -> tuple[str, bool, bool, str]:
        return self.subject, self.is_written, self.is_optional, self.alternative


@dataclass
class ClassBlock:
    """One class. ``facts`` is None for a class that the week does not have (closed since the draft)."""

    code: str
    facts: ClassFacts | None
    days: list[FormDay]
    items: dict[int, ItemRow] = field(default_factory=dict)
    ticks: set[int] = field(default_factory=set)
    is_off: bool = False

    @property
    def name(self) -> str:
        """三年级（1）班, from the code 2026-03-01."""
        if self.facts is None:
            return f"{self.code}（本周没有这个班级）"
        return f"{_GRADES[self.facts.grade - 1]}年级（{int(self.code.rpartition('-')[2])}）班"

    @property
    def is_blank(self) -> bool:
        return not (self.is_off or self.ticks or any(item.minutes for item in self.items.values()))

    def cap(self, day: FormDay) -> Decimal | None:
        """Minutes of written homework that the day's standard allows; None when it sets none."""
        if self.facts is None:
            return None
        for parameter in (DAILY_MINUTES, LOW_GRADE_MINUTES):
            key = parameter.key_for(self.facts.grade)
            if key is not None:
                return parameter.on(day.date, key=key)
        return None

    def total(self, number: int) -> int:
        """Written minutes of a day as they count: of layered alternatives only the longest."""
        plain = 0
        layers: dict[tuple[str, str], int] = {}
        for item in self.items.values():
            minutes = whole_or_text(item.minutes.get(number, ""))
            if not item.is_written or not isinstance(minutes, int):
                continue
            if item.alternative:
                layer = (item.subject, item.alternative)
                layers[layer] = max(layers.get(layer, 0), minutes)
            else:
                plain += minutes
        return plain + sum(layers.values())

    def has_minutes(self, number: int) -> bool:
        return any(number in item.minutes for item in self.items.values())

    def open_days(self) -> list[FormDay]:
        """School days with neither minutes nor tick."""
        if self.is_off:
            return []
        return [
            day
            for day in self.days
            if day.is_school_day and day.number not in self.ticks and not self.has_minutes(day.number)
        ]


class HomeworkSheet(Sheet):
    """Cells ``hw-<class>-<row>-m3`` and the like; every class of the week has a block, in the school's order."""

    keys = ("homework", "homework_none", "class_off")

    def __init__(self, classes: Mapping[str, ClassFacts], days: Mapping[str, list[FormDay]]) -> None:
        self._any_days = next(iter(days.values()), [])
        self.blocks = {
            code: ClassBlock(code, facts, [_for_class(facts, day) for day in days.get(facts.stage, [])])
            for code, facts in classes.items()
        }

    # Reading ------------------------------------------------------------------------------------------------

    def read_payload(self, payload: Mapping[str, Any]) -> None:
        """Fill the grid: items of one kind share a row, one a day."""
        for row in payload.get("homework", ()):
            self._place(self._block(row["class"]), row)
        for row in payload.get("homework_none", ()):
            block = self._block(row["class"])
            block.ticks |= {day.number for day in block.days if day.iso == row["day"]}
        for row in payload.get("class_off", ()):
            self._block(row["class"]).is_off = True
        for block in self.blocks.values():
            if not block.items:
                block.items = dict(enumerate(_starters(block.facts)))

    def read_post(self, post: Mapping[str, Any]) -> None:
        """Fill the grid with what was sent, rows without a subject and half-typed ones included."""
        for name in post:
            typed = str(post[name]).strip()
            if match := _CELL.match(name):
                item = self._block(match[1]).items.setdefault(int(match[2]), ItemRow())
                _set_cell(item, match[3], typed)
            elif (match := _TICK.match(name)) and typed:
                self._block(match[1]).ticks.add(int(match[2]))
            elif (match := _OFF.match(name)) and typed:
                self._block(match[1]).is_off = True
        for block in self.blocks.values():
            block.items = {row: block.items[row] for row in sorted(block.items)} or {0: ItemRow()}

    def add_row(self, code: str) -> None:
        """One more blank row at the end of a class's grid."""
        if code in self.blocks:
            items = self.blocks[code].items
            items[max(items, default=-1) + 1] = ItemRow(is_written=True)

    def _block(self, code: str) -> ClassBlock:
        return self.blocks.setdefault(code, ClassBlock(code, None, self._any_days))

    def _place(self, block: ClassBlock, row: Mapping[str, Any]) -> None:
        number = next((day.number for day in block.days if day.iso == row["day"]), 0)
        kind = (row["subject"], row["written"], row["optional"], row["alternative"] or "")
        item = next((i for i in block.items.values() if i.kind == kind and number not in i.minutes), None)
        if item is None:
            item = block.items[len(block.items)] = ItemRow(*kind)
        item.minutes[number] = str(row["minutes"])

    # Sheet --------------------------------------------------------------------------------------------------

    def lines(self) -> Iterator[Line]:
        for code, block in self.blocks.items():
            for day in block.days:
                for row, item in block.items.items():
                    if day.number in item.minutes:
                        yield _item_line(code, row, item, day)
        for code, block in self.blocks.items():
            for day in block.days:
                if day.number in block.ticks:
                    yield Line("homework_none", {"class": code, "day": day.iso}, f"hw-{code}-none-{day.number}")
        for code, block in self.blocks.items():
            if block.is_off:
                yield Line("class_off", {"class": code}, f"hw-{code}-off")

    def cell_of(self, row: Mapping[str, Any]) -> str:
        return self.cell_of_finding(f"class:{row['class']}", row["day"])

    def cell_of_finding(self, about: str, day: str) -> str:
        block = self.blocks.get(about.removeprefix("class:"))
        if block is None:
            return ""
        number = next((column.number for column in block.days if column.iso == day), 1)
        with_minutes = [row for row, item in block.items.items() if number in item.minutes]
        row = (with_minutes or list(block.items))[0]
        return f"hw-{block.code}-{row}-m{number}"

    def label_of(self, about: str) -> str:
        block = self.blocks.get(about.removeprefix("class:"))
        return about if block is None else block.name

    def tick(self, key: str, row: Mapping[str, Any]) -> None:
        if key == "homework_none":
            block = self._block(row["class"])
            block.ticks |= {day.number for day in block.days if day.iso == row["day"]}

    def fill_blanks_from(self, other: HomeworkSheet) -> int:
        """Whole classes only: half of one class from last week and half typed now would be neither."""
        filled = 0
        for code, block in self.blocks.items():
            source = other.blocks.get(code)
            if block.is_blank and source is not None and not source.is_blank:
                block.items, block.ticks = source.items, source.ticks
                filled += 1
        return filled

    def view(self, marks: Marks) -> dict[str, Any]:
        blocks = [_block_view(block, marks) for block in self.blocks.values()]
        grades: dict[str, list[dict[str, Any]]] = {}
        for block, shown in zip(self.blocks.values(), blocks, strict=True):
            label = f"{_GRADES[block.facts.grade - 1]}年级" if block.facts else "其他"
            grades.setdefault(label, []).append(shown)
        to_open = [shown for shown in blocks if shown["errors"]][:3] or [s for s in blocks if s["open_days"]][:1]
        for shown in to_open if len(blocks) > 3 else blocks:
            shown["is_open"] = True
        return {
            "grades": [{"label": label, "blocks": shown} for label, shown in grades.items()],
            "count": len(blocks),
            "answered": sum(1 for shown in blocks if not shown["open_days"]),
            "over": sum(1 for shown in blocks if shown["is_over"]),
            "days": self._any_days,
            "blank_options": subject_options(""),
        }


@lru_cache(maxsize=64)
def subject_options(chosen: str) -> SafeString:
    """The option elements of a subject select; made once per subject, since a page holds hundreds of them."""
    known = ("", *SUBJECTS) if chosen in ("", *SUBJECTS) else ("", chosen, *SUBJECTS)
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((name, _SELECTED if name == chosen else "", name or "选择学科") for name in known),
    )


def _for_class(facts: ClassFacts, day: FormDay) -> FormDay:
    """The day as the class has it: nothing is asked for days before it was opened or after it was closed."""
    return day if facts.exists_on(day.date) else replace(day, is_school_day=False, note="本班未启用")


def _starters(facts: ClassFacts | None) -> list[ItemRow]:
    is_written = facts is None or facts.grade > _LOW_GRADES
    return [ItemRow(subject, is_written) for subject in _STARTERS]


def _set_cell(item: ItemRow, name: str, typed: str) -> None:
    if name in ("subject", "alternative"):
        setattr(item, name, typed)
    elif name in ("written", "optional"):
        setattr(item, f"is_{name}", bool(typed))
    elif typed:
        item.minutes[int(name[1])] = typed


def _item_line(code: str, row: int, item: ItemRow, day: FormDay) -> Line:
    start = f"hw-{code}-{row}-"
    minutes = f"{start}m{day.number}"
    values = {
        "class": code,
        "day": day.iso,
        "subject": item.subject,
        "minutes": whole_or_text(item.minutes[day.number]),
        "written": item.is_written,
        "optional": item.is_optional,
        "alternative": item.alternative or None,
    }
    cells = {"minutes": minutes, "class": f"hw-{code}"}
    cells |= {name: start + name for name in ("subject", "written", "optional", "alternative")}
    return Line("homework", values, minutes, cells)


def _block_view(block: ClassBlock, marks: Marks) -> dict[str, Any]:
    open_days = {day.number for day in block.open_days()}
    columns = [_column_view(block, day, open_days, marks) for day in block.days]
    school_days = [column for column in columns if column["day"].is_school_day]
    mean = Decimal(sum(column["total"] for column in school_days)) / len(school_days) if school_days else None
    cap = next((column["cap"] for column in school_days or columns), None)
    items = [_item_view(block, row, item, marks) for row, item in block.items.items()]
    prefix = f"hw-{block.code}"
    errors = [message for identifier, found in marks.items() if _is_of(identifier, prefix) for message in found]
    return {
        "code": block.code,
        "id": prefix,
        "name": block.name,
        "columns": columns,
        "items": items,
        "next_row": max(block.items, default=-1) + 1,
        "is_off": block.is_off,
        "is_new_row_written": block.facts is None or block.facts.grade > _LOW_GRADES,
        "cap": cap,
        "mean": mean,
        "is_mean_over": mean is not None and cap is not None and mean > cap,
        "is_over": any(column["is_over"] for column in columns),
        "open_days": len(open_days),
        "is_blank": block.is_blank,
        "errors": list(dict.fromkeys(errors)),
        "is_open": False,
    }


def _column_view(block: ClassBlock, day: FormDay, open_days: set[int], marks: Marks) -> dict[str, Any]:
    total, cap = block.total(day.number), block.cap(day)
    tick_id = f"hw-{block.code}-none-{day.number}"
    return {
        "day": day,
        "total": total,
        "cap": cap,
        "is_over": cap is not None and total > cap,
        "has_minutes": block.has_minutes(day.number),
        "is_open": day.number in open_days,
        "tick_id": tick_id,
        "ticked": day.number in block.ticks,
        "has_tick": day.is_school_day or day.number in block.ticks,
        "tick_errors": marks.get(tick_id, []),
    }


def _item_view(block: ClassBlock, row: int, item: ItemRow, marks: Marks) -> dict[str, Any]:
    start = f"hw-{block.code}-{row}"
    return {
        "id": start,
        "item": item,
        "options": subject_options(item.subject[:20]),
        "cells": [
            {
                "id": f"{start}-m{day.number}",
                "day": day,
                "value": item.minutes.get(day.number, ""),
                "errors": marks.get(f"{start}-m{day.number}", []),
            }
            for day in block.days
        ],
        "subject_errors": marks.get(f"{start}-subject", []),
        "alternative_errors": marks.get(f"{start}-alternative", []),
    }


def _is_of(identifier: str, prefix: str) -> bool:
    return identifier == prefix or identifier.startswith(f"{prefix}-")
