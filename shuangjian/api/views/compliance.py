"""``/compliance/``: where units, towns and the district stand in a week."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from shuangjian.accounts.models import DISTRICT_NAME
from shuangjian.api import compliance
from shuangjian.api.filters import PAGING, refuse_unknown, week_in_path
from shuangjian.api.levels import level_of, level_parameter
from shuangjian.api.serializers.compliance import CompliancePageSerializer, UnitComplianceDetailSerializer
from shuangjian.api.views.base import ResourceViewSet
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.weeks import Week

NO_TOWN = "镇街待核实"
_WEEK = OpenApiParameter("week", str, description="周次，如 2026-W45；缺省为本周")
_AS_OF = OpenApiParameter("as_of", str, description="目前只能是今天：尚未保存历史状态")
_TOWN = OpenApiParameter("town", str, description="镇街代码，只用于 level=institution")


class ComplianceViewSet(ResourceViewSet):
    """Outcomes of schools. 数据不足 is told apart everywhere and never counted as compliant."""

    model = Institution
    serializer_class = CompliancePageSerializer
    filter_backends = ()
    lookup_field = "code"

    def rows(self) -> QuerySet[Any]:
        return self.scoped(Institution).filter(kind=Institution.Kind.SCHOOL).select_related("town")

    @extend_schema(
        summary="合规情况（全区、镇街、单位）",
        parameters=[level_parameter(), _WEEK, _AS_OF, _TOWN],
        responses=CompliancePageSerializer,
    )
    def list(self, request: Request) -> Response:
        refuse_unknown(request, ("level", "week", "as_of", "town", *PAGING))
        week, level = self._week(request), level_of(request)
        units = self.rows()
        if (town := request.query_params.get("town")) is not None:
            units = units.filter(town__code=town)
        if level == "institution":
            page = self.paginate_queryset(units)
            results = [row.as_dict() for row in compliance.of_units(page or [], week, now=clock.now())]
        else:
            results = self.paginate_queryset(self._areas(units, level, week)) or []
        answer = self.get_paginated_response(results)
        answer.data = {**answer.data, "week": week.key, **compliance.versions()}
        return answer

    @extend_schema(
        summary="一个单位的合规情况，含每条规则的结论",
        parameters=[_WEEK, _AS_OF],
        responses=UnitComplianceDetailSerializer,
    )
    def retrieve(self, request: Request, code: str) -> Response:
        refuse_unknown(request, ("week", "as_of"))
        unit, week = self.get_object(), self._week(request)
        (row,) = compliance.of_units([unit], week, now=clock.now())
        return Response({**row.as_dict(), **compliance.versions(), "rules": row.rules()})

    def _week(self, request: Request) -> Week:
        """``week``, or the current one; ``as_of`` may only be today, since only the present state is kept yet."""
        today = clock.today()
        as_of = request.query_params.get("as_of")
        if as_of is not None and as_of != today.isoformat():
            raise ValidationError(
                {"as_of": f"目前只保存现在的状态，as_of 只能是今天（{today}）或不填；往周请用 week。"}, code="as_of"
            )
        key = request.query_params.get("week")
        return Week.of(today) if key is None else week_in_path(key)

    def _areas(self, units: QuerySet[Any], level: str, week: Week) -> Sequence[dict[str, Any]]:
        rows = compliance.of_units(list(units.order_by("town__pinyin", "pk")), week, now=clock.now())
        if level == "district":
            return [_area(level, None, DISTRICT_NAME, week, rows)]
        areas = []
        for town, inside in groupby(rows, key=lambda row: row.unit.town):
            name, code = (NO_TOWN, None) if town is None else (town.name, town.code)
            areas.append(_area(level, code, name, week, list(inside)))
        return areas


def _area(level: str, code: str | None, name: str, week: Week, rows: list[Any]) -> dict[str, Any]:
    return {"level": level, "code": code, "name": name, "week": week.key, **compliance.summary(rows)}
