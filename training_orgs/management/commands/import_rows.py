"""Import rows of any kind of the training registers from a CSV file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shuangjian.bureau.import_command import describe
from shuangjian.core.errors import InvalidInput
from training_orgs.rows import all_kinds, get_kind, save_rows
from training_orgs.rows.csv_rows import read_csv


class Command(BaseCommand):
    """``import_rows KIND CSV``: prints what became of the rows, or every mistake by line and column."""

    help = "Import rows of the training registers; all lines or none, and nothing changes when run again."
    kind = ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        if not self.kind:
            parser.add_argument(
                "kind", choices=sorted(all_kinds()), metavar="KIND", help=", ".join(sorted(all_kinds()))
            )
        parser.add_argument(
            "csv", type=Path, metavar="CSV", help="columns by key or Chinese header; UTF-8 or GBK; # begins a comment"
        )
        parser.add_argument("--dry-run", action="store_true", help="check and count, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        kind = get_kind(self.kind or options["kind"])
        try:
            saved = save_rows(kind, read_csv(options["csv"], kind), actor=None, dry_run=options["dry_run"])
        except InvalidInput as error:
            raise CommandError(describe(error)) from error
        nothing = "检查完成，没有写入任何数据。" if options["dry_run"] else ""
        self.stdout.write(f"{kind.label}：{saved}。{nothing}")
