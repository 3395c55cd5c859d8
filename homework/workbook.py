"""The worksheets 作业 (one row per item) and 作业勾选 (one row per class: 当日无作业 by day, 本周无课)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from homework.choices import ITEM_KINDS, MARKERS, SUBJECTS
from homework.sheets import HomeworkSheet
from schools.classes import ClassFacts
from shuangjian.intake.days import FormDay
from shuangjian.intake.workbook.tables import (
    CellProblem,
    Figure,
    Kind,
    PayloadRow,
    Record,
    Table,
    TableColumn,
    day_options,
    is_ticked,
)

BLANK_ROWS = 4900  # with its heading below what a workbook may hold
_MUCH_MINUTES = 60  # of a class's week
_YES_NO = "填“是”或“否”。"
_OFF = "off"
_CLASS_HELP = "从下拉列表选择，如“三年级（1）班”；从别处粘贴班级名称或班级代码也可以。"


@dataclass(frozen=True)
class ItemTable(Table):
    """Rows of ``homework``, as they are."""

    names: Mapping[str, str] = field(default_factory=dict)
    keys: ClassVar = ("homework",)

    def records(self, payload: Mapping[str, Any]) -> Iterator[Record]:
        yield from payload.get("homework", ())

    def payload_rows(self, record: Record) -> Iterator[PayloadRow]:
        yield PayloadRow("homework", dict(record), "class")

    def figures(self, payload: Mapping[str, Any]) -> Iterator[Figure]:
        totals = written_minutes(payload)
        off = {row["class"] for row in payload.get("class_off", ())}
        filed = off | {row["class"] for key in ("homework", "homework_none") for row in payload.get(key, ())}
        for code, name in self.names.items():
            total = totals.get(code, 0) if code in filed else None
            yield Figure(f"class:{code}", name, "书面作业合计", total, "分钟", _MUCH_MINUTES)


@dataclass(frozen=True)
class TickTable(Table):
    """Rows of ``homework_none`` and ``class_off``; the class and every tick are one row."""

    names: Mapping[str, str] = field(default_factory=dict)
    days: tuple[str, ...] = ()
    keys: ClassVar = ("homework_none", "class_off")

    def records(self, payload: Mapping[str, Any]) -> Iterator[Record]:
        rows: dict[str, dict[str, Any]] = {code: {"class": code} for code in self.names}
        for row in payload.get("homework_none", ()):
            rows.setdefault(row["class"], {"class": row["class"]})[row["day"]] = True
        for row in payload.get("class_off", ()):
            rows.setdefault(row["class"], {"class": row["class"]})[_OFF] = True
        yield from rows.values()

    def payload_rows(self, record: Record) -> Iterator[PayloadRow | CellProblem]:
        code = {"class": record["class"]} if "class" in record else {}
        for day in (*self.days, _OFF):
            ticked = is_ticked(record, day)
            if isinstance(ticked, CellProblem):
                yield ticked
            elif ticked and day == _OFF:
                yield PayloadRow("class_off", dict(code), _OFF)
            elif ticked:
                yield PayloadRow("homework_none", {**code, "day": day}, day, {"day": day})

    def figures(self, payload: Mapping[str, Any]) -> Iterator[Figure]:
        none: dict[str, int] = {}
        for row in payload.get("homework_none", ()):
            none[row["class"]] = none.get(row["class"], 0) + 1
        filed = {row["class"] for key in (*self.keys, "homework") for row in payload.get(key, ())}
        for code, name in self.names.items():
            yield Figure(f"class:{code}", name, "无作业", none.get(code, 0) if code in filed else None, "天", 2)


def homework_tables(classes: Mapping[str, ClassFacts], days: Mapping[str, list[FormDay]]) -> tuple[Table, Table]:
    """Both worksheets of one unit's week."""
    sheet = HomeworkSheet(classes, days)
    names = {code: sheet.label_of(f"class:{code}") for code in classes}
    dates = day_options(days)
    items = ItemTable(
        title="作业",
        lead="一行一项作业：班级、学生完成作业的日期、学科、全班平均完成分钟数。没有作业的日子到“作业勾选”表填。",
        columns=_item_columns(names, dates),
        blank_rows=BLANK_ROWS,
        names=names,
    )
    asked = {day.iso for column in days.values() for day in column if day.is_school_day}
    labels = {day.iso: day.label for column in days.values() for day in column}
    ticks = TickTable(
        title="作业勾选",
        lead="当日没有布置作业的，在该日填“是”；整周没有上课的班级，在“本周无课”填“是”。有作业的日子留空。",
        columns=(
            TableColumn("class", "班级", Kind.CHOICE, names, width=18, help="由模板填好，不能改。", is_fixed=True),
            *(
                TableColumn(day, label, Kind.FLAG, width=15, help="没有作业填“是”。", is_spare=day not in asked)
                for day, label in labels.items()
            ),
            TableColumn(_OFF, "本周无课", Kind.FLAG, width=12, help="整周没有上课填“是”。"),
        ),
        names=names,
        days=tuple(labels),
    )
    return items, ticks


def written_minutes(payload: Mapping[str, Any]) -> dict[str, int]:
    """Written minutes of the week by class, as they count: of layered alternatives only the longest."""
    longest: dict[tuple[Any, ...], int] = {}
    for index, row in enumerate(payload.get("homework", ())):
        if row["written"]:
            layer = (row["class"], row["day"], row["subject"], row["alternative"] or index)
            longest[layer] = max(longest.get(layer, 0), row["minutes"])
    totals: dict[str, int] = {}
    for (code, *_), minutes in longest.items():
        totals[code] = totals.get(code, 0) + minutes
    return totals


def _item_columns(names: Mapping[str, str], dates: Mapping[str, str]) -> tuple[TableColumn, ...]:
    share = "填百分比，如 90%。没有统计可留空。"
    return (
        TableColumn("class", "班级", Kind.CHOICE, names, width=18, help=_CLASS_HELP),
        TableColumn("day", "日期", Kind.DATE, dates, width=22, help="从下拉列表选择本周日期。"),
        TableColumn("subject", "学科", Kind.CHOICE, {name: name for name in SUBJECTS}, help="从下拉列表选择。"),
        TableColumn("minutes", "分钟", Kind.WHOLE, width=8, help="全班平均完成时间，只填数字。"),
        TableColumn("written", "是否书面", Kind.FLAG, width=11, help=_YES_NO),
        TableColumn("optional", "是否选做", Kind.FLAG, width=11, help=f"{_YES_NO}留空即“否”。"),
        TableColumn(
            "alternative",
            "分层标记",
            width=13,
            help="同一学科供学生选择其一的几项，填相同的标记（如“A组”），只按最长的一项计时。",
        ),
        TableColumn("kind", "作业类型", Kind.CHOICE, ITEM_KINDS, width=13, help="从下拉列表选择，可留空。"),
        TableColumn("marked_by", "批改人", Kind.CHOICE, MARKERS, width=12, help="从下拉列表选择，可留空。"),
        TableColumn("asks_parents", "要求家长参与", Kind.FLAG, width=14, help=f"{_YES_NO}可留空。"),
        TableColumn("done_at_school", "校内完成占比", Kind.PERCENT, width=14, help=share),
        TableColumn("published_on", "公示日期", Kind.DATE, width=14, help="填日期，如 2026-11-02；没有公示留空。"),
        TableColumn(
            "publication",
            "公示链接或照片编号",
            width=30,
            help="一行文字，至多 200 字，格内不换行。填写后须同时填公示日期。",
        ),
    )
