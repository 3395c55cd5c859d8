"""The same mistake gives the same sentence in a workbook as through the API and the form, which share their checks."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput
from shuangjian.intake import services
from tests import make
from tests.intake.workbook.conftest import WEEK, Door, rich_payload

#: (worksheet, cell, what is typed there, payload key, index of the row, name, what the API would send)
MISTAKES: list[tuple[str, str, Any, str, int, str, Any]] = [
    ("作业", "A4", "三年级（9）班", "homework", 0, "class", "三年级（9）班"),
    ("作业", "A4", 301, "homework", 0, "class", 301),
    ("作业", "B4", dt.date(2026, 11, 9), "homework", 0, "day", "2026-11-09"),
    ("作业", "B4", "2026-11-31", "homework", 0, "day", "2026-11-31"),
    ("作业", "C4", "奥数", "homework", 0, "subject", "奥数"),
    ("作业", "D4", -5, "homework", 0, "minutes", -5),
    ("作业", "D4", 301, "homework", 0, "minutes", 301),
    ("作业", "D4", "1e309", "homework", 0, "minutes", "1e309"),
    ("作业", "D4", "30 分钟", "homework", 0, "minutes", "30 分钟"),
    ("作业", "E4", "书面", "homework", 0, "written", "书面"),
    ("作业", "F4", 1, "homework", 0, "optional", 1),
    ("作业", "G4", "层" * 21, "homework", 0, "alternative", "层" * 21),
    ("作业", "H4", "普通作业", "homework", 0, "kind", "普通作业"),
    ("作业", "I4", "家教", "homework", 0, "marked_by", "家教"),
    ("作业", "J4", "也许", "homework", 0, "asks_parents", "也许"),
    ("作业", "K4", 1.5, "homework", 0, "done_at_school", 1.5),
    ("作业", "K4", 0.12345, "homework", 0, "done_at_school", 0.12345),
    ("作业", "K4", "９０％", "homework", 0, "done_at_school", "９０％"),
    ("作业", "L4", dt.date(2020, 1, 1), "homework", 0, "published_on", "2020-01-01"),
    ("作业", "M4", "长" * 201, "homework", 0, "publication", "长" * 201),
    ("作息", "C4", "05:59", "school_day", 0, "first_lesson", "05:59"),
    ("作息", "C4", "24:00", "school_day", 0, "first_lesson", "24:00"),
    ("作息", "D4", dt.time(9, 0), "school_day", 0, "arrival", "09:00"),
    ("课后服务", "C4", 0, "after_school", 0, "minutes", 0),
    ("课后服务", "E4", 10_000, "after_school", 0, "wanting", 10_000),
    ("课后服务", "F4", None, "after_school", 0, "served", None),
    ("课后服务", "H4", "没有", "after_school", 0, "late_places", "没有"),
    ("课后服务", "I4", "作业指导、作业指导", "after_school", 0, "content", ["homework", "homework"]),
    ("课后服务", "I4", "手工", "after_school", 0, "content", ["手工"]),
    ("课后服务", "J4", "可以", "after_school", 0, "flexible_leaving", "可以"),
    ("课后服务", "K4", 60, "after_school", 0, "evening_study_minutes", 60),
    ("课后服务", "K13", 241, "after_school", -1, "evening_study_minutes", 241),
]


@pytest.mark.parametrize(("title", "cell", "typed", "key", "index", "name", "sent"), MISTAKES)
def test_a_mistake_has_one_sentence(
    door: Door, school: Institution, title: str, cell: str, typed: Any, key: str, index: int, name: str, sent: Any
) -> None:
    payload = rich_payload(school)
    payload[key][index][name] = sent
    with pytest.raises(InvalidInput) as caught:
        services.save_draft(school, WEEK, payload, actor=make.Somebody(), now=clock.now())

    def change(book: Any) -> None:
        book[title][cell] = typed

    problems = door.after(change)
    assert [problem.message for problem in problems] == [problem.message for problem in caught.value.problems]
    assert {problem.place.row for problem in problems} == {int(cell[1:])}
    assert {problem.place.letter for problem in problems} == {cell[0]}
