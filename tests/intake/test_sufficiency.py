"""What is kept beside a return of its data equals what the rules say when they are asked afresh, whatever happened."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.core.management import call_command

from schools.class_services import add_classes, close_class
from schools.classes import classes_in_week
from schools.models import SchoolClass
from shuangjian.bureau.calendar import rebuild_unit_days
from shuangjian.bureau.models import CalendarDay, Institution
from shuangjian.core import clock
from shuangjian.core.choices import Outcome
from shuangjian.core.weeks import Week
from shuangjian.intake import services
from shuangjian.intake.bulk import load_returns
from shuangjian.intake.models import JUDGED_STATES, WeeklyReturn
from shuangjian.intake.sections import Form
from shuangjian.rules.declare import all_rules
from shuangjian.rules.outcomes import unit_outcomes
from shuangjian.rules.unknown import unknown_weeks
from tests import make
from tests.intake.bulk import build

pytestmark = pytest.mark.django_db

NOW = clock.at(dt.date(2026, 11, 9), 9 * 60)
WEEKS = [make.WEEK.plus(-2), make.WEEK.plus(-1), make.WEEK]
LATER = ("kind", "done_at_school", "marked_by", "asks_parents")
CODES = {rule.code for rule in all_rules() if rule.unknown is not None}


@pytest.fixture
def schools() -> list[Institution]:
    make.calendar()
    return [
        make.school("示范一小", ["primary"], classes=["2026-01-01", "2026-03-01", "2026-05-01"]),
        make.school("示范九年一贯学校", ["primary", "junior"], classes=["2026-02-01", "2026-09-01"]),
        make.school("示范一中", ["junior"], classes=["2026-07-01"]),
    ]


def _payload(school: Institution, week: Week, random: Random) -> dict[str, Any]:
    """A lawful return in which some of the later keys are missing; how many differs from return to return."""
    missing = random.choice((0, 0.03, 0.5))

    def thinned(row: dict[str, Any], *names: str) -> dict[str, Any]:
        left_out = {name for name in names if random.random() < missing}
        return {name: value for name, value in row.items() if name not in left_out}

    form = Form.of(school, week)
    class_days = [
        (code, str(day))
        for code, facts in classes_in_week(school, week).items()
        for day in form.school_days.get(facts.stage, ())
        if facts.exists_on(day)
    ]
    items = [
        thinned(make.item(code, day, 10, written=code[5:7] > "02"), *LATER)
        for code, day in class_days
        if random.random() < 0.6
    ]
    full = make.full_payload(school, week, homework=items)
    given = {(row["class"], row["day"]) for row in items}
    full["homework_none"] = [{"class": code, "day": day} for code, day in class_days if (code, day) not in given]
    full["school_day"] = [thinned(row, "arrival") for row in full["school_day"]]
    for row in list(full["after_school"]):
        if random.random() < 0.1:
            full["after_school"].remove(row)
            full["service_none"].append({"stage": row["stage"], "day": row["day"]})
    numbers = [("wanting", "served"), ("late_wanted", "late_places"), ("content",), ("flexible_leaving",)]
    for row in full["after_school"]:
        for names in numbers:
            if random.random() < missing:
                for name in names:
                    row.pop(name)
    return full


def _kept() -> dict[tuple[str, str], set[str]]:
    returns = WeeklyReturn.objects.select_related("institution")
    return {(each.institution.code, each.week_key): set(each.sufficient_for) for each in returns}


def _afresh() -> dict[tuple[str, str], set[str]]:
    """By asking the rules about one unit and week at a time."""
    found = {}
    for each in WeeklyReturn.objects.select_related("institution"):
        lacking = {code for _, _, code in unknown_weeks(all_rules(), [each.institution_id], [each.week])}
        is_judged = each.state in JUDGED_STATES
        found[each.institution.code, each.week_key] = CODES - lacking if is_judged else set()
    return found


class _District:
    """Acts upon the schools that may change what their returns' data suffice for."""

    def __init__(self, schools: list[Institution], random: Random, folder: Path) -> None:
        self.schools, self.random, self.folder, self.files = schools, random, folder, 0

    def submit(self) -> None:
        school, week = self.random.choice(self.schools), self.random.choice(WEEKS)
        payload = _payload(school, week, self.random)
        services.submit_return(school, week, actor=make.Somebody(), now=NOW, door="api", payload=payload)

    def load(self) -> None:
        self.files += 1
        rows = [
            row
            for school in self.schools
            for week in self.random.sample(WEEKS, 2)
            for row in build.lines(school, _payload(school, week, self.random), week)
        ]
        load_returns(build.write(self.folder, rows, f"{self.files}.csv"), actor=make.Somebody(), now=NOW)

    def withdraw(self) -> None:
        standing = WeeklyReturn.objects.filter(state="submitted").select_related("institution").order_by("?").first()
        if standing is not None:
            week = Week(standing.week)
            services.withdraw_return(standing.institution, week, actor=make.Somebody(), now=NOW, reason="填错了")

    def change_calendar(self) -> None:
        """A holiday, or school on a Saturday, for the district or one school."""
        week, school = self.random.choice(WEEKS), self.random.choice([None, *self.schools])
        at, kind = self.random.choice([(1, "holiday"), (2, "holiday"), (5, "workday")])
        if not CalendarDay.objects.filter(date=week.days[at], institution=school).exists():
            make.exception(week.days[at], kind, institution=school)

    def change_classes(self) -> None:
        school = self.random.choice(self.schools)
        own = SchoolClass.objects.filter(school_id=school.pk, closed_on=None).order_by("code")
        if own.count() > 1 and self.random.random() < 0.5:
            close_class(own[0], closed_on=self.random.choice(WEEKS).days[2], actor=make.Somebody())
            return
        grade = 4 if "primary" in school.stages else 8
        add_classes(school.school, f"2026-{grade:02d}-{self.random.randint(2, 60):02d},40", actor=make.Somebody())

    def change_stages(self) -> None:
        """The nine-year school loses its junior stage, or gets it back."""
        school = self.schools[1]
        school.stages = ["primary"] if len(school.stages) == 2 else ["primary", "junior"]
        school.save()
        rebuild_unit_days(cause="测试", actor=make.Somebody(), institution_ids=[school.pk])


