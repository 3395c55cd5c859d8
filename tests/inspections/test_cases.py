"""Every case of the case tables of the IN rules (inspections/cases), judged by the engine's own SQL on PostgreSQL.

A case has ``name``, ``now`` (a date: ten o'clock of that day, or a quoted instant), ``expect`` (rows of ``about``,
``on``, ``observed``, ``limit`` and, where given, ``severity`` and ``facts``, a part of them; none: nothing is found)
and any of: ``unit`` (kind of the institution, else a training institution), ``brand``, ``opened_on``, ``closed_on``,
``observations`` (O-1 …, confirmed), ``rectifications`` (Z-1 …, open; ``observation``: the number of one of them), and
``others``: dicts of the same keys, further institutions, which are not judged.
"""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shuangjian.alerts.rectification_models import Rectification
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.evidence.models import Observation
from shuangjian.rules import engine, explain
from shuangjian.rules.declare import all_rules, get_rule
from shuangjian.rules.parameters import frozen
from shuangjian.rules.periods import BEGINNING, Span
from tests.tables import load_table
from training_orgs.models import Brand, TrainingOrg

FOLDER = Path(__file__).parents[2] / "inspections" / "cases"
OF_PARTY = {"unit", "brand", "opened_on", "closed_on", "observations", "rectifications"}
KEYS = {"name", "now", "expect", "others", *OF_PARTY}


def _tables() -> list[Any]:
    tables = []
    for path in sorted(FOLDER.glob("IN-*.yaml")):
        table = load_table(path)
        for case in table["cases"]:
            case = {**table.get("defaults", {}), **case}
            tables.append(pytest.param(table["rule"], case, id=f"{table['rule']} {case['name']}"))
    return tables


def _party(row: dict[str, Any], number: int) -> Institution:
    assert set(row) <= KEYS, f"unknown keys {set(row) - KEYS}"
    institution = Institution.objects.create(
        code=f"91440113TEST{number:06d}",
        name=f"示范单位{number}",
        pinyin=str(number),
        kind=row.get("unit", "training_org"),
        stages=["primary"] if row.get("unit") == "school" else [],
        opened_on=row.get("opened_on"),
        closed_on=row.get("closed_on"),
        is_fictional=True,
    )
    if institution.kind in ("training_org", "suspected_site"):
        brand = Brand.objects.get_or_create(name=row["brand"])[0] if "brand" in row else None
        TrainingOrg.objects.create(institution=institution, brand=brand)
    mark, ordered_at = f"{number}-" if number else "", clock.at(dt.date(2026, 11, 2), 600)
    found = [
        Observation.objects.create(
            institution=institution,
            **{"number": f"O-{mark}{n}", "source": "visit", "state": "confirmed", "text": "示范情况", **each},
        )
        for n, each in enumerate(row.get("observations", []), start=1)
    ]
    for n, each in enumerate(row.get("rectifications", []), start=1):
        observation = found[each["observation"] - 1] if "observation" in each else None
        ordered = {
            "number": f"Z-{mark}{n}",
            "requirement": "示范要求",
            "ordered_at": ordered_at,
        }
        Rectification.objects.create(institution=institution, **{**ordered, **each, "observation": observation})
    return institution


def _instant(value: Any) -> dt.datetime:
    return dt.datetime.fromisoformat(value) if isinstance(value, str) else clock.at(value, 10 * 60)


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "case"), _tables())
def test_the_rule_finds_what_its_case_table_says(code: str, case: dict[str, Any]) -> None:
    now = _instant(case["now"])
    institution = _party(case, 0)
    for number, other in enumerate(case.get("others", []), start=1):
        _party(other, number)
    with engine.rehearsal():
        rows = engine.foresee([get_rule(code)], [institution.pk], Span(BEGINNING, now.date()), now=now)
    found = sorted((row["about"], str(row["occurred_on"]), row["observed"], row["limit"]) for row in rows)
    expect = case.get("expect") or []
    assert found == sorted(
        (each["about"], str(each["on"]), Decimal(str(each["observed"])), Decimal(str(each["limit"]))) for each in expect
    )
    by_about = {row["about"]: row for row in rows}
    for each in expect:
        row = by_about[each["about"]]
        facts = json.loads(row["facts"])
        assert row["severity"] == each.get("severity", row["severity"])
        assert {name: str(facts[name]) for name in each.get("facts", {})} == {
            name: str(value) for name, value in each.get("facts", {}).items()
        }
        _explained(code, row, facts)


def _explained(code: str, row: dict[str, Any], facts: dict[str, Any]) -> None:
    """Each finding has a card that a person can read: no fact bears its English name, nor does a code stand in one."""
    given = {key: row[key] for key in ("about", "occurred_on", "observed", "limit", "severity")}
    with frozen(engine.current_overrides()):
        card = explain.card(rule_code=code, facts=facts, **given)
    assert not [label for label, _ in card.facts if label.isascii()], card.facts
    assert not [value for _, value in card.facts if value.islower()], card.facts
    assert not card.about_text.split(" ")[0].isascii(), card.about_text
    assert card.effective_from is not None or not get_rule(code).parameters, "no standard behind the limit"


def test_every_rule_of_inspections_has_its_cases_here() -> None:
    declared = {rule.code for rule in all_rules() if rule.code.startswith("IN-")}
    assert declared == {path.stem for path in FOLDER.glob("IN-*.yaml")} >= {"IN-01", "IN-02"}
