from typing import Any

from shuangjian.bureau.calendar_imports import CALENDAR_COLUMNS, import_calendar
from shuangjian.bureau.import_command import ImportCommand
from shuangjian.bureau.tables import ImportResult, Line


class Command(ImportCommand):
    help = "Create or change statutory holidays and swapped workdays of the district by date."
    required = CALENDAR_COLUMNS
    subject = "节假日"

    def run_import(self, lines: list[Line], **options: Any) -> ImportResult:
        return import_calendar(lines, actor=None)
