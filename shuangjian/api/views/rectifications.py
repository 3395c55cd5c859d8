"""Rectifications 整改: ordered on an alert, handed in by the institution's program, changed and cancelled from above.

Rechecking is a signed-in person's act, never a program's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from shuangjian.alerts import rectifications as services
from shuangjian.alerts.models import Alert, Rectification
from shuangjian.alerts.rectification_uploads import photo_progress, receive_photo, remove_photo
from shuangjian.api.conditional import ANY_REVISION, expected_revision
from shuangjian.api.filters import InstantFilter, OfInstitution, refuse_unknown
from shuangjian.api.problems import Rejection
from shuangjian.api.serializers.rectifications import (
    CancelRectificationSerializer,
    ChangeRectificationSerializer,
    HandInRectificationSerializer,
    OrderRectificationSerializer,
    RecheckRectificationSerializer,
    RectificationDetailSerializer,
    RectificationSerializer,
)
from shuangjian.api.uploads import (
    KEY,
    PhotoProgressSerializer,
    RawParser,
    TakesPhotos,
    describes_photo_put,
    sent_key,
    telling_where_to_go_on,
)
from shuangjian.api.views.base import ReadViewSet
from shuangjian.api.views.evidence import checked_body
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Problem
from shuangjian.files.partial import Progress
from shuangjian.files.pieces import asked_piece, told

DETAIL = RectificationDetailSerializer
_PHOTO_QUERY = ("name",)


class RectificationFilter(OfInstitution):
    state = django_filters.ChoiceFilter(choices=Rectification.State.choices, label="状态")
    alert = django_filters.NumberFilter(field_name="alert", min_value=0, max_value=2**53, label="预警编号")
    due_until = django_filters.DateFilter(field_name="due_on", lookup_expr="lte", label="整改期限至")
    is_waiting = django_filters.BooleanFilter(method="by_waiting", label="单位还要办理")
    updated_since = InstantFilter(field_name="changed_at", lookup_expr="gte", label="自该时刻起有变化")

    def by_waiting(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        waiting = {"state__in": Rectification.WAITING}
        return queryset.filter(**waiting) if value else queryset.exclude(**waiting)


@extend_schema_view(
    list=extend_schema(summary="整改事项"),
    retrieve=extend_schema(summary="一项整改及其照片和办理过程"),
)
class RectificationViewSet(TakesPhotos, ReadViewSet):
    """In the order of their last change. An institution's token sees its own."""

    model = Rectification
    filterset_class = RectificationFilter
    page_key = ("changed_at", "id")
    lookup_field = "number"
    lookup_value_regex = r"[^/.]{1,30}"

    def rows(self) -> QuerySet[Any]:
        return self.scoped(Rectification).select_related("institution", "observation")

    def get_serializer_class(self) -> Any:
        return RectificationSerializer if self.action == "list" else RectificationDetailSerializer

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        found = self.get_object()
        response = Response(self._shown(found))
        response.etag_prefix = f"r{found.revision}"  # type: ignore[attr-defined]
        return response

    @extend_schema(summary="在预警上下达整改", request=OrderRectificationSerializer, responses={201: DETAIL})
    def create(self, request: Request) -> Response:
        values = checked_body(OrderRectificationSerializer, request)
        alert = get_object_or_404(self.scoped(Alert).select_related("institution"), pk=values.pop("alert"))
        made = services.order_rectification(
            alert.institution, alert=alert, actor=request.user, now=clock.now(), **values
        )
        return Response(self._shown(made), status=201)

    @extend_schema(summary="提交整改情况", request=HandInRectificationSerializer, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="hand-in")
    def hand_in(self, request: Request, number: str) -> Response:
        found, values = self.get_object(), checked_body(HandInRectificationSerializer, request)
        expected = expected_revision(request)
        if expected not in (None, ANY_REVISION):
            values["revision"] = expected
        try:
            return self._done(services.hand_in_rectification, found, values)
        except Conflict as conflict:
            if conflict.code == "changed" and expected is not None:
                raise Rejection(conflict.message, code="precondition_failed", status=412) from None
            raise

    @extend_schema(
        summary="复查：须由人员登录后作出",
        request=RecheckRectificationSerializer,
        responses=DETAIL,
    )
    @action(detail=True, methods=["post"])
    def recheck(self, request: Request, number: str) -> Response:
        found = self.get_object()
        return self._done(services.recheck_rectification, found, checked_body(RecheckRectificationSerializer, request))

    @extend_schema(summary="变更要求或期限", request=ChangeRectificationSerializer, responses=DETAIL)
    @action(detail=True, methods=["post"])
    def change(self, request: Request, number: str) -> Response:
        found = self.get_object()
        return self._done(services.change_rectification, found, checked_body(ChangeRectificationSerializer, request))

    @extend_schema(summary="撤销整改", request=CancelRectificationSerializer, responses=DETAIL)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, number: str) -> Response:
        found = self.get_object()
        return self._done(services.cancel_rectification, found, checked_body(CancelRectificationSerializer, request))

    @extend_schema(summary="一张整改后的照片收到了多少", responses=PhotoProgressSerializer)
    @action(
        detail=True, methods=["get"], url_path=f"photos/(?P<photo>{KEY})", url_name="photo", parser_classes=[RawParser]
    )
    def photo(self, request: Request, number: str, photo: str) -> Response:
        progress = photo_progress(self.get_object(), sent_key(photo))
        if progress is None:
            raise Http404
        return Response(self._progress(progress))

    @describes_photo_put(_PHOTO_QUERY)
    @photo.mapping.put
    def put_photo(self, request: Request, number: str, photo: str) -> Response:
        found, key = self.get_object(), sent_key(photo)
        refuse_unknown(request, _PHOTO_QUERY)
        problems: list[Problem] = []
        piece = asked_piece(request.headers, problems)
        if problems:
            raise InvalidInput(problems)
        known = photo_progress(found, key)
        name = request.query_params.get("name", "")[:120]
        with telling_where_to_go_on():
            progress = receive_photo(
                found.pk, key, total=piece.total, offset=piece.offset, sha256=piece.sha256, name=name,
                stream=request._request, actor=request.user,
            )  # fmt: skip
        is_new = progress.is_complete and not (known is not None and known.is_complete)
        return Response(self._progress(progress), status=201 if is_new else 200)

    @extend_schema(summary="提交前撤下一张整改后的照片", request=None, responses={204: None})
    @photo.mapping.delete
    def delete_photo(self, request: Request, number: str, photo: str) -> Response:
        remove_photo(self.get_object().pk, sent_key(photo), actor=request.user)
        return Response(status=204)

    def _progress(self, progress: Progress) -> dict[str, Any]:
        return told(progress.received, progress.total, progress.stored, self.request.path)

    def _done(self, act: Callable[..., Rectification], found: Rectification, values: dict[str, Any]) -> Response:
        return Response(self._shown(act(found.pk, actor=self.request.user, now=clock.now(), **values)))

    def _shown(self, found: Rectification) -> Any:
        """Looked up in scope again, as it stands after the act."""
        row = get_object_or_404(self.rows(), pk=found.pk)
        return RectificationDetailSerializer(row, context={"request": self.request}).data
