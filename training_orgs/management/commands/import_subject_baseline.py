from typing import Any

from shuangjian.bureau.import_command import ImportCommand
from shuangjian.bureau.tables import ImportResult, Line
from training_orgs.services.standards_imports import BASELINE_COLUMNS, import_subject_baseline


class Command(ImportCommand):
    help = "Create or change how many subject institutions each town and the district had on 1 September 2021 (TO-02)."
    required = BASELINE_COLUMNS
    subject = "学科类机构数量基线"

    def run_import(self, lines: list[Line], **options: Any) -> ImportResult:
        return import_subject_baseline(lines, actor=None)
