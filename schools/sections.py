"""The school-day part of the weekly return: the first lesson of each stage on each school day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from django.db import connection

from schools.models import SchoolDay
from schools.sheets import SchoolDaySheet
from schools.workbook import school_day_table
from shuangjian.core.choices import Stage
from shuangjian.core.errors import Problem
from shuangjian.intake.columns import Column, clock_time, day_of, later, one_of, repeated
from shuangjian.intake.days import FormDay
from shuangjian.intake.sections import FiledWeek, Form, Gap, Section, columns_of
from shuangjian.intake.workbook.tables import Table

STAGES = dict(Stage.choices)
# A first lesson outside of these is a slip of the pen, not a school day.
EARLIEST, LATEST = "06:00", "12:00"
EARLIEST_ARRIVAL = "05:00"

_DELETE = """
DELETE FROM schools_schoolday s
USING unnest(%(institutions)s::bigint[], %(mondays)s::date[]) AS f (school, monday)
WHERE s.school_id = f.school AND s.week = f.monday
"""
_INSERT = """
INSERT INTO schools_schoolday (school_id, week, stage, day, first_lesson, arrival)
SELECT f.school, f.monday, x.stage, x.day,
  extract(epoch FROM x.first_lesson) / 60, extract(epoch FROM x.arrival) / 60
FROM unnest(%(institutions)s::bigint[], %(mondays)s::date[], %(payloads)s::jsonb[]) AS f (school, monday, payload),
  LATERAL jsonb_to_recordset(f.payload -> 'school_day') AS x (stage text, day date, first_lesson time, arrival time)
"""


class SchoolDaySection(Section):
    """Rows of ``school_day``."""

    key = "school_day"
    title = "作息"
    model = SchoolDay
    template = "schools/_return_section.html"
    place = 1
    identity: ClassVar = {"school_day": ("stage", "day")}

    def columns(self, form: Form) -> Mapping[str, Sequence[Column]]:
        return {
            "school_day": (
                Column("stage", "学段", one_of(STAGES), labels=STAGES),
                Column("day", "日期", day_of(form.week)),
                Column("first_lesson", "第一节课", clock_time(EARLIEST, LATEST)),
                later("arrival", "要求到校时间", clock_time(EARLIEST_ARRIVAL, LATEST)),
            )
        }

    def check(self, form: Form, rows: Mapping[str, list[dict[str, Any]]]) -> Iterator[Problem]:
        for index, row in enumerate(rows["school_day"]):
            problem = form.stage_problem("school_day", index, row)
            if problem is not None:
                yield problem
            if row.get("arrival", "") > row["first_lesson"]:
                yield Problem(
                    f"school_day[{index}].arrival",
                    f"要求到校时间 {row['arrival']} 晚于第一节课 {row['first_lesson']}，请核对。",
                )
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

    def tables(self, form: Form, days: Mapping[str, list[FormDay]]) -> Sequence[Table]:
        return (school_day_table(days),)

    def stage_of_rows(self, form: Form) -> Callable[[Mapping[str, Any]], str | None]:
        return lambda row: row["stage"]

    def replace(self, filed: Sequence[FiledWeek]) -> None:
        self.clear(filed)
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, columns_of(filed))

    def clear(self, filed: Sequence[FiledWeek]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_DELETE, columns_of(filed))
