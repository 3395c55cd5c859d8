"""What differs between two contents of one unit's week: every changed cell by name, rows added and rows removed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shuangjian.bureau.models import Institution
from shuangjian.core.weeks import Week
from shuangjian.intake.columns import OMIT, Column, share
from shuangjian.intake.days import FormDay, week_days
from shuangjian.intake.payloads import canonical
from shuangjian.intake.sections import Form, Section, sections_of

UNSET, NO_ROW, TICKED, UNTICKED = "未填", "没有这一行", "已勾选", "未勾选"
_PLACES = ("class", "stage", "day")
_LONGEST = 60

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """One cell that changed, or one row that came or went (``column`` is then 整行), in words."""

    section: str
    where: str
    column: str
    old: str
    new: str


def compare(
    institution: Institution, week: Week, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> list[Change]:
    """The changes from one payload to the other, in the order of the form, by class or stage and day.

    Rows are told apart by the sections' ``identity``. Among several rows of equal identity the equal ones belong
    together, the others are paired in their order. The contents need not have passed any check: what somebody is
    typing is compared as it stands. A key that a version of older times lacks is 未填.
    """
    return Comparison(institution, week).of(old, new)


class Comparison:
    """As ``compare``, for several pairs of one unit's week at the price of one."""

    def __init__(self, institution: Institution, week: Week) -> None:
        self._form = Form.of(institution, week)
        self._days = week_days(institution, week)
        self._parts = [
            _Part(section, self._form, self._days)
            for section in sorted(sections_of(self._form), key=lambda section: section.place)
        ]

    def of(self, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> list[Change]:
        """The changes from ``old`` to ``new``; None is an empty content."""
        return [change for part in self._parts for change in part.changes(old or {}, new or {})]


class _Part:
    """One section's rows of both sides."""

    def __init__(self, section: Section, form: Form, days: Mapping[str, list[FormDay]]) -> None:
        self._section = section
        self._columns = section.columns(form)
        self._sheet = section.filled(form, days, {})
        self._day_labels = {day.iso: day.label for each in days.values() for day in each}

    def changes(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
        found: list[tuple[tuple[str, str], Change]] = []
        for key, columns in self._columns.items():
            identity = self._section.identity[key]
            before, after = _by_identity(old.get(key), identity), _by_identity(new.get(key), identity)
            for name in [*before, *(name for name in after if name not in before)]:
                for was, now in _paired(before.get(name, []), after.get(name, [])):
                    row = now if was is None else was
                    assert row is not None
                    place = (str(row.get("class", row.get("stage", ""))), str(row.get("day", "")))
                    found += [(place, change) for change in self._of_pair(key, columns, was, now)]
        # Within one place the order of the keys and rows stays.
        yield from (change for _, change in sorted(found, key=lambda each: each[0]))

    def _of_pair(self, key: str, columns: Sequence[Column], was: Row | None, now: Row | None) -> Iterator[Change]:
        title, where = self._section.title, self._where(key, columns, was or now or {})
        inner = [column for column in columns if column.name not in self._section.identity[key]]
        if was is not None and now is not None:
            for column in inner:
                old, new = words_of(column, was), words_of(column, now)
                if old != new:
                    yield Change(title, where, column.label, old, new)
            return
        tick = self._section.ticks.get(key)
        if tick is not None:
            yield Change(title, where, tick, *((UNTICKED, TICKED) if was is None else (TICKED, UNTICKED)))
            inner = [column for column in inner if _value(column, was or now or {}) is not None]
        else:
            whole = [_row_in_words(inner, row) if row is not None else NO_ROW for row in (was, now)]
            yield Change(title, where, "整行", *whole)
            return
        for column in inner:
            yield Change(title, where, column.label, words_of(column, was or {}), words_of(column, now or {}))

    def _where(self, key: str, columns: Sequence[Column], row: Row) -> str:
        """三年级（1）班 11-03（周二） 语文."""
        words = []
        for kind in ("class", "stage"):
            if kind in row:
                # A class that is gone keeps its code.
                words.append(self._sheet.label_of(f"{kind}:{row[kind]}").removeprefix(f"{kind}:"))
        if "day" in row:
            words.append(self._day_labels.get(str(row["day"]), str(row["day"])))
        for column in columns:
            if column.name in _PLACES or column.name not in self._section.identity[key]:
                continue
            value = _value(column, row)
            if value is False:
                words.append(f"非{column.label.removeprefix('是否')}")
            elif value not in (None, True):
                words.append(words_of(column, row))
        return " ".join(words)


def words_of(column: Column, row: Row) -> str:
    """A cell in words: 是, 75, 90%, 未填; text of any length is cut."""
    value = _value(column, row)
    if value is None or value == "":
        return UNSET
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(str(column.labels.get(str(each), each)) for each in value) or UNSET
    if column.check is share and isinstance(value, int | float):
        return f"{round(value * 100, 2):g}%"
    text = str(column.labels.get(value, value)) if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _value(column: Column, row: Row) -> Any:
    return row.get(column.name, None if column.default is OMIT else column.default)


def _row_in_words(columns: Sequence[Column], row: Row) -> str:
    """分钟数 45；是否选做 否. What is not filled in is left out."""
    said = [f"{column.label} {words_of(column, row)}" for column in columns if words_of(column, row) != UNSET]
    return "；".join(said) or TICKED


def _by_identity(rows: Any, identity: Sequence[str]) -> dict[str, list[Row]]:
    """The rows by what tells them apart, in their order; whatever is no row is left out."""
    groups: dict[str, list[Row]] = {}
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, Mapping):
            groups.setdefault(canonical({name: row.get(name) for name in identity}), []).append(row)
    return groups


def _paired(old: Sequence[Row], new: Sequence[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    """Pairs of an old and a new row that differ; None where the other side has no row left."""
    # By counts of equal rows: looking each one up in a list would cost the square of the rows of one identity.
    unmatched = Counter(map(_equal_text, new))
    before = []
    for row in old:
        text = _equal_text(row)
        unmatched[text] -= 1
        if unmatched[text] < 0:
            before.append(row)
    after = []
    for row in reversed(new):  # of equal rows the first ones are matched
        text = _equal_text(row)
        unmatched[text] -= 1
        if unmatched[text] >= 0:
            after.append(row)
    after.reverse()
    for index in range(max(len(before), len(after))):
        yield (before[index] if index < len(before) else None, after[index] if index < len(after) else None)


def _equal_text(row: Row) -> str:
    """The same text for rows that are equal: 1.0 is 1."""
    return canonical({name: int(v) if isinstance(v, float) and v.is_integer() else v for name, v in row.items()})
