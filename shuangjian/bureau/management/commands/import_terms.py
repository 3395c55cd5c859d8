from typing import Any

from shuangjian.bureau.calendar_imports import TERM_COLUMNS, import_terms
from shuangjian.bureau.import_command import ImportCommand
from shuangjian.bureau.tables import ImportResult, Line


class Command(ImportCommand):
    help = "Create or change terms and breaks by name and stage."
    required = TERM_COLUMNS
    subject = "学期和假期"

    def run_import(self, lines: list[Line], **options: Any) -> ImportResult:
        return import_terms(lines, actor=None)
