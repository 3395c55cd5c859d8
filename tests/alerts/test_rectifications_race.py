"""Two officers, two clicks, one moment. Real threads on real connections."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from shuangjian.alerts.models import Rectification, RectificationStep
from shuangjian.alerts.rectifications import recheck_rectification
from shuangjian.core.errors import Conflict
from shuangjian.evidence.observation_acts import withdraw_observation
from tests.alerts import rectification_make
from tests.alerts.rectification_make import NOW, found, handed_in, ordered
from tests.faults.parallel import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(transactional_db: None) -> SimpleNamespace:
    return rectification_make.cast()


def conflicts(results: list[Any]) -> int:
    wrong = [each for each in results if isinstance(each, Exception) and not isinstance(each, Conflict)]
    assert not wrong, wrong
    return sum(isinstance(each, Conflict) for each in results)


def test_of_two_rechecks_at_one_moment_one_holds(cast: SimpleNamespace) -> None:
    item = handed_in(ordered(cast.school, cast.town, observation=found(cast.school, cast.town)), cast.own)

    def recheck(who: Any, is_passed: bool) -> Any:
        return lambda: recheck_rectification(item.pk, is_passed=is_passed, remark="缺页", actor=who, now=NOW)

    results = together([recheck(cast.town, True), recheck(cast.bureau, False), recheck(cast.bureau2, True)])
    assert conflicts(results) == 2
    assert RectificationStep.objects.filter(act__in=["passed", "returned"]).count() == 1


def test_of_two_orders_for_one_observation_one_holds(cast: SimpleNamespace) -> None:
    seen = found(cast.school, cast.town)
    results = together(
        [lambda who=who: ordered(cast.school, who, observation=seen) for who in (cast.town, cast.bureau)]
    )
    assert conflicts(results) == 1
    assert Rectification.objects.count() == 1


def test_a_recheck_and_a_withdrawal_at_one_moment_do_not_block_each_other(cast: SimpleNamespace) -> None:
    seen = found(cast.school, cast.town)
    item = handed_in(ordered(cast.school, cast.town, observation=seen), cast.own)
    results = together(
        [
            lambda: recheck_rectification(item.pk, is_passed=True, remark="", actor=cast.town, now=NOW),
            lambda: withdraw_observation(seen.pk, actor=cast.bureau, reason="认定有误", now=NOW),
        ]
    )
    assert conflicts(results) <= 1, "whichever came first, the other says so or follows"
    item.refresh_from_db()
    assert item.state == "cancelled"
