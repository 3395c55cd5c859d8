from argparse import ArgumentParser
from typing import Any

from schools.school_imports import OPTIONAL_COLUMNS, REQUIRED_COLUMNS, import_schools
from shuangjian.bureau.import_command import ImportCommand
from shuangjian.bureau.tables import ImportResult, Line


class Command(ImportCommand):
    help = (
        "Create or change schools by code (blank: by exact name, else the next number); a second run changes nothing."
    )
    required = REQUIRED_COLUMNS
    optional = OPTIONAL_COLUMNS
    subject = "学校"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--source", default="", help="where the directory comes from, kept with each school")
        parser.add_argument("--fictional", action="store_true", help="mark the schools as invented: 演示数据")

    def run_import(self, lines: list[Line], **options: Any) -> ImportResult:
        return import_schools(lines, actor=None, source=options["source"], is_fictional=options["fictional"])
