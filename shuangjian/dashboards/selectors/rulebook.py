"""规则手册 and 指引落实一览, from the registries: rules, their dated standards, the guideline's clauses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

from shuangjian.bureau.models import Department, Institution
from shuangjian.core.choices import Stage
from shuangjian.core.templatetags.ui import quantity
from shuangjian.rules.clauses import Clause, all_clauses
from shuangjian.rules.declare import Rule, all_rules
from shuangjian.rules.explain import words_of
from shuangjian.rules.parameters import Parameter

#: Families of rules by the letters of their code, in the order of the guideline.
DOMAINS = {
    "HW": "作业",
    "SC": "作息",
    "AS": "课后服务",
    "TO": "校外培训机构",
    "IN": "检查与督导",
    "RP": "周报报送",
}
FATES = {
    "R": ("机器规则", "系统按规则自动比对"),
    "I": ("检查项目", "由检查或问卷核实"),
    "T": ("责任任务", "责任单位提交佐证"),
    "N": ("原则要求", "总体要求，不单独计量"),
}
_SEVERITY_WORDS = {"1": "提示", "2": "预警", "3": "违规", "4": "重大"}


@dataclass(frozen=True)
class StandardLine:
    """One dated value of a standard, for one grade band or stage ("" for all)."""

    who: str
    value: str
    effective_from: dt.date
    reference: str
    quote: str
    is_in_force: bool


@dataclass(frozen=True)
class Standard:
    """A parameter as the page shows it. ``is_open`` (†): the guideline leaves the number or its reading open."""

    name: str
    description: str
    is_open: bool
    note: str
    lines: list[StandardLine]
    readings: list[str]


@dataclass(frozen=True)
class RuleEntry:
    """A rule with everything that explains it."""

    rule: Rule
    domain: str
    clauses: list[Clause]
    standards: list[Standard]
    departments: str
    stages: str

    @property
    def is_open(self) -> bool:
        return any(standard.is_open for standard in self.standards)


@dataclass(frozen=True)
class ClauseEntry:
    """A clause with how it is carried out and which rules watch it."""

    clause: Clause
    fates: list[tuple[str, str, str]]
    departments: str
    rules: list[Rule] = field(default_factory=list)


@dataclass(frozen=True)
class Case:
    """One line of a rule's case table: the situation in words, and what the rule must say of it."""

    name: str
    is_finding: bool
    expected: str


def department_names() -> dict[str, str]:
    """Names of the departments by code; one query."""
    return dict(Department.objects.values_list("code", "name"))


def rule_entries(today: dt.date, names: dict[str, str]) -> list[RuleEntry]:
    """Every rule, by code."""
    return [rule_entry(rule, today, names) for rule in all_rules()]


def rule_entry(rule: Rule, today: dt.date, names: dict[str, str]) -> RuleEntry:
    """One rule with its clauses, standards and departments."""
    clauses = all_clauses()
    return RuleEntry(
        rule=rule,
        domain=DOMAINS.get(rule.code.split("-")[0], "其他"),
        clauses=[clauses[each] for each in rule.clauses if each in clauses],
        standards=[_standard(parameter, today, rule.stages) for parameter in rule.parameters],
        departments=_named(rule.departments, names),
        stages=_whom(rule),
    )


def _whom(rule: Rule) -> str:
    """The stages that a rule is about, else the kinds of institution."""
    stages = [stage.label for stage in Stage if stage.value in rule.stages]
    return "、".join(stages or [kind.label for kind in Institution.Kind if kind.value in rule.kinds]) or "全部"


def by_domain(entries: Iterable[RuleEntry]) -> list[tuple[str, list[RuleEntry]]]:
    """Entries under the name of their family, families in the order of the guideline."""
    grouped: dict[str, list[RuleEntry]] = {name: [] for name in (*DOMAINS.values(), "其他")}
    for entry in entries:
        grouped[entry.domain].append(entry)
    return [(name, inside) for name, inside in grouped.items() if inside]


def clause_entries(names: dict[str, str]) -> list[ClauseEntry]:
    """Every clause of the guideline, in its order."""
    rules = all_rules()
    return [
        ClauseEntry(
            clause=clause,
            fates=[(fate, *FATES[fate]) for fate in clause.fates],
            departments=_named(clause.departments, names),
            rules=[rule for rule in rules if clause.id in rule.clauses],
        )
        for clause in all_clauses().values()
    ]


def by_section(entries: Iterable[ClauseEntry]) -> list[tuple[str, list[ClauseEntry]]]:
    """Entries under the headings of the document, in its order."""
    return [(heading, list(inside)) for heading, inside in groupby(entries, key=lambda entry: entry.clause.section)]


@cache
def rule_cases(path: Path, unit: str) -> tuple[Case, ...]:
    """The case table of a rule, which its test runs too; empty where the file is not there."""
    if not path.is_file():
        return ()
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tuple(_case(each, unit) for each in raw.get("cases", []))


def _case(raw: dict[str, Any], unit: str) -> Case:
    expected = raw.get("expect") or []
    shown = [
        f"{quantity(each['observed'], unit)}（标准 {quantity(each['limit'], unit)}）"
        for each in expected
        if isinstance(each, dict) and "observed" in each and "limit" in each and unit != "是否"
    ]
    words = "；".join(shown) if shown else (f"{len(expected)} 条疑似问题" if expected else "不产生疑似问题")
    return Case(name=str(raw.get("name", "")), is_finding=bool(expected), expected=words)


def _standard(parameter: Parameter, today: dt.date, stages: frozenset[str]) -> Standard:
    file = parameter.file
    shown = [key for key in file.values if file.by != "stage" or not stages or key in stages]
    lines = [
        StandardLine(
            who=who_words(file.by, key),
            value=quantity(entry.value, file.unit),
            effective_from=entry.effective_from,
            reference=entry.reference_text,
            quote=entry.reference.get("quote", ""),
            is_in_force=entry is parameter.entry_on(today, key=key),
        )
        for key in shown
        for entry in parameter.entries(key)
    ]
    return Standard(
        file.name, file.description, file.is_open, file.note, lines, [_reading(each, file) for each in file.readings]
    )


def _reading(raw: dict[str, Any], file: Any) -> str:
    source = f"（{raw['document']}）" if raw.get("document") else ""
    return f"{raw.get('label') or quantity(raw.get('value'), file.unit)}{source}"


def who_words(by: str, key: str) -> str:
    """Whom a value holds for: grade band 3-6, a stage, a severity; "" where it holds for all."""
    if by == "grade":
        return f"{key.replace('-', '–')} 年级"
    if by == "stage":
        return str(Stage(key).label)
    if by == "severity":
        return _SEVERITY_WORDS.get(key, key)
    return words_of(by, key)


def _named(codes: Iterable[str], names: dict[str, str]) -> str:
    return "、".join(names.get(code, code) for code in codes)
