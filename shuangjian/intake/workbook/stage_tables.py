"""A worksheet with one row for each stage and school day: 作息, 课后服务."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shuangjian.core.choices import Stage
from shuangjian.intake.days import FormDay
from shuangjian.intake.workbook.tables import Kind, Record, Table, TableColumn, day_options

_FIXED = "由模板填好，不能改。校历有变动时请重新下载模板。"


@dataclass(frozen=True)
class StageTable(Table, ABC):
    """Its rows are given: the school days of each stage, and whatever other days the payload speaks of."""

    days: Mapping[str, list[FormDay]] = field(default_factory=dict)

    def records(self, payload: Mapping[str, Any]) -> Iterator[Record]:
        filed: dict[tuple[str, str], dict[str, Any]] = {}
        for key in self.keys:
            for row in payload.get(key, ()):
                filed.setdefault((row["stage"], row["day"]), {}).update(self.record_of(key, row))
        for stage, columns in self.days.items():
            for day in columns:
                row = filed.pop((stage, day.iso), None)
                if row is not None or day.is_school_day:
                    yield {"stage": stage, "day": day.iso, **(row or {})}
        yield from filed.values()  # a stage that the unit no longer has: seen, so that it can be taken away

    def record_of(self, key: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """One payload row as a worksheet row."""
        return dict(row)


def stage_columns(days: Mapping[str, list[FormDay]]) -> tuple[TableColumn, TableColumn]:
    """学段 and 日期, both fixed."""
    return (
        TableColumn("stage", "学段", Kind.CHOICE, dict(Stage.choices), width=8, help=_FIXED, is_fixed=True),
        TableColumn("day", "日期", Kind.DATE, day_options(days), width=22, help=_FIXED, is_fixed=True),
    )
