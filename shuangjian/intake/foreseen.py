"""Findings-to-be in plain words: what a submit of the form as it stands would raise."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shuangjian.core.choices import Severity
from shuangjian.intake.return_form import ReturnForm
from shuangjian.rules.clauses import all_clauses
from shuangjian.rules.declare import Period, Rule, find_rule

FLAG = "是否"


@dataclass(frozen=True)
class Foreseen:
    """One finding that a submit would raise. ``target`` is the cell to go to; "" when the form has none."""

    rule: Rule
    severity: Severity
    where: str
    target: str
    observed: Decimal
    limit: Decimal

    @property
    def is_flag(self) -> bool:
        """Whether the rule asks yes or no, so that its figures say nothing."""
        return self.rule.unit == FLAG

    @property
    def clauses(self) -> list[str]:
        """The clauses it rests on: 2.1.1 减少作业总量."""
        known = all_clauses()
        return [f"{number} {known[number].title}" if number in known else number for number in self.rule.clauses]


def put_into_words(form: ReturnForm, findings: list[dict[str, Any]]) -> list[Foreseen]:
    """The rows of ``preview_return``, worst first, with their places in the form."""
    foreseen = []
    for found in findings:
        rule = find_rule(found["rule"])
        if rule is None:
            continue
        target, about = form.cell_of_finding(rule, found["about"], found["occurred_on"])
        foreseen.append(
            Foreseen(
                rule=rule,
                severity=Severity(found["severity"]),
                where=f"{about} {_when(form, rule, found)}",
                target=target,
                observed=found["observed"],
                limit=found["limit"],
            )
        )
    return foreseen


def _when(form: ReturnForm, rule: Rule, found: dict[str, Any]) -> str:
    if rule.period is Period.WEEK:
        return "本周"
    days = next(iter(form.days.values()), [])
    return next((day.label for day in days if day.date == found["occurred_on"]), str(found["occurred_on"]))
