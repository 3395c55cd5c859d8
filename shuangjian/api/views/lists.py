"""Lists 名单: who stood on one on a day, and the decisions behind it. Deciding needs two signed-in people."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from shuangjian.api.filters import OfInstitution
from shuangjian.api.serializers.lists import DecisionSerializer, EntrySerializer, ProposalSerializer, ReviewSerializer
from shuangjian.api.views.base import ReadViewSet
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Problem
from shuangjian.lists import services
from shuangjian.lists.models import ListCriteria, ListDecision, ListEntry, ListKind

_ID = r"[0-9]{1,18}"


class EntryFilter(OfInstitution):
    kind = django_filters.ChoiceFilter(choices=ListKind.choices, label="名单")
    as_of = django_filters.DateFilter(method="by_day", label="在该日的名单上")

    def by_day(self, queryset: Any, name: str, value: dt.date) -> QuerySet[Any]:
        standing: QuerySet[Any] = queryset.standing_on(value)
        return standing


class DecisionFilter(OfInstitution):
    kind = django_filters.ChoiceFilter(choices=ListKind.choices, label="名单")
    act = django_filters.ChoiceFilter(choices=ListDecision.Act.choices, label="决定")
    state = django_filters.ChoiceFilter(choices=ListDecision.State.choices, label="状态")
    is_published = django_filters.BooleanFilter(
        field_name="published_on", lookup_expr="isnull", exclude=True, label="已公布"
    )


@extend_schema_view(list=extend_schema(summary="名单"), retrieve=extend_schema(summary="一条名单记录"))
class ListEntryViewSet(ReadViewSet):
    """Entries of all lists, those that ended among them; ``as_of`` leaves those that stood on that day."""

    model = ListEntry
    serializer_class = EntrySerializer
    filterset_class = EntryFilter
    lookup_value_regex = _ID

    def rows(self) -> QuerySet[Any]:
        return self.scoped(ListEntry).select_related(
            "institution", "entry__institution", "entry__criteria", "exit__institution", "exit__criteria"
        )


@extend_schema_view(list=extend_schema(summary="名单决定"), retrieve=extend_schema(summary="一项名单决定"))
class ListDecisionViewSet(ReadViewSet):
    """Decisions; proposals that wait for a second person are shown to the district's programs alone."""

    model = ListDecision
    serializer_class = DecisionSerializer
    filterset_class = DecisionFilter
    lookup_value_regex = _ID

    def rows(self) -> QuerySet[Any]:
        return self.scoped(ListDecision).select_related("institution", "criteria")

    @extend_schema(
        summary="提出列入或移出（须区教育局人员登录办理，令牌得到 403）",
        request=ProposalSerializer,
        responses={201: DecisionSerializer},
    )
    def create(self, request: Request) -> Response:
        body = ProposalSerializer(data=request.data or {})
        body.is_valid(raise_exception=True)
        values = dict(body.validated_data)
        unit = get_object_or_404(self.scoped(Institution), code=values.pop("institution"))
        services.person_of_the_bureau(request.user, "提出名单决定")
        kind, version = values.pop("kind"), values.pop("criteria")
        criteria = ListCriteria._default_manager.filter(kind=kind, version=version).first()
        if criteria is None:
            raise InvalidInput([Problem("criteria", f"没有版本为“{version}”的标准，请先登记。", "unknown")])
        is_entry = values.pop("act") == ListDecision.Act.ENTRY
        propose = services.propose_entry if is_entry else services.propose_exit
        made = propose(unit, kind, criteria=criteria, actor=request.user, now=clock.now(), **values)
        return Response(DecisionSerializer(made).data, status=201)

    @extend_schema(
        summary="复核（须区教育局另一人登录办理，令牌得到 403）", request=ReviewSerializer, responses=DecisionSerializer
    )
    @action(detail=True, methods=["post"])
    def review(self, request: Request, pk: str) -> Response:
        found = self.get_object()
        body = ReviewSerializer(data=request.data or {})
        body.is_valid(raise_exception=True)
        done = services.review(found.pk, actor=request.user, now=clock.now(), **body.validated_data)
        return Response(DecisionSerializer(done).data)
