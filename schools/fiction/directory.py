"""Names and sizes of the fictional schools. None of them is, or sounds like, a school of the district."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from random import Random

from schools.models import School
from schools.reference import DIRECTORY
from shuangjian.core.choices import Stage

_DIGITS = "零一二三四五六七八九"
_PRIMARY, _JUNIOR, _NINE, _SECONDARY, _TWELVE = (int(each) for each in School.Type)
#: Of twenty schools: thirteen primary, four nine-year, three junior, as in the real directory.
_KINDS = (1, 1, 3, 1, 2, 1, 1, 3, 1, 1, 2, 1, 3, 1, 1, 2, 1, 1, 3, 1)
#: Two of each in 223 schools.
_RARE = {26: _SECONDARY, 87: _TWELVE}
_PERIOD = 112
_ENDINGS = {_PRIMARY: "小", _JUNIOR: "中", _NINE: "九年一贯学校", _SECONDARY: "完全中学", _TWELVE: "十二年一贯学校"}
#: Classes of a grade for each that the real school of that kind admits: 240 schools then have some 9,000 classes.
FULL_SIZE = 1.3


@dataclass(frozen=True)
class FictionalSchool:
    """``kind`` is the school type's digit; ``classes`` is the number of classes by grade."""

    name: str
    kind: int
    classes: dict[int, int]

    @property
    def stages(self) -> list[str]:
        """The stages that its grades belong to."""
        return [stage for stage, grade in ((Stage.PRIMARY.value, 1), (Stage.JUNIOR.value, 9)) if grade in self.classes]


def schools(count: int, random: Random, size: float = FULL_SIZE) -> Iterator[FictionalSchool]:
    """``count`` schools with the kinds of the real directory and ``size`` times the classes of its schools."""
    numbers: Counter[int] = Counter()
    for index in range(count):
        kind = _RARE.get(index % _PERIOD, _KINDS[index % len(_KINDS)])
        numbers[kind] += 1
        first, seventh = random.choice(_admissions()[kind])
        classes = {grade: _some(first * size, random) for grade in range(1, 7) if first}
        classes |= {grade: _some(seventh * size, random) for grade in range(7, 10) if seventh}
        yield FictionalSchool(f"示范{numeral(numbers[kind])}{_ENDINGS[kind]}", kind, classes)


def _some(mean: float, random: Random) -> int:
    """A whole number with this mean, at least one."""
    return max(1, int(mean + random.random()))


@cache
def _admissions() -> dict[int, list[tuple[int, int]]]:
    """Classes of grade 1 and of grade 7 that the real schools of each kind admit."""
    kinds = {str(kind.label): int(kind) for kind in School.Type}
    found: dict[int, list[tuple[int, int]]] = {kind: [] for kind in kinds.values()}
    for row in _real_directory():
        found[kinds[row["stage"]]].append((int(row["g1_classes_2026"] or 0), int(row["g7_classes_2026"] or 0)))
    return found


def town_weights() -> Counter[str]:
    """How many real schools lie in each town, by its short name; an open one counts for its first candidate."""
    return Counter(row["town"].split("/")[0] for row in _real_directory())


def _real_directory() -> list[dict[str, str]]:
    with DIRECTORY.open(encoding="utf-8") as lines:
        return list(csv.DictReader(line for line in lines if not line.startswith("#")))


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
