"""API endpoints over scoped data: a viewset can reach rows only through ``scoped``."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from rest_framework.viewsets import GenericViewSet

from shuangjian.core.querysets import ScopedQuerySet


class ScopedViewSet(GenericViewSet[Any]):
    """Endpoints of one resource, narrowed to the jurisdiction of whoever calls.

    A subclass names its ``model`` and, where it needs joins or other rows, overrides ``rows`` on top of ``scoped``;
    it never touches a manager. What is outside the jurisdiction is 404, on lists and single objects alike.
    """

    model: ClassVar[type[models.Model]]

    def scoped(self, model: type[models.Model]) -> ScopedQuerySet[Any]:
        """The rows of ``model`` that the caller may see; ``model.INSTITUTION`` tells the way to the institution."""
        rows = model._default_manager.all()
        queryset = rows if isinstance(rows, ScopedQuerySet) else ScopedQuerySet(model)
        principal: Any = self.request.user
        return queryset.visible_to(principal)

    def rows(self) -> models.QuerySet[Any]:
        """What this resource consists of for the caller."""
        return self.scoped(self.model)

    def get_queryset(self) -> models.QuerySet[Any]:
        return self.rows()
