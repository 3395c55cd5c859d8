"""Fills a fictional district of any size, and knows what must be found in it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.db import connection, transaction

from schools.fiction import payloads, registers
from schools.fiction.directory import FULL_SIZE
from schools.fiction.filing import Chapter, file_week
from schools.fiction.key import AnswerKey
from schools.fiction.reviewing import review_weeks
from schools.fiction.story import Fate, fate_of
from schools.fiction.units import Unit, pupils_by_stage
from schools.fiction.weeks import Calendar, Days, school_days
from shuangjian.bureau.models import Institution, Town
from shuangjian.core.errors import Refused
from shuangjian.core.fiction import Commission, tell_all
from shuangjian.core.weeks import Week
from shuangjian.intake import filings
from shuangjian.intake.models import Filing
from shuangjian.journal.models import EvaluationRequest, Run
from shuangjian.journal.services import request_evaluation
from shuangjian.rules.drain import drain


@dataclass
class World:
    """What was made, and the answer key: what must stand open at the end, no more and no less.

    ``breached``: class-days, of ``class_days`` filed, on which a planted finding about a class stands.
    """

    schools: int = 0
    orgs: int = 0
    classes: int = 0
    weeks: list[Week] = field(default_factory=list)
    returns: int = 0
    items: int = 0
    class_days: int = 0
    breached: int = 0
    key: AnswerKey = field(default_factory=AnswerKey)

    @property
    def planted(self) -> Counter[str]:
        """How many findings of each rule must stand open."""
        return self.key.by_rule()


@dataclass(frozen=True)
class Tuning:
    """``breach``: share of class-days in breach; ``size``: see directory; ``eventfulness`` multiplies missing, late,
    withdrawn, returned and corrected returns."""

    breach: float = 0.03
    size: float = FULL_SIZE
    eventfulness: float = 1.0


class _Storyteller:
    """The actor of everything in the fictional world."""

    class _meta:
        label_lower = "schools.storyteller"

    audit_label = "演示数据生成"
    power = "bureau"  # it sends returns back too
    role_kind = "school"


Progress = Callable[[Week, World], object]


def make_world(
    *,
    schools: int,
    weeks: int,
    seed: int,
    now: dt.datetime,
    tuning: Tuning | None = None,
    orgs: int = 0,
    is_evaluated: bool = True,
    progress: Progress = lambda week, world: None,
) -> World:
    """Make ``schools`` fictional schools and their returns of the ``weeks`` teaching weeks before ``now``'s week.

    ``orgs``: how many other institutions the registered tellers add, which note what they plant in the same key.
    The registers, then each week, are one transaction; ``progress`` is called after each. The same arguments and
    calendar give the same world. Without ``is_evaluated`` the judging is asked for and left to the drain, and nothing
    is reviewed, since reviewers look at findings first. Refused
    where any school is: invented data never mixes with real ones, and a second world would write over the first.
    """
    if Institution.objects.filter(kind=Institution.Kind.SCHOOL, is_fictional=False).exists():
        raise Refused("库中已有真实学校，不能再生成演示数据；请换一个空库（bin/demo 自带单独的演示库）。")
    if Institution.objects.filter(kind=Institution.Kind.SCHOOL).exists():
        raise Refused("库中已有演示学校，再生成会改写它们的周报；请换一个空库。")
    if not Town.objects.exists():
        raise Refused("库中还没有镇街和校历；请先运行 manage.py load_reference_data。")
    _check(schools, weeks, orgs, tuning or Tuning())
    teller = _Teller(seed, now, tuning or Tuning(), Calendar.load())
    world = teller.world
    world.weeks = teller.calendar.teaching_weeks(weeks, Week.of(now.date()))
    teller.make_registers(schools)
    for index, week in enumerate(world.weeks):
        teller.tell(week, index)
        progress(week, world)
    _ask_for_judging(world, now)
    if orgs:
        share = min(1.0, _ORGS_IN_BREACH * teller.tuning.breach)
        world.orgs = tell_all(Commission(orgs, seed, now, share, world.key))
    if is_evaluated:
        drain(lambda: now)
        teller.review()
    return world


def _check(schools: int, weeks: int, orgs: int, tuning: Tuning) -> None:
    """Refuse sizes of which no world can be made, all at once and before anything is written. NaN holds nowhere."""
    wrong = [
        words
        for holds, words in (
            (1 <= schools <= MOST_SCHOOLS, f"学校数应为 1–{MOST_SCHOOLS}，现为 {schools}"),
            (weeks >= 1, f"教学周数至少为 1，现为 {weeks}"),
            (orgs >= 0, f"培训机构数不能为负，现为 {orgs}"),
            (0 <= tuning.breach <= 1, f"有问题的班级日占比应为 0–1（如 3% 为 0.03），现为 {tuning.breach:g}"),
            (0 < tuning.size <= _LARGEST, f"班级倍数应大于 0、不超过 {_LARGEST}，现为 {tuning.size:g}"),
        )
        if not holds
    ]
    if wrong:
        raise Refused("；".join(wrong) + "。")


@transaction.atomic
def _ask_for_judging(world: World, now: dt.datetime) -> None:
    """One request for the district instead of one a return; the drain makes it one a town."""
    filings.open_due_filings(now)
    EvaluationRequest.objects.filter(done_at__isnull=True).delete()
    Run.objects.filter(finished_at__isnull=True).delete()  # of those requests: nothing would ever finish them
    request_evaluation(since=world.weeks[0].monday, until=now.date(), cause="演示数据生成")
    _analyze()


def _analyze() -> None:
    """The server's own statistics come after a commit and a minute; without them it plans for empty tables."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


