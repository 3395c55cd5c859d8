"""The generator's own promise: valid worlds, the same for the same seed, in which every rule is broken and kept."""

from collections import Counter

from tests.oracle.oracle import findings
from tests.oracle.validity import check_payload, check_world
from tests.oracle.worlds import make_world

SEEDS = range(200)


def test_every_generated_world_is_one_that_the_portal_accepts():
    assert {seed: problems for seed in SEEDS if (problems := check_world(make_world(seed)))} == {}


def test_the_same_seed_gives_the_same_world():
    assert make_world(7) == make_world(7)
    assert make_world(7) != make_world(8)


def test_every_rule_is_broken_in_many_worlds_and_kept_in_many():
    broken_in = Counter(rule for seed in SEEDS for rule in {found[0] for found in findings(make_world(seed))})
    rules = {"HW-01", "HW-02", "HW-03", "HW-04", "HW-07", "HW-08", "HW-09", "HW-10", "SC-01", "SC-02", "SC-03"}
    rules |= {"AS-01", "AS-02", "AS-03", "AS-04", "AS-10", "AS-11", "AS-12", "RP-01", "RP-02"}
    assert set(broken_in) == rules
    assert all(len(SEEDS) * 0.1 <= worlds <= len(SEEDS) * 0.95 for worlds in broken_in.values()), broken_in


def test_the_validity_check_refuses_a_payload_with_a_missing_or_a_second_row():
    world = make_world(0)
    filed = next(filed for filed in world["returns"] if filed["submits"])
    school = next(school for school in world["schools"] if school["code"] == filed["school"])
    payload = filed["submits"][0]["payload"]
    assert check_payload(world, school, filed["week"], payload) == []
    for key in ("school_day", "after_school"):
        assert check_payload(world, school, filed["week"], payload | {key: payload[key][1:]}) != []
        assert check_payload(world, school, filed["week"], payload | {key: payload[key] + payload[key][:1]}) != []
