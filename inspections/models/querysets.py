"""Who sees which visits: those above within their jurisdiction, inspectors and departments their own."""

from __future__ import annotations

from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.models import Q

from shuangjian.core.querysets import Principal, ScopedQuerySet, power_of

ModelT = TypeVar("ModelT", bound=models.Model)
_ABOVE = frozenset({"bureau", "centre", "town"})


class _OfVisits(ScopedQuerySet[ModelT]):
    """Narrows by the visit that ``VISIT`` leads to ("" for the visit itself)."""

    VISIT: ClassVar[str] = ""

    def visible_to(self, principal: Principal | None) -> Self:
        """Bureau, centre, town: the visits of their institutions. Inspectors and departments: those on which they are
        an inspector or which their department joins. Schools and training institutions: none; what they may know of
        the visits to them is selectors.filed_visits_to."""
        power = power_of(principal)
        if power in _ABOVE:
            return super().visible_to(principal)
        if power in {"inspector", "dept"} and getattr(principal, "may_act", False):
            return self.filter(pk__in=self._own(principal))
        return self.none()

    def _own(self, principal: Any) -> models.QuerySet[Any]:
        own = Q(**{f"{self.VISIT}inspectors__person": principal.pk})
        if power_of(principal) == "dept":
            own |= Q(**{f"{self.VISIT}departments": principal.department_id})
        return self.model._default_manager.filter(own).values("pk")


class VisitQuerySet(_OfVisits["Visit"]):  # type: ignore[name-defined]
    """Visits."""


class VisitPartQuerySet(_OfVisits[ModelT]):
    """Answers, photos, versions, events."""

    VISIT = "visit__"
