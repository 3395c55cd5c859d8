"""Scope first, then filter: every queryset that a person or program sees comes out of ``visible_to``."""

from __future__ import annotations

from typing import Any, Protocol, Self, TypeVar

from django.db import models
from django.db.models import Q

ModelT = TypeVar("ModelT", bound=models.Model)


class Principal(Protocol):
    """Who asks: a signed-in user or an API token. Each has a jurisdiction of its own."""

    def jurisdiction(self, path: str) -> Q:
        """Condition on a model whose institution is reached by the lookup ``path`` ("" for Institution itself)."""


class ScopedQuerySet(models.QuerySet[ModelT]):
    """A queryset that knows how to narrow itself to what a principal may see.

    The model states ``INSTITUTION``, the lookup path from itself to Institution.
    """

    def visible_to(self, principal: Principal | None) -> Self:
        """Rows inside the principal's jurisdiction; nothing at all for anyone without one."""
        jurisdiction = getattr(principal, "jurisdiction", None)
        if jurisdiction is None:
            return self.none()
        path: Any = getattr(self.model, "INSTITUTION")  # noqa: B009 - a model without it must fail loudly here
        return self.filter(jurisdiction(path))


def power_of(principal: Any) -> str:
    """The role a person or token acts in: a district token acts as the bureau, a town token as the town."""
    return str(getattr(principal, "power", None) or getattr(principal, "role_kind", ""))


def lookup(path: str, field: str) -> str:
    """Join a path and a field: ``lookup("", "town") == "town"``, ``lookup("school", "town") == "school__town"``."""
    return f"{path}__{field}" if path else field
