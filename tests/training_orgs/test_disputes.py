"""TO-11 beyond its case table: duplicates, the exact bound, the alert, and complaints as they move through services."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from shuangjian.alerts.models import Alert
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.evidence import complaint_acts as acts
from shuangjian.evidence.models import Complaint
from shuangjian.evidence.services import register_complaints
from shuangjian.rules import engine
from shuangjian.rules.declare import get_rule
from shuangjian.rules.models import Finding
from shuangjian.rules.periods import Span
from tests import make

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 11, 24)
NOW = clock.at(DAY, 600)
BOSS = make.Somebody()


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def complain(unit: Institution, days_ago: int, count: int = 1) -> list[Complaint]:
    day = DAY - dt.timedelta(days=days_ago)
    told = {"channel": "12345", "received_on": day, "topic": "refund", "text": "拖延退费", "institution": unit.code}
    return register_complaints([told] * count, actor=BOSS).complaints


def surges(unit: Institution) -> list[tuple[dt.date, Decimal, Decimal]]:
    """(day, observed, limit) of the open findings, after judging the last weeks as the worker would."""
    rules = [get_rule("TO-11")]
    engine.evaluate(rules, [unit.pk], Span(DAY - dt.timedelta(days=20), DAY), now=NOW, cause="测试")
    rows = Finding.objects.filter(institution=unit, rule="TO-11", cleared_at__isnull=True).order_by("occurred_on")
    return list(rows.values_list("occurred_on", "observed", "limit"))


def test_a_surge_raises_an_alert_of_severity_2_and_a_duplicate_takes_it_back() -> None:
    unit = make.training_org()
    made = complain(unit, 3, 4) + complain(unit, 0)
    assert surges(unit) == [(DAY, Decimal(5), Decimal(5))]
    alert = Alert.objects.get(institution=unit, rule="TO-11")
    assert (alert.severity, alert.closed_at) == (2, None)
    acts.mark_duplicate(made[4].pk, of=made[0].number, actor=BOSS)
    assert surges(unit) == []
    alert.refresh_from_db()
    assert alert.closed_at is not None  # nobody had touched it


def test_a_clue_counts_towards_the_early_warning_and_one_not_borne_out_does_not() -> None:
    unit = make.training_org()
    made = complain(unit, 3, 4) + complain(unit, 0)
    acts.start_check(made[0].pk, actor=BOSS)
    assert len(surges(unit)) == 1
    acts.decide(made[0].pk, is_confirmed=False, reason="查无此事", actor=BOSS)
    assert surges(unit) == []
    acts.reply_and_close(made[0].pk, reply="经核查不属实", actor=BOSS)
    assert surges(unit) == []


@pytest.mark.parametrize(("recent", "found"), [(44, []), (45, [(DAY, Decimal(45), Decimal(45))])])
def test_exactly_three_times_the_base_is_a_surge_and_one_less_is_none(recent: int, found: Any) -> None:
    """28 in 56 days are 15 in 30; three times that is 45."""
    unit = make.training_org()
    complain(unit, 40, 28)
    complain(unit, 2, 43)
    complain(unit, 0, recent - 43)
    assert surges(unit) == found


def test_a_complaint_linked_later_counts_for_the_institution_from_its_day_of_receipt() -> None:
    unit, other = make.training_org(), make.training_org("虚构培训二部")
    complain(unit, 3, 4)
    wrong = complain(other, 0)[0]
    assert surges(unit) == []
    acts.link_to_institution(wrong.pk, institution=unit, actor=BOSS)
    assert surges(unit) == [(DAY, Decimal(5), Decimal(5))]


def test_complaints_about_a_school_are_no_surge_of_a_training_institution() -> None:
    school = make.school()
    complain(school, 0, 6)
    assert surges(school) == []
