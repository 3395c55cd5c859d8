from typing import Any

from schools.class_services import COLUMNS, import_classes
from shuangjian.bureau.import_command import ImportCommand
from shuangjian.bureau.tables import ImportResult, Line


class Command(ImportCommand):
    help = "Create or change classes by school and class code (2026-07-03); a second run changes nothing."
    required = COLUMNS
    subject = "班级"

    def run_import(self, lines: list[Line], **options: Any) -> ImportResult:
        return import_classes(lines, actor=None)
