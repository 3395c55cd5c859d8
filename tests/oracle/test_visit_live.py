"""The live system finds of what people confirmed and ordered what the oracle finds: 0 missing, 0 extra."""

from __future__ import annotations

import os

import pytest

from tests.oracle import visit_live, visit_oracle, visit_worlds

SEEDS = range(int(os.environ.get("VISIT_WORLDS", "60")))

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("seed", SEEDS)
def test_live_findings_equal_the_oracle_s(seed: int) -> None:
    world = visit_worlds.make_world(seed)
    visit_live.judge(world, visit_live.load(world))
    expected, found = visit_oracle.findings(world), visit_live.found()
    assert found - expected == set(), "extra"
    assert expected - found == set(), "missing"
