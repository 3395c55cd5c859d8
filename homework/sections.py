"""The homework part of the weekly return: items, 当日无作业 ticks, and 本周无课 for a whole class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connection

from homework.choices import SUBJECTS
from homework.models import HomeworkItem
from homework.sheets import HomeworkSheet
from schools.classes import ClassFacts, classes_in_week
from shuangjian.core.errors import Problem
from shuangjian.core.weeks import Week
from shuangjian.intake.columns import Column, day_of, flag, one_of, optional_text, repeated, text, whole_number
from shuangjian.intake.days import FormDay
from shuangjian.intake.sections import Form, Gap, Section

MOST_MINUTES = 300
Rows = Mapping[str, list[dict[str, Any]]]

# ``day`` bounds the index range: a week's deletion must not read the class's whole history.
_DELETE = """
DELETE FROM homework_homeworkitem h USING schools_schoolclass c
WHERE c.id = h.school_class_id AND c.school_id = %(school)s AND h.day BETWEEN %(monday)s AND %(sunday)s
"""

# Of layered alternatives the longest counts. A plain item is its own partition: a NULL key would pool them all.
_INSERT = """
INSERT INTO homework_homeworkitem
  (school_class_id, week, day, subject, minutes, is_written, is_optional, alternative, counts)
SELECT c.id, %(monday)s, x.day, x.subject, x.minutes, x.written, x.optional, x.alternative,
  x.written AND row_number() OVER (
    PARTITION BY c.id, x.day, x.subject, x.written, coalesce('key ' || x.alternative, 'row ' || x.row)
    ORDER BY x.minutes DESC, x.row) = 1
FROM ROWS FROM (jsonb_to_recordset(%(payload)s::jsonb -> 'homework') AS (
    class text, day date, subject text, minutes int, written boolean, optional boolean, alternative text))
  WITH ORDINALITY AS x (class, day, subject, minutes, written, optional, alternative, row)
JOIN schools_schoolclass c ON c.school_id = %(school)s AND c.code = x.class
"""


class HomeworkSection(Section):
    """Rows of ``homework``, ``homework_none`` and ``class_off``."""

    key = "homework"
    title = "作业"
    model = HomeworkItem
    template = "homework/_return_section.html"
    place = 3  # last: it is as long as the school has classes, and hides what would follow it

    def columns(self, form: Form) -> Mapping[str, Sequence[Column]]:
        class_code = Column("class", "班级", text(10))
        day = Column("day", "日期", day_of(form.week))
        return {
            "homework": (
                class_code,
                day,
                Column("subject", "学科", one_of(SUBJECTS)),
                Column("minutes", "分钟数", whole_number(1, MOST_MINUTES, "分钟", "没有作业请勾选“当日无作业”。")),
                Column("written", "是否书面", flag),
                Column("optional", "是否选做", flag, is_required=False, default=False),
                Column("alternative", "分层标记", optional_text(20), is_required=False),
            ),
            "homework_none": (class_code, day),
            "class_off": (class_code,),
        }

    def check(self, form: Form, rows: Rows) -> Iterator[Problem]:
        classes = classes_in_week(form.institution, form.week)
        for key in ("homework", "homework_none", "class_off"):
            yield from _unknown_classes(form, key, rows[key], classes)
        item = ("class", "day", "subject", "minutes", "written", "optional", "alternative")
        yield from repeated("homework", rows["homework"], item, "班级、日期、学科和内容完全相同")
        yield from repeated("homework_none", rows["homework_none"], ("class", "day"), "同一班级同一天")
        yield from repeated("class_off", rows["class_off"], ("class",), "同一班级")
        with_items = {(row["class"], row["day"]) for row in rows["homework"]}
        for index, row in enumerate(rows["homework_none"]):
            if (row["class"], row["day"]) in with_items:
                yield Problem(
                    f"homework_none[{index}]",
                    f"{row['class']} 班 {row['day']} 已填作业，不能再勾选“当日无作业”，请删除一处。",
                )
        yield from _off_with_homework(form, rows, classes)

    def gaps(self, form: Form, rows: Rows) -> Iterator[Gap]:
        answered = {(row["class"], row["day"]) for key in ("homework", "homework_none") for row in rows[key]}
        off = {row["class"] for row in rows["class_off"]}
        for code, facts in classes_in_week(form.institution, form.week).items():
            if code in off:
                continue
            for date in form.school_days.get(facts.stage, ()):
                if facts.exists_on(date) and (code, date.isoformat()) not in answered:
                    yield Gap(
                        self.key,
                        f"{code} 班 {date} 没有作业数据，请填写作业或勾选“当日无作业”。",
                        "homework_none",
                        {"class": code, "day": date.isoformat()},
                    )

    def filled(self, form: Form, days: Mapping[str, list[FormDay]], payload: Mapping[str, Any]) -> HomeworkSheet:
        sheet = HomeworkSheet(classes_in_week(form.institution, form.week), days)
        sheet.read_payload(payload)
        return sheet

    def posted(self, form: Form, days: Mapping[str, list[FormDay]], post: Mapping[str, Any]) -> HomeworkSheet:
        sheet = HomeworkSheet(classes_in_week(form.institution, form.week), days)
        sheet.read_post(post)
        return sheet

    def stage_of_rows(self, form: Form) -> Callable[[Mapping[str, Any]], str | None]:
        classes = classes_in_week(form.institution, form.week)
        return lambda row: classes[row["class"]].stage if row["class"] in classes else None

    def replace(self, institution_id: int, week: Week, payload: str) -> None:
        self.clear(institution_id, week)
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, {"school": institution_id, "monday": week.monday, "payload": payload})

    def clear(self, institution_id: int, week: Week) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_DELETE, {"school": institution_id, "monday": week.monday, "sunday": week.sunday})


def _unknown_classes(
    form: Form, key: str, rows: Iterable[dict[str, Any]], classes: Mapping[str, ClassFacts]
) -> Iterator[Problem]:
    for index, row in enumerate(rows):
        if row["class"] not in classes:
            yield Problem(
                f"{key}[{index}].class",
                f"{form.institution.name}在 {form.week.key} 没有班级“{row['class']}”，请核对班级代码（如 2026-03-01）；"
                "新班级先在“班级设置”中登记。",
                "unknown_class",
            )


def _off_with_homework(form: Form, rows: Rows, classes: Mapping[str, ClassFacts]) -> Iterator[Problem]:
    """本周无课 says that there was no homework on each school day; weekend homework does not contradict it."""
    off = {row["class"] for row in rows["class_off"]}
    for index, row in enumerate(rows["homework"]):
        facts = classes.get(row["class"])
        if row["class"] in off and facts is not None and form.is_school_day(facts.stage, row["day"]):
            yield Problem(
                f"homework[{index}].class",
                f"{row['class']} 班已勾选“本周无课”，上课日不能再填作业，请删除一处。",
                "contradiction",
            )
