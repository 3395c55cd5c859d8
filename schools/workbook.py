"""The 作息 worksheet: one row for each stage and school day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from shuangjian.core.choices import Stage
from shuangjian.intake.days import FormDay
from shuangjian.intake.workbook.stage_tables import StageTable, stage_columns
from shuangjian.intake.workbook.tables import Figure, Kind, PayloadRow, Record, TableColumn

_CLOCK = "填 24 小时制时刻，如 08:20。"
_MUCH = 10  # minutes by which a first lesson that moved is worth a look


@dataclass(frozen=True)
class SchoolDayTable(StageTable):
    """Rows of ``school_day``."""

    keys: ClassVar = ("school_day",)

    def payload_rows(self, record: Record) -> Iterator[PayloadRow]:
        if record.keys() & {"first_lesson", "arrival"}:
            yield PayloadRow("school_day", dict(record), "first_lesson")

    def figures(self, payload: Mapping[str, Any]) -> Iterator[Figure]:
        for stage in self.days:
            times = [row["first_lesson"] for row in payload.get("school_day", ()) if row["stage"] == stage]
            earliest = min((int(time[:2]) * 60 + int(time[3:]) for time in times), default=None)
            yield Figure(f"stage:{stage}", Stage(stage).label, "最早第一节课", earliest, "时刻", _MUCH)


def school_day_table(days: Mapping[str, list[FormDay]]) -> SchoolDayTable:
    """The worksheet of one unit's week."""
    return SchoolDayTable(
        title="作息",
        lead="每个学段每个上课日一行：填第一节课时间；要求学生到校的时间可不填。",
        columns=(
            *stage_columns(days),
            TableColumn("first_lesson", "第一节课", Kind.CLOCK, width=12, help=_CLOCK),
            TableColumn("arrival", "要求到校时间", Kind.CLOCK, width=14, help=f"{_CLOCK}没有要求可留空。"),
        ),
        days=days,
    )
