"""The homework part of the weekly return: items, 当日无作业 ticks, and 本周无课 for a whole class."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from django.db import connection

from homework.choices import ITEM_KINDS, MARKERS, SUBJECTS
from homework.models import HomeworkItem
from homework.sheets import HomeworkSheet
from homework.workbook import homework_tables
from schools.classes import ClassFacts, classes_in_week, classes_in_weeks
from schools.models import SchoolClass
from shuangjian.core.errors import Problem
from shuangjian.core.weeks import Week
from shuangjian.intake.columns import (
    Column,
    date_between,
    day_of,
    flag,
    later,
    one_of,
    optional_text,
    repeated,
    share,
    text,
    whole_number,
)
from shuangjian.intake.days import FormDay
from shuangjian.intake.sections import FiledWeek, Form, Gap, Section, columns_of
from shuangjian.intake.workbook.tables import Table

MOST_MINUTES = 300
EARLIEST_PUBLICATION = dt.date(2021, 9, 1)
_LATEST = dt.timedelta(days=28)  # a publication later than that after the week is a slip of the pen
Rows = Mapping[str, list[dict[str, Any]]]

# ``day`` bounds the index range: a week's deletion must not read the class's whole history. The classes come as a
# constant and not by a join: when the table is analysed while a large file is being written, the planner takes it for
# empty, and a join in the wrong order reads it once per class.
_DELETE = """
DELETE FROM homework_homeworkitem
WHERE school_class_id = ANY(%(classes)s::bigint[]) AND day BETWEEN %(monday)s AND %(sunday)s
"""

# Of layered alternatives the longest counts. A plain item is its own partition: a NULL key would pool them all.
_INSERT = """
INSERT INTO homework_homeworkitem
  (school_class_id, week, day, subject, minutes, is_written, is_optional, alternative, counts,
   kind, done_at_school, marked_by, asks_parents, published_on, publication)
SELECT c.id, f.monday, x.day, x.subject, x.minutes, x.written, x.optional, x.alternative,
  x.written AND row_number() OVER (
    PARTITION BY c.id, x.day, x.subject, x.written, coalesce('key ' || x.alternative, 'row ' || x.row)
    ORDER BY x.minutes DESC, x.row) = 1,
  x.kind, x.done_at_school, x.marked_by, x.asks_parents, x.published_on, x.publication
FROM unnest(%(institutions)s::bigint[], %(mondays)s::date[], %(payloads)s::jsonb[]) AS f (school, monday, payload),
  LATERAL ROWS FROM (jsonb_to_recordset(f.payload -> 'homework') AS (
    class text, day date, subject text, minutes int, written boolean, optional boolean, alternative text,
    kind text, done_at_school numeric, marked_by text, asks_parents boolean, published_on date, publication text))
  WITH ORDINALITY AS x (class, day, subject, minutes, written, optional, alternative,
    kind, done_at_school, marked_by, asks_parents, published_on, publication, row),
  schools_schoolclass c
