"""Several weeks asked for at once are the same weeks asked for one by one."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.intake.attention import attention, attention_of_weeks
from shuangjian.rules.declare import all_rules
from shuangjian.rules.engine import evaluate
from shuangjian.rules.models import Finding, RuleMode
from shuangjian.rules.periods import Span
from tests import make

WEEKS = [Week.parse(key) for key in ("2026-W30", "2026-W43", "2026-W44", "2026-W45", "2026-W46")]
NOW = clock.at(WEEKS[-1].days[1], 10 * 60)


@pytest.fixture
def ids(db: None) -> list[int]:
    """One school with a finding in two of the weeks, one that files nothing, and one rule switched off in between."""
    make.calendar()
    busy = make.school("示范一小", classes=["2026-03-01"])
    silent = make.school("示范二小", classes=["2026-03-01"])
    for week, day in ((WEEKS[1], "2026-10-20"), (WEEKS[3], "2026-11-03")):
        make.submitted(busy, week, homework=[make.item("2026-03-01", day, 75)])
    evaluate(all_rules(), [busy.pk, silent.pk], Span(WEEKS[1].monday, WEEKS[-1].sunday), now=NOW, cause="测试")
    RuleMode.objects.create(rule="SC-01", mode="off", effective_from=WEEKS[3].monday, reason="测试")
    Finding.objects.filter(occurred_on="2026-10-20").update(is_stale=True)
    return [busy.pk, silent.pk]


def test_weeks_together_give_what_each_gives_alone(ids: list[int]) -> None:
    together = attention_of_weeks(ids, WEEKS, now=NOW)
    assert list(together) == WEEKS
    assert together == {week: attention(ids, week, now=NOW) for week in WEEKS}
    shown = [together[week][ids[0]].outcome for week in WEEKS]
    assert [outcome.findings for outcome in shown] == [0, 0, 1, 1, 0]
    assert ["SC-01" in outcome.by_rule for outcome in shown] == [True, True, True, False, False]


def test_a_term_of_weeks_costs_no_more_queries_than_one(ids: list[int]) -> None:
    def queries(weeks: list[Any]) -> int:
        with CaptureQueriesContext(connection) as captured:
            attention_of_weeks(ids, weeks, now=NOW)
        return len(captured)

    assert queries(WEEKS) == queries(WEEKS[:1])
