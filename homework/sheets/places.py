"""Where the finding of a rule leads in the 作业 grid: to the cell of what it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from homework.choices import PUPILS
from homework.sheets.blocks import ClassBlock
from homework.sheets.typed import date_or_text
from shuangjian.intake.sheets import percent_or_text


def _unpublished(block: ClassBlock, _: int) -> str | None:
    """The first day that has items and no publication in time."""
    for day in block.days:
        dates = [date_or_text(block.date_of(item, day.number), day.date) for _, item in block.items_on(day.number)]
        if any(not date or date > day.iso for date in dates):
            return f"hw-{block.code}-pd-{day.number}"
    return None


def _least_done(block: ClassBlock, _: int) -> str | None:
    """The written item of which the smallest share is done at school."""
    shares = {
        row: percent_or_text(item.share)
        for row, item in block.items.items()
        if item.share and item.minutes and item.is_written
    }
    known = {row: share for row, share in shares.items() if not isinstance(share, str)}
    return f"hw-{block.code}-{min(known, key=lambda row: known[row])}-share" if known else None


def _marked_by_pupils(block: ClassBlock, number: int) -> str | None:
    rows = (row for row, item in block.items_on(number) if item.marked_by in PUPILS)
    return next((f"hw-{block.code}-{row}-marked" for row in rows), None)


def _burdens_parents(block: ClassBlock, number: int) -> str | None:
    for row, item in block.items_on(number):
        if item.asks_parents == "1":
            return f"hw-{block.code}-{row}-parents"
        if item.marked_by == "parent":
            return f"hw-{block.code}-{row}-marked"
    return None


def _unvaried(block: ClassBlock, _: int) -> str | None:
    return next((f"hw-{block.code}-{row}-kind" for row, item in block.items.items() if item.minutes), None)


#: rule → (class, weekday number of the finding) → cell; None: the rule sees what the form does not show
OWN_CELLS: Mapping[str, Callable[[ClassBlock, int], str | None]] = {
    "HW-04": _unpublished,
    "HW-07": _unvaried,
    "HW-08": _least_done,
    "HW-09": _marked_by_pupils,
    "HW-10": _burdens_parents,
}
