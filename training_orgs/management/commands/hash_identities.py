"""Turn identity numbers into the portal's hashes, where the numbers are; nothing is stored."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from training_orgs.identity import identity_hash, parse_identity

_ENCODINGS = ("utf-8-sig", "gb18030")


class Command(BaseCommand):
    """``hash_identities FILE`` or ``-``: a number a line, or number,valid_from,valid_until; prints hash,from,until.

    It needs the portal's IDENTITY_KEY and no database. With any wrong number it prints no hash at all, and the error
    names lines, never numbers.
    """

    help = (
        "Print hash,valid_from,valid_until for number,valid_from,valid_until (dates may be left out) of FILE, or of "
        "standard input (-). Needs IDENTITY_KEY as the portal has it; stores nothing."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="a file outside the portal, or - for standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        lines = _text(options["file"]).splitlines()
        hashed, wrong = [], []
        for number, line in enumerate(lines, start=1):
            cells = [cell.strip() for cell in line.replace("，", ",").split(",")]
            if not cells[0] or cells[0].startswith("#") or (number == 1 and not any(c.isdigit() for c in cells[0])):
                continue
            try:
                digest = identity_hash(parse_identity(cells[0]))
            except ValueError as error:
                wrong.append(f"第 {number} 行：{error}")
                continue
            hashed.append(",".join([digest, *cells[1:3]]))
        if wrong:
            raise CommandError("\n".join([f"有 {len(wrong)} 行需要修改，没有输出任何标识。", *wrong[:50]]))
        self.stdout.write("hash,valid_from,valid_until")
        for line in hashed:
            self.stdout.write(line)


def _text(name: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise CommandError(f"无法读取文件 {name}：{error.strerror}。请核对路径。") from error
    for encoding in _ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CommandError("文件既不是 UTF-8 也不是 GBK 编码，请另存为 CSV（UTF-8）。")
