"""A weekly return's past: its submitted versions, what changed between two of them, and each step of its life."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from shuangjian.api.filters import PAGING, refuse_unknown, week_in_path
from shuangjian.api.serializers.history import (
    ChangeSerializer,
    ChangesSerializer,
    EventSerializer,
    VersionSerializer,
    WholeVersionSerializer,
)
from shuangjian.api.views.returns import OneWeekViewSet
from shuangjian.core.weeks import Week
from shuangjian.intake.differences import compare
from shuangjian.intake.models import ReturnEvent, ReturnVersion

_FROM = OpenApiParameter("from", int, description="与哪一版比较；缺省为前一版，0 为空白周报")


class ReturnVersionViewSet(OneWeekViewSet):
    """The submitted versions of one school's week; they are never changed."""

    model = ReturnVersion
    page_key = ("number",)
    serializer_class = VersionSerializer

    @extend_schema(summary="周报的历次版本", responses=VersionSerializer(many=True))
    def versions(self, request: Request, code: str, week: str) -> Response:
        refuse_unknown(request, PAGING)
        page = self.paginate_queryset(self._versions(code, week).defer("payload"))
        return self.get_paginated_response(VersionSerializer(page, many=True).data)

    @extend_schema(summary="周报的一个版本及其内容", responses=WholeVersionSerializer)
    def version(self, request: Request, code: str, week: str, number: int) -> Response:
        return Response(WholeVersionSerializer(get_object_or_404(self._versions(code, week), number=number)).data)

    @extend_schema(summary="周报两个版本之间改动的每一格", parameters=[_FROM], responses=ChangesSerializer)
    def changes(self, request: Request, code: str, week: str, number: int) -> Response:
        refuse_unknown(request, ("from",))
        school, versions = self._school(code), self._versions(code, week)
        newer = get_object_or_404(versions, number=number)
        base = _number(request.query_params.get("from", str(number - 1)))
        older = get_object_or_404(versions, number=base) if base else None
        found = compare(school, Week.parse(week), older.payload if older else None, newer.payload)
        changes = ChangeSerializer(found, many=True).data
        return Response({"from": base, "to": number, "changes": changes})

    def _versions(self, code: str, week: str) -> QuerySet[Any]:
        weekly_return = self._existing(self._school(code), week_in_path(week))
        return self.scoped(ReturnVersion).filter(weekly_return=weekly_return)


class ReturnEventViewSet(OneWeekViewSet):
    """Who did what with the return, and what was said; in the order of time."""

    model = ReturnEvent
    page_key = ("at", "id")
    serializer_class = EventSerializer

    @extend_schema(summary="周报的经过：提交、退回、审核、接收、锁定、更正", responses=EventSerializer(many=True))
    def events(self, request: Request, code: str, week: str) -> Response:
        refuse_unknown(request, PAGING)
        weekly_return = self._existing(self._school(code), week_in_path(week))
        page = self.paginate_queryset(self.scoped(ReturnEvent).filter(weekly_return=weekly_return))
        return self.get_paginated_response(EventSerializer(page, many=True).data)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 5:
        raise ValidationError({"from": f"应为版本号（0 为空白周报），现为“{text[:20]}”。"}, code="bad_version")
    return int(text)
