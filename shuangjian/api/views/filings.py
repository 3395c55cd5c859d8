"""应报任务: who owes which week's return, whether it stands, and how many of a town or the district do."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from shuangjian.api import filing_summary
from shuangjian.api.filters import PAGING, InstantFilter, OfWeek, refuse_unknown, week_in_path
from shuangjian.api.levels import CENTRE, DISTRICT, INSTITUTION, TOWN, level_of, level_parameter
from shuangjian.api.serializers.filings import FilingSerializer, FilingSummarySerializer
from shuangjian.api.views.base import ListViewSet
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.choices import FilingState
from shuangjian.core.weeks import Week
from shuangjian.intake.filing_counts import in_state, with_return
from shuangjian.intake.models import Filing

_LEVELS = (DISTRICT, CENTRE, TOWN, INSTITUTION)
_WEEK = OpenApiParameter("week", str, description="周次，如 2026-W45；缺省为本周")
_TOWN = OpenApiParameter("town", str, description="镇街代码：只汇总该镇街的单位")


class FilingFilter(OfWeek):
    is_filed = django_filters.BooleanFilter(label="已报")
    is_complete = django_filters.BooleanFilter(label="完整")
    state = django_filters.ChoiceFilter(choices=FilingState.choices, method="by_state", label="状态")
    due_before = InstantFilter(field_name="due_at", lookup_expr="lt", label="截止时间早于")

    def by_state(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(in_state(value, clock.now()))


@extend_schema(summary="应报任务")
class FilingViewSet(ListViewSet):
    """Filings with their state as of now; ``returned`` and ``withdrawn`` come from the return itself."""

    model = Filing
    serializer_class = FilingSerializer
    filterset_class = FilingFilter

    def rows(self) -> QuerySet[Any]:
        return with_return(self.scoped(Filing)).select_related("institution")

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "now": clock.now()}

    @extend_schema(
        summary="填报情况汇总（全区、教育指导中心、镇街、单位）",
        parameters=[level_parameter(_LEVELS), _WEEK, _TOWN],
        responses=FilingSummarySerializer(many=True),
        filters=False,
    )
    @action(detail=False, pagination_class=ListViewSet.pagination_class)
    def summary(self, request: Request) -> Response:
        refuse_unknown(request, ("level", "week", "town", *PAGING))
        level, now = level_of(request, _LEVELS), clock.now()
        key, town = request.query_params.get("week"), request.query_params.get("town")
        week = Week.of(now.date()) if key is None else week_in_path(key)
        filings: QuerySet[Any] = self.scoped(Filing).filter(week=week.monday)
        units: QuerySet[Any] = self.scoped(Institution).filter(kind=Institution.Kind.SCHOOL)
        if town is not None:
            filings, units = filings.filter(institution__town__code=town), units.filter(town__code=town)
        if level == INSTITUTION:
            page = self.paginate_queryset(units.select_related("town")) or []
            results = filing_summary.of_units(page, filings, week=week, now=now)
        else:
            results = self.paginate_queryset(filing_summary.of_areas(level, filings, week=week, now=now)) or []
        return self.get_paginated_response(FilingSummarySerializer(results, many=True).data)
