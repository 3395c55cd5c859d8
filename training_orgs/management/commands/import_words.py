from typing import Any

from shuangjian.bureau.import_command import ImportCommand
from shuangjian.bureau.tables import ImportResult, Line
from training_orgs.services.standards_imports import WORD_COLUMNS, WORD_OPTIONAL, import_words


class Command(ImportCommand):
    help = "Create or change words of the lists by list, word and first day; judges what the lists are used for again."
    required = WORD_COLUMNS
    optional = WORD_OPTIONAL
    subject = "词表"

    def run_import(self, lines: list[Line], **options: Any) -> ImportResult:
        return import_words(lines, actor=None)