@pytest.mark.parametrize("seed", range(6))
def test_what_is_kept_equals_the_rules_asked_afresh_after_every_act(
    schools: list[Institution], tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    district = _District(schools, random, tmp_path)
    acts = [district.load, *(district.submit for _ in range(4))]
    more = [district.submit, district.submit, district.load, district.withdraw, district.change_calendar]
    acts += random.choices([*more, district.change_calendar, district.change_classes, district.change_stages], k=10)
    seen = set()
    for act in acts:
        act()
        assert _kept() == _afresh(), act.__name__
        seen |= {len(codes) for codes in _kept().values()}
    assert len(seen) > 1


def test_a_rule_that_came_with_the_release_has_no_data_until_migrate_has_asked_it(schools: list[Institution]) -> None:
    school = schools[0]
    make.submitted(school, now=NOW, homework=[make.item("2026-05-01", "2026-11-04", 20)])

    def outcome() -> Outcome:
        return unit_outcomes([school.pk], make.WEEK, now=NOW)[school.pk].by_rule["HW-09"]

    WeeklyReturn.objects.update(sufficient_for=sorted(CODES - {"HW-09"}))
    assert outcome() == Outcome.INSUFFICIENT_DATA
    call_command("migrate", verbosity=0)
    assert outcome() == Outcome.COMPLIANT
    assert _kept() == _afresh()


def test_a_draft_and_a_withdrawn_return_suffice_for_nothing(schools: list[Institution]) -> None:
    school = schools[0]
    make.submitted(school, now=NOW)
    services.save_draft(schools[2], make.WEEK, {}, actor=make.Somebody(), now=NOW)
    services.withdraw_return(school, make.WEEK, actor=make.Somebody(), now=NOW, reason="填错了")
    assert set(WeeklyReturn.objects.values_list("state", flat=True)) == {"draft", "withdrawn"}
    assert [each for each in _kept().values() if each] == []
