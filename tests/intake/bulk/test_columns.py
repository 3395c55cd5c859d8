"""A column is judged by its distinct values, and says exactly what judging cell by cell says."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangjian.core.weeks import Week
from shuangjian.intake import columns
from shuangjian.intake.columns import CellCheck, Column, check_rows, later

WEEK = Week.parse("2026-W45")
CHECKS = {
    "whole_number": columns.whole_number(0, 300, "分钟"),
    "share": columns.share,
    "flag": columns.flag,
    "text": columns.text(5),
    "optional_text": columns.optional_text(5),
    "one_of": columns.one_of({"basic": "基础作业", "layered": "分层作业"}),
    "some_of": columns.some_of({"sports": "文体", "arts": "艺术"}),
    "clock_time": columns.clock_time("06:00", "12:00"),
    "day_of": columns.day_of(WEEK),
    "date_between": columns.date_between(dt.date(2021, 9, 1), WEEK.sunday),
}
CELLS = st.sampled_from(
    [
        0,
        1,
        0.0,
        1.0,
        True,
        False,
        None,
        "",
        "1",
        "６０",
        " a",
        "a\0",
        "basic",
        "08:20",
        "05:59",
        "2026-11-02",
        "2020-11-02",
    ]
    + [float("inf"), float("nan"), 0.12345, ["sports"], ["sports", "sports"], [1], {}, 10**400]
)


@pytest.mark.parametrize("name", CHECKS)
@given(cells=st.lists(CELLS, max_size=12))
def test_a_column_is_told_what_each_of_its_cells_is_told(name: str, cells: list[Any]) -> None:
    check = CHECKS[name]
    assert list(check(cells)) == [(index, said) for index, cell in enumerate(cells) for said in check.of_cell(cell)]


def test_true_is_no_one_even_where_the_column_holds_both() -> None:
    assert [index for index, _ in columns.whole_number(0, 9, "人")([1, True, 1.0])] == [1, 2]


def test_each_distinct_value_of_a_good_column_is_looked_at_once() -> None:
    asked: list[Any] = []
    check = CellCheck(lambda cell: iter(asked.append(cell) or ()))
    assert list(check(["语文", "数学"] * 1000)) == []
    assert sorted(asked) == ["数学", "语文"]


READ = [
    ("whole_number", "60", 60),
    ("whole_number", "６０", "６０"),
    ("whole_number", "60分钟", "60分钟"),
    ("whole_number", "1e309", "1e309"),
    ("whole_number", "60.5", 60.5),
    ("share", "0.9", 0.9),
    ("share", "1", 1),
    ("share", "90%", "90%"),
    ("share", "1e309", "1e309"),
    ("flag", "是", True),
    ("flag", "FALSE", False),
    ("flag", "1", "1"),
    ("text", "12", "12"),
    ("some_of", "sports、arts", ["sports", "arts"]),
    ("some_of", "sports  arts", ["sports", "arts"]),
    ("clock_time", "8:20", "08:20"),
    ("clock_time", "20", "20"),
    ("day_of", "2026/11/2", "2026-11-02"),
    ("day_of", "11/2", "11/2"),
    ("date_between", "明天", "明天"),
]


@pytest.mark.parametrize(("name", "written", "value"), READ)
def test_the_text_of_a_cell_is_read_as_its_column_means_it_and_never_guessed(
    name: str, written: str, value: Any
) -> None:
    read = CHECKS[name].read(written)
    assert (read, type(read)) == (value, type(value))


def test_rows_keep_the_columns_order_and_leave_out_what_is_not_stated() -> None:
    wanted = [
        Column("class", "班级", columns.text(10)),
        Column("optional", "是否选做", columns.flag, is_required=False, default=False),
        Column("alternative", "分层标记", columns.optional_text(20), is_required=False),
        later("kind", "作业类型", columns.text(9)),
        later("share", "占比", columns.share),
    ]
    rows: list[dict[str, Any]] = [
        {"kind": None, "class": "a"},
        {"class": "b", "kind": "x", "alternative": "y"},
        {"share": None, "class": "c", "optional": True},
    ]
    checked, problems = check_rows("part", rows, wanted)
    assert problems == []
    assert [list(row.items()) for row in checked] == [
        [("class", "a"), ("optional", False), ("alternative", None)],
        [("class", "b"), ("optional", False), ("alternative", "y"), ("kind", "x")],
        [("class", "c"), ("optional", True), ("alternative", None)],
    ]
