"""Findings 疑似问题 and alerts 预警."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from shuangjian.alerts import services
from shuangjian.alerts.models import Alert
from shuangjian.api.filters import InstantFilter, OfInstitution
from shuangjian.api.serializers.findings import (
    AlertDetailSerializer,
    AlertSerializer,
    CardSerializer,
    FindingSerializer,
    ReasonSerializer,
)
from shuangjian.api.views.base import ReadViewSet
from shuangjian.core import clock
from shuangjian.core.choices import Severity
from shuangjian.core.errors import Conflict
from shuangjian.intake.models import ReturnVersion
from shuangjian.rules.explain import explain
from shuangjian.rules.models import Dismissal, Finding

_ID = r"[0-9]{1,18}"


class _OfRule(OfInstitution):
    rule = django_filters.CharFilter(field_name="rule", label="规则代码")
    period = django_filters.CharFilter(field_name="period", label="周期，如 2026-W45、2026-11、standing")
    severity = django_filters.ChoiceFilter(choices=Severity.choices, label="预警等级")
    updated_since = InstantFilter(field_name="changed_at", lookup_expr="gte", label="自该时刻起有变化")


class FindingFilter(_OfRule):
    since = django_filters.DateFilter(field_name="occurred_on", lookup_expr="gte", label="发生日期自")
    until = django_filters.DateFilter(field_name="occurred_on", lookup_expr="lte", label="发生日期至")
    is_open = django_filters.BooleanFilter(field_name="cleared_at", lookup_expr="isnull", label="尚未消除")


@extend_schema_view(list=extend_schema(summary="疑似问题"), retrieve=extend_schema(summary="一个疑似问题"))
class FindingViewSet(ReadViewSet):
    """What the rules saw, cleared findings included, in the order of their last change."""

    model = Finding
    serializer_class = FindingSerializer
    filterset_class = FindingFilter
    page_key = ("changed_at", "id")
    lookup_value_regex = _ID

    def rows(self) -> QuerySet[Any]:
        version = self.scoped(ReturnVersion).filter(pk=OuterRef("return_version")).values("number")
        dismissal = Dismissal._default_manager.filter(
            finding=OuterRef("pk"), observed=OuterRef("observed"), limit=OuterRef("limit")
        )
        rows = self.scoped(Finding).select_related("institution")
        return rows.annotate(version_number=Subquery(version), is_dismissed=Exists(dismissal))

    @extend_schema(summary="疑似问题的说明：依据、数据、标准值和消除办法", responses=CardSerializer)
    @action(detail=True, methods=["get"])
    def explain(self, request: Request, pk: str) -> Response:
        finding = self.get_object()
        try:
            return Response(explain(finding).as_dict())
        except LookupError as error:
            raise Conflict(str(error.args[0]), code="rule_gone") from None


class AlertFilter(_OfRule):
    state = django_filters.ChoiceFilter(choices=Alert.State.choices, label="状态")
    due_until = django_filters.DateFilter(field_name="due_on", lookup_expr="lte", label="整改期限至")
    is_open = django_filters.BooleanFilter(field_name="closed_at", lookup_expr="isnull", label="尚未办结")


@extend_schema_view(list=extend_schema(summary="预警"), retrieve=extend_schema(summary="一条预警及其办理过程"))
class AlertViewSet(ReadViewSet):
    """Alerts in the order of their last change, and what may be done with one."""

    model = Alert
    serializer_class = AlertSerializer
    filterset_class = AlertFilter
    page_key = ("changed_at", "id")
    lookup_value_regex = _ID

    def rows(self) -> QuerySet[Any]:
        return self.scoped(Alert).select_related("institution")

    def get_serializer_class(self) -> Any:
        return AlertSerializer if self.action == "list" else AlertDetailSerializer

    @extend_schema(summary="签收", request=OpenApiTypes.NONE, responses=AlertDetailSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        return self._act(request, services.acknowledge_alert)

    @extend_schema(summary="办结", request=ReasonSerializer, responses=AlertDetailSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        return self._act(request, services.close_alert, needs_reason=True)

    @extend_schema(summary="排除（误报）", request=ReasonSerializer, responses=AlertDetailSerializer)
    @action(detail=True, methods=["post"])
    def dismiss(self, request: Request, pk: str) -> Response:
        return self._act(request, services.dismiss_alert, needs_reason=True)

    def _act(self, request: Request, act: Callable[..., Alert], *, needs_reason: bool = False) -> Response:
        """Scope first, then the act; what is shown afterwards is looked up in scope again."""
        alert = self.get_object()
        arguments: dict[str, str] = {}
        if needs_reason:
            body = ReasonSerializer(data=request.data)
            body.is_valid(raise_exception=True)
            arguments["reason"] = body.validated_data["reason"]
        act(alert.pk, actor=request.user, now=clock.now(), **arguments)
        return Response(AlertDetailSerializer(get_object_or_404(self.rows(), pk=alert.pk)).data)
