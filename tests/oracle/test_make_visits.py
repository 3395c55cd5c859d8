"""What a fictional world's visits plant is what its key says and what the live system finds: 0 missing, 0 extra."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter

import pytest
from django.db import transaction

from inspections.choices import OPEN_STATES, VisitState
from inspections.fiction.story import PLANTS
from inspections.fiction.world import make_visits
from inspections.models import Answer, Visit, VisitVersion
from inspections.services.versions import sha256_of
from shuangjian.accounts.models import User
from shuangjian.alerts.models import Rectification
from shuangjian.bureau.calendar import rebuild_unit_days
from shuangjian.core import clock
from shuangjian.core.fiction import AnswerKey, Commission
from shuangjian.evidence.models import Observation
from shuangjian.rules.declare import all_rules
from shuangjian.rules.drain import drain
from shuangjian.rules.models import Finding
from tests import make
from training_orgs.fiction.world import make_orgs

SEEDS = range(int(os.environ.get("VISITS_WORLDS", "2")))
SCHOOLS, ORGS = 40, 24
#: In the term, on a rest day, at the end of a long month, in the holidays.
PRESENTS = ["2026-11-24", "2026-12-06", "2027-01-31", "2027-02-03"]
#: Rules that the visits of some world must break.
RULES = {"IN-01", "IN-02", "HW-05", "HW-06", "SC-06", "SC-09", "SC-12", "SC-13", "AS-07", "TO-33"}

pytestmark = pytest.mark.django_db


def _now(seed: int) -> dt.datetime:
    return clock.at(dt.date.fromisoformat(PRESENTS[seed % len(PRESENTS)]), 20 * 60)


def _made(seed: int, *, with_orgs: bool = True) -> AnswerKey:
    make.calendar()
    rebuild_unit_days(cause="测试", actor=make.Somebody())
    town, key = make.town(), AnswerKey()
    for number in range(SCHOOLS):
        stages = [["primary"], ["junior"], ["primary", "junior"]][number % 3]
        make.school(f"示范{number}校", stages, town=town, rebuild=False)
    if with_orgs:
        make_orgs(Commission(ORGS, seed, _now(seed), 0.3, key))
    assert make_visits(Commission(ORGS, seed, _now(seed), 0.3, key)) == 0
    return key


@pytest.mark.parametrize("seed", SEEDS)
def test_the_key_is_what_the_live_system_finds_by_the_worlds_own_requests(seed: int) -> None:
    key = {tuple(answer) for answer in _made(seed).answers}
    drain(lambda: _now(seed))
    rows = Finding.objects.open().values_list("rule", "institution__code", "about", "occurred_on", "observed", "limit")
    live = {(rule, code, about, on.isoformat(), seen, limit) for rule, code, about, on, seen, limit in rows}
    assert key - live == set(), "in the key, but not found"
    assert live - key == set(), "found, but not in the key"


def test_every_rule_that_a_visit_can_break_is_planted_in_the_generated_worlds() -> None:
    planted: Counter[str] = Counter()
    for seed in range(4):
        with transaction.atomic():
            planted += _made(seed).by_rule()
            transaction.set_rollback(True)
    assert set(planted) >= RULES & {rule.code for rule in all_rules()}


def test_the_same_world_is_visited_the_same_way() -> None:
    keys, numbers = [], []
    for _ in range(2):
        with transaction.atomic():
            keys.append(_made(1, with_orgs=False).answers)
            numbers.append(list(Visit.objects.order_by("number").values_list("number", "key", "planned_on")))
            transaction.set_rollback(True)
    assert keys[0] == keys[1]
    assert numbers[0] == numbers[1]


def test_what_was_made_is_whole_and_nobody_signs_in_as_its_officials() -> None:
    _made(0)
    assert len(PLANTS) <= Visit.objects.count()
    states = set(Visit.objects.values_list("state", flat=True))
    assert states >= {VisitState.FILED, *OPEN_STATES}
    for visit in Visit.objects.filter(state="filed").prefetch_related("checklist__items", "answers"):
        assert visit.answers.count() == len(visit.checklist.items.all())
        version = VisitVersion.objects.get(visit=visit)
        assert version.sha256 == sha256_of(version.record)
        assert version.filed_at == visit.reviewed_at
    filed = Answer.objects.filter(visit__state="filed", verdict="failed")
    assert set(filed.values_list("observation", flat=True)) == set(
        Observation.objects.filter(source="visit", number__startswith="GC-").values_list("pk", flat=True)
    )
    assert set(Rectification.objects.values_list("state", flat=True)) == set(Rectification.State.values)
    assert not User.objects.filter(is_active=True).exists()
