"""What the templates of the 作业 grid show, made from the blocks as typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString, mark_safe

from homework.choices import ITEM_KINDS, MARKERS, SUBJECTS
from homework.sheets.blocks import GRADES, ClassBlock, ItemRow, new_row
from shuangjian.intake.days import FormDay
from shuangjian.intake.sheets import Marks

_NOT_STATED = "未填"
_MANY = "各项不同"
_ALL_OPEN = 3  # a school of more classes unfolds only those that need it
KINDS = {"": f"作业类型{_NOT_STATED}", **ITEM_KINDS}
MARKED = {"": f"批改人{_NOT_STATED}", **MARKERS}
PARENTS = {"": f"家长参与{_NOT_STATED}", "0": "不要求家长参与", "1": "要求家长参与"}
#: (field, its words, what of them the guideline forbids)
_CHOICES: tuple[tuple[str, str, Mapping[str, str], tuple[str, ...]], ...] = (
    ("kind", "kind", KINDS, ()),
    ("marked", "marked_by", MARKED, ("self", "peer", "parent")),
    ("parents", "asks_parents", PARENTS, ("1",)),
)
_LABELS = {"kind": "作业类型", "marked": "批改人", "parents": "家长参与"}


def sheet_view(blocks: Sequence[ClassBlock], days: Sequence[FormDay], marks: Marks) -> dict[str, Any]:
    """All classes by grade; folded but for those with mistakes, or else the first that is not filled in."""
    own = _by_class(marks, {block.code for block in blocks})
    shown = [block_view(block, own.get(block.code, {})) for block in blocks]
    grades: dict[str, list[dict[str, Any]]] = {}
    for block, view in zip(blocks, shown, strict=True):
        label = f"{GRADES[block.facts.grade - 1]}年级" if block.facts else "其他"
        grades.setdefault(label, []).append(view)
    to_open = [view for view in shown if view["errors"]][:_ALL_OPEN] or [v for v in shown if v["open_days"]][:1]
    for view in to_open if len(shown) > _ALL_OPEN else shown:
        view["is_open"] = True
    return {
        "grades": [{"label": label, "blocks": views} for label, views in grades.items()],
        "count": len(shown),
        "answered": sum(1 for view in shown if not view["open_days"]),
        "over": sum(1 for view in shown if view["is_over"]),
        "days": days,
        # For the script: what a row that it adds begins with, and which choices the guideline forbids.
        "new_row": " ".join(f"{part}:{getattr(new_row(), name)}" for part, name, _, _ in _CHOICES),
        "forbidden": " ".join(f"{part}:{value}" for part, _, _, values in _CHOICES for value in values),
    }


def _by_class(marks: Marks, codes: set[str]) -> dict[str, dict[str, list[str]]]:
    """The marked cells of each class."""
    found: dict[str, dict[str, list[str]]] = {}
    for cell, sentences in marks.items():
        code = cell.removeprefix("hw-")
        while code and code not in codes:  # hw-2026-03-01-0-m2: the code may hold what the rest holds too
            code = code.rpartition("-")[0]
        if code and cell.startswith("hw-"):
            found.setdefault(code, {})[cell] = sentences
    return found


@lru_cache(maxsize=64)
def subject_options(chosen: str) -> SafeString:
    """The option elements of a subject select; made once per subject, since a page holds hundreds of them."""
    known = ("", *SUBJECTS) if chosen in ("", *SUBJECTS) else ("", chosen, *SUBJECTS)
    return _options({name: name or "选择学科" for name in known}, chosen)


@lru_cache(maxsize=64)
def choice_options(part: str, chosen: str) -> SafeString:
    """The option elements of one of the later fields; what the list does not hold stands in it as it was sent."""
    words = next(words for name, _, words, _ in _CHOICES if name == part)
    return _options(words if chosen in words else {**words, chosen: chosen}, chosen)


def _options(words: Mapping[str, str], chosen: str) -> SafeString:
    """Options without their closing tags, and without a value where the words are the value: half the page's bytes."""
    return format_html_join(
        "",
        "<option{}{}>{}",
        (
            (
                _value(value) if value != text or value == chosen else "",
                mark_safe(" selected") if value == chosen else "",  # a constant, nothing typed
                text,
            )
            for value, text in words.items()
        ),
    )


def _value(value: str) -> SafeString:
    return format_html_join("", ' value="{}"', [(value,)])


def block_view(block: ClassBlock, marks: Marks) -> dict[str, Any]:
    """One class; ``marks`` are those of its own cells."""
    open_days = {day.number for day in block.open_days()}
    columns = [_column_view(block, day, open_days, marks) for day in block.days]
    school_days = [column for column in columns if column["day"].is_school_day]
    mean = Decimal(sum(column["total"] for column in school_days)) / len(school_days) if school_days else None
    cap = next((column["cap"] for column in school_days or columns), None)
    return {
        "code": block.code,
        "id": f"hw-{block.code}",
        "name": block.name,
        "columns": columns,
        "items": [_item_view(block, row, item, marks) for row, item in block.items.items()],
        "next_row": max(block.items, default=-1) + 1,
        "is_off": block.is_off,
        "may_be_off": bool(school_days) or block.is_off,
        "off_errors": marks.get(f"hw-{block.code}-off", []),
        "cap": cap,
        "mean": mean,
        "is_mean_over": mean is not None and cap is not None and mean > cap,
        "is_over": any(column["is_over"] for column in columns),
        "open_days": len(open_days),
        "is_blank": block.is_blank,
        "is_published": bool(block.dates or block.links) or any(column["own_dates"] for column in columns),
        "errors": list(dict.fromkeys(message for found in marks.values() for message in found)),
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
        **_publication_view(block, day, marks),
    }


