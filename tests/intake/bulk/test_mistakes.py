"""The same mistake gives the same sentence in a file as through the service, at its line and column."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Problem
from shuangjian.intake import services
from shuangjian.intake.bulk import load_returns
from tests import make
from tests.intake.bulk import build

pytestmark = pytest.mark.django_db

NOW = clock.at(dt.date(2026, 11, 9), 9 * 60)
ME = make.Somebody()


@pytest.fixture
def school() -> Institution:
    make.calendar()
    return make.school(classes=["2026-01-01", "2026-05-01"])


def payload(school: Institution) -> dict[str, Any]:
    """A complete return that states no later key."""
    full = make.full_payload(school, homework=[make.item("2026-05-01", "2026-11-04", 30)])
    return {key: [{name: row[name] for name in row if name in _FIRST} for row in rows] for key, rows in full.items()}


_FIRST = {"class", "stage", "day", "subject", "minutes", "written", "optional", "alternative", "first_lesson"}


def refusal(path: Path, **options: Any) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        load_returns(path, actor=ME, now=NOW, **options)
    return caught.value


def said(error: InvalidInput) -> list[tuple[str, str]]:
    return [(problem.path, problem.message) for problem in error.problems]


#: (payload key, column, text of the cell, what JSON would send, place in the file; the key's first row is on `line`)
CELLS: list[tuple[str, str, str, Any, str]] = [
    ("homework", "minutes", "0", 0, "minutes（分钟数）"),
    ("homework", "minutes", "-5", -5, "minutes（分钟数）"),
    ("homework", "minutes", "301", 301, "minutes（分钟数）"),
    ("homework", "minutes", "６０", "６０", "minutes（分钟数）"),
    ("homework", "minutes", "60分钟", "60分钟", "minutes（分钟数）"),
    ("homework", "minutes", "1e309", "1e309", "minutes（分钟数）"),
    ("homework", "minutes", "60.5", 60.5, "minutes（分钟数）"),
    ("homework", "class", "2026-05-09", "2026-05-09", "class（班级）"),
    ("homework", "day", "2026-11-09", "2026-11-09", "day（日期）"),
    ("homework", "day", "2026-11-31", "2026-11-31", "day（日期）"),
    ("homework", "subject", "奥数", "奥数", "subject（学科）"),
    ("homework", "written", "对", "对", "written（是否书面）"),
    ("homework", "alternative", "层" * 21, "层" * 21, "alternative（分层标记）"),
    ("homework", "kind", "普通", "普通", "kind（作业类型）"),
    ("homework", "done_at_school", "1e309", "1e309", "done_at_school（校内完成占比）"),
    ("homework", "done_at_school", "1.5", 1.5, "done_at_school（校内完成占比）"),
    ("homework", "done_at_school", "0.12345", 0.12345, "done_at_school（校内完成占比）"),
    ("homework", "marked_by", "家教", "家教", "marked_by（批改人）"),
    ("homework", "published_on", "2020-01-01", "2020-01-01", "published_on（公示日期）"),
    ("homework", "publication", "照片3", "照片3", "published_on（公示日期）"),
    ("homework", "wanting", "3", "3", "wanting（有需求人数）"),
    ("school_day", "first_lesson", "500", "500", "first_lesson（第一节课）"),
    ("school_day", "first_lesson", "05:59", "05:59", "first_lesson（第一节课）"),
    ("school_day", "arrival", "09:00", "09:00", "arrival（要求到校时间）"),
    ("school_day", "stage", "junior", "junior", "stage（学段）"),
    ("school_day", "stage", "高中", "高中", "stage（学段）"),
    ("after_school", "day", "2026-11-07", "2026-11-07", "day（日期）"),
    ("after_school", "minutes", "0", 0, "minutes（服务分钟数）"),
    ("after_school", "wanting", "30", 30, "served（实际参加人数）"),
    ("after_school", "content", "homework、打球", ["homework", "打球"], "content（服务内容）"),
    ("after_school", "content", "homework homework", ["homework", "homework"], "content（服务内容）"),
    ("after_school", "flexible_leaving", "也许", "也许", "flexible_leaving（弹性离校）"),
]


@pytest.mark.parametrize(("key", "column", "cell", "value", "place"), CELLS)
def test_a_wrong_cell_is_told_the_sentence_of_the_other_doors(
    school: Institution, tmp_path: Path, key: str, column: str, cell: str, value: Any, place: str
) -> None:
    sent = payload(school)
    rows = build.lines(school, sent)
    line = 2 + next(index for index, row in enumerate(rows) if row["part"] == key)
    rows[line - 2][column] = cell
    sent[key][0][column] = value
    with pytest.raises(InvalidInput) as caught:
        services.submit_return(school, make.WEEK, actor=ME, now=NOW, door="api", payload=sent)
    error = refusal(build.write(tmp_path, rows))
    assert [message for _, message in said(error)] == [problem.message for problem in caught.value.problems]
    assert f"第 {line} 行 {place}" in {where for where, _ in said(error)}


def test_a_missing_cell_is_told_the_sentence_of_the_other_doors(school: Institution, tmp_path: Path) -> None:
    rows = build.lines(school, payload(school))
    rows[0]["minutes"] = rows[0]["class"] = ""
    assert said(refusal(build.write(tmp_path, rows))) == [
        ("第 2 行 class（班级）", "缺少“班级”，请填写。"),
        ("第 2 行 minutes（分钟数）", "缺少“分钟数”，请填写。"),
    ]


def test_a_repeated_row_names_both_lines(school: Institution, tmp_path: Path) -> None:
    rows = build.lines(school, payload(school))
    rows.append(dict(rows[0]))
    error = refusal(build.write(tmp_path, rows))
    assert said(error) == [(f"第 {len(rows) + 1} 行", "与第 2 行重复（班级、日期、学科和内容完全相同），请删除一行。")]


def test_an_unknown_part_is_named_with_those_there_are(school: Institution, tmp_path: Path) -> None:
    rows = build.lines(school, payload(school))
    rows[0]["part"] = "作业"
    (where, message) = said(refusal(build.write(tmp_path, rows)))[0]
    assert where == "第 2 行 part"
    assert message.startswith("周报没有这一部分，请删除；可用部分：after_school、")


def test_days_of_another_week_are_named_line_by_line(school: Institution, tmp_path: Path) -> None:
    rows = build.lines(school, payload(school))
    for row in rows:
        row["week"] = "2026-W44"
    error = refusal(build.write(tmp_path, rows))
    assert len(error.problems) == len(rows)
    assert all("不在本周（2026-W44" in problem.message for problem in error.problems)


@pytest.mark.parametrize(
    ("column", "cell", "place", "part_of_message"),
    [
        ("school_code", "44011319999", "school_code（学校代码）", "没有代码为“44011319999”的学校"),
        ("week", "2026-W54", "week（周次）", "2026 年没有第 54 周"),
        ("week", "第45周", "week（周次）", "不是周次"),
        ("week", "2021-W34", "week（周次）", "不能填报"),
        ("week", "2026-W48", "week（周次）", "不能填报"),
        ("week", "2026-W47", "week（周次）", "才开始"),
    ],
)
def test_a_return_that_nobody_can_file_is_named_once(
    school: Institution, tmp_path: Path, column: str, cell: str, place: str, part_of_message: str
) -> None:
    rows = build.lines(school, payload(school))
    for row in rows:
        row[column] = cell
    ((where, message),) = said(refusal(build.write(tmp_path, rows)))
    assert where == f"第 2 行 {place}"
    assert part_of_message in message


def test_a_unit_that_is_no_school_is_named(school: Institution, tmp_path: Path) -> None:
    other = make.school("示范高中", ["junior"], rebuild=False)
    Institution.objects.filter(pk=other.pk).update(stages=[])
    rows = [{**row, "school_code": other.code} for row in build.lines(school, payload(school))]
    assert said(refusal(build.write(tmp_path, rows))) == [
        ("第 2 行 school_code（学校代码）", "示范高中没有小学或初中学段，不填周报。")
    ]


def test_gaps_are_refused_with_the_sentences_of_a_submit(school: Institution, tmp_path: Path) -> None:
    sent = payload(school)
    del sent["school_day"][0], sent["after_school"][0]
    with pytest.raises(InvalidInput) as caught:
        services.submit_return(school, make.WEEK, actor=ME, now=NOW, door="api", payload=sent)
    error = refusal(build.write(tmp_path, build.lines(school, sent)))
    assert [message for _, message in said(error)] == [problem.message for problem in caught.value.problems]
    assert {where for where, _ in said(error)} == {f"第 2 行 {school.code} 示范一小 2026-W45"}


def test_a_line_of_the_wrong_length_hides_no_other_mistake_and_makes_no_gap(
    school: Institution, tmp_path: Path
) -> None:
    other = make.school("示范二小", classes=["2026-06-01"])
    rows = build.lines(school, payload(school)) + build.lines(other, make.full_payload(other))
    rows[1]["day"] = "2026-11-99"
    rows[-1]["minutes"] = "六十"
    lines = build.text(rows).split("\n")
    lines[4] += ",surplus"
    path = tmp_path / "x.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    found = dict(said(refusal(path)))
    assert found.keys() == {"第 3 行 day（日期）", "第 5 行", f"第 {len(rows) + 1} 行 minutes（服务分钟数）"}
    assert "列，请检查逗号和引号" in found["第 5 行"]


def test_two_hundred_are_listed_and_all_are_counted(school: Institution, tmp_path: Path) -> None:
    item = make.item("2026-05-01", "2026-11-04", 30)
    rows = build.lines(school, {"homework": [item | {"minutes": f"{n}分钟"} for n in range(1, 301)]})
    error = refusal(build.write(tmp_path, rows))
    assert len(error.problems) == 200
    assert error.problems[0].path == "第 2 行 minutes（分钟数）"
    assert "文件有 300 处需要修改，没有导入任何数据（先列出 200 处）" in error.message


def test_words_stand_for_codes_and_spreadsheets_may_spell_dates_and_times(school: Institution, tmp_path: Path) -> None:
    sent = payload(school)
    sent["homework"][0] |= {"kind": "layered", "marked_by": "self", "asks_parents": False}
    sent["after_school"][0] |= {"content": ["sports", "arts"], "flexible_leaving": True}
    rows = build.lines(school, sent)
    rows[0] |= {"kind": "分层作业", "marked_by": "学生自批", "asks_parents": "否", "written": "是", "day": "2026/11/4"}
    rows[0]["part"] = ""
    for row in rows:
        row["stage"] = {"primary": "小学"}.get(row.get("stage", ""), "")
        row["first_lesson"] = row.get("first_lesson", "").removeprefix("0")
        if row.get("content"):
            row |= {"content": "文体、艺术", "flexible_leaving": "TRUE"}
    load_returns(build.write(tmp_path, rows), actor=ME, now=NOW)
    stored = school.weekly_returns.get().current_version.payload
    assert stored == services.check_return(school, make.WEEK, sent, today=NOW.date()).payload


def test_what_a_terminal_would_obey_is_shown_and_not_sent(school: Institution, tmp_path: Path) -> None:
    rows = build.lines(school, payload(school))
    rows[0]["subject"] = "语文\x1b[2J"
    problem: Problem = refusal(build.write(tmp_path, rows)).problems[0]
    assert "\x1b" not in str(problem)
    assert "\\x1b[2J" in str(problem)


def test_a_lost_line_is_the_only_mistake_and_not_a_day_without_data(school: Institution, tmp_path: Path) -> None:
    lines = build.text(build.lines(school, payload(school))).split("\n")
    path = tmp_path / "x.csv"
    path.write_text("\n".join([*lines[:4], lines[4] + ",surplus", *lines[5:]]), encoding="utf-8")
    assert [where for where, _ in said(refusal(path))] == ["第 5 行"]
    path.write_text("\n".join([*lines[:4], *lines[5:]]), encoding="utf-8")
    assert [problem.code for problem in refusal(path).problems] == ["missing"]
