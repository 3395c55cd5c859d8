"""What every import command does alike: open the table, run the service, print the result or the errors by line."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError

from shuangjian.bureau.tables import ImportResult, Line, read_table
from shuangjian.core.errors import InvalidInput


class ImportCommand(BaseCommand):
    """Reads one CSV. Subclasses state the columns and run the service; nothing is saved when any line is wrong."""

    required: ClassVar[Sequence[str]]
    optional: ClassVar[Sequence[str]] = ()
    subject: ClassVar[str]

    def add_arguments(self, parser: ArgumentParser) -> None:
        columns = ", ".join([*self.required, *(f"[{name}]" for name in self.optional)])
        parser.add_argument(
            "csv", type=Path, metavar="CSV", help=f"columns: {columns}; UTF-8 or GBK; # begins a comment"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = self.run_import(read_table(options["csv"], self.required, self.optional), **options)
        except InvalidInput as error:
            raise CommandError(describe(error)) from error
        self.stdout.write(f"{self.subject}：{result}。")

    def run_import(self, lines: list[Line], **options: Any) -> ImportResult:
        """Run the service over the lines."""
        raise NotImplementedError(f"{type(self).__name__} must define run_import(lines, **options) -> ImportResult.")


def describe(error: InvalidInput) -> str:
    """The message and each problem on a line of its own."""
    return "\n".join([error.message, *(f"  {problem}" for problem in error.problems)])
