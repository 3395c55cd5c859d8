"""The after-school part of the weekly return: minutes of each stage on each school day, or 当日无课后服务."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connection

from afterschool.models import ServiceDay
from afterschool.sheets import ServiceSheet
from shuangjian.core.choices import Stage
from shuangjian.core.errors import Problem
from shuangjian.core.weeks import Week
from shuangjian.intake.columns import Column, day_of, one_of, repeated, whole_number
from shuangjian.intake.days import FormDay
from shuangjian.intake.sections import Form, Gap, Section

MOST_MINUTES = 300
Rows = Mapping[str, list[dict[str, Any]]]

_DELETE = "DELETE FROM afterschool_serviceday WHERE school_id = %(school)s AND week = %(monday)s"
_INSERT = """
INSERT INTO afterschool_serviceday (school_id, week, stage, day, minutes)
SELECT %(school)s, %(monday)s, x.stage, x.day, x.minutes
FROM jsonb_to_recordset(%(payload)s::jsonb -> 'after_school') AS x (stage text, day date, minutes int)
UNION ALL
SELECT %(school)s, %(monday)s, x.stage, x.day, 0
FROM jsonb_to_recordset(%(payload)s::jsonb -> 'service_none') AS x (stage text, day date)
"""


class AfterSchoolSection(Section):
    """Rows of ``after_school`` and ``service_none``."""

    key = "after_school"
    title = "课后服务"
    model = ServiceDay
    template = "afterschool/_return_section.html"
    place = 2

    def columns(self, form: Form) -> Mapping[str, Sequence[Column]]:
        stage = Column("stage", "学段", one_of(Stage.values, "primary（小学）、junior（初中）"))
        day = Column("day", "日期", day_of(form.week))
        hint = "没有开展请勾选“当日无课后服务”。"
        return {
            "after_school": (stage, day, Column("minutes", "服务分钟数", whole_number(1, MOST_MINUTES, "分钟", hint))),
            "service_none": (stage, day),
        }

    def check(self, form: Form, rows: Rows) -> Iterator[Problem]:
        for key in ("after_school", "service_none"):
            for index, row in enumerate(rows[key]):
                problem = form.stage_problem(key, index, row)
                if problem is not None:
                    yield problem
            yield from repeated(key, rows[key], ("stage", "day"), "同一学段同一天")
        served = {(row["stage"], row["day"]) for row in rows["after_school"]}
        for index, row in enumerate(rows["service_none"]):
            if (row["stage"], row["day"]) in served:
                yield Problem(
                    f"service_none[{index}]",
                    f"{Stage(row['stage']).label} {row['day']} 已填服务分钟数，"
                    "不能再勾选“当日无课后服务”，请删除一处。",
                    "contradiction",
                )

    def gaps(self, form: Form, rows: Rows) -> Iterator[Gap]:
        answered = {(row["stage"], row["day"]) for key in ("after_school", "service_none") for row in rows[key]}
        for stage, days in form.school_days.items():
            for date in days:
                if (stage, date.isoformat()) not in answered:
                    yield Gap(
                        self.key,
                        f"{Stage(stage).label} {date} 没有课后服务数据，请填写分钟数或勾选“当日无课后服务”。",
                        "service_none",
                        {"stage": stage, "day": date.isoformat()},
                    )

    def filled(self, form: Form, days: Mapping[str, list[FormDay]], payload: Mapping[str, Any]) -> ServiceSheet:
        sheet = ServiceSheet(days)
        sheet.read_payload(payload)
        return sheet

    def posted(self, form: Form, days: Mapping[str, list[FormDay]], post: Mapping[str, Any]) -> ServiceSheet:
        sheet = ServiceSheet(days)
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
