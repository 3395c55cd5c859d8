"""The 课后服务 worksheet: one row for each stage and school day; a tick says that there was none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from afterschool.choices import CONTENTS
from shuangjian.core.choices import Stage
from shuangjian.intake.days import FormDay
from shuangjian.intake.workbook.stage_tables import StageTable, stage_columns
from shuangjian.intake.workbook.tables import CellProblem, Figure, Kind, PayloadRow, Record, TableColumn, is_ticked

_MUCH = 40  # minutes of a week: half a day's service
_PEOPLE = "填人数，没有填 0。"
_WANTED = frozenset({"stage", "day", "wanting", "late_wanted"})  # what a day without service may still say
_ZERO = ("served", "late_places")  # 0 where there is no service: stated by the tick already


@dataclass(frozen=True)
class ServiceTable(StageTable):
    """Rows of ``after_school``, or with the tick of ``service_none``."""

    keys: ClassVar = ("after_school", "service_none")

    def record_of(self, key: str, row: Mapping[str, Any]) -> dict[str, Any]:
        return {**row, "none": True} if key == "service_none" else dict(row)

    def payload_rows(self, record: Record) -> Iterator[PayloadRow | CellProblem]:
        row = {name: value for name, value in record.items() if name != "none"}
        ticked = is_ticked(record, "none")
        if isinstance(ticked, CellProblem):
            yield ticked
        elif not ticked:
            if row.keys() - {"stage", "day"}:
                yield PayloadRow("after_school", row, "minutes")
        else:
            yield from self._none(row)

    def _none(self, row: dict[str, Any]) -> Iterator[PayloadRow | CellProblem]:
        if "minutes" in row:  # both answers: the checks say so
            yield PayloadRow("after_school", row, "minutes")
        else:
            for name in row.keys() - _WANTED:
                if not (name in _ZERO and row[name] == 0):
                    yield CellProblem(name, f"已在“{self.column('none').header}”填“是”，此处请留空。")
        yield PayloadRow("service_none", {name: row[name] for name in row if name in _WANTED}, "none")

    def figures(self, payload: Mapping[str, Any]) -> Iterator[Figure]:
        for stage in self.days:
            minutes = [row["minutes"] for row in payload.get("after_school", ()) if row["stage"] == stage]
            none = sum(1 for row in payload.get("service_none", ()) if row["stage"] == stage)
            is_filed = bool(minutes or none)
            about, who = f"stage:{stage}", str(Stage(stage).label)
            yield Figure(about, who, "课后服务合计", sum(minutes) if is_filed else None, "分钟", _MUCH)
            yield Figure(about, who, "无课后服务", none if is_filed else None, "天", 1)


def service_table(days: Mapping[str, list[FormDay]]) -> ServiceTable:
    """The worksheet of one unit's week."""
    return ServiceTable(
        title="课后服务",
        lead="每个学段每个上课日一行：填服务分钟数；当日没有开展的，在“当日无课后服务”填“是”。其余各列没有统计的可不填。",
        columns=(
            *stage_columns(days),
            _whole("minutes", "服务分钟数", "当日课后服务的分钟数，只填数字。", width=12),
            TableColumn(
                "none",
                "当日无课后服务",
                Kind.FLAG,
                width=16,
                help="没有开展的填“是”，服务分钟数留空。",
            ),
            _whole("wanting", "有需求人数", f"{_PEOPLE}与“实际参加人数”要么都填，要么都不填。"),
            _whole("served", "实际参加人数", f"{_PEOPLE}与“有需求人数”要么都填，要么都不填。"),
            _whole("late_wanted", "18:30后需留校人数", f"{_PEOPLE}与“18:30后托管名额”要么都填，要么都不填。", width=19),
            _whole("late_places", "18:30后托管名额", "没有开展托管填 0。", width=17),
            TableColumn(
                "content",
                "服务内容",
                Kind.CHOICES,
                CONTENTS,
                width=34,
                help="可从下拉列表选一项；多项用顿号“、”隔开，如：作业指导、文体、阅读。",
            ),
            TableColumn("flexible_leaving", "弹性离校", Kind.FLAG, width=10, help="填“是”或“否”。"),
            _whole("evening_study_minutes", "初中晚自习分钟数", "只限初中填写。", width=18),
        ),
        days=days,
    )


def _whole(name: str, header: str, help: str, *, width: int = 14) -> TableColumn:
    return TableColumn(name, header, Kind.WHOLE, width=width, help=help)
