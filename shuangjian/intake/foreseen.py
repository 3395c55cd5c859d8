"""Findings-to-be in plain words: what a submit of the form as it stands would raise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shuangjian.core.choices import Severity
from shuangjian.intake.models import WeeklyReturn
from shuangjian.intake.return_form import ReturnForm, same_rows
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


def by_rule(foreseen: Sequence[Foreseen]) -> list[tuple[Foreseen, list[Foreseen]]]:
    """Findings-to-be grouped by rule, in the order of their worst."""
    groups: dict[str, list[Foreseen]] = {}
    for one in foreseen:
        groups.setdefault(one.rule.code, []).append(one)
    return [(group[0], group) for group in groups.values()]


def note_wanted(foreseen: Sequence[Foreseen], note: str) -> str:
    """Why a person must add a note before submitting; "" when none is wanted.

    What is wrong on paper never stops a return, but whoever files it says why: the note goes with the version to the
    reviewers. Hints (提示) need none, and programs cannot be asked.
    """
    serious = [one for one in foreseen if one.severity >= Severity.WARNING]
    if not serious or note.strip():
        return ""
    return (
        f"提交后会出现 {len(serious)} 条疑似问题，周报还没有提交。填错的请先修改；情况属实的，"
        "请在“说明”中写明原因和打算（一两句话），再提交。"
    )


def stands_already(stored: WeeklyReturn | None, payload: Mapping[str, Any]) -> bool:
    """Whether this is what stands submitted already, so that submitting it changes nothing and needs no note."""
    if stored is None or stored.current_version is None or not stored.is_judged:
        return False
    return same_rows(stored.current_version.payload, payload)


def _when(form: ReturnForm, rule: Rule, found: dict[str, Any]) -> str:
    if rule.period is Period.WEEK:
        return "本周"
    days = next(iter(form.days.values()), [])
    return next((day.label for day in days if day.date == found["occurred_on"]), str(found["occurred_on"]))
