"""The school-day part of the weekly return: the first lesson of each stage on each school day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connection

from schools.models import SchoolDay
from schools.sheets import SchoolDaySheet
from shuangjian.core.choices import Stage
from shuangjian.core.errors import Problem
from shuangjian.core.weeks import Week
from shuangjian.intake.columns import Column, clock_time, day_of, one_of, repeated
from shuangjian.intake.days import FormDay
from shuangjian.intake.sections import Form, Gap, Section

# A first lesson outside of these is a slip of the pen, not a school day.
EARLIEST, LATEST = "06:00", "12:00"

_DELETE = "DELETE FROM schools_schoolday WHERE school_id = %(school)s AND week = %(monday)s"
_INSERT = """
INSERT INTO schools_schoolday (school_id, week, stage, day, first_lesson)
SELECT %(school)s, %(monday)s, x.stage, x.day,
  split_part(x.first_lesson, ':', 1)::int * 60 + split_part(x.first_lesson, ':', 2)::int
FROM jsonb_to_recordset(%(payload)s::jsonb -> 'school_day') AS x (stage text, day date, first_lesson text)
"""


class SchoolDaySection(Section):
    """Rows of ``school_day``."""

    key = "school_day"
    title = "作息"
    model = SchoolDay
    template = "schools/_return_section.html"
    place = 1

    def columns(self, form: Form) -> Mapping[str, Sequence[Column]]:
        return {
            "school_day": (
                Column("stage", "学段", one_of(Stage.values, "primary（小学）、junior（初中）")),
                Column("day", "日期", day_of(form.week)),
                Column("first_lesson", "第一节课", clock_time(EARLIEST, LATEST)),
            )
        }

    def check(self, form: Form, rows: Mapping[str, list[dict[str, Any]]]) -> Iterator[Problem]:
        for index, row in enumerate(rows["school_day"]):
            problem = form.stage_problem("school_day", index, row)
            if problem is not None:
                yield problem
        yield from repeated("school_day", rows["school_day"], ("stage", "day"), "同一学段同一天")

    def gaps(self, form: Form, rows: Mapping[str, list[dict[str, Any]]]) -> Iterator[Gap]:
        answered = {(row["stage"], row["day"]) for row in rows["school_day"]}
        for stage, days in form.school_days.items():
            for date in days:
                if (stage, date.isoformat()) not in answered:
                    yield Gap(
                        self.key,
                        f"{Stage(stage).label} {date} 没有填写第一节课时间，请填写。",
                        at={"stage": stage, "day": date.isoformat()},
                    )

    def filled(self, form: Form, days: Mapping[str, list[FormDay]], payload: Mapping[str, Any]) -> SchoolDaySheet:
        sheet = SchoolDaySheet(days)
        sheet.read_payload(payload)
        return sheet

    def posted(self, form: Form, days: Mapping[str, list[FormDay]], post: Mapping[str, Any]) -> SchoolDaySheet:
        sheet = SchoolDaySheet(days)
        sheet.read_post(post)
        return sheet

    def stage_of_rows(self, form: Form) -> Callable[[Mapping[str, Any]], str | None]:
        return lambda row: row["stage"]

    def replace(self, institution_id: int, week: Week, payload: str) -> None:
        self.clear(institution_id, week)
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, {"school": institution_id, "monday": week.monday, "payload": payload})

    def clear(self, institution_id: int, week: Week) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_DELETE, {"school": institution_id, "monday": week.monday})
