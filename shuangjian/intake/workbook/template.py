"""The workbook that a school downloads: its own classes, stages and dates of one week, blank or filled."""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shuangjian.core.choices import Stage
from shuangjian.core.excel.cells import column_letter
from shuangjian.core.excel.writing import Between, Choice, Column, DataSheet, WorkbookBuilder
from shuangjian.core.excel.writing import Kind as Written
from shuangjian.intake.days import FormDay
from shuangjian.intake.sections import Form
from shuangjian.intake.workbook.layout import DATES_SHEET, FIRST_ROW, GUIDE_SHEET, Meta
from shuangjian.intake.workbook.tables import NO, YES, Kind, Record, Table, TableColumn
from shuangjian.intake.workbook.values import cell_value

_DATES = "本周日期"
_LINE = 18  # points
_FULL = 0.9  # of a line's width is used before the words wrap
_WRITTEN = {
    Kind.WHOLE: Written.WHOLE,
    Kind.CLOCK: Written.TIME,
    Kind.DATE: Written.DATE,
    Kind.PERCENT: Written.PERCENT,
}
_RULES = {
    Kind.WHOLE: Between(0, 9999, "请只填整数，不带单位。"),
    Kind.CLOCK: Between(dt.time(0, 0), dt.time(23, 59), "请填 24 小时制时刻，如 08:20。"),
    Kind.PERCENT: Between(0.0, 1.0, "请填 0%–100% 的百分比，如 90%。"),
}


@dataclass(frozen=True)
class Suggestion(Choice):
    """A dropdown beside which anything may be typed: several words in one cell."""

    def options(self) -> dict[str, Any]:
        return {**super().options(), "show_error": False}


class ReturnBuilder(WorkbookBuilder):
    """Adds what only this template needs: dates as a dropdown, shown with their weekday and why a day is off."""

    def dates(self, options: Mapping[str, str]) -> None:
        """Keep the week's dates, as dates, for ``choose_date``."""
        self._dates = {dt.date.fromisoformat(iso): _date_format(iso, shown) for iso, shown in options.items()}

    def choose_date(self, sheet: DataSheet, index: int, column: TableColumn, rows: int) -> None:
        """Let the column offer the dates and show each with its weekday, whoever enters it."""
        last = sheet.first_row + rows - 2
        sheet.worksheet.data_validation(
            sheet.first_row - 1,
            index,
            last,
            index,
            {
                "validate": "list",
                "source": f"={_DATES}",
                "error_title": "请修改",
                "error_message": "请从下拉列表中选择本周日期。",
                "input_title": column.header,
                "input_message": column.help,
            },
        )
        self.show_weekdays(sheet, index, last)

    def show_weekdays(self, sheet: DataSheet, index: int, last: int) -> None:
        """Show the week's dates in the column with their weekdays. Where a program knows no such format of a rule it
        shows the plain date, and the value is the same."""
        cell = f"${column_letter(index)}{sheet.first_row}"
        for date, number_format in self._dates.items():
            sheet.worksheet.conditional_format(
                sheet.first_row - 1,
                index,
                last,
                index,
                {
                    "type": "formula",
                    "criteria": f"={cell}=DATE({date.year},{date.month},{date.day})",
                    "format": self._book.add_format({"num_format": number_format}),
                },
            )

    def to_bytes(self) -> bytes:
        sheet = self._book.add_worksheet(DATES_SHEET)
        for row, (date, number_format) in enumerate(self._dates.items()):
            sheet.write_datetime(row, 0, date, self._book.add_format({"num_format": number_format}))
        self._book.define_name(_DATES, f"='{DATES_SHEET}'!$A$1:$A${len(self._dates)}")
        sheet.protect()
        sheet.hide()
        return super().to_bytes()


def build(form: Form, days: Mapping[str, list[FormDay]], tables: Sequence[Table], payload: Mapping[str, Any]) -> bytes:
    """The workbook of the form's unit and week, with the payload's rows in it ({}: blank)."""
    title = f"{form.institution.name} {form.week.label} 周报"
    builder = ReturnBuilder(title)
    builder.meta(dict(Meta.of(form.institution, form.week).rows()))
    dates = next((c.options for t in tables for c in t.columns if c.kind is Kind.DATE and c.options), {})
    builder.dates(dates)
    heading = title + ("（演示数据）" if form.institution.is_fictional else "")
    _guide(builder, heading, dates, days, tables)
    choices = _Choices(builder)
    for table in tables:
        _write(builder, table, list(table.records(payload)), f"{heading} · {table.title}", choices)
    return builder.to_bytes()


