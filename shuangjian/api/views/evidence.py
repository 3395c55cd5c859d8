"""Observations 核查情况: read within the scope, recorded and decided by the district's and the towns' programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from shuangjian.api.filters import OfInstitution
from shuangjian.api.permissions import ActsFromAbove
from shuangjian.api.serializers.evidence import (
    ConfirmSerializer,
    NewObservationSerializer,
    ObservationSerializer,
    RectifySerializer,
    RefuteSerializer,
    TakeBackSerializer,
)
from shuangjian.api.views.base import ReadViewSet
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.evidence import observation_acts
from shuangjian.evidence.choices import Source, State
from shuangjian.evidence.models import Observation
from shuangjian.evidence.scope import observations_of, sees_source


class ObservationFilter(OfInstitution):
    kind = django_filters.CharFilter(field_name="kind", label="事项代码")
    state = django_filters.ChoiceFilter(choices=State.choices, label="状态")
    source = django_filters.ChoiceFilter(choices=Source.choices, method="by_source", label="来源")
    since = django_filters.DateFilter(field_name="occurred_on", lookup_expr="gte", label="发生日期自")
    until = django_filters.DateFilter(field_name="occurred_on", lookup_expr="lte", label="发生日期至")
    is_rectified = django_filters.BooleanFilter(
        field_name="rectified_on", lookup_expr="isnull", exclude=True, label="已整改"
    )

    def by_source(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Nothing for whom the source is hidden: a filter would tell what the answer keeps back."""
        return queryset.filter(source=value) if sees_source(self.request.user) else queryset.none()


@extend_schema_view(list=extend_schema(summary="核查情况"), retrieve=extend_schema(summary="一条核查情况"))
class ObservationViewSet(ReadViewSet):
    """What people found. An institution's token sees only what was found true about itself."""

    model = Observation
    serializer_class = ObservationSerializer
    filterset_class = ObservationFilter
    lookup_field = "number"
    lookup_value_regex = r"[^/.]{1,30}"

    def rows(self) -> QuerySet[Any]:
        principal: Any = self.request.user
        return observations_of(principal).select_related("institution")

    def get_permissions(self) -> list[Any]:
        is_reading = self.request.method in SAFE_METHODS
        return list(super().get_permissions()) if is_reading else [ActsFromAbove()]

    @extend_schema(
        summary="登记核查情况（线索）", request=NewObservationSerializer, responses={201: ObservationSerializer}
    )
    def create(self, request: Request) -> Response:
        values = checked_body(NewObservationSerializer, request)
        unit = get_object_or_404(self.scoped(Institution), code=values.pop("institution"))
        found = observation_acts.record_observation(unit, actor=request.user, now=clock.now(), **values)
        return Response(self._shown(found), status=201)

    @extend_schema(summary="认定查实", request=ConfirmSerializer, responses=ObservationSerializer)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, number: str) -> Response:
        return self._act(request, ConfirmSerializer, observation_acts.confirm_observation)

    @extend_schema(summary="认定未查实", request=RefuteSerializer, responses=ObservationSerializer)
    @action(detail=True, methods=["post"])
    def refute(self, request: Request, number: str) -> Response:
        return self._act(request, RefuteSerializer, observation_acts.refute_observation)

    @extend_schema(summary="登记整改完成", request=RectifySerializer, responses=ObservationSerializer)
    @action(detail=True, methods=["post"])
    def rectify(self, request: Request, number: str) -> Response:
        return self._act(request, RectifySerializer, observation_acts.rectify_observation)

    @extend_schema(
        summary="撤回认定（仅全区令牌），回到核查中", request=TakeBackSerializer, responses=ObservationSerializer
    )
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, number: str) -> Response:
        return self._act(request, TakeBackSerializer, observation_acts.withdraw_observation)

    def _act(
        self, request: Request, body: type[serializers.Serializer[Any]], act: Callable[..., Observation]
    ) -> Response:
        """Scope first, then the act."""
        found = self.get_object()
        return Response(self._shown(act(found.pk, actor=request.user, now=clock.now(), **checked_body(body, request))))

    def _shown(self, found: Observation) -> Any:
        return ObservationSerializer(
            get_object_or_404(self.rows(), pk=found.pk), context={"request": self.request}
        ).data


def checked_body(body: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The values of the request's body; ValidationError names each mistake at its path."""
    given = body(data=request.data or {})
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)
