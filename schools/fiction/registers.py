"""The fictional district's registers: schools, classes, and what happens to them and to the calendar in mid year."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

from schools.class_services import close_class, import_classes
from schools.classes import school_year
from schools.fiction import directory
from schools.fiction.habits import Habits
from schools.fiction.units import Class, Unit, monotony_of
from schools.models import SchoolClass
from schools.school_imports import import_schools
from shuangjian.bureau.calendar_services import save_calendar_day
from shuangjian.bureau.models import CalendarDay, GuidanceCentre, Institution, Town
from shuangjian.bureau.tables import Line
from shuangjian.core.errors import Refused
from shuangjian.core.weeks import Week
from shuangjian.journal.services import record

_FIRST_NUMBER = 9001
_TYPE_NAMES = {1: "小学", 2: "初中", 3: "九年一贯", 4: "完全中学", 5: "十二年一贯"}
_PUPILS = {"primary": (34, 45), "junior": (40, 50)}


def make_units(
    count: int, weeks: Sequence[Week], *, size: float, eventfulness: float, random: Random, actor: Any
) -> list[Unit]:
    """Schools and classes of every school year that the weeks touch, by the imports; in the order of their codes."""
    invented = list(directory.schools(count, random, size))
    lines = _school_lines(invented, weeks[0].monday, random)
    import_schools(lines, actor=actor, source="演示数据", is_fictional=True)
    institutions = {i.code: i for i in Institution.objects.filter(is_fictional=True, kind=Institution.Kind.SCHOOL)}
    units: list[Unit] = []
    class_lines: list[Line] = []
    years = sorted({school_year(week) for week in weeks})
    for line, school in zip(lines, invented, strict=True):
        code = line.values["code"]
        habits = Habits.of(random, school.stages)
        classes = {year: _classes(school.classes, year, random) for year in years}
        monotony = monotony_of(school.classes, habits, random, eventfulness)
        units.append(Unit(institutions[code], habits, classes, monotony))
        for each in (one for year in years for one in classes[year]):
            values = {"school_code": code, "class_code": each.code, "pupils": str(each.pupils)}
            class_lines.append(Line(len(class_lines) + 2, values))
    import_classes(class_lines, actor=actor)
    return sorted(units, key=lambda unit: unit.code)


def _school_lines(invented: Sequence[directory.FictionalSchool], live_from: dt.date, random: Random) -> list[Line]:
    towns, centres = list(Town.objects.order_by("code")), list(GuidanceCentre.objects.order_by("code"))
    if not towns or not centres:
        raise Refused("没有镇街和教育指导中心，请先运行 manage.py load_reference_data。")
    weights = [_weight(town, directory.town_weights()) for town in towns]
    lines = []
    for index, school in enumerate(invented):
        town = towns[index] if index < len(towns) else random.choices(towns, weights)[0]
        other = towns[(towns.index(town) + 1) % len(towns)]
        is_open = index == len(invented) - 1 and len(invented) > 5  # so that the page for it is not empty
        values = {
            "name": school.name,
            "nature": "民办" if index % 6 == 5 else "公办",
            "stage": _TYPE_NAMES[school.kind],
            "guidance_centre": centres[index % len(centres)].name,
            "town": f"{town.name}/{other.name}" if is_open else town.name,
            "town_confirmed": "no" if is_open else "yes",
            "code": f"440113{school.kind}{_FIRST_NUMBER + index:04d}",
            "live_from": live_from.isoformat(),
        }
        lines.append(Line(index + 2, values))
    return lines


def _weight(town: Town, weights: Counter[str]) -> int:
    return next((count for name, count in weights.items() if town.name.startswith(name)), 1)


def _classes(numbers: dict[int, int], year: int, random: Random) -> list[Class]:
    return [
        Class(
            f"{year}-{grade:02d}-{number:02d}", grade, random.randint(*_PUPILS["primary" if grade <= 6 else "junior"])
        )
        for grade, count in sorted(numbers.items())
        for number in range(1, count + 1)
    ]


def close_days(units: Sequence[Unit], weeks: Sequence[Week], random: Random, actor: Any) -> None:
    """停课 of one town and of one school; in two nine-year schools one stage goes its own way on one day each."""
    towns = sorted({unit.institution.town_id or 0 for unit in units} - {0})
    if towns:
        town = Town.objects.get(pk=random.choice(towns))
        _save_day(random.choice(weeks).days[2], "closed", "暴雨停课", actor, town=town)
    _save_day(random.choice(weeks).days[3], "closed", "停电停课", actor, institution=random.choice(units).institution)
    mixed = [unit.institution for unit in units if len(unit.institution.stages) == 2]
    for institution, stage, kind, reason in zip(
        random.sample(mixed, min(2, len(mixed))),
        ("junior", "primary"),
        ("closed", "school"),
        ("初中部考试，不上课", "小学部校运会"),
        strict=False,
    ):
        day = random.choice(weeks).days[1 if kind == "closed" else 5]
        if not CalendarDay.objects.filter(date=day, institution=institution, stage=stage).exists():
            _save_day(day, kind, reason, actor, institution=institution, stage=stage)


def _save_day(date: dt.date, kind: str, reason: str, actor: Any, **scope: Any) -> None:
    level = "town" if "town" in scope else "institution"
    save_calendar_day(date=date, kind=kind, level=level, reason=reason, certainty="official", actor=actor, **scope)


def merge_schools(units: Sequence[Unit], weeks: Sequence[Week], random: Random, actor: Any) -> None:
    """One primary school is closed on a Monday amid the weeks, its classes go on in another, in its town if any is.

    Never the first: the demo's accounts and the README's examples are at home there.

    No service closes an institution yet: its row and the openings of the classes are written here, with their record.
    """
    primary = [unit for unit in units if unit.institution.stages == ["primary"]]
    if len(primary) < 2 or len(weeks) < 3:
        return
    gone = random.choice(primary[1:])
    others = [unit for unit in primary if unit is not gone]
    nearby = [unit for unit in others if unit.institution.town_id == gone.institution.town_id]
    heir, week = random.choice(nearby or others), weeks[len(weeks) // 2]
    closed_on, year = week.monday, school_year(week)
    if year not in gone.classes:
        return
    taken = Counter(each.grade for each in heir.classes[year])
    moved = []
    for each in gone.classes[year]:
        taken[each.grade] += 1
        code = f"{year}-{each.grade:02d}-{taken[each.grade]:02d}"
        moved.append(Class(code, each.grade, each.pupils, opened_on=closed_on))
    _open_classes(heir, moved, closed_on, actor)
    gone.classes[year] = [_close(gone, each, closed_on, actor) for each in gone.classes[year]]
    gone.closed_on = closed_on
    gone.institution.closed_on, gone.institution.status = closed_on, Institution.Status.CLOSED
    gone.institution.save(update_fields=["closed_on", "status"])
    detail = {"closed_on": closed_on.isoformat(), "into": heir.code}
    record("close_institution", actor=actor, institution_id=gone.institution.pk, target=gone.code, detail=detail)


def rename_class(units: Sequence[Unit], weeks: Sequence[Week], random: Random, actor: Any) -> None:
    """One class bears another number from a Monday amid the weeks on: it is closed and the next number opened."""
    standing = [unit for unit in units[1:] if unit.closed_on is None]  # the first is the README's example
    if not standing or len(weeks) < 3:
        return
    unit, week = random.choice(standing), weeks[len(weeks) // 3]
    year = school_year(week)
    old = random.choice([each for each in unit.classes[year] if each.opened_on is None])
    numbers = [int(each.code[-2:]) for each in unit.classes[year] if each.grade == old.grade]
    new = Class(f"{year}-{old.grade:02d}-{max(numbers) + 1:02d}", old.grade, old.pupils, opened_on=week.monday)
    unit.classes[year][unit.classes[year].index(old)] = _close(unit, old, week.monday, actor)
    _open_classes(unit, [new], week.monday, actor)


def _close(unit: Unit, each: Class, closed_on: dt.date, actor: Any) -> Class:
    found = SchoolClass.objects.get(school_id=unit.institution.pk, code=each.code)
    close_class(found, closed_on=closed_on, actor=actor)
    return Class(each.code, each.grade, each.pupils, each.opened_on, closed_on)


def _open_classes(unit: Unit, classes: Sequence[Class], opened_on: dt.date, actor: Any) -> None:
    lines = [
        Line(number, {"school_code": unit.code, "class_code": each.code, "pupils": str(each.pupils)})
        for number, each in enumerate(classes, start=2)
    ]
    import_classes(lines, actor=actor)
    codes = [each.code for each in classes]
    SchoolClass.objects.filter(school_id=unit.institution.pk, code__in=codes).update(opened_on=opened_on)
    detail = {"opened_on": opened_on.isoformat(), "classes": codes}
    record("open_classes", actor=actor, institution_id=unit.institution.pk, target=unit.code, detail=detail)
    unit.classes[int(codes[0][:4])] += classes
