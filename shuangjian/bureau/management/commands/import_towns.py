from typing import Any

from shuangjian.bureau.import_command import ImportCommand
from shuangjian.bureau.imports import TOWN_COLUMNS, import_towns
from shuangjian.bureau.tables import ImportResult, Line


class Command(ImportCommand):
    help = "Create or change towns (镇街) by their code; a second run changes nothing."
    required = TOWN_COLUMNS
    subject = "镇街"

    def run_import(self, lines: list[Line], **options: Any) -> ImportResult:
        return import_towns(lines, actor=None)
