"""The live system finds what the oracle finds: 0 missing, 0 extra, on generated worlds, whatever the order of work."""

from __future__ import annotations

import os

import pytest

from shuangjian.journal.models import EvaluationRequest
from shuangjian.rules.drain import drain
from tests.oracle import live, oracle, worlds

SEEDS = range(int(os.environ.get("ORACLE_WORLDS", "40")))

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("seed", SEEDS)
def test_live_findings_equal_the_oracle_s(seed: int) -> None:
    world = worlds.make_world(seed)
    schools = live.load(world)
    live.owe(world)
    live.file_returns(world, schools)
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
