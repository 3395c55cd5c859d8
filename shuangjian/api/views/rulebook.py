"""Clauses, rules and parameters: the same for everybody with a token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from shuangjian.api.filters import PAGING, refuse_unknown
from shuangjian.api.serializers.rulebook import ClauseSerializer, ParameterSerializer, RuleSerializer
from shuangjian.api.views.base import ApiView
from shuangjian.rules.clauses import all_clauses
from shuangjian.rules.declare import all_rules, find_rule
from shuangjian.rules.engine import current_overrides
from shuangjian.rules.parameters import all_parameters, frozen

_DOTTED = r"[^/]+"


class _RegistryViewSet(ApiView, GenericViewSet[Any]):
    """A list that stands in code or files; no rows, so nothing to scope."""

    filter_backends = ()

    def _listed(self, request: Request, entries: Sequence[Any]) -> Response:
        refuse_unknown(request, PAGING)
        page = self.paginate_queryset(entries)
        serializer: BaseSerializer[Any] = self.get_serializer(page, many=True)
        return self.get_paginated_response(serializer.data)

    def _one(self, entry: Any) -> Response:
        if entry is None:
            raise Http404
        return Response(self.get_serializer(entry).data)


class ClauseViewSet(_RegistryViewSet):
    """条款: the guideline's own text by clause, with the rules that watch it."""

    serializer_class = ClauseSerializer
    lookup_field = "id"
    lookup_value_regex = _DOTTED

    @extend_schema(summary="条款")
    def list(self, request: Request) -> Response:
        return self._listed(request, list(all_clauses().values()))

    @extend_schema(summary="一个条款")
    def retrieve(self, request: Request, id: str) -> Response:
        return self._one(all_clauses().get(id))


class RuleViewSet(_RegistryViewSet):
    """规则: as declared in code, the only place where a rule is written."""

    serializer_class = RuleSerializer
    lookup_field = "code"
    lookup_value_regex = _DOTTED

    @extend_schema(summary="规则")
    def list(self, request: Request) -> Response:
        return self._listed(request, all_rules())

    @extend_schema(summary="一条规则")
    def retrieve(self, request: Request, code: str) -> Response:
        return self._one(find_rule(code))


class ParameterViewSet(_RegistryViewSet):
    """标准值: dated values with their references, the bureau's adjustments merged in."""

    serializer_class = ParameterSerializer
    lookup_field = "name"
    lookup_value_regex = _DOTTED

    @extend_schema(summary="标准值")
    def list(self, request: Request) -> Response:
        with frozen(current_overrides()):
            return self._listed(request, all_parameters())

    @extend_schema(summary="一个标准值")
    def retrieve(self, request: Request, name: str) -> Response:
        known = {parameter.name: parameter for parameter in all_parameters()}
        with frozen(current_overrides()):
            return self._one(known.get(name))
