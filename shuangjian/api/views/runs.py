"""比对记录: runs and their receipts, read only."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Prefetch, QuerySet
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema, extend_schema_view

from shuangjian.api.filters import InstantFilter
from shuangjian.api.serializers.runs import RunDetailSerializer, RunSerializer
from shuangjian.api.views.base import ReadViewSet
from shuangjian.journal.models import Run, RunPart


class RunFilter(FilterSet):
    kind = django_filters.ChoiceFilter(choices=Run.Kind.choices, label="原因类型")
    is_finished = django_filters.BooleanFilter(
        field_name="finished_at", lookup_expr="isnull", exclude=True, label="已完成"
    )
    requested_since = InstantFilter(field_name="requested_at", lookup_expr="gte", label="自该时刻起提出")


@extend_schema_view(list=extend_schema(summary="比对记录"), retrieve=extend_schema(summary="一次比对，按镇街或单位"))
class RunViewSet(ReadViewSet):
    """Runs that touched what the token may see, oldest first, with the parts that lie inside its scope."""

    model = Run
    serializer_class = RunSerializer
    filterset_class = RunFilter
    lookup_value_regex = r"[0-9]{1,18}"

    def rows(self) -> QuerySet[Any]:
        parts = self.scoped(RunPart).select_related("town", "institution")
        return self.scoped(Run).prefetch_related(Prefetch("parts", queryset=parts, to_attr="seen"))

    def get_serializer_class(self) -> Any:
        return RunSerializer if self.action == "list" else RunDetailSerializer
