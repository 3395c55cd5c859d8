"""Start-up checks: a declaration that cannot work is told before anything runs, with the mend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from homework.models import HomeworkItem
from shuangjian.core.choices import Severity
from shuangjian.rules.checks import check_rules
from shuangjian.rules.declare import Period, RuleMistake, Source, all_rules, rule, unregister

GOOD: dict[str, Any] = {
    "code": "ZZ-01",
    "title": "测试",
    "clauses": ["2.1.1"],
    "about": HomeworkItem,
    "period": Period.DAY,
    "source": Source.RETURN,
    "unit": "分钟",
    "severity": Severity.NOTICE,
    "departments": ["JY"],
    "comparison": "高于",
    "remedy": "更正",
}


@pytest.fixture
def declared() -> Iterator[Any]:
    """Declares a rule like GOOD but for some keywords, and takes it out again."""
    codes = []

    def declare(docstring: str = "测试规则。", **changed: Any) -> None:
        def function(items: Any) -> Any:
            return items

        function.__doc__ = docstring
        settings = {**GOOD, **changed}
        rule(**settings)(function)
        codes.append(settings["code"])

    yield declare
    for code in codes:
        unregister(code)


def _ids() -> dict[str, str]:
    return {message.id: f"{message.msg} {message.hint}" for message in check_rules(None)}


def test_what_the_project_declares_passes() -> None:
    assert _ids() == {}
    assert [r.code for r in all_rules()] == [
        "AS-01", "AS-02", "AS-03", "AS-04", "AS-07", "AS-10", "AS-11", "AS-12",
        *(f"HW-{number:02d}" for number in range(1, 11)), "IN-01", "IN-02",
        "RP-01", "RP-02", "SC-01", "SC-02", "SC-03", "SC-06", "SC-09", "SC-12", "SC-13",
        *(f"TO-{number:02d}" for number in range(1, 35)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "identifier", "hint"),
    [
        ({"code": "ZZ1"}, "rules.E001", "HW-02"),
        ({"clauses": ["9.9"]}, "rules.E002", "clauses.yaml"),
        ({"docstring": ""}, "rules.E003", "docstring"),
        ({"departments": []}, "rules.E004", "departments.csv"),
        ({"departments": ["QQ"]}, "rules.E004", "departments.csv"),
        ({"remedy": ""}, "rules.E005", "remedy="),
        ({"is_soft": True, "period": Period.TERM}, "rules.E006", "is_soft"),
        ({"window": Period.MONTH}, "rules.E007", "window=Period.TERM"),
        ({"window": Period.TERM, "period": Period.MONTH}, "rules.E007", "window=Period.TERM"),
        ({}, "rules.E020", "cases/ZZ-01.yaml"),
    ],
)
def test_a_bad_declaration_is_told_with_its_mend(declared: Any, changed: Any, identifier: str, hint: str) -> None:
    declared(**changed)
    assert hint in _ids()[identifier]


def test_declaring_a_code_twice_is_refused_at_once(declared: Any) -> None:
    declared()
    with pytest.raises(RuleMistake, match="twice"):
        declared()
