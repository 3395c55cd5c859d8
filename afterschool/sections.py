"""The after-school part of the weekly return: minutes of each stage on each school day, or 当日无课后服务."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from django.db import connection

from afterschool.choices import CONTENTS
from afterschool.models import ServiceDay
from afterschool.sheets import ServiceSheet
from afterschool.workbook import service_table
from shuangjian.core.choices import Stage
from shuangjian.core.errors import Problem
from shuangjian.intake.columns import Column, day_of, flag, later, one_of, repeated, some_of, whole_number
from shuangjian.intake.days import FormDay
from shuangjian.intake.sections import FiledWeek, Form, Gap, Section, columns_of
from shuangjian.intake.workbook.tables import Table

MOST_MINUTES = 300
MOST_EVENING_MINUTES = 240
MOST_PUPILS = 9999
STAGES = dict(Stage.choices)
Rows = Mapping[str, list[dict[str, Any]]]

_DELETE = """
DELETE FROM afterschool_serviceday s
USING unnest(%(institutions)s::bigint[], %(mondays)s::date[]) AS f (school, monday)
WHERE s.school_id = f.school AND s.week = f.monday
"""
# Where there is no service nobody is served and no place is kept, whoever wants one.
_INSERT = """
WITH f AS (
  SELECT * FROM unnest(%(institutions)s::bigint[], %(mondays)s::date[], %(payloads)s::jsonb[])
    AS f (school, monday, payload))
INSERT INTO afterschool_serviceday
  (school_id, week, stage, day, minutes, wanting, served, late_wanted, late_places, content, flexible_leaving,
   evening_study_minutes)
SELECT f.school, f.monday, x.*
FROM f, LATERAL jsonb_to_recordset(f.payload -> 'after_school') AS x (
  stage text, day date, minutes int, wanting int, served int, late_wanted int, late_places int, content text[],
  flexible_leaving boolean, evening_study_minutes int)
UNION ALL
SELECT f.school, f.monday, x.stage, x.day, 0, x.wanting, 0, x.late_wanted, 0, NULL, NULL, NULL
FROM f, LATERAL jsonb_to_recordset(f.payload -> 'service_none') AS x (
  stage text, day date, wanting int, late_wanted int)
"""


class AfterSchoolSection(Section):
    """Rows of ``after_school`` and ``service_none``."""

    key = "after_school"
    title = "课后服务"
    model = ServiceDay
    template = "afterschool/_return_section.html"
    place = 2
    identity: ClassVar = {"after_school": ("stage", "day"), "service_none": ("stage", "day")}
    ticks: ClassVar = {"service_none": "当日无课后服务"}

    def columns(self, form: Form) -> Mapping[str, Sequence[Column]]:
        stage = Column("stage", "学段", one_of(STAGES), labels=STAGES)
        day = Column("day", "日期", day_of(form.week))
        hint = "没有开展请勾选“当日无课后服务”。"
        pupils = whole_number(0, MOST_PUPILS, "人")
        wanting = later("wanting", "有需求人数", pupils)
        late_wanted = later("late_wanted", "18:30后需留校人数", pupils)
        return {
            "after_school": (
                stage,
                day,
                Column("minutes", "服务分钟数", whole_number(1, MOST_MINUTES, "分钟", hint)),
                wanting,
                later("served", "实际参加人数", pupils),
                late_wanted,
                later("late_places", "18:30后托管名额", whole_number(0, MOST_PUPILS, "人", "没有开展托管请填 0。")),
                later("content", "服务内容", some_of(CONTENTS), CONTENTS),
                later("flexible_leaving", "弹性离校", flag),
                later("evening_study_minutes", "初中晚自习分钟数", whole_number(0, MOST_EVENING_MINUTES, "分钟")),
            ),
            "service_none": (stage, day, wanting, late_wanted),
        }

    def check(self, form: Form, rows: Rows) -> Iterator[Problem]:
        for key in ("after_school", "service_none"):
            for index, row in enumerate(rows[key]):
                problem = form.stage_problem(key, index, row)
                if problem is not None:
                    yield problem
            yield from repeated(key, rows[key], ("stage", "day"), "同一学段同一天")
        for index, row in enumerate(rows["after_school"]):
            yield from _incomplete(f"after_school[{index}]", row)
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

    def tables(self, form: Form, days: Mapping[str, list[FormDay]]) -> Sequence[Table]:
        return (service_table(days),)

    def stage_of_rows(self, form: Form) -> Callable[[Mapping[str, Any]], str | None]:
        return lambda row: row["stage"]

    def replace(self, filed: Sequence[FiledWeek]) -> None:
        self.clear(filed)
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, columns_of(filed))

    def clear(self, filed: Sequence[FiledWeek]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_DELETE, columns_of(filed))


#: (one, the other, what to write): of these either both are stated or neither.
_PAIRS = (
    ("wanting", "served", "填写了有需求人数，还需填写实际参加人数（没有人参加请填 0）。"),
    ("served", "wanting", "填写了实际参加人数，还需填写有需求人数。"),
    ("late_wanted", "late_places", "填写了18:30后需留校人数，还需填写18:30后托管名额（没有开展托管请填 0）。"),
    ("late_places", "late_wanted", "填写了18:30后托管名额，还需填写18:30后需留校人数（没有人需要请填 0）。"),
)


def _incomplete(path: str, row: Mapping[str, Any]) -> Iterator[Problem]:
    """Half of a comparison would leave open whether anybody went without; evening study is for junior pupils only."""
    for one, other, message in _PAIRS:
        if one in row and other not in row:
            yield Problem(f"{path}.{other}", message, "required")
    if row["stage"] != Stage.JUNIOR and row.get("evening_study_minutes"):
        yield Problem(
            f"{path}.evening_study_minutes", "晚自习只限初中填写（指引二(三)1），小学请删除此项。", "contradiction"
        )