def _publication_view(block: ClassBlock, day: FormDay, marks: Marks) -> dict[str, Any]:
    """The class-day's publication; where its items differ, a reader sees each, and a filler that they differ."""
    items = [item for _, item in block.items_on(day.number)]
    dates = [block.date_of(item, day.number) or _NOT_STATED for item in items]
    links = [block.link_of(item, day.number) or _NOT_STATED for item in items]
    date_id, link_id = f"hw-{block.code}-pd-{day.number}", f"hw-{block.code}-pl-{day.number}"
    own_dates = any(day.number in item.own_dates for item in block.items.values())
    own_links = any(day.number in item.own_links for item in block.items.values())
    return {
        "date_id": date_id,
        "date": block.dates.get(day.number, ""),
        "own_dates": _MANY if own_dates else "",
        "read_date": "、".join(dict.fromkeys(dates)) if set(dates) != {_NOT_STATED} else "",
        "date_errors": marks.get(date_id, []),
        "link_id": link_id,
        "link": block.links.get(day.number, ""),
        "own_links": _MANY if own_links else "",
        "read_link": "、".join(dict.fromkeys(links)) if set(links) != {_NOT_STATED} else "",
        "link_url": links[0] if len(set(links)) == 1 and links[0].startswith(("https://", "http://")) else "",
        "link_errors": marks.get(link_id, []),
    }


def _item_view(block: ClassBlock, row: int, item: ItemRow, marks: Marks) -> dict[str, Any]:
    start = f"hw-{block.code}-{row}"
    values = tuple(str(getattr(item, name)) for _, name, _, _ in _CHOICES)
    errors = {part: marks[f"{start}-{part}"] for part in _MARKED_PARTS if f"{start}-{part}" in marks}
    return {
        "id": start,
        "item": item,
        "options": subject_options(item.subject[:20]),
        # Called by the template that shows them: a reader gets no inputs, and who fills in no words.
        "cells": partial(_cells_view, start, block.days, item, marks),
        "read_cells": partial(_read_cells, block.days, item),
        "own": [
            (f"{start}-{part}{number}", value)
            for part, values in (("d", item.own_dates), ("l", item.own_links))
            for number, value in sorted(values.items())
        ],
        "words": _choice_words(values, is_read=False),
        "read_words": _choice_words(values, is_read=True),
        "choices": partial(_choice_fields, start, values, errors),
        "is_open": any(part in errors for part, _, _, _ in _CHOICES),
        "errors": errors,
    }


_MARKED_PARTS = ("subject", "written", "optional", "alternative", "share", "kind", "marked", "parents")


def _cells_view(start: str, days: Sequence[FormDay], item: ItemRow, marks: Marks) -> SafeString:
    return mark_safe("".join(_cell_view(start, day, item, marks) for day in days))  # noqa: S308 of SafeStrings


def _read_cells(days: Sequence[FormDay], item: ItemRow) -> SafeString:
    """A row's minutes as a reader sees them."""
    cells = []
    for day in days:
        off = "" if day.is_school_day else " rf-cell--off"
        value = escape(item.minutes.get(day.number, ""))
        cells.append(f'<td class="rf-cell{off}" data-day="{day.name[1:]}">{value}</td>')
    return mark_safe("".join(cells))  # noqa: S308 everything that a person typed is escaped above


def _cell_view(start: str, day: FormDay, item: ItemRow, marks: Marks) -> SafeString:
    """One day's minutes as its input, made here and not in the template: a page holds a thousand of them."""
    name, off = escape(f"{start}-m{day.number}"), "" if day.is_school_day else " rf-cell--off"
    value, errors = item.minutes.get(day.number, ""), marks.get(f"{start}-m{day.number}", [])
    known = f' value="{escape(value)}"' if value else ""
    wrong = f' aria-invalid="true" title="{escape(" ".join(errors))}"' if errors else ""
    html = (
        f'<td class="rf-cell{off}" data-day="{day.name[1:]}"><input id="{name}" name="{name}"{known} '
        f'inputmode="numeric" aria-label="{day.name}分钟数"{wrong}></td>'
    )
    return mark_safe(html)  # noqa: S308 everything that a person typed is escaped above


@lru_cache(maxsize=256)
def _choice_words(values: tuple[str, ...], *, is_read: bool) -> SafeString:
    """What a row says without being opened; a reader sees only what is stated."""
    words: list[tuple[SafeString, str]] = []
    for (_, _, known, forbidden), value in zip(_CHOICES, values, strict=True):
        sign = "rf-forbidden" if value in forbidden else "" if value else "rf-unstated"
        if value or not is_read:
            words.append((mark_safe(f' class="{sign}"' if sign else ""), known.get(value, value)))  # noqa: S308 a constant
    return format_html_join("", "<span{}>{}</span>", words)


def _choice_fields(start: str, values: tuple[str, ...], errors: Mapping[str, list[str]]) -> SafeString:
    """The selects that a row opens: labels and names here, options from the store of options."""
    fields = []
    for (part, *_), value in zip(_CHOICES, values, strict=True):
        name = escape(f"{start}-{part}")
        wrong = f' aria-invalid="true" title="{escape(" ".join(errors[part]))}"' if part in errors else ""
        options = choice_options(part, value[:20])
        fields.append(f'<label>{_LABELS[part]}<select id="{name}" name="{name}"{wrong}>{options}</select></label>')
    return mark_safe("".join(fields))  # noqa: S308 everything that a person typed is escaped above
