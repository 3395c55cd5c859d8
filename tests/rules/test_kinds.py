"""Only rules about a kind of the judged institutions are asked; what they found before is cleared all the same."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from shuangjian.core import clock
from shuangjian.evidence.models import Observation
from shuangjian.rules import engine, verdict
from shuangjian.rules.declare import all_rules, get_rule
from shuangjian.rules.models import Finding
from shuangjian.rules.periods import Span
from tests import make
from tests.training_orgs.make import org

pytestmark = pytest.mark.django_db

NOW = clock.at(dt.date(2026, 11, 24), 9 * 60)
WEEK = Span(dt.date(2026, 11, 2), dt.date(2026, 11, 8))


def _judge(*units: Any) -> None:
    engine.evaluate(all_rules(), [unit.pk for unit in units], WEEK, now=NOW, cause="测试")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    codes: set[str] = set()
    insert = verdict._insert

    def noted(cursor: Any, rule: Any, *rest: Any) -> int:
        codes.add(rule.code)
        return insert(cursor, rule, *rest)

    monkeypatch.setattr(verdict, "_insert", noted)
    return codes


def test_a_school_is_not_asked_about_training_nor_an_institution_about_homework(asked: set[str]) -> None:
    make.calendar()
    school, trainer = make.school(classes=["2026-05-01"], town=make.town()), org()
    _judge(school)
    assert "HW-02" in asked
    assert "TO-10" not in asked
    asked.clear()
    _judge(trainer)
    assert "TO-10" in asked
    assert "HW-02" not in asked
    _judge(school, trainer)
    assert {"HW-02", "TO-10"} <= asked


def test_a_finding_of_the_kind_that_a_unit_was_before_is_cleared() -> None:
    make.calendar()
    unit = org()
    Observation.objects.create(
        number="GC-2026-00001", institution=unit, kind="advertising", occurred_on="2026-11-02", source="visit",
        state="confirmed", text="广告", confirmed_on="2026-11-03",
    )  # fmt: skip
    _judge(unit)
    assert Finding.objects.get(rule="TO-10").cleared_at is None
    unit.kind = "public_body"
    unit.save(update_fields=["kind"])
    assert "public_body" not in get_rule("TO-10").kinds
    _judge(unit)
    assert Finding.objects.get(rule="TO-10").cleared_at is not None
