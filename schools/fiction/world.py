"""Fills the fictional district through the product's own services: what a demonstration shows is what it does."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.db import connection, transaction

from schools.class_services import import_classes
from schools.fiction import directory, payloads, plants
from schools.models import SchoolClass
from schools.school_imports import import_schools
from shuangjian.bureau.models import GuidanceCentre, Institution, Town
from shuangjian.bureau.tables import Line
from shuangjian.core import clock
from shuangjian.core.errors import Refused
from shuangjian.core.weeks import Week
from shuangjian.intake import filings, review, services
from shuangjian.intake.models import ReturnVersion
from shuangjian.intake.sections import Form
from shuangjian.rules.drain import drain
from shuangjian.rules.periods import TermDates, all_terms

_FIRST_NUMBER = 9001
_TYPE_NAMES = {1: "小学", 2: "初中", 3: "九年一贯"}


@dataclass
class World:
    """What was made: schools, weeks, submitted returns, and planted violations by rule."""

    schools: int = 0
    weeks: list[Week] = field(default_factory=list)
    returns: int = 0
    planted: Counter[str] = field(default_factory=Counter)


class _Storyteller:
    """The actor of everything in the fictional world."""

    class _meta:
        label_lower = "schools.storyteller"

    audit_label = "演示数据生成"
    power = "bureau"  # it sends returns back too
    role_kind = "school"


@transaction.atomic
def make_world(*, schools: int, weeks: int, seed: int, now: dt.datetime) -> World:
    """Make ``schools`` fictional schools and their returns of the ``weeks`` weeks before this one.

    All or nothing, and judged at its end. Refused where any school is: invented data never mixes with real ones, and a
    second world would write over the returns of the first.
    """
    if Institution.objects.filter(kind=Institution.Kind.SCHOOL, is_fictional=False).exists():
        raise Refused("库中已有真实学校，不能再生成演示数据；请换一个空库（bin/demo 自带单独的演示库）。")
    if Institution.objects.filter(kind=Institution.Kind.SCHOOL).exists():
        raise Refused("库中已有演示学校，再生成会改写它们的周报；请换一个空库。")
    random, actor = Random(seed), _Storyteller()  # noqa: S311 - a story, not a secret
    this_week = Week.of(now.date())
    world = World(weeks=[this_week.plus(-n) for n in range(weeks, 0, -1)])
    made = _make_schools(schools, random, actor, live_from=world.weeks[0].monday)
    world.schools = len(made)
    for institution in made:
        _tell(institution, world, random, actor, now)
    filings.open_due_filings(now)
    with connection.cursor() as cursor:
        # The server's own statistics come after the commit; without them it plans the rules for empty tables.
        cursor.execute("ANALYZE")
    drain(lambda: now)
    return world


def _make_schools(count: int, random: Random, actor: Any, *, live_from: dt.date) -> list[Institution]:
    towns, centres = list(Town.objects.order_by("code")), list(GuidanceCentre.objects.order_by("code"))
    if not towns or not centres:
        raise Refused("没有镇街和教育指导中心，请先运行 manage.py load_reference_data。")
    school_lines: list[Line] = []
    class_lines: list[Line] = []
    year = live_from.year if live_from.month >= 9 else live_from.year - 1
    for index, school in enumerate(directory.schools(count, random)):
        code = f"440113{school.kind}{_FIRST_NUMBER + index:04d}"
        town = towns[index % len(towns)]
        confirmed = index != count - 1  # one stays unconfirmed, so that the page for it is not empty
        values = {
            "name": school.name,
            "nature": "民办" if index % 6 == 5 else "公办",
            "stage": _TYPE_NAMES[school.kind],
            "guidance_centre": centres[index % len(centres)].name,
            "town": town.name if confirmed else f"{town.name}/{towns[(index + 1) % len(towns)].name}",
            "town_confirmed": "yes" if confirmed else "no",
            "code": code,
            "live_from": live_from.isoformat(),
        }
        school_lines.append(Line(index + 2, values))
        for grade in school.grades:
            for number in range(1, school.classes_per_grade + 1):
                pupils = str(random.randint(35, 45))
                class_code = f"{year}-{grade:02d}-{number:02d}"
                row = {"school_code": code, "class_code": class_code, "pupils": pupils}
                class_lines.append(Line(len(class_lines) + 2, row))
    import_schools(school_lines, actor=actor, source="演示数据", is_fictional=True)
    import_classes(class_lines, actor=actor)
    return list(Institution.objects.filter(is_fictional=True, kind=Institution.Kind.SCHOOL).order_by("code"))


def _tell(institution: Institution, world: World, random: Random, actor: Any, now: dt.datetime) -> None:
    """One school's weeks: mostly lawful and on time; some schools slip more often than others."""
    carelessness = random.choice((0.0, 0.05, 0.2, 0.5))
    classes = dict(SchoolClass.objects.filter(school_id=institution.pk).values_list("code", "grade"))
    monotony = _Monotony.of(classes, world.weeks, random, carelessness)
    for week in world.weeks:
        days = Form.of(institution, week).school_days
        if not any(days.values()) or random.random() < 0.02 + carelessness / 10:
            continue  # nothing owed, or never filed
        payload = payloads.lawful(classes, days, random)
        at = _submitted_at(week, random, carelessness, now)
        if at > now:
            continue
        for rule in _slips(carelessness, random):
            world.planted[rule] += plants.plant(rule, payload, classes, days, random)
        if monotony is not None:
            world.planted["HW-07"] += monotony.plant(payload, week)
        services.submit_return(institution, week, actor=actor, now=at, door=ReturnVersion.Door.FORM, payload=payload)
        world.returns += 1
    last = world.weeks[-1]
    if carelessness == 0.5 and random.random() < 0.5 and institution.weekly_returns.filter(week=last.monday).exists():
        review.send_back_return(
            institution, last, actor=actor, now=now, remark="周三作业时长与公示不一致，请核对后重新提交。"
        )


