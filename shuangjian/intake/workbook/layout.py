"""Where things stand in the workbook of a weekly return; template and reading agree on it here."""

from __future__ import annotations

from dataclasses import dataclass

from shuangjian.bureau.models import Institution
from shuangjian.core.weeks import Week

#: Rises with every change after which a workbook made before would be read wrongly.
TEMPLATE_VERSION = "1"
GUIDE_SHEET = "填写说明"
DATES_SHEET = "本周日期"
HEADER_ROW = 3  # row 1: what sheet of whose week, row 2: how to fill it in
FIRST_ROW = HEADER_ROW + 1

VERSION, SCHOOL, WEEK = "模板版本", "学校标识码", "周次"


@dataclass(frozen=True)
class Meta:
    """What a workbook says of itself: its template's version, the school it was made for, and the week."""

    version: str
    school: str
    week: str

    @classmethod
    def of(cls, institution: Institution, week: Week) -> Meta:
        return cls(TEMPLATE_VERSION, institution.code, week.key)

    def rows(self) -> list[tuple[str, str]]:
        return [(VERSION, self.version), (SCHOOL, self.school), (WEEK, self.week)]


def file_name(institution: Institution, week: Week) -> str:
    """周报_示范一小_2026-W45.xlsx."""
    name = "".join("_" if character in '\\/:*?"<>|' else character for character in institution.name)
    return f"周报_{name}_{week.key}.xlsx"
