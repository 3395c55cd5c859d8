"""The live system finds about training institutions what the oracle finds: 0 missing, 0 extra, on generated worlds."""

from __future__ import annotations

import os

import pytest

from tests.oracle import training_live, training_oracle, training_worlds

SEEDS = range(int(os.environ.get("TRAINING_WORLDS", "40")))

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("seed", SEEDS)
def test_live_findings_equal_the_oracle_s(seed: int) -> None:
    world = training_worlds.make_world(seed)
    institutions = training_live.load(world)
    rules = training_live.registered()
    training_live.judge(world, institutions, rules)
    codes = {rule.code for rule in rules}
    expected = {key for key in training_oracle.findings(world) if key[0] in codes}
    found = training_live.found()
    assert found - expected == set(), "extra"
    assert expected - found == set(), "missing"
