"""Pages over scoped data: a view can reach rows only through ``scoped``."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.generic import TemplateView

from shuangjian.core.querysets import ScopedQuerySet


class ScopedView(LoginRequiredMixin, TemplateView):
    """A page of a signed-in person.

    ``roles`` names the role kinds that may open it (everyone signed in when empty): others get 403. Rows outside the
    jurisdiction are 404, on lists and details alike, because ``scoped`` is the only way to them.
    """

    roles: ClassVar[frozenset[str]] = frozenset()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and self.roles and request.user.role_kind not in self.roles:
            raise PermissionDenied("您的角色不能打开此页。")
        return super().dispatch(request, *args, **kwargs)

    def scoped(self, queryset: ScopedQuerySet[Any]) -> ScopedQuerySet[Any]:
        """The rows of ``queryset`` that the signed-in person may see."""
        user: Any = self.request.user  # LoginRequiredMixin has seen to it
        return queryset.visible_to(user)

    def get_scoped_or_404(self, queryset: ScopedQuerySet[Any], **lookup: Any) -> models.Model:
        """One row inside the jurisdiction; 404 when there is none, whether or not it exists elsewhere."""
        return get_object_or_404(self.scoped(queryset), **lookup)
