"""Names and sizes of the fictional schools. None of them is, or sounds like, a school of the district."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from shuangjian.core.choices import Stage

_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True)
class FictionalSchool:
    """``kind`` is the school type's digit; ``classes_per_grade`` holds for every grade it has."""

    name: str
    kind: int
    stages: tuple[str, ...]
    grades: range
    classes_per_grade: int


def schools(count: int, random: Random) -> Iterator[FictionalSchool]:
    """``count`` schools: of ten, seven primary, two junior, one nine-year, as in the real directory."""
    numbers = {1: 0, 2: 0, 3: 0}
    for index in range(count):
        kind = {7: 2, 8: 2, 9: 3}.get(index % 10, 1)
        numbers[kind] += 1
        number = numeral(numbers[kind])
        size = random.choice((1, 2, 2, 3))
        if kind == 1:
            yield FictionalSchool(f"示范{number}小", 1, (Stage.PRIMARY,), range(1, 7), size)
        elif kind == 2:
            yield FictionalSchool(f"示范{number}中", 2, (Stage.JUNIOR,), range(7, 10), size + 1)
        else:
            yield FictionalSchool(f"示范{number}九年一贯学校", 3, (Stage.PRIMARY, Stage.JUNIOR), range(1, 10), 1)


def numeral(number: int) -> str:
    """1 → 一, 12 → 十二, 21 → 二十一, 105 → 一百零五; up to 999."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        text += f"{_DIGITS[tens] if tens > 1 or hundreds else ''}十"
    elif hundreds and ones:
        text += "零"
    return text + (_DIGITS[ones] if ones else "")
