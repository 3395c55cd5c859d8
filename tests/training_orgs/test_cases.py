"""Every case of the case tables of the TO rules (training_orgs/cases), judged by the engine's own SQL on PostgreSQL.

A table has ``rule``, optionally ``defaults`` (keys that every case has unless it says otherwise), and ``cases``. A case
has ``name``, ``now`` (a date: ten o'clock of that day, or a quoted instant), ``expect`` (rows of ``about``, ``on``,
``observed``, ``limit`` and, where given, ``severity`` and ``facts``, a part of them) and any of these keys, each a list
of rows that name only what matters (case_rows.py has the defaults; a list of rows belongs to the case's institution):

- ``org``: one dict, fields of Institution (kind, code, name, opened_on, closed_on, status; ``town`` a code or null).
- ``profiles`` (subject, from 2021-09-01), ``licences`` (L-1 …, school_running of JY for subject, 2021–2030),
  ``registrations`` (R-1 …, non-profit from 2021), ``annual_checks``, ``safety_checks``, ``custody_accounts``,
  ``reserves``, ``status`` (StatusChange), ``complaints`` (C-1 …), ``observations`` (O-1 …, confirmed), ``ads`` (A-1 …),
  ``daily_balances``: fields of the model.
- ``staff`` (S-1 …), ``qualifications`` (``staff``: a number, else S-1), ``in_service`` (identity_hash, valid_from,
  valid_until).
- ``courses`` (K-1 …: subject, primary, offline, from 2026-09-01; not published) with ``sessions`` (days, or dicts of
  day, starts_at "18:00", ends_at "19:30", is_cancelled) and ``teachers`` (numbers of staff, or dicts).
- ``identifications`` (``course``: a number, or none for the operator; the course is then held to be that).
- ``orders`` (H-1 …, pupil P-1, 1000 yuan, starts_on as paid_on, custody) with ``lines`` (course: a number, else the
  first; 10 hours; without ``lines`` one line of the whole amount), ``refunds`` (T-1 …, order H-1, 100 yuan),
  ``consumptions`` (order, line, day, hours, amount), ``ledger`` (B-1 …; balance is to be given).
- ``list_entries`` (kind black, entered_on, left_on), ``list_dates`` (on), ``guide_prices``, ``words``, ``baselines``
  (town: a code or none, licences): the last four are data of the district.
- ``calendar``: ``days`` (date → holiday, workday or null: an ordinary day) and ``breaks`` beside those of 2026.
- ``others``: dicts with the same keys, further institutions (91440113TEST0001 …). ``judged``: the code of the one to
  be judged where it is not the case's own; rules about others are not run over them.
- ``since``, ``until``: the dates asked about (2021-09-01 to today).
"""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.rules import engine, explain
from shuangjian.rules.declare import all_rules, get_rule
from shuangjian.rules.parameters import frozen
from shuangjian.rules.periods import BEGINNING, Span
from tests.tables import load_table
from tests.training_orgs import case_rows

FOLDER = Path(__file__).parents[2] / "training_orgs" / "cases"
KEYS = {
    "name", "now", "expect", "org", "profiles", "licences", "registrations", "annual_checks", "safety_checks",
    "custody_accounts", "reserves", "status", "complaints", "observations", "ads", "daily_balances", "staff",
    "qualifications", "in_service", "courses", "identifications", "orders", "refunds", "consumptions", "ledger",
    "list_entries", "list_dates", "guide_prices", "words", "baselines", "calendar", "others", "judged", "since",
    "until",
}  # fmt: skip
DECLARED = {rule.code for rule in all_rules()}


def _tables() -> list[Any]:
    tables = []
    for path in sorted(FOLDER.glob("TO-*.yaml")):
        table = load_table(path)
        for case in table["cases"]:
            case = {**table.get("defaults", {}), **case}
            tables.append(pytest.param(table["rule"], case, id=f"{table['rule']} {case['name']}"))
    return tables


def _instant(value: Any) -> dt.datetime:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return clock.at(value, 10 * 60)
    return dt.datetime.fromisoformat(value) if isinstance(value, str) else value.replace(tzinfo=clock.LOCAL)


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "case"), _tables())
def test_the_rule_finds_what_its_case_table_says(code: str, case: dict[str, Any]) -> None:
    assert set(case) <= KEYS, f"unknown keys {set(case) - KEYS}"
    now = _instant(case["now"])
    institution = case_rows.build(case)
    if "judged" in case:
        institution = Institution.objects.get(code=case["judged"])
    span = Span(case.get("since", BEGINNING), case.get("until", now.date()))
    with engine.rehearsal():
        rows = engine.foresee([get_rule(code)], [institution.pk], span, now=now)
    found = sorted((row["about"], str(row["occurred_on"]), row["observed"], row["limit"]) for row in rows)
    for row in rows:
        _explained(code, row)
    expect = case.get("expect") or []
    assert found == sorted(
        (each["about"], str(each["on"]), Decimal(str(each["observed"])), Decimal(str(each["limit"]))) for each in expect
    )
    by_key = {(row["about"], str(row["occurred_on"])): row for row in rows}
    for each in expect:
        row = by_key[each["about"], str(each["on"])]
        if "severity" in each:
            assert row["severity"] == each["severity"]
        facts = json.loads(row["facts"])
        for name, value in each.get("facts", {}).items():
            assert name in facts, f"no {name} among {facts}"
            assert str(facts[name]) == str(value), (name, facts)


def _explained(code: str, row: dict[str, Any]) -> None:
    """Each finding has a card that a person can read: no fact bears its English name, nor does what it is about."""
    facts = json.loads(row["facts"])
    given = {key: row[key] for key in ("about", "occurred_on", "observed", "limit", "severity")}
    with frozen(engine.current_overrides()):
        card = explain.card(rule_code=code, facts=facts, **given)
    assert not [label for label, _ in card.facts if label.isascii()], card.facts
    assert "None" not in [value for _, value in card.facts]
    assert not card.about_text.split(" ")[0].isascii(), card.about_text
    decided = [each for each in get_rule(code).parameters if not each.file.by or each.file.by in facts]
    assert card.effective_from is not None or not decided, "no standard behind the limit"


def test_every_training_rule_has_its_cases_here() -> None:
    tables = {path.stem for path in FOLDER.glob("TO-*.yaml")}
    assert {code for code in DECLARED if code.startswith("TO-")} == tables


def test_no_training_rule_is_shown_to_a_school() -> None:
    """Without ``kinds`` a school's week would count thirty rules that cannot concern it as 合规."""
    for rule in all_rules():
        if rule.code.startswith("TO-"):
            assert rule.kinds, f"{rule.code} does not say kinds="
            assert not rule.applies_to("school", ["primary"])
        elif rule.source.value == "return":
            assert not rule.applies_to("training_org", [])
