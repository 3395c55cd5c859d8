"""What a fictional world plants at training institutions is what its key says, what the live system finds and what
the oracle finds: 0 missing, 0 extra, three ways."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter

import pytest
from django.db import transaction

from shuangjian.bureau.calendar import rebuild_unit_days
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import Refused
from shuangjian.core.fiction import AnswerKey, Commission
from shuangjian.rules.declare import all_rules
from tests import make
from tests.oracle import training_live, training_oracle
from tests.oracle.training_retold import retold
from training_orgs.fiction.plants import PLANTS
from training_orgs.fiction.world import make_orgs
from training_orgs.models import FeeOrder, ListedWord

SEEDS = range(int(os.environ.get("ORGS_WORLDS", "3")))
SIZE = int(os.environ.get("ORGS", "45"))
#: In the term, on a rest day, on a worked Saturday, at a month's beginning.
PRESENTS = ["2026-11-24", "2026-12-06", "2026-10-10", "2026-12-01", "2026-11-02", "2026-12-29", "2027-02-03"]

pytestmark = pytest.mark.django_db


def _now(seed: int) -> dt.datetime:
    return clock.at(dt.date.fromisoformat(PRESENTS[seed % len(PRESENTS)]), 20 * 60)


def _judged(seed: int, count: int = SIZE) -> AnswerKey:
    """As ``_made``, and all of it judged at once; that its own requests ask for enough is tested with the command."""
    key = _made(seed, count)
    everybody = {each.code: each for each in Institution.objects.all()}
    training_live.judge({"now": _now(seed).isoformat()}, everybody, training_live.registered())
    return key


def _made(seed: int, count: int = SIZE, share: float = 0.85) -> AnswerKey:
    """A calendar, two towns with their public bodies, the bureau's body, a word, and the institutions."""
    make.calendar()
    rebuild_unit_days(cause="测试", actor=make.Somebody())
    for code in ("440113007", "440113102"):
        town = make.town(code, f"镇街{code}")
        Institution.objects.create(code=code, name=town.name, kind="public_body", category="town", town=town)
    Institution.objects.create(code="440113-JY", name="区教育局", kind="public_body", category="bureau")
    ListedWord.objects.get_or_create(list="subject", word="作业辅导", valid_from="2021-09-01")
    key = AnswerKey()
    assert make_orgs(Commission(count, seed, _now(seed), share, key)) == count
    return key


@pytest.mark.parametrize("seed", SEEDS)
def test_the_key_is_what_the_live_system_finds_and_what_the_oracle_finds(seed: int) -> None:
    codes = {rule.code for rule in all_rules()}
    key = {tuple(answer) for answer in _judged(seed).answers if answer.rule in codes}
    judged = {each for each in training_oracle.findings(retold(_now(seed))) if each[0] in codes}
    assert key - judged == set(), "in the key, but the oracle does not find it"
    assert judged - key == set(), "found by the oracle, but not in the key"
    found = training_live.found()
    assert key - found == set(), "in the key, but not found"
    assert found - key == set(), "found, but not in the key"


def test_every_rule_is_planted_in_the_generated_worlds() -> None:
    planted: Counter[str] = Counter()
    for seed in range(3):
        with transaction.atomic():
            planted += _made(seed).by_rule()
            transaction.set_rollback(True)
    assert set(planted) == {f"TO-{number:02d}" for number in range(1, 35)}


def test_a_key_with_one_plant_left_out_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison can fail: a plant whose finding is not written down is found out at once."""
    silent = PLANTS["TO-29"]
    told = []

    def plant(org: object) -> list[object]:
        told.extend(silent(org))  # type: ignore[arg-type]
        return [each._replace(about="course:C-00") for each in told[-1:]]

    monkeypatch.setitem(PLANTS, "TO-29", plant)  # type: ignore[arg-type]
    key = {tuple(answer) for answer in _judged(0).answers}
    assert {each[0] for each in training_live.found() - key} == {"TO-29"}


def test_the_same_commission_gives_the_same_institutions_and_marks_them_as_invented() -> None:
    keys = []
    for _ in range(2):
        with transaction.atomic():
            keys.append((_made(1, 12).answers, list(FeeOrder.objects.values_list("contract_no", "paid_on", "amount"))))
            made = Institution.objects.filter(kind__in=["training_org", "suspected_site"])
            assert made.count() == 12
            assert not made.filter(is_fictional=False).exists()
            assert made.filter(kind="suspected_site").count() == 1
            transaction.set_rollback(True)
    assert keys[0] == keys[1]


def test_invented_institutions_never_mix_with_others() -> None:
    _made(0, 3)
    with pytest.raises(Refused, match="已有校外培训机构"):
        make_orgs(Commission(1, 0, _now(0), 0.5, AnswerKey()))