def _slips(carelessness: float, random: Random) -> list[str]:
    """The rules that a school breaks this week."""
    rules: list[str] = []
    if random.random() < carelessness:
        rules += random.choices(list(plants.PLANTS), weights=list(plants.PLANTS.values()), k=random.choice((1, 1, 2)))
    if random.random() < carelessness / 2:
        rules += random.choices(list(plants.LATER_PLANTS), weights=list(plants.LATER_PLANTS.values()))
    return list(dict.fromkeys(rules))


@dataclass
class _Monotony:
    """One class that, from some week on, has basic homework only; from the fourth such week of a term it is found."""

    code: str
    stage: str
    since: Week
    terms: list[TermDates]
    term: str = ""
    weeks: int = 0

    @classmethod
    def of(cls, classes: dict[str, int], weeks: list[Week], random: Random, carelessness: float) -> _Monotony | None:
        fitting = [code for code, grade in classes.items() if grade >= 3]
        if not fitting or len(weeks) < 4 or random.random() >= carelessness / 2:
            return None
        code = random.choice(fitting)
        return cls(code, payloads.stage_of(classes[code]), random.choice(weeks[: len(weeks) - 3]), all_terms())

    def plant(self, payload: payloads.Payload, week: Week) -> bool:
        """Whether HW-07 finds this week."""
        if week < self.since or not plants.plain(payload, self.code):
            return False
        touching = [t for t in self.terms if t.stage == self.stage and t.starts_on <= week.sunday]
        term = touching[-1].key if touching else ""
        self.weeks, self.term = (self.weeks if term == self.term else 0) + 1, term
        return self.weeks >= 4


def _submitted_at(week: Week, random: Random, carelessness: float, now: dt.datetime) -> dt.datetime:
    """Friday afternoon or the Monday after; the careless are late now and then."""
    if random.random() < carelessness / 3:
        return clock.at(week.plus(1).days[2], random.randint(9 * 60, 17 * 60))
    day = random.choice((week.days[4], week.days[4], week.plus(1).monday))
    return clock.at(day, random.randint(14 * 60, 17 * 60 + 30))
