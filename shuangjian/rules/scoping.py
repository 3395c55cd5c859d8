"""Who sees what a rule found: the jurisdiction of institutions for everybody, but for departments the rules that name
them, wherever they were broken."""

from __future__ import annotations

from typing import Any, ClassVar, Self, TypeVar

from django.db import models

from shuangjian.core.querysets import Principal, ScopedQuerySet, power_of
from shuangjian.rules.declare import all_rules

ModelT = TypeVar("ModelT", bound=models.Model)
#: How a finding about a pupil begins what it is about.
ABOUT_A_PUPIL = "pupil:"


def rules_naming(department_code: str) -> list[str]:
    """Codes of the rules that name the department of this code."""
    return [rule.code for rule in all_rules() if department_code in rule.departments]


class RuledQuerySet(ScopedQuerySet[ModelT]):
    """Rows about one rule each; ``PREFIX`` leads to the columns rule and is_trial where they are a relation away.

    Rows of rules on trial (试运行) are the bureau's own business: nobody else sees them. Nor does an inspector see what
    is about a pupil (``pupil:<pseudonym>/…``): the pseudonyms of orders are no matter of a visit.
    """

    PREFIX: ClassVar[str] = ""

    def about_no_pupil(self) -> Self:
        """Without what names a pupil; models that hold what findings are about say how."""
        return self

    def visible_to(self, principal: Principal | None) -> Self:
        if power_of(principal) == "bureau":
            return super().visible_to(principal)
        formal: dict[str, Any] = {f"{self.PREFIX}is_trial": False}
        department = getattr(principal, "department_code", "")
        if department:
            return self.filter(**formal, **{f"{self.PREFIX}rule__in": rules_naming(department)})
        rows = super().visible_to(principal).filter(**formal)
        return rows.about_no_pupil() if power_of(principal) == "inspector" else rows
