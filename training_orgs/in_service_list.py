"""在职教师比对名单 as a file: hashes only, one a line or as CSV. A file with identity numbers is not read further."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from shuangjian.core.errors import InvalidInput, Problem

#: Twice the teachers of a district of this size, retired ones among them, and more.
MOST_LINES = 200_000
_MOST_PROBLEMS = 50
_HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_DATE = re.compile(r"(?<!\d)(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)")
#: 18 characters of today's numbers, 15 of those before 1999, however they are parted by blanks or marks.
_RAW = re.compile(r"\d{17}[\dx]|\d{15}")
_HEAD = ("hash", "identity_hash", "标识", "加密标识")
HOW = "名单只收加密后的标识。请在本单位的电脑上运行 hash_identities 命令，把身份证号换成标识后再上传；本文件没有保存。"


@dataclass(frozen=True)
class InService:
    """One person of the list: a hash, and the days in public service, both included (None: unknown, or still)."""

    identity_hash: str
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None


def read_list(raw: bytes) -> list[InService]:
    """The people of the file, each once. InvalidInput places every problem by its line, and never repeats a line:
    what was sent by mistake must not stand on a page or in a log."""
    lines = _lines(raw)
    holding = [number for number, line in lines if _holds_number(line)]
    if holding:
        shown = "、".join(map(str, holding[:5])) + (" 等" if len(holding) > 5 else "")
        message = f"第 {shown} 行像是含有身份证号。{HOW}"
        raise InvalidInput([Problem("file", message, "raw_identity")], message)
    problems: list[Problem] = []
    people: dict[str, tuple[int, InService]] = {}
    for number, line in lines:
        try:
            person = _person(line)
        except ValueError as error:
            problems.append(Problem(f"第 {number} 行", str(error), "line"))
            continue
        first, known = people.setdefault(person.identity_hash, (number, person))
        if known != person:
            problems.append(
                Problem(f"第 {number} 行", f"与第 {first} 行是同一标识而起止日期不同，请只留一行。", "twice")
            )
    if problems:
        raise InvalidInput(problems[:_MOST_PROBLEMS], f"有 {len(problems)} 处需要修改，名单没有更换。")
    if not people:
        raise InvalidInput([Problem("file", "文件里没有标识，名单没有更换。", "empty")])
    return [person for _, person in people.values()]


def _lines(raw: bytes) -> list[tuple[int, str]]:
    """Lines that say something with their numbers; signs of double width are read as their plain ones."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise InvalidInput([Problem("file", "文件不是文本。请另存为 CSV（UTF-8）后上传。", "encoding")])
    numbered = enumerate(unicodedata.normalize("NFKC", text).lower().splitlines(), start=1)
    lines = [(number, line.strip()) for number, line in numbered if line.strip() and not line.startswith("#")]
    if lines and re.split(r"[,;\t]", lines[0][1])[0].strip(' "') in _HEAD:
        lines = lines[1:]
    if len(lines) > MOST_LINES:
        raise InvalidInput([Problem("file", f"名单有 {len(lines)} 行，最多 {MOST_LINES} 行，请核对。", "too_many")])
    return lines


def _holds_number(line: str) -> bool:
    rest = _DATE.sub("|", _HASH.sub("|", line))
    return _RAW.search(re.sub(r"[^0-9a-z|]", "", rest)) is not None


def _person(line: str) -> InService:
    cells = [cell.strip(' "') for cell in re.split(r"[,;\t]", line)]
    if not _HASH.fullmatch(cells[0]):
        raise ValueError("第一列应为 64 位的加密标识（数字和 a–f），请用 hash_identities 命令生成。")
    if len(cells) > 3 and any(cells[3:]):
        raise ValueError("最多三列：标识、任职开始日期、任职结束日期。姓名等请删除。")
    days = list(_days(cells[1:3]))
    valid_from, valid_until = [*days, None, None][:2]
    if valid_from and valid_until and valid_until < valid_from:
        raise ValueError("任职结束日期早于开始日期，请改正。")
    return InService(cells[0], valid_from, valid_until)


def _days(cells: list[str]) -> Iterator[dt.date | None]:
    for cell in cells:
        found = _DATE.fullmatch(cell)
        if cell and not found:
            raise ValueError("日期应写作 2026-09-01，请改正。")
        try:
            yield dt.date(*map(int, found.groups())) if found else None
        except ValueError:
            raise ValueError("没有这一天，请改正日期。") from None