class _Choices:
    """The dropdowns of words, each list kept once however many columns offer it."""

    def __init__(self, builder: WorkbookBuilder) -> None:
        self._builder = builder
        self._kept: dict[tuple[str, ...], str] = {}

    def of(self, column: TableColumn) -> Choice | Between | None:
        if column.kind is Kind.FLAG:
            return Choice(self._name(column, (YES, NO)), "请填“是”或“否”。")
        if column.kind in (Kind.CHOICE, Kind.CHOICES) and column.options:
            name = self._name(column, tuple(column.options.values()))
            return Suggestion(name) if column.kind is Kind.CHOICES else Choice(name)
        return _RULES.get(column.kind)

    def _name(self, column: TableColumn, words: tuple[str, ...]) -> str:
        if words not in self._kept:
            name = f"选项_{len(self._kept) + 1}"
            self._builder.options(name, words)
            self._kept[words] = name
        return self._kept[words]


def _write(builder: ReturnBuilder, table: Table, records: Sequence[Record], heading: str, choices: _Choices) -> None:
    columns = [column for column in table.columns if not column.is_spare or any(column.name in r for r in records)]
    rows = max(len(records), table.blank_rows)
    sheet = builder.sheet(
        table.title,
        [_column(column, choices) for column in columns],
        notices=[heading, table.lead],
        body_rows=max(rows, 1),
    )
    width = sum(column.width for column in columns)
    for row, text in enumerate((heading, table.lead)):
        sheet.worksheet.set_row(row, _LINE * math.ceil(_width(text) / (width * _FULL)))
    for index, column in enumerate(columns):
        if column.kind is Kind.DATE and column.options and not column.is_fixed:
            builder.choose_date(sheet, index, column, rows)
        elif column.kind is Kind.DATE and column.options and rows:
            builder.show_weekdays(sheet, index, sheet.first_row + rows - 2)
    for number, record in enumerate(records, FIRST_ROW):
        # Not stated and null are the same: an empty cell.
        values = (record.get(column.name) for column in columns)
        sheet.write(
            number,
            [
                None if value is None else cell_value(column, value)
                for column, value in zip(columns, values, strict=True)
            ],
        )


def _width(text: str) -> int:
    """How many letters wide a text is; a Chinese character is as wide as two."""
    return sum(2 if unicodedata.east_asian_width(character) in "FWA" else 1 for character in text)


def _column(column: TableColumn, choices: _Choices) -> Column:
    is_date_list = column.kind is Kind.DATE and bool(column.options)
    rule = None if column.is_fixed or is_date_list else choices.of(column)
    return Column(
        column.header,
        _WRITTEN.get(column.kind, Written.TEXT),
        column.width,
        rule,
        "" if is_date_list and not column.is_fixed else column.help,
        column.is_fixed,
    )


def _date_format(iso: str, shown: str) -> str:
    """A number format that shows this one date as ``2026-11-02（周一）``."""
    behind = shown.removeprefix(iso).replace('"', "")
    return f'yyyy-mm-dd"{behind}"'


def _guide(
    builder: ReturnBuilder,
    heading: str,
    dates: Mapping[str, str],
    days: Mapping[str, list[FormDay]],
    tables: Iterable[Table],
) -> None:
    sheet = builder.sheet(
        GUIDE_SHEET,
        [Column("项目", width=18, is_locked=True), Column("说明", width=100, is_locked=True)],
        notices=[heading, "填好后保存为 .xlsx，回到周报页面上传；上传后先核对，确认之后才提交。"],
        body_rows=1,
        is_landscape=False,
    )
    lines = [*_HOW]
    lines += [(table.title, table.lead) for table in tables]
    lines += [("本周日期", f"{shown}：{_lessons(iso, days)}") for iso, shown in sorted(dates.items())]
    for table in tables:
        for column in table.columns:
            if column.kind in (Kind.CHOICE, Kind.CHOICES) and column.name not in ("class", "stage"):
                lines.append((f"{table.title} · {column.header}", "、".join(column.options.values())))
    for number, line in enumerate(lines, sheet.first_row):
        sheet.write(number, line)


_HOW = (
    ("怎样填", "只填白色格；灰色格和表头由模板填好，不能改。表名、表头、列的次序都不要改动。"),
    ("粘贴", "从别的表复制时用“选择性粘贴→数值”；不要粘贴公式，不要合并单元格，不要留隐藏行。"),
    ("数字", "只填半角数字，不带单位：填 30，不填“30分钟”。"),
    ("没有统计的", "除班级、日期、学科、分钟、是否书面、第一节课、服务分钟数之外，没有统计的项目可以留空。"),
    ("每个上课日都要答", "每个班每个上课日：填作业，或在“作业勾选”填“是”；每个学段每个上课日：填作息和课后服务。"),
    ("备注", "需要说明的事不要写在表格里。"),
)


def _lessons(iso: str, days: Mapping[str, list[FormDay]]) -> str:
    """小学上课，初中不上课 — one phrase when the stages agree."""
    by_stage = {stage: any(day.iso == iso and day.is_school_day for day in column) for stage, column in days.items()}
    if len(set(by_stage.values())) == 1:
        return "上课" if True in by_stage.values() else "不上课"
    return "，".join(f"{Stage(stage).label}{'上课' if taught else '不上课'}" for stage, taught in by_stage.items())
