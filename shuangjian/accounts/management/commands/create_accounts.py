"""Create accounts from a CSV and print a one-time slip for each."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from shuangjian.accounts.sheet import create_accounts, read_lines
from shuangjian.accounts.slips import Slip
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput


class Command(BaseCommand):
    """``create_accounts CSV``: columns unit_code, role, login, name; ``-`` reads standard input.

    ``unit_code`` is the code of the centre, town, institution or department that the role needs.
    """

    help = (
        "Create one account a line from a CSV (unit_code,role,login,name; UTF-8 or GBK; - for standard input) and "
        "print its one-time slip. With any error in any line nothing is created."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("csv", metavar="CSV", help="file with the header unit_code,role,login,name, or -")

    def handle(self, *args: Any, **options: Any) -> None:
        raw = _read(options["csv"])
        try:
            created = create_accounts(read_lines(raw), actor=None, now=clock.now())
        except InvalidInput as refused:
            raise CommandError("\n".join([refused.message, *map(str, refused.problems)])) from refused
        for slip in created.slips:
            self.stdout.write(_printed(slip))
        for login in created.skipped:
            self.stdout.write(f"已存在，未改动：{login}")
        self.stdout.write(f"新建账号 {len(created.slips)} 个，已存在 {len(created.skipped)} 个。")


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise CommandError(f"无法读取文件 {name}：{error.strerror}。请核对路径。") from error


def _printed(slip: Slip) -> str:
    return (
        "----------------------------------------\n"
        f"单位：{slip.unit}\n"
        f"姓名：{slip.name}\n"
        f"登录名：{slip.login}\n"
        f"一次性密码：{slip.password}\n"
        f"有效期至：{slip.valid_until_text}（首次登录须修改密码）\n"
    )
