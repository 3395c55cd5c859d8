"""Places in a workbook as people name them: 「作业」第 12 行 D 列（分钟）."""

from __future__ import annotations

from dataclasses import dataclass

from shuangjian.core.excel.reading import column_letter


@dataclass(frozen=True)
class Place:
    """``column`` from 0; -1 for the whole row. ``row`` 0 for the whole sheet; ``sheet`` "" for the whole file."""

    sheet: str
    row: int
    column: int
    header: str

    @property
    def letter(self) -> str:
        return column_letter(self.column) if self.column >= 0 else ""

    def __str__(self) -> str:
        if not self.sheet:
            return "文件"
        words = f"「{self.sheet}」"
        if self.row:
            words += f"第 {self.row} 行"
        if self.letter:
            words += f" {self.letter} 列" + (f"（{self.header}）" if self.header else "")
        return words


@dataclass(frozen=True)
class FileProblem:
    """One thing to mend in the file. ``help`` says what the cell takes, where the message does not."""

    place: Place
    message: str
    help: str = ""

    def __str__(self) -> str:
        return f"{self.place}：{self.message}"
