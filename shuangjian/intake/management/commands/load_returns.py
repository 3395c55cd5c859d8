"""File the weekly returns of a whole district from one CSV file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shuangjian.bureau.import_command import describe
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput
from shuangjian.intake.bulk import LoadResult, load_returns


class Command(BaseCommand):
    """``load_returns CSV``: prints what became of the returns, or every mistake by line and column."""

    help = "File weekly returns: one row an item, the rows of a school and week its whole return; all or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "csv",
            type=Path,
            metavar="CSV",
            help="columns: school_code, week (2026-W45), [part: a payload key, empty = homework], and the payload's "
            "columns; UTF-8; # begins a comment",
        )
        parser.add_argument("--draft", action="store_true", help="save as drafts instead of submitting")
        parser.add_argument("--dry-run", action="store_true", help="check and count, write nothing")
        parser.add_argument("--note", default="", help="why it is filed so; needed to correct what was locked once")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = load_returns(
                options["csv"],
                actor=None,
                now=clock.now(),
                note=options["note"],
                is_draft=options["draft"],
                is_dry_run=options["dry_run"],
            )
        except InvalidInput as error:
            raise CommandError(describe(error)) from error
        self.stdout.write(_told(result, is_draft=options["draft"], is_dry_run=options["dry_run"]))


def _told(result: LoadResult, *, is_draft: bool, is_dry_run: bool) -> str:
    act = "存为草稿" if is_draft else "提交"
    done = f"可{act}" if is_dry_run else f"已{act}"
    drafts = f"，其中 {result.replaced_drafts} 份取代了原有草稿" if result.replaced_drafts else ""
    nothing = "检查完成，没有写入任何数据。" if is_dry_run else ""
    return (
        f"周报 {result.returns} 份、{result.rows} 行：{done} {result.written} 份{drafts}，"
        f"内容未变 {result.unchanged} 份。{nothing}"
    )
