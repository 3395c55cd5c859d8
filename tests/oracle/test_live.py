"""The live system finds what the oracle finds: 0 missing, 0 extra, on generated worlds, whatever the order of work."""

from __future__ import annotations

import os

import pytest

from shuangjian.journal.models import EvaluationRequest
from shuangjian.rules.drain import drain
from tests.oracle import live, oracle, worlds

SEEDS = range(int(os.environ.get("ORACLE_WORLDS", "40")))
# Mostly long worlds (every third seed), in which one week decides on others.
SEEDS_AS_IT_COMES = [*SEEDS[1::6], *SEEDS[::30]]

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("seed", SEEDS)
def test_live_findings_equal_the_oracle_s(seed: int) -> None:
    world = worlds.make_world(seed)
    schools = live.load(world)
    live.owe(world)
    live.file_returns(world, schools)
    live.close_days_later(world, schools)
    expected = oracle.findings(world)
    EvaluationRequest.objects.filter(scope="district").delete()
    for town in live.towns_of(schools):
        EvaluationRequest.objects.create(
            scope="town", town=town, since=world["terms"][0]["starts_on"], until="2027-07-31", cause="测试"
        )
    drain(lambda: live.now_of(world))
    found = live.found()
    assert found - expected == set(), "extra"
    assert expected - found == set(), "missing"


@pytest.mark.parametrize("seed", SEEDS_AS_IT_COMES)
def test_findings_of_returns_are_right_when_each_step_asks_for_its_own_evaluation_alone(seed: int) -> None:
    """No sweep mends what a step forgot to ask for: a week that changes must reach the weeks that it belongs to."""
    world = worlds.make_world(seed)
    schools = live.load(world)
    EvaluationRequest.objects.all().delete()  # of the calendar: nothing is filed yet
    live.file_returns(world, schools, after_each=lambda: drain(lambda: live.now_of(world)))
    live.close_days_later(world, schools)
    drain(lambda: live.now_of(world))
    found, expected = live.found(), oracle.findings(world)
    filings = {key for key in found | expected if key[0].startswith("RP-")}  # asked for by beat, at due instants
    assert found - expected - filings == set(), "extra"
    assert expected - found - filings == set(), "missing"
