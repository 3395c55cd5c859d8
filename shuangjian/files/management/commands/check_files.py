"""``python manage.py check_files``: is every photo still the one that was received?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from shuangjian.core import clock
from shuangjian.files.storage import check, remove_orphans

_WORDS = {"missing": "缺失", "altered": "内容已变", "orphans": "无登记"}


class Command(BaseCommand):
    """``check_files [--remove-orphans]``: exit code 1 where storage and rows differ."""

    help = "Compare every stored file with its hash, and list the files that no row has named for a day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--remove-orphans",
            action="store_true",
            help="remove the files without a row; after a restore look first whether they are photos that it lost",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        if options["remove_orphans"]:
            self.stdout.write(f"已删除无登记的文件 {remove_orphans(now)} 个。")
        report = check(now)
        for kind, word in _WORDS.items():
            for path in getattr(report, kind):
                self.stderr.write(f"{word}：{path}")
        if not report.is_sound:
            counts = "、".join(f"{word} {len(getattr(report, kind))}" for kind, word in _WORDS.items())
            raise CommandError(
                f"共 {report.files} 个文件，{counts}。缺失和内容已变的请从 MEDIA_ROOT 的备份恢复；"
                "无登记的核对后可用 --remove-orphans 删除。"
            )
        self.stdout.write(f"{report.files} 个文件与登记的校验值全部相符。")