WHERE c.school_id = f.school AND c.code = x.class
"""


class HomeworkSection(Section):
    """Rows of ``homework``, ``homework_none`` and ``class_off``."""

    key = "homework"
    title = "作业"
    model = HomeworkItem
    template = "homework/_return_section.html"
    is_by_class = True
    place = 3  # last: it is as long as the school has classes, and hides what would follow it
    identity: ClassVar = {
        "homework": ("class", "day", "subject", "written", "alternative"),
        "homework_none": ("class", "day"),
        "class_off": ("class",),
    }
    ticks: ClassVar = {"homework_none": "当日无作业", "class_off": "本周无课"}

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
                later("kind", "作业类型", one_of(ITEM_KINDS), ITEM_KINDS),
                later("done_at_school", "校内完成占比", share),
                later("marked_by", "批改人", one_of(MARKERS), MARKERS),
                later("asks_parents", "是否要求家长参与", flag),
                later("published_on", "公示日期", date_between(EARLIEST_PUBLICATION, form.week.sunday + _LATEST)),
                later("publication", "公示链接或照片编号", text(200)),
            ),
            "homework_none": (class_code, day),
            "class_off": (class_code,),
        }

    def prepare(self, forms: Sequence[Form]) -> None:
        found = classes_in_weeks([(form.institution, form.week) for form in forms]) if forms else []
        for form, classes in zip(forms, found, strict=True):
            form.facts[self.key] = classes

    def check(self, form: Form, rows: Rows) -> Iterator[Problem]:
        classes = _classes(form)
        for key in ("homework", "homework_none", "class_off"):
            yield from _unknown_classes(form, key, rows[key], classes)
        item = [column.name for column in self.columns(form)["homework"]]
        yield from repeated("homework", rows["homework"], item, "班级、日期、学科和内容完全相同")
        for index, row in enumerate(rows["homework"]):
            if "publication" in row and "published_on" not in row:
                yield Problem(
                    f"homework[{index}].published_on", "有公示链接或照片，但没有公示日期，请填写公示日期。", "required"
                )
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
        yield from _ticks_without_a_school_day(form, rows, classes)

    def gaps(self, form: Form, rows: Rows) -> Iterator[Gap]:
        answered = {(row["class"], row["day"]) for key in ("homework", "homework_none") for row in rows[key]}
        off = {row["class"] for row in rows["class_off"]}
        for code, facts in _classes(form).items():
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
        sheet = HomeworkSheet(_classes(form), days)
        sheet.read_payload(payload)
        return sheet

    def posted(self, form: Form, days: Mapping[str, list[FormDay]], post: Mapping[str, Any]) -> HomeworkSheet:
        sheet = HomeworkSheet(_classes(form), days)
        sheet.read_post(post)
        return sheet

    def classes(self, form: Form) -> dict[str, str]:
        blocks = HomeworkSheet(_classes(form), {}).blocks
        return {code: block.name for code, block in blocks.items()}

    def tables(self, form: Form, days: Mapping[str, list[FormDay]]) -> Sequence[Table]:
        return homework_tables(_classes(form), days)

    def stage_of_rows(self, form: Form) -> Callable[[Mapping[str, Any]], str | None]:
        classes = _classes(form)
        return lambda row: classes[row["class"]].stage if row["class"] in classes else None

    def replace(self, filed: Sequence[FiledWeek]) -> None:
        self.clear(filed)
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, columns_of(filed))

    def clear(self, filed: Sequence[FiledWeek]) -> None:
        schools: dict[Week, list[int]] = {}
        for each in filed:
            schools.setdefault(each.week, []).append(each.institution_id)
        for week, ids in schools.items():
            classes = list(SchoolClass.objects.filter(school_id__in=ids).values_list("pk", flat=True))
            if classes:
                with connection.cursor() as cursor:
                    cursor.execute(_DELETE, {"classes": classes, "monday": week.monday, "sunday": week.sunday})


def _classes(form: Form) -> dict[str, ClassFacts]:
    """The classes that the form asks for, by code."""
    classes = form.facts.get(HomeworkSection.key)
    if classes is None:
        classes = classes_in_week(form.institution, form.week)
    return {code: facts for code, facts in classes.items() if form.only_class in ("", code)}


def _unknown_classes(
    form: Form, key: str, rows: Iterable[dict[str, Any]], classes: Mapping[str, ClassFacts]
) -> Iterator[Problem]:
    for index, row in enumerate(rows):
        if row["class"] not in classes:
            yield Problem(
                f"{key}[{index}].class",
                f"{form.institution.name}在 {form.week.key} 没有在用的班级“{row['class']}”，"
                "请核对班级代码（如 2026-03-01）；新班级先在“班级”页登记，已停用的班级不填。",
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


def _ticks_without_a_school_day(form: Form, rows: Rows, classes: Mapping[str, ClassFacts]) -> Iterator[Problem]:
    """A tick answers for a school day. Where the class has none nothing is asked, and the tick would say nothing."""
    days = {code: _school_days(form, facts) for code, facts in classes.items()}
    for index, row in enumerate(rows["homework_none"]):
        if row["day"] not in days.get(row["class"], {row["day"]}):
            yield Problem(
                f"homework_none[{index}].day",
                f"按校历 {row['day']} 不是 {row['class']} 班的上课日，不用勾选“当日无作业”，请取消勾选；"
                "当天如确有上课，先请教育局登记校历例外。",
            )
    for index, row in enumerate(rows["class_off"]):
        if not days.get(row["class"], {"unknown class"}):
            yield Problem(
                f"class_off[{index}].class",
                f"按校历 {row['class']} 班本周没有上课日，不用勾选“本周无课”，请取消勾选。",
            )


def _school_days(form: Form, facts: ClassFacts) -> set[str]:
    """The days of the week on which the class is in use and has school."""
    return {date.isoformat() for date in form.school_days.get(facts.stage, ()) if facts.exists_on(date)}
