"""Start-up checks of every declared rule; each message says how to mend what it found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml
from django.apps.config import AppConfig
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from shuangjian.core.querysets import ScopedQuerySet
from shuangjian.rules.clauses import all_clauses
from shuangjian.rules.declare import Period, Rule, all_rules
from shuangjian.rules.parameters import Parameter, all_parameters

_CODE = re.compile(r"^[A-Z]{2}-\d{2}$")
_DEPARTMENTS = frozenset(
    ["JY", "ZJ", "FL", "ZS", "RS", "BB", "FG", "CZ", "MZ", "SC", "KG", "WL", "CG", "ZF", "XW", "GA", "WJ", "XF", "YJ"]
    + ["XX", "SF", "JS"]
)


@register("rules")
def check_rules(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every rule can be judged, explained and tested."""
    messages: list[CheckMessage] = []
    for rule in all_rules():
        messages += _check_words(rule)
        messages += _check_periods(rule)
        messages += _check_model(rule)
        messages += _check_cases(rule)
    for parameter in all_parameters():
        messages += _check_parameter(parameter)
    return messages


def _where(rule: Rule) -> str:
    return f"{rule.function.__module__}.{rule.function.__name__}"


def _check_words(rule: Rule) -> Iterator[CheckMessage]:
    where = _where(rule)
    if _CODE.match(rule.code) is None:
        yield Error(
            f"{rule.code} is not a rule code.",
            hint="Write two capital letters, a dash, two digits: HW-02.",
            obj=where,
            id="rules.E001",
        )
    for clause in rule.clauses:
        if clause not in all_clauses():
            yield Error(
                f"{rule.code} cites clause {clause}, which the guideline does not have.",
                hint="Use an id of rules/data/clauses.yaml, such as 2.1.1.",
                obj=where,
                id="rules.E002",
            )
    if not rule.sentence or not rule.sentence.strip().endswith("。"):
        yield Error(
            f"{rule.code} has no sentence.",
            hint="Give its function a docstring: one Chinese sentence ending in 。",
            obj=where,
            id="rules.E003",
        )
    if not rule.departments or not set(rule.departments) <= _DEPARTMENTS:
        yield Error(
            f"{rule.code} names no or unknown departments {rule.departments}.",
            hint=f"Use codes of bureau/data/departments.csv, the lead first: {' '.join(sorted(_DEPARTMENTS))}.",
            obj=where,
            id="rules.E004",
        )
    if not rule.remedy or not rule.comparison:
        yield Error(
            f"{rule.code} does not say what it compares or how it is cleared.",
            hint="Fill comparison= and remedy= in its declaration; the explanation card shows them.",
            obj=where,
            id="rules.E005",
        )


def _check_periods(rule: Rule) -> Iterator[CheckMessage]:
    where = _where(rule)
    if rule.is_soft and rule.period not in (Period.DAY, Period.WEEK):
        yield Error(
            f"{rule.code} is soft but not about days or weeks.",
            hint="Only D and W rules can be exempted: drop is_soft or change the period.",
            obj=where,
            id="rules.E006",
        )
    if rule.window is not rule.period and (
        rule.window is not Period.TERM or rule.period not in (Period.DAY, Period.WEEK)
    ):
        yield Error(
            f"{rule.code} asks for a window of {rule.window.name} around a {rule.period.name}.",
            hint="Only the term can be looked at around a day or a week: window=Period.TERM, or leave it out.",
            obj=where,
            id="rules.E007",
        )


def _check_model(rule: Rule) -> Iterator[CheckMessage]:
    model: Any = rule.about
    label = model._meta.label
    if not isinstance(model._default_manager.all(), ScopedQuerySet):
        yield Error(
            f"{label} has no scoped queryset.",
            hint="Give it objects = ScopedQuerySet.as_manager() (or a subclass).",
            obj=rule.code,
            id="rules.E010",
        )
    for attribute in ("INSTITUTION", "OCCURRED_ON"):
        path = getattr(model, attribute, None)
        if path is None:
            yield Error(
                f"{label} does not say {attribute}.",
                hint=f'Add {attribute} = "…", a lookup path from {label} to its institution or its date.',
                obj=rule.code,
                id="rules.E011",
            )
        elif path and not _path_exists(model, path):
            yield Error(
                f"{label}.{attribute} = {path!r} leads nowhere.",
                hint="Each part must be a field of the model before it.",
                obj=rule.code,
                id="rules.E012",
            )
    bad = [field.name for field in model._meta.get_fields() if field.name.startswith("f_")]
    if bad:
        yield Error(
            f"{label} has fields {bad}.",
            hint="Names that begin with f_ belong to violations(); rename the field.",
            obj=rule.code,
            id="rules.E013",
        )


def _path_exists(model: type[models.Model], path: str) -> bool:
    for part in path.split("__"):
        try:
            field = model._meta.get_field(part)
        except FieldDoesNotExist:
            return False
        model = field.related_model or model
    return True


def _check_cases(rule: Rule) -> Iterator[CheckMessage]:
    if not rule.cases_file.exists():
        yield Error(
            f"{rule.code} has no case table.",
            hint=f"Write cases/{rule.code}.yaml beside its rules.py: cases one step either side of each limit.",
            obj=rule.code,
            id="rules.E020",
        )
        return
    table = yaml.safe_load(rule.cases_file.read_text(encoding="utf-8"))
    cases = table.get("cases", [])
    if table.get("rule") != rule.code or len(cases) < 2:
        yield Error(
            f"{rule.cases_file.name} does not fit {rule.code}.",
            hint=f"It begins with 'rule: {rule.code}' and has at least two cases.",
            obj=rule.code,
            id="rules.E021",
        )
    elif not any(case.get("expect") for case in cases) or all(case.get("expect") for case in cases):
        yield Error(
            f"{rule.cases_file.name} shows only one side of the limit.",
            hint="Add a case that is found and one that is not.",
            obj=rule.code,
            id="rules.E022",
        )


def _check_parameter(parameter: Parameter) -> Iterator[CheckMessage]:
    for entries in parameter.file.values.values():
        for entry in entries:
            clause = entry.reference.get("clause")
            if clause and clause not in all_clauses():
                yield Error(
                    f"{parameter.name} refers to clause {clause}, which the guideline does not have.",
                    hint=f"Correct reference.clause in {parameter.file.path.name}.",
                    obj=parameter.name,
                    id="rules.E030",
                )
            if entry.valid_until is not None and not any(e.effective_from > entry.valid_until for e in entries):
                yield Warning(
                    f"{parameter.name} ends on {entry.valid_until} and nothing follows.",
                    hint=f"Add a value from the next day on to {parameter.file.path.name}.",
                    obj=parameter.name,
                    id="rules.W031",
                )
