"""Every case of every rule's case table, judged by the engine's own SQL on PostgreSQL."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import yaml

from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.evidence.models import Observation
from shuangjian.intake import services as intake
from shuangjian.rules import engine
from shuangjian.rules.declare import Rule, all_rules
from shuangjian.rules.periods import Span
from tests import make


def _tables() -> list[Any]:
    tables = []
    for rule in all_rules():
        if rule.code[:2] in ("TO", "IN"):
            continue  # not about schools: tests/training_orgs and tests/inspections judge them
        for case in yaml.load(rule.cases_file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)["cases"]:
            tables.append(pytest.param(rule, case, id=f"{rule.code} {case['name']}"))
    return tables


#: One item of ``filed``: what a week's homework of the case's first class says of its kind.
KINDS: dict[str, dict[str, Any]] = {
    "unknown": {"kind": None},
    "alternative": {"kind": None, "alternative": "A"},
    "basic alternative": {"kind": "basic", "alternative": "A"},
}


#: Keys of a case that change the unit itself, after it has filed: key → field.
OF_THE_UNIT = {"unit": "kind", "unit_stages": "stages", "opened_on": "opened_on"}


def _payload(institution: Any, week: Week, case: dict[str, Any]) -> dict[str, Any]:
    payload = make.full_payload(
        institution,
        week,
        homework=[_item(row) for row in case.get("homework", [])],
        service_none=[_cells(row) for row in case.get("service_none", [])],
    )
    for stage, first_lesson in case.get("school_day", {}).items():
        for row in payload["school_day"]:
            if row["stage"] == stage:
                row["first_lesson"] = first_lesson
                row.pop("arrival", None)
    for stage, minutes in case.get("after_school", {}).items():
        for row in payload["after_school"]:
            if row["stage"] == stage:
                row["minutes"] = int(minutes)
    for key, changes in (("school_day", case.get("lessons", [])), ("after_school", case.get("service", []))):
        for change in changes:
            _change(payload[key], _cells(change))
    return payload


def _change(rows: list[dict[str, Any]], change: dict[str, Any]) -> None:
    """Put the cells of ``change`` into the rows of its stage, on its day or, without a day, on each; null takes out."""
    found = [r for r in rows if r["stage"] == change["stage"] and change.get("day", r["day"]) == r["day"]]
    assert found, f"no row for {change}"
    for row in found:
        row |= change
        for key in [key for key, value in row.items() if value is None]:
            del row[key]


def _item(row: dict[str, Any]) -> dict[str, Any]:
    cells = _cells(row)
    code, day, minutes = cells.pop("class"), cells.pop("day"), cells.pop("minutes")
    return make.item(code, day, minutes, cells.pop("subject", "语文"), **cells)


def _cells(row: dict[str, Any]) -> dict[str, Any]:
    """Cells as JSON has them: the tables are read as text, so that 08:20 and 0.90 stay what is written."""
    return {key: _cell(key, value) for key, value in row.items()}


def _cell(key: str, value: Any) -> Any:
    if value == "null":
        return None
    if value in ("true", "false"):
        return value == "true"
    if key == "done_at_school":
        return float(value)
    return int(value) if isinstance(value, str) and value.isdigit() else value


def _filed_before(case: dict[str, Any], week: Week) -> list[tuple[Week, list[dict[str, Any]]]]:
    """The other weeks of ``filed`` (week → kind of the one item of its Wednesday, none for a week without homework)."""
    weeks = [(Week.parse(key), kind) for key, kind in case.get("filed", {}).items()]
    return [(each, _of_kind(case, each, kind)) for each, kind in weeks if each != week]


def _of_kind(case: dict[str, Any], week: Week, kind: str) -> list[dict[str, Any]]:
    if kind == "none":
        return []
    fields = KINDS.get(kind, {"kind": kind})
    return [make.item(case["classes"][0], week.days[2].isoformat(), 20, **fields)]


def _observe(institution: Institution, number: int, row: dict[str, Any]) -> None:
    """What people found (O-1 …), confirmed unless the row says another ``state``."""
    fields = {"number": f"O-{number}", "source": "visit", "state": "confirmed", "text": "示范情况"}
    Observation.objects.create(institution=institution, **{**fields, **row})


def _instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.django_db
@pytest.mark.parametrize(("rule", "case"), _tables())
def test_the_rule_finds_what_its_case_table_says(rule: Rule, case: dict[str, Any]) -> None:
    make.calendar()
    institution = make.school(stages=case.get("stages", ["primary"]), classes=case.get("classes", []))
    week = Week.parse(case.get("week", "2026-W45"))
    now = _instant(case["now"]) if "now" in case else clock.at(week.sunday, 12 * 60)
    submitted_at = _instant(case["submitted_at"]) if "submitted_at" in case else None
    for earlier, items in _filed_before(case, week):
        make.submitted(institution, earlier, now=clock.at(earlier.sunday, 12 * 60), homework=items)
    if rule.source.value == "return" or submitted_at is not None:
        payload = _payload(institution, week, case)
        if week.key in case.get("filed", {}):
            payload = make.full_payload(institution, week, homework=_of_kind(case, week, case["filed"][week.key]))
        intake.submit_return(
            institution, week, actor=make.Somebody(), now=submitted_at or now, door="api", payload=payload
        )
    for day, kind in case.get("calendar_after", {}).items():
        make.exception(dt.date.fromisoformat(day), kind)
    for number, row in enumerate(case.get("observations", []), start=1):
        _observe(institution, number, row)
    if changed := {field: case[key] for key, field in OF_THE_UNIT.items() if key in case}:
        Institution.objects.filter(pk=institution.pk).update(**changed)
    if case.get("withdrawn"):
        intake.withdraw_return(institution, week, actor=make.Somebody(), now=now, reason="测试")
    with engine.rehearsal():
        rows = engine.foresee([rule], [institution.pk], Span(week.monday, week.sunday), now=now)
    found = [(row["about"], str(row["occurred_on"]), row["observed"], row["limit"]) for row in rows]
    found = [row for row in found if rule.code[:2] != "RP" or row[1] == str(week.monday)]
    expected = [(e["about"], e["on"], Decimal(e["observed"]), Decimal(e["limit"])) for e in case.get("expect") or []]
    assert sorted(found) == sorted(expected)
