"""What a submit would raise, with the words of the explanation card."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shuangjian.rules.declare import get_rule
from shuangjian.rules.engine import current_overrides
from shuangjian.rules.explain import card
from shuangjian.rules.parameters import frozen


def foreseen(findings: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of ``preview_return`` for PreviewSerializer."""
    with frozen(current_overrides()):
        return [_one(row) for row in findings]


def _one(row: dict[str, Any]) -> dict[str, Any]:
    told = card(
        rule_code=row["rule"],
        about=row["about"],
        occurred_on=row["occurred_on"],
        observed=row["observed"],
        limit=row["limit"],
        facts={},
        severity=row["severity"],
    )
    return {
        "rule": row["rule"],
        "title": told.rule_title,
        "about": row["about"],
        "about_text": told.about_text,
        "occurred_on": row["occurred_on"],
        "observed": row["observed"],
        "observed_text": told.observed_text,
        "limit": row["limit"],
        "limit_text": told.limit_text,
        "unit": get_rule(row["rule"]).unit,
        "severity": row["severity"],
        "message": f"{told.about_text} {told.occurred_text}：{told.conclusion}",
        "clause": told.clause_id,
    }
