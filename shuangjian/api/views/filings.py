"""应报任务: who owes which week's return, and whether it stands."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import OuterRef, QuerySet, Subquery
from drf_spectacular.utils import extend_schema

from shuangjian.api.filters import InstantFilter, OfWeek
from shuangjian.api.serializers.returns import FilingSerializer
from shuangjian.api.views.base import ListViewSet
from shuangjian.core import clock
from shuangjian.intake.models import Filing, WeeklyReturn


class FilingFilter(OfWeek):
    is_filed = django_filters.BooleanFilter(label="已报")
    due_before = InstantFilter(field_name="due_at", lookup_expr="lt", label="截止时间早于")


@extend_schema(summary="应报任务")
class FilingViewSet(ListViewSet):
    """Filings with their state as of now; ``returned`` and ``withdrawn`` come from the return itself."""

    model = Filing
    serializer_class = FilingSerializer
    filterset_class = FilingFilter

    def rows(self) -> QuerySet[Any]:
        own = self.scoped(WeeklyReturn).filter(institution=OuterRef("institution"), week=OuterRef("week"))
        return self.scoped(Filing).select_related("institution").annotate(return_state=Subquery(own.values("state")))

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "now": clock.now()}