class _Teller:
    """Tells the story week by week, and writes down in the key what it plants."""

    def __init__(self, seed: int, now: dt.datetime, tuning: Tuning, calendar: Calendar) -> None:
        self.seed, self.now, self.tuning, self.calendar = seed, now, tuning, calendar
        self.actor: Any = _Storyteller()
        self.world = World()
        self.units: list[Unit] = []

    @transaction.atomic
    def make_registers(self, count: int) -> None:
        """Schools, classes, and the changes that are to come; what is owed begins with the story."""
        random, weeks, actor = self._random("registers"), self.world.weeks, self.actor
        size, eventfulness = self.tuning.size, self.tuning.eventfulness
        self.units = registers.make_units(
            count, weeks, size=size, eventfulness=eventfulness, random=random, actor=actor
        )
        registers.merge_schools(self.units, weeks, random, actor)
        registers.rename_class(self.units, weeks, random, actor)
        registers.close_days(self.units, weeks, random, actor)
        self.world.schools = len(self.units)
        self.world.classes = sum(len(unit.classes_in(weeks[0])) for unit in self.units)
        # The imports asked for returns up to the real today; here each week asks when its turn comes.
        Filing.objects.filter(institution__in=[unit.institution.pk for unit in self.units]).delete()
        if self.world.classes > _MANY_CLASSES:
            _analyze()

    def tell(self, week: Week, index: int) -> None:
        """The returns of one week, and what they must raise."""
        days, due = school_days(week), self.calendar.due(week)
        chapters = []
        for unit in self.units:
            of_unit = days.get(unit.institution.pk, {})
            if unit.is_open(week) and of_unit:
                of_unit = {stage: of_unit.get(stage, []) for stage in sorted(unit.institution.stages)}
                chapters.append(self._chapter(unit, week, index, of_unit, due))
        self.world.items += file_week(week, chapters, actor=self.actor, now=self.now)
        self.world.returns += sum(c.fate.filed_at is not None and c.fate.kind != "draft" for c in chapters)
        if index == 0 and self.world.items > _MANY_ITEMS:
            _analyze()

    def review(self) -> None:
        """What reviewers have done by now with what was filed, when all of it is judged."""
        review_weeks(self.world.weeks, self.calendar, actor=self.actor, now=self.now, random=self._random("review"))

    def _chapter(self, unit: Unit, week: Week, index: int, days: Days, due: dt.datetime) -> Chapter:
        care = unit.habits.carelessness * self.tuning.eventfulness
        fate = fate_of(week, due, self.now, care, self._random(f"fate {unit.code} {week.key}"))
        self.world.key.add(unit.code, fate.findings(week, due, self.now))

        def version(is_planted: bool) -> Callable[[], payloads.Payload]:
            def write() -> payloads.Payload:
                plans = self._plans(unit, week, index, days, fate, is_planted=is_planted)
                if fate.is_judged and is_planted == is_last_planted:
                    self._note(unit, week, days, plans)
                return plans.payload(unit.habits, self._random(f"rows {unit.code} {week.key}"))

            return write

        is_last_planted = fate.corrected_at is None or fate.kind == "broken"
        return Chapter(unit.institution, fate, version(fate.is_planted_first), version(is_last_planted))

    def _plans(self, unit: Unit, week: Week, index: int, days: Days, fate: Fate, *, is_planted: bool) -> payloads.Plans:
        random = self._random(f"plans {unit.code} {week.key}")
        classes = unit.classes_in(week)
        plans = payloads.lawful_plans(
            {code: each.grade for code, each in classes.items()},
            days,
            pupils_by_stage(classes),
            unit.habits,
            random,
            plain=[unit.plain_class(week, index)],
        )
        if is_planted:
            chance = min(0.9, self.tuning.breach * _CLASSES_A_BREACH * unit.habits.carelessness)
            stage_chance = min(0.9, self.tuning.breach * _STAGES_A_BREACH * unit.habits.carelessness)
            least = int(fate.corrected_at is not None)
            payloads.plant_some(plans, chance=chance, stage_chance=stage_chance, random=random, least=least)
        return plans

    def _note(self, unit: Unit, week: Week, days: Days, plans: payloads.Plans) -> None:
        """What the version that stands at the end must raise."""
        self.world.key.add(unit.code, plans.findings)
        self.world.class_days += sum(len(plan.days) for plan in plans.classes)
        self.world.breached += len(plans.breached)
        code = unit.monotone_class(week)
        for plan in plans.classes:
            if plan.code == code and unit.monotony is not None and plan.with_homework:
                term = self.calendar.term_of(plan.stage, days[plan.stage])
                raised = unit.monotony.count(code, term, week, is_plain=plan.is_plain)
                self.world.key.add(unit.code, raised)

    def _random(self, what: str) -> Random:
        return Random(f"{self.seed} {what}")  # noqa: S311 - a story, not a secret


#: A class that breaks a rule does it on this many of its days, on average: chances follow from the share of class-days.
#: Their numbers are 9001 to 9999.
MOST_SCHOOLS = 999
_LARGEST = 10  # times the classes of the real schools: codes of classes have two digits
_CLASSES_A_BREACH = 4.0
_STAGES_A_BREACH = 4.0
#: Of the institutions that tellers add this many times the share of class-days break a rule, one each.
_ORGS_IN_BREACH = 8.0
#: From here on the planner needs to know how full its tables are.
_MANY_CLASSES, _MANY_ITEMS = 1_000, 5_000
