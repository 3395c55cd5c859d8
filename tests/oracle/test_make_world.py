"""What `make_world` plants is what its answer key says, what the live system finds and what the oracle finds.

The key knows nothing of the rules: it is written down while the violations are planted. 0 missing, 0 extra, both ways.
"""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from schools.fiction import plants
from schools.fiction.key import Found
from schools.fiction.world import Tuning, World, make_world
from schools.models import SchoolClass
from shuangjian.alerts.models import Rectification
from shuangjian.bureau.models import CalendarDay, Institution, Term
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.evidence.models import Observation
from shuangjian.intake.models import ReturnVersion, WeeklyReturn
from shuangjian.intake.payloads import sha256
from shuangjian.intake.sections import Form, check_payload
from shuangjian.rules.declare import all_rules
from tests import make
from tests.oracle import live, oracle
from tests.oracle.retold import retold

SEEDS = range(int(os.environ.get("ORACLE_WORLDS", "40")))

pytestmark = pytest.mark.django_db


def _now_of(seed: int) -> dt.datetime:
    """A moment amid the first or about the beginning of the second term; every fifth is a due instant or beside it."""
    week = Week.parse("2026-W41").plus(seed * 7 % 22)
    if seed % 5:
        return clock.at(week.days[seed % 7], 60 * (seed % 24))
    return clock.at(week.monday, 18 * 60) + dt.timedelta(seconds=seed // 5 % 3 - 1)


def _made(seed: int) -> World:
    """A small district in a calendar of two terms; many breaches, and many returns that have a story."""
    make.calendar()
    for stage in ("primary", "junior"):
        span = {"starts_on": "2027-02-22", "ends_on": "2027-07-09"}
        Term.objects.create(key="2026-2027-2", stage=stage, certainty="provisional", **span)
    make.centre()
    for code in ("440113007", "440113102", "440113017")[: 2 + seed % 2]:
        make.town(code, f"镇街{code}")
    return make_world(
        schools=2 + seed % 4 + seed % 3 // 2,
        weeks=min(3 + seed % 5, 4 if seed * 7 % 22 < 2 else 9),
        seed=seed,
        now=_now_of(seed),
        tuning=Tuning(breach=0.12, size=0.25, eventfulness=4),
    )


def _told_to_the_oracle(world: World, now: dt.datetime) -> dict[str, Any]:
    schools = list(Institution.objects.filter(kind="school").select_related("town").order_by("code"))
    return retold(now, world.weeks[0].monday, schools)


def _key(world: World) -> set[live.Key]:
    return {tuple(answer) for answer in world.key.answers}  # type: ignore[misc]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_key_is_what_the_live_system_finds_and_what_the_oracle_finds(seed: int) -> None:
    world = _made(seed)
    key, found = _key(world), live.found()
    judged = oracle.findings(_told_to_the_oracle(world, _now_of(seed)))
    assert key - judged == set(), "in the key, but the oracle does not find it"
    assert judged - key == set(), "found by the oracle, but not in the key"
    assert key - found == set(), "in the key, but not found"
    assert found - key == set(), "found, but not in the key"


def test_a_key_with_one_wrong_number_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison can fail: a planter that tells the minutes of a long day wrong by one is found out at once."""
    told = plants.found

    def wrong_by_one(rule: str, about: str, on: str, observed: int | Decimal, limit: int | Decimal) -> Found:
        return told(rule, about, on, observed + (rule == "HW-02"), limit)

    monkeypatch.setattr(plants, "found", wrong_by_one)
    world = _made(1)
    assert {answer[0] for answer in _key(world) - live.found()} == {"HW-02"}
    assert {answer[0] for answer in live.found() - _key(world)} == {"HW-02"}


def test_every_version_is_what_the_checks_would_make_of_it_and_leaves_no_gap() -> None:
    """The bulk door takes what is checked already; the generator's word for it is tested here."""
    for version in _versions_of(_made(2)):
        weekly_return = version.weekly_return
        form = Form.of(weekly_return.institution, Week(weekly_return.week))
        checked = check_payload(form, version.payload)
        assert (checked.problems, checked.gaps) == ([], [])
        assert sha256(checked.payload) == version.sha256


def _versions_of(world: World) -> list[ReturnVersion]:
    versions = list(ReturnVersion.objects.select_related("weekly_return__institution"))
    assert len(versions) > world.returns  # some were corrected
    return versions


def test_every_rule_and_every_story_comes_about_in_the_generated_worlds() -> None:
    """Counted in the first worlds of the comparison: each rule is planted, each fate befalls a return."""
    planted: Counter[str] = Counter()
    told: Counter[str] = Counter()
    for seed in SEEDS[:12]:
        with transaction.atomic():
            planted += _made(seed).planted
            told += Counter(WeeklyReturn.objects.values_list("state", flat=True))
            told["corrected"] += ReturnVersion.objects.filter(number=2).count()
            told["merged"] += Institution.objects.filter(closed_on__isnull=False).count()
            told["closed class"] += SchoolClass.objects.filter(closed_on__isnull=False).count()
            told["opened class"] += SchoolClass.objects.filter(opened_on__isnull=False).count()
            told["of a stage"] += CalendarDay.objects.filter(level="institution", stage__isnull=False).count()
            told["of a town"] += CalendarDay.objects.filter(level="town").count()
            transaction.set_rollback(True)
    # What people confirm and order is planted by visits (test_make_visits).
    by_people = (Observation, Rectification)
    weekly = [rule for rule in all_rules() if rule.applies_to("school", ["primary", "junior"])]
    assert set(planted) == {rule.code for rule in weekly if not issubclass(rule.about, by_people)}
    wanted = {"submitted", "returned", "withdrawn", "draft", "approved", "accepted", "locked", "corrected", "merged"}
    wanted |= {"closed class", "opened class", "of a stage", "of a town"}
    assert {what for what, times in told.items() if times} == wanted
