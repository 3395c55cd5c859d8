"""Cells are converted by their type alone, and each value keeps its place."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from openpyxl.workbook import Workbook

from shuangjian.intake.workbook.files import WeekTables
from tests import make
from tests.intake.workbook.conftest import WEEK, Door
from tests.intake.workbook.test_faults import put


@pytest.mark.parametrize(
    ("title", "cell", "typed", "key", "index", "name", "value"),
    [
        ("作业", "D4", "20", "homework", 0, "minutes", 20),
        ("作业", "D4", 20.0, "homework", 0, "minutes", 20),
        ("作业", "A4", "2026-03-01", "homework", 0, "class", "2026-03-01"),
        ("作业", "A4", dt.date(2026, 3, 1), "homework", 0, "class", "2026-03-01"),
        ("作业", "A4", "三年级(1)班", "homework", 0, "class", "2026-03-01"),
        ("作业", "A4", "三（1）班 ", "homework", 0, "class", "2026-03-01"),
        ("作业", "B4", "2026-11-02（周一）", "homework", 0, "day", "2026-11-02"),
        ("作业", "B4", "2026/11/2", "homework", 0, "day", "2026-11-02"),
        ("作业", "E4", False, "homework", 0, "written", False),
        ("作业", "K4", "95%", "homework", 0, "done_at_school", 0.95),
        ("作业", "G4", 1.0, "homework", 0, "alternative", "1"),
        ("作业", "H4", "layered", "homework", 0, "kind", "layered"),
        ("作息", "C4", "8:20", "school_day", 0, "first_lesson", "08:20"),
        ("作息", "C4", dt.time(8, 5), "school_day", 0, "first_lesson", "08:05"),
        ("课后服务", "I4", "文体,阅读；科技", "after_school", 0, "content", ["sports", "reading", "science"]),
    ],
)
def test_a_cell_is_converted_by_its_type(
    door: Door, title: str, cell: str, typed: Any, key: str, index: int, name: str, value: Any
) -> None:
    found = door.payload_after(put(title, cell, typed))[key][index][name]
    assert (found, type(found)) == (value, type(value))


def test_the_place_of_a_problem_is_that_of_the_cell_however_the_rows_were_sorted(door: Door) -> None:
    def sort(book: Workbook) -> None:
        sheet = book["作业"]
        for column in range(1, 14):
            values = [sheet.cell(row, column).value for row in (4, 5, 6, 7)]
            for row, value in zip((50, 10, 7, 4), values, strict=True):
                sheet.cell(row, column).value = value
            sheet.cell(5, column).value = sheet.cell(6, column).value = None
        sheet["M50"] = "照片 12"
        sheet["C50"] = "语文课"

    (problem,) = door.after(sort)
    assert re.match(r"「作业」第 50 行 C 列（学科）：“学科”应为 .+ 之一，现为“语文课”。", str(problem))


def test_a_class_that_opened_this_week_is_in_the_template(friday: None) -> None:
    make.calendar()
    school = make.school("示范二小", classes=["2026-02-01"])
    make.school_class(school.school, "2026-02-02")
    assert "二年级（2）班" in str(WeekTables.of(school, WEEK).tables[-1].column("class").options)
