"""What is wrong in a file: the first problems by line, and how many there are in all."""

from __future__ import annotations

from dataclasses import dataclass, field

from shuangjian.core.errors import InvalidInput, Problem
from shuangjian.intake.sections import MOST_PROBLEMS


@dataclass
class Mistakes:
    """Counts every problem and keeps the first MOST_PROBLEMS, so that a spoilt file costs no memory.

    ``is_torn``: a line was lost without telling whose it was, so that nobody can say what is missing in a return.
    """

    total: int = 0
    is_torn: bool = False
    kept: list[tuple[int, Problem]] = field(default_factory=list)

    def add(self, line: int, place: str, message: str, code: str = "invalid") -> None:
        """Note what is wrong in a line; ``place`` follows the line's number. Line 0: the file as a whole."""
        self.total += 1
        if len(self.kept) < MOST_PROBLEMS:
            where = f"第 {line} 行 {place}".rstrip() if line else place
            self.kept.append((line, Problem(_printable(where), _printable(message), code)))

    def refusal(self) -> InvalidInput:
        """All of it, in the order of the lines."""
        more = f"（先列出 {MOST_PROBLEMS} 处）" if self.total > MOST_PROBLEMS else ""
        problems = [problem for _, problem in sorted(self.kept, key=lambda each: each[0])]
        return InvalidInput(problems, f"文件有 {self.total} 处需要修改，没有导入任何数据{more}。请改好后重新导入。")

    def raise_if_any(self) -> None:
        """InvalidInput when anything is wrong."""
        if self.total:
            raise self.refusal()


def _printable(text: str) -> str:
    """Cells may hold anything; a terminal must show it and never obey it."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
