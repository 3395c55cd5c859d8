"""Every case of every rule's case table, judged by the engine's own SQL on PostgreSQL."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import yaml

from shuangjian.core import clock
from shuangjian.core.weeks import Week
from shuangjian.intake import services as intake
from shuangjian.rules import engine
from shuangjian.rules.declare import Rule, all_rules
from shuangjian.rules.periods import Span
from tests import make


def _tables() -> list[Any]:
    tables = []
    for rule in all_rules():
        for case in yaml.load(rule.cases_file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)["cases"]:
            tables.append(pytest.param(rule, case, id=f"{rule.code} {case['name']}"))
    return tables


def _payload(institution: Any, week: Week, case: dict[str, Any]) -> dict[str, Any]:
    payload = make.full_payload(
        institution,
        week,
        homework=[_item(row) for row in case.get("homework", [])],
        service_none=case.get("service_none", []),
    )
    for stage, first_lesson in case.get("school_day", {}).items():
        for row in payload["school_day"]:
            if row["stage"] == stage:
                row["first_lesson"] = first_lesson
    for stage, minutes in case.get("after_school", {}).items():
        for row in payload["after_school"]:
            if row["stage"] == stage:
                row["minutes"] = int(minutes)
    for key, changes in (("school_day", case.get("earlier", [])), ("after_school", case.get("shorter", []))):
        for change in changes:
            (row,) = [r for r in payload[key] if (r["stage"], r["day"]) == (change["stage"], change["day"])]
            row |= {k: int(v) if k == "minutes" else v for k, v in change.items()}
    return payload


def _item(row: dict[str, str]) -> dict[str, Any]:
    return {
        "class": row["class"],
        "day": row["day"],
        "subject": row.get("subject", "语文"),
        "minutes": int(row["minutes"]),
        "written": row.get("written", "true") == "true",
        "optional": row.get("optional", "false") == "true",
        "alternative": row.get("alternative"),
    }


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
    if rule.source.value == "return" or submitted_at is not None:
        intake.submit_return(
            institution,
            week,
            actor=make.Somebody(),
            now=submitted_at or now,
            door="api",
            payload=_payload(institution, week, case),
        )
    if case.get("withdrawn"):
        intake.withdraw_return(institution, week, actor=make.Somebody(), now=now, reason="测试")
    with engine.rehearsal():
        rows = engine.foresee([rule], [institution.pk], Span(week.monday, week.sunday), now=now)
    found = [(row["about"], str(row["occurred_on"]), row["observed"], row["limit"]) for row in rows]
    found = [row for row in found if rule.code[:2] != "RP" or row[1] == str(week.monday)]
    expected = [(e["about"], e["on"], Decimal(e["observed"]), Decimal(e["limit"])) for e in case.get("expect") or []]
    assert sorted(found) == sorted(expected)
