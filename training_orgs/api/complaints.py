"""Complaints 投诉举报: filed as rows, and dealt with act by act by the district's and the towns' programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from shuangjian.api.filters import OfInstitution
from shuangjian.api.permissions import ActsFromAbove
from shuangjian.api.serializers.evidence import Strict, TakeBackSerializer
from shuangjian.api.views.evidence import checked_body
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.choices import Severity
from shuangjian.evidence import complaint_acts
from shuangjian.evidence.models import Complaint
from shuangjian.evidence.scope import complaints_of
from shuangjian.evidence.words import LONGEST_TEXT
from training_orgs.api import serializers as shown
from training_orgs.api.views import RowsViewSet, resource


class LinkSerializer(Strict):
    institution = serializers.CharField(max_length=18, help_text="被投诉单位的代码")


class DuplicateSerializer(Strict):
    of = serializers.CharField(max_length=30, allow_blank=True, help_text="与哪一件重复：那一件的登记号；空为取消重复")


class DecideSerializer(Strict):
    """查实 with what was found (``kind`` with ``text``, or the number of an ``observation``), 未查实 with a reason."""

    is_confirmed = serializers.BooleanField(help_text="true 查实，false 未查实")
    reason = serializers.CharField(
        max_length=400, required=False, allow_blank=True, default="", help_text="未查实的理由，未查实时必填"
    )
    kind = serializers.CharField(
        max_length=30,
        required=False,
        allow_blank=True,
        default="",
        help_text="查实的事项代码，如 privacy、safety、other",
    )
    text = serializers.CharField(
        max_length=LONGEST_TEXT, required=False, allow_blank=True, default="",
        help_text="查实的情况；被投诉单位看得到，不能有投诉人的信息",
    )  # fmt: skip
    about = serializers.CharField(
        max_length=80, required=False, allow_blank=True, default="", help_text="如 course:K01、order:HT001"
    )
    occurred_on = serializers.DateField(required=False, allow_null=True, default=None, help_text="不填为受理日期")
    severity = serializers.ChoiceField(choices=Severity.choices, required=False, allow_null=True, default=None)
    due_on = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="整改期限；不填按等级的工作日数计算"
    )
    observation = serializers.CharField(
        max_length=30,
        required=False,
        allow_blank=True,
        default="",
        help_text="已登记过的核查情况的编号；填了它，上面各项可不填",
    )


class ReplySerializer(Strict):
    reply = serializers.CharField(max_length=2000, help_text="对投诉人的答复")
    replied_on = serializers.DateField(required=False, allow_null=True, default=None, help_text="不填为今天")


class ComplaintFilter(OfInstitution):
    channel = django_filters.CharFilter(label="受理渠道")
    topic = django_filters.CharFilter(label="事项")
    state = django_filters.CharFilter(label="状态")
    since = django_filters.DateFilter(field_name="received_on", lookup_expr="gte", label="受理日期自")


@resource("complaints", "投诉举报", shown.ComplaintSerializer)
class ComplaintViewSet(RowsViewSet):
    """线索 → 核查中 → 查实或未查实 → 办结. Nothing about a complaint is ever told to whom it is about; the complainant
    is told to no program."""

    model = Complaint
    filterset_class = ComplaintFilter
    lookup_field = "number"
    lookup_value_regex = r"[^/.]{1,30}"

    def rows(self) -> QuerySet[Any]:
        principal: Any = self.request.user
        return complaints_of(principal).select_related("institution__town", "town")

    def get_permissions(self) -> list[Any]:
        is_act = self.action not in ("list", "retrieve", "create", None)
        return [ActsFromAbove()] if is_act else list(super().get_permissions())

    @extend_schema(summary="开始核查：线索 → 核查中", request=None, responses=shown.ComplaintSerializer)
    @action(detail=True, methods=["post"])
    def check(self, request: Request, number: str) -> Response:
        return self._act(request, Strict, complaint_acts.start_check)

    @extend_schema(summary="关联被投诉单位", request=LinkSerializer, responses=shown.ComplaintSerializer)
    @action(detail=True, methods=["post"])
    def link(self, request: Request, number: str) -> Response:
        found, values = self.get_object(), checked_body(LinkSerializer, request)
        unit = get_object_or_404(self.scoped(Institution), code=values["institution"])
        complaint_acts.link_to_institution(found.pk, institution=unit, actor=request.user, now=clock.now())
        return self._shown(found)

    @extend_schema(
        summary="标为与另一件重复，或取消重复", request=DuplicateSerializer, responses=shown.ComplaintSerializer
    )
    @action(detail=True, methods=["post"])
    def duplicate(self, request: Request, number: str) -> Response:
        return self._act(request, DuplicateSerializer, complaint_acts.mark_duplicate)

    @extend_schema(
        summary="认定：核查中 → 查实（同时登记核查情况）或未查实",
        request=DecideSerializer,
        responses=shown.ComplaintSerializer,
    )
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, number: str) -> Response:
        found, values = self.get_object(), checked_body(DecideSerializer, request)
        said = {"is_confirmed": values.pop("is_confirmed"), "reason": values.pop("reason")}
        seen = complaint_acts.Found(**values)
        complaint_acts.decide(found.pk, found=seen, actor=request.user, now=clock.now(), **said)
        return self._shown(found)

    @extend_schema(summary="答复投诉人并办结", request=ReplySerializer, responses=shown.ComplaintSerializer)
    @action(detail=True, methods=["post"])
    def reply(self, request: Request, number: str) -> Response:
        return self._act(request, ReplySerializer, complaint_acts.reply_and_close)

    @extend_schema(
        summary="撤回认定（仅全区令牌），回到核查中", request=TakeBackSerializer, responses=shown.ComplaintSerializer
    )
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, number: str) -> Response:
        return self._act(request, TakeBackSerializer, complaint_acts.withdraw_decision)

    def _act(
        self, request: Request, body: type[serializers.Serializer[Any]], act: Callable[..., Complaint]
    ) -> Response:
        """Scope first, then the act."""
        found = self.get_object()
        act(found.pk, actor=request.user, now=clock.now(), **checked_body(body, request))
        return self._shown(found)

    def _shown(self, found: Complaint) -> Response:
        """The complaint as it is now; 404 where the act took it out of the program's sight."""
        return Response(self.get_serializer(get_object_or_404(self.rows(), pk=found.pk)).data)
