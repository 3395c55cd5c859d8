"""How a rule is declared: once, as one function over a scoped queryset, and registered when its app gets ready.

From the one declaration come the engine's SQL, feedback on unsaved input, the 规则手册 page, the API's list and the
case-table test.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.db import models
from django.db.models import CharField, F, Max, Value
from django.db.models.functions import Concat

from shuangjian.core.choices import Severity, Stage
from shuangjian.rules.parameters import Parameter, domain_folder


class Period(StrEnum):
    """The span that one finding of a rule speaks of, and by which alerts are grouped (days by ISO week)."""

    DAY = "D"
    WEEK = "W"
    MONTH = "M"
    TERM = "T"
    STANDING = "S"

    @property
    def label(self) -> str:
        return {"D": "按日", "W": "按周", "M": "按月", "T": "按学期", "S": "常态"}[self.value]


class Source(StrEnum):
    """Where the judged rows come from. RETURN: coverage decides clearing. REGISTER: what is not seen is gone."""

    RETURN = "return"
    REGISTER = "register"


#: Narrows a scoped queryset to the rows whose data are missing for a rule.
Unknown = Callable[[Any], models.QuerySet[Any]]


@dataclass(frozen=True)
class Rule:
    """One rule of the catalogue.

    ``unit`` is the unit of observed and limit: 分钟, 天 …; 时刻 means minutes after midnight, 比例 a share (0.9: 90%),
    是否 a flag (1 > 0). ``stages`` are those to which it applies (empty: institutions of any stage or none), ``kinds``
    the kinds of institution (``Institution.kind``; empty: any). ``is_soft`` marks 一般: a dated exemption is possible.
    ``window`` is what must be looked at together: the rule's own period, or the term, where a week is judged by the
    weeks around it. ``unknown`` narrows the rows to those whose data are missing for this rule.
    """

    code: str
    title: str
    clauses: tuple[str, ...]
    about: type[models.Model]
    period: Period
    window: Period
    source: Source
    unit: str
    parameters: tuple[Parameter, ...]
    severity: Severity
    departments: tuple[str, ...]
    comparison: str
    remedy: str
    function: Callable[..., models.QuerySet[Any]]
    stages: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    is_soft: bool = False
    at_the_limit: str = ""
    note: str = ""
    takes_now: bool = False
    unknown: Unknown | None = None
    over: type[models.Model] | None = (
        None  # a model derived from ``about`` (rules.derived); the function takes its rows
    )
    folder: Path = field(default=Path(), compare=False)

    @property
    def sentence(self) -> str:
        """The rule in one Chinese sentence: the docstring of its function."""
        return inspect.getdoc(self.function) or ""

    @property
    def cases_file(self) -> Path:
        return self.folder / "cases" / f"{self.code}.yaml"

    def applies_to(self, kind: str, stages: Iterable[str]) -> bool:
        """Whether an institution of this kind, with these stages, can break the rule at all."""
        if self.kinds and kind not in self.kinds:
            return False
        return not self.stages or bool(self.stages & set(stages))


class RuleMistake(Exception):
    """A declaration cannot be used; the message says how to mend it."""


_registry: dict[str, Rule] = {}

ALL_STAGES = frozenset(Stage.values)
_FILING_KINDS = ("school",)  # only schools file weekly returns


def rule(
    *,
    code: str,
    title: str,
    clauses: Sequence[str],
    about: type[models.Model],
    period: Period,
    source: Source,
    unit: str,
    severity: Severity,
    departments: Sequence[str],
    comparison: str,
    remedy: str,
    parameters: Sequence[Parameter] = (),
    stages: Iterable[str] = (),
    kinds: Iterable[str] = (),
    is_soft: bool = False,
    window: Period | None = None,
    at_the_limit: str = "恰好等于标准值合规",
    note: str = "",
    unknown: Unknown | None = None,
    over: type[models.Model] | None = None,
) -> Callable[[Callable[..., models.QuerySet[Any]]], Callable[..., models.QuerySet[Any]]]:
    """Declare the decorated function as a rule.

    The function takes a queryset of ``about``, already narrowed to institutions and dates, and ``now`` too if it is
    about time passing; it returns ``violations(…)`` of it and nothing else. Its docstring is the rule in one sentence.
    Its SQL is kept per version of the standard values and terms (``statements``): let it read nothing else.
    ``window`` asks for more than the rule's own period. ``unknown`` takes a queryset of ``about``, narrows it to
    what lacks the data that the rule needs, and ends in ``missing(…)``. With ``over`` the function takes a queryset of
    that model, which is derived from ``about``: rules that group alike share one grouping.
    """

    def register(function: Callable[..., models.QuerySet[Any]]) -> Callable[..., models.QuerySet[Any]]:
        declared = Rule(
            code=code,
            title=title,
            clauses=tuple(clauses),
            about=about,
            period=period,
            window=window or period,
            source=source,
            unit=unit,
            parameters=tuple(parameters),
            severity=severity,
            departments=tuple(departments),
            comparison=comparison,
            remedy=remedy,
            function=function,
            stages=frozenset(stages),
            kinds=frozenset(kinds or (_FILING_KINDS if source is Source.RETURN else ())),
            is_soft=is_soft,
            at_the_limit=at_the_limit,
            note=note,
            unknown=unknown,
            over=over,
            takes_now="now" in inspect.signature(function).parameters,
            folder=domain_folder(inspect.getfile(function)),
        )
        _add(declared)
        return function

    return register


def _add(declared: Rule) -> None:
    known = _registry.setdefault(declared.code, declared)
    if known is not declared:
        modules = f"{known.function.__module__} and {declared.function.__module__}"
        raise RuleMistake(f"{declared.code} is declared twice ({modules}).")


def all_rules() -> list[Rule]:
    """Every registered rule, by code."""
    return [_registry[code] for code in sorted(_registry)]


def get_rule(code: str) -> Rule:
    """The rule of that code; KeyError when there is none."""
    return _registry[code]


def find_rule(code: str) -> Rule | None:
    """The rule of that code, or None."""
    return _registry.get(code)


def rules_using(parameter: str) -> list[Rule]:
    """The rules that compare with the standard of that name, by code."""
    return [rule for rule in all_rules() if any(each.name == parameter for each in rule.parameters)]


def unregister(code: str) -> None:
    """Take a rule out again; for tests that plant a rule of their own."""
    _registry.pop(code, None)


@dataclass(frozen=True)
class Code:
    """A stable name of what a finding is about, as an SQL expression over rows or over groups of them."""

    kind: str
    field: str

    def expression(self, *, is_grouped: bool) -> Concat:
        """Of grouped rows the field is taken by its maximum: it is the same in all of a group, and one more key of
        the grouping would be built and compared for each row."""
        field = Max(self.field) if is_grouped else F(self.field)
        return Concat(Value(f"{self.kind}:"), field, output_field=CharField())


def code(kind: str, field_name: str) -> Code:
    """A stable name of what a finding is about: ``code("class", "school_class__code")`` → ``class:2026-04-03``."""
    return Code(kind, field_name)
