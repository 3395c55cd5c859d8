"""One class of the 作业 grid as typed: its items, its ticks, and when and where each day was published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from homework.rules import DAILY_MINUTES, LOW_GRADE_MINUTES
from schools.classes import ClassFacts
from shuangjian.intake.columns import number_or_text
from shuangjian.intake.days import FormDay

GRADES = "一二三四五六七八九"
STARTERS = ("语文", "数学", "英语")
LOW_GRADES = 2  # a starter row of grades 1–2 is not written: written homework is not set there


@dataclass
class ItemRow:
    """One row of the grid: what the item is, and its minutes by weekday number, all as typed.

    "" in one of the later fields: not stated. ``own_dates`` and ``own_links`` hold an item's own publication on days
    whose items differ; elsewhere the class's day has it.
    """

    subject: str = ""
    is_written: bool = False
    is_optional: bool = False
    alternative: str = ""
    kind: str = ""
    share: str = ""
    marked_by: str = ""
    asks_parents: str = ""
    minutes: dict[int, str] = field(default_factory=dict)
    own_dates: dict[int, str] = field(default_factory=dict)
    own_links: dict[int, str] = field(default_factory=dict)

    @property
    def sameness(self) -> tuple[str | bool, ...]:
        """What items of one row have in common."""
        return (
            self.subject,
            self.is_written,
            self.is_optional,
            self.alternative,
            self.kind,
            self.share,
            self.marked_by,
            self.asks_parents,
        )


def new_row(subject: str = "", *, is_written: bool = True) -> ItemRow:
    """A row that nobody has filled in: a basic item that the teacher marks and no parent is asked about."""
    return ItemRow(subject, is_written, kind="basic", marked_by="teacher", asks_parents="0")


def starters(facts: ClassFacts | None) -> list[ItemRow]:
    """The rows that an empty class begins with."""
    is_written = facts is None or facts.grade > LOW_GRADES
    return [new_row(subject, is_written=is_written) for subject in STARTERS]


def for_class(facts: ClassFacts, day: FormDay) -> FormDay:
    """The day as the class has it: nothing is asked for days before it was opened or after it was closed."""
    return day if facts.exists_on(day.date) else replace(day, is_school_day=False, note="本班未启用")


@dataclass
class ClassBlock:
    """One class. ``facts`` is None for a class that the week does not have (closed since the draft).

    ``dates`` and ``links`` say by weekday number when and where all items of that day were published.
    """

    code: str
    facts: ClassFacts | None
    days: list[FormDay]
    items: dict[int, ItemRow] = field(default_factory=dict)
    ticks: set[int] = field(default_factory=set)
    dates: dict[int, str] = field(default_factory=dict)
    links: dict[int, str] = field(default_factory=dict)
    is_off: bool = False

    @property
    def name(self) -> str:
        """三年级（1）班, from the code 2026-03-01."""
        if self.facts is None:
            return f"{self.code}（本周没有这个班级）"
        return f"{GRADES[self.facts.grade - 1]}年级（{int(self.code.rpartition('-')[2])}）班"

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
            minutes = number_or_text(item.minutes.get(number, ""))
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

    def items_on(self, number: int) -> Iterator[tuple[int, ItemRow]]:
        """The rows that have minutes on that weekday, with their numbers."""
        return ((row, item) for row, item in self.items.items() if number in item.minutes)

    def open_days(self) -> list[FormDay]:
        """School days with neither minutes nor tick."""
        if self.is_off:
            return []
        return [
            day
            for day in self.days
            if day.is_school_day and day.number not in self.ticks and not self.has_minutes(day.number)
        ]

    def number_of(self, iso: str, default: int = 0) -> int:
        """The weekday number of a date of the week."""
        return next((day.number for day in self.days if day.iso == iso), default)

    # When and where a day's items were published ------------------------------------------------------------

    def date_of(self, item: ItemRow, number: int) -> str:
        """The publication date that the item is filed with: the day's, else the item's own; "" not stated."""
        return self.dates.get(number) or item.own_dates.get(number, "")

    def link_of(self, item: ItemRow, number: int) -> str:
        """The publication's link or photo number, likewise."""
        return self.links.get(number) or item.own_links.get(number, "")

    def gather_publications(self) -> None:
        """Where all items of a day say the same, the day says it; where they differ, each keeps its own."""
        for day in self.days:
            items = [item for _, item in self.items_on(day.number)]
            for shared, own in ((self.dates, "own_dates"), (self.links, "own_links")):
                said = {getattr(item, own).get(day.number, "") for item in items}
                if len(said) == 1 and "" not in said:
                    shared[day.number] = said.pop()
                    for item in items:
                        del getattr(item, own)[day.number]

    def publish(self, link: str) -> int:
        """Each day's items were published that day: fill what nobody has stated; returns how many days changed."""
        changed = 0
        for day in self.days:
            items = [item for _, item in self.items_on(day.number)]
            if not items:
                continue
            today, before = day.short, (self.dates.get(day.number), self.links.get(day.number))
            if not any(self.date_of(item, day.number) for item in items):
                self.dates[day.number] = today
            is_same_day = self.dates.get(day.number) in (today, day.iso)
            if link and is_same_day and not any(self.link_of(item, day.number) for item in items):
                self.links[day.number] = link
            changed += before != (self.dates.get(day.number), self.links.get(day.number))
        return changed
