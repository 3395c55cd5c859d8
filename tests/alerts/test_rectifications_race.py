"""Two officers, two clicks, one moment. Real threads on real connections."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from shuangjian.alerts import rectifications
from shuangjian.alerts.models import Rectification, RectificationStep
from shuangjian.alerts.rectification_checks import check_state
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
    item = handed_in(ordered(cast.school, cast.town), cast.own)

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


def test_a_withdrawal_in_the_middle_of_a_recheck_waits_for_it(
    cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both take the observation before the rectification; in the other order each would wait for the other."""
    seen = found(cast.school, cast.town)
    item, looked = handed_in(ordered(cast.school, cast.town, observation=seen), cast.own), check_state
    has_begun = threading.Event()

    def look(*arguments: Any) -> None:
        looked(*arguments)
        has_begun.set()
        time.sleep(0.5)

    def withdraw() -> Any:
        assert has_begun.wait(10)
        return withdraw_observation(seen.pk, actor=cast.bureau, reason="认定有误", now=NOW)

    monkeypatch.setattr(rectifications, "check_state", look)
    results = together(
        [lambda: recheck_rectification(item.pk, is_passed=True, remark="", actor=cast.town, now=NOW), withdraw]
    )
    assert conflicts(results) == 0
    item.refresh_from_db()
    seen.refresh_from_db()
    assert (item.state, seen.state, seen.rectified_on) == ("cancelled", "checking", None)
