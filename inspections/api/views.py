"""Visits by REST: read within the scope, planned and written by the district's and the towns' programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from inspections.api import serializers as shown
from inspections.api.photos import QUERY, sent_photo
from inspections.choices import ResultCode, VisitKind, VisitState
from inspections.models import Visit, VisitInspector
from inspections.scope import inspectable_by
from inspections.selectors import filed_visits_to, visits_of
from inspections.services.documents import document_of
from inspections.services.photos import PhotoProgress, photo_progress, receive_photo, remove_photo
from inspections.services.sync import people_by_login, put_visit
from inspections.services.visits import Place, Stale, cancel_visit, hand_in_visit, plan_visits, start_visit
from shuangjian.api.conditional import ANY_REVISION, expected_revision, revision_etag
from shuangjian.api.filters import PAGING, InstantFilter, OfInstitution, refuse_unknown
from shuangjian.api.permissions import ActsFromAbove
from shuangjian.api.problems import Rejection
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
from shuangjian.bureau.models import Department, Institution
from shuangjian.core import clock
from shuangjian.core.errors import Conflict, InvalidInput, Problem
from shuangjian.files.pieces import told

MOST_PLANNED = 200
_DRY_RUN = OpenApiParameter("dry_run", str, enum=["1"], description="1：只检查，什么也不保存")
_WHOLE = {200: shown.VisitDocumentSerializer}


class VisitFilter(OfInstitution):
    state = django_filters.ChoiceFilter(choices=VisitState.choices, label="状态")
    kind = django_filters.ChoiceFilter(choices=VisitKind.choices, label="检查方式")
    result = django_filters.ChoiceFilter(choices=ResultCode.choices, label="检查结果")
    inspector = django_filters.CharFilter(method="by_inspector", label="检查人员的登录名")
    since = django_filters.DateFilter(field_name="planned_on", lookup_expr="gte", label="检查日期自")
    until = django_filters.DateFilter(field_name="planned_on", lookup_expr="lte", label="检查日期至")
    updated_since = InstantFilter(field_name="changed_at", lookup_expr="gte", label="自该时刻起有变化")

    def by_inspector(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        chosen = VisitInspector.objects.filter(person__username=value)
        return queryset.filter(pk__in=chosen.values("visit"))


@extend_schema_view(
    list=extend_schema(summary="检查"),
    retrieve=extend_schema(summary="一次检查的全部内容", responses=_WHOLE),
)
class VisitViewSet(TakesPhotos, ReadViewSet):
    """Visits in the order of their last change. An institution's token is told of filed visits to itself, in a list."""

    model = Visit
    serializer_class = shown.VisitSerializer
    filterset_class = VisitFilter
    page_key = ("changed_at", "id")
    lookup_field = "key"
    lookup_value_regex = KEY

    def rows(self) -> QuerySet[Any]:
        return visits_of(self.request.user)

    def get_permissions(self) -> list[Any]:
        is_reading = self.request.method in SAFE_METHODS
        return list(super().get_permissions()) if is_reading else [ActsFromAbove()]

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        unit: Institution | None = getattr(request.user, "institution", None)
        if unit is None:
            return super().list(request, *args, **kwargs)
        refuse_unknown(request, PAGING)
        filed: Any = filed_visits_to(unit)
        page: Any = self.paginate_queryset(filed)
        return self.get_paginated_response(shown.FiledVisitSerializer(page, many=True).data)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._shown(self.get_object())

    @extend_schema(
        summary="安排检查，一次或多次",
        parameters=[_DRY_RUN],
        request=shown.PlanSerializer(many=True),
        responses={200: shown.PlannedSerializer, 201: shown.PlannedSerializer},
    )
    def create(self, request: Request) -> Response:
        refuse_unknown(request, ("dry_run",))
        dry_run = request.query_params.get("dry_run", "0") not in ("", "0")
        rows = request.data if isinstance(request.data, list) else [request.data]
        if not 1 <= len(rows) <= MOST_PLANNED:
            raise InvalidInput([Problem("", f"一次安排 1–{MOST_PLANNED} 个检查，现有 {len(rows)} 个。", "too_many")])
        with transaction.atomic():
            planned = self._planned(rows)
            if dry_run:
                transaction.set_rollback(True)
        results = [
            {"index": at, "key": None if dry_run else str(visit.key), "number": None if dry_run else visit.number}
            for at, visit in enumerate(planned)
        ]
        body = {"dry_run": dry_run, "created": 0 if dry_run else len(planned), "results": results}
        return Response(body, status=200 if dry_run else 201)

    @extend_schema(
        summary="整份检查：按 key 开启或更新，可重复发送",
        request=shown.VisitDocumentSerializer,
        responses={**_WHOLE, 201: shown.VisitDocumentSerializer},
    )
    def update(self, request: Request, key: str) -> Response:
        revision = expected_revision(request)
        known = self.rows().filter(key=key).first()
        if revision == ANY_REVISION:
            if known is None:
                raise self._overtaken("还没有这次检查，If-Match 不能成立。", None, 412)
            revision = known.revision
        if revision == 0 and known is not None:
            raise self._overtaken("这次检查已存在，没有保存。", known, 412)
        try:
            done = put_visit(sent_key(key), request.data, actor=request.user, revision=revision, now=clock.now())
        except Stale as stale:
            current = self.rows().filter(key=key).first()  # None: of a new visit nobody can have read anything
            raise self._overtaken(stale.message, current, 409 if revision is None else 412) from None
        except Conflict as conflict:
            if conflict.code == "key_taken":  # somebody else's: as if there were none
                raise Http404 from None
            raise
        return self._shown(done.visit, status=201 if done.is_new else 200)

    @extend_schema(summary="开始一次已安排的检查", request=shown.StartSerializer, responses=_WHOLE)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, key: str) -> Response:
        visit, values = self.get_object(), _checked(shown.StartSerializer, request)
        place = values.pop("place", None)
        if place is not None:
            place.pop("distance_m", None)
            values["place"] = Place(**place)
        return self._shown(start_visit(visit.pk, actor=request.user, now=clock.now(), **values))

    @extend_schema(summary="提交审核", request=shown.HandInSerializer, responses=_WHOLE)
    @action(detail=True, methods=["post"], url_path="hand-in")
    def hand_in(self, request: Request, key: str) -> Response:
        visit, values = self.get_object(), _checked(shown.HandInSerializer, request)
        person = people_by_login([values["inspector"]], request.user, path="inspector")[0]
        revision = expected_revision(request)
        revision = visit.revision if revision == ANY_REVISION else revision
        try:
            done = hand_in_visit(visit.pk, actor=request.user, on_behalf=person, revision=revision, now=clock.now())
        except Stale as stale:
            raise self._overtaken(stale.message, self.get_object(), 412) from None
        return self._shown(done)

    @extend_schema(summary="取消检查", request=shown.CancelSerializer, responses=_WHOLE)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, key: str) -> Response:
        visit, values = self.get_object(), _checked(shown.CancelSerializer, request)
        return self._shown(cancel_visit(visit.pk, actor=request.user, now=clock.now(), **values))

    @extend_schema(summary="审核：须由人员登录后作出，令牌一律回答 403", request=None, responses=_WHOLE)
    @action(detail=True, methods=["post"])
    def review(self, request: Request, key: str) -> Response:
        raise self._person_needed("审核")

    @extend_schema(summary="更正：须由人员登录后作出，令牌一律回答 403", request=None, responses=_WHOLE)
    @action(detail=True, methods=["post"])
    def correct(self, request: Request, key: str) -> Response:
        raise self._person_needed("更正")

    @extend_schema(summary="一张照片收到了多少", responses=PhotoProgressSerializer)
    @action(
        detail=True, methods=["get"], url_path=f"photos/(?P<photo>{KEY})", url_name="photo", parser_classes=[RawParser]
    )
    def photo(self, request: Request, key: str, photo: str) -> Response:
        progress = photo_progress(self.get_object(), sent_key(photo))
        if progress is None:
            raise Http404
        return Response(_progress(progress, request.path))

    @describes_photo_put(QUERY)
    @photo.mapping.put
    def put_photo(self, request: Request, key: str, photo: str) -> Response:
        visit = self.get_object()
        refuse_unknown(request, QUERY)
        was_there = visit.photos.filter(key=photo).exists()
        with telling_where_to_go_on():
            progress = receive_photo(
                visit.pk, sent_key(photo), sent=sent_photo(request), stream=request._request, actor=request.user
            )
        is_new = progress.is_complete and not was_there
        return Response(_progress(progress, request.path), status=201 if is_new else 200)

    @extend_schema(summary="删除一张照片（文件仍封存）", request=None, responses={204: None})
    @photo.mapping.delete
    def delete_photo(self, request: Request, key: str, photo: str) -> Response:
        remove_photo(self.get_object().pk, sent_key(photo), actor=request.user, now=clock.now())
        return Response(status=204)

    def _planned(self, rows: Sequence[Any]) -> Sequence[Visit]:
        problems: list[Problem] = []
        planned = []
        for at, row in enumerate(rows):
            place = f"[{at}]" if isinstance(self.request.data, list) else ""
            try:
                planned.append(self._plan(row))
            except InvalidInput as error:
                problems += [Problem(_below(place, each.path), each.message, each.code) for each in error.problems]
        if problems:
            raise InvalidInput(problems)
        return planned

    def _plan(self, row: Any) -> Visit:
        body = shown.PlanSerializer(data=row)
        if not body.is_valid():
            raise InvalidInput(
                Problem(str(name), str(message))
                for name, messages in body.errors.items()
                for message in (messages if isinstance(messages, list) else [messages])
            )
        values = dict(body.validated_data)
        actor: Any = self.request.user
        unit = inspectable_by(actor).filter(code=values.pop("institution")).first()
        if unit is None:
            raise InvalidInput(
                [Problem("institution", "没有这个检查对象，或它不在您的管辖范围内，请核对代码。", "scope")]
            )
        people = people_by_login(values.pop("inspectors"), actor)
        login, codes, key = values.pop("lead", ""), set(values.pop("departments", [])), values.pop("follows", None)
        lead = next((each for each in people if each.username == login), None)
        if login and lead is None:
            raise InvalidInput([Problem("lead", "主办须是检查人员之一。")])
        departments = list(Department.objects.filter(code__in=codes))
        if missing := codes - {each.code for each in departments}:
            raise InvalidInput([Problem("departments", f"没有代码为“{'、'.join(sorted(missing))}”的责任单位。")])
        follows = self.rows().filter(key=key).first() if key is not None else None
        if key is not None and follows is None:
            raise InvalidInput([Problem("follows", "没有这次检查，或不在您的管辖范围内。")])
        with transaction.atomic():
            return plan_visits(
                [unit], inspectors=people, lead=lead, departments=departments, follows=follows, actor=actor,
                now=clock.now(), **values,
            )[0]  # fmt: skip

    def _person_needed(self, act: str) -> Rejection:
        """Scope first: 404 for what lies outside, then the refusal."""
        self.get_object()
        return Rejection(f"{act}须由人员登录后作出，接口令牌不能代替。", code="person_needed", status=403)

    def _overtaken(self, message: str, current: Visit | None, status: int) -> Rejection:
        """412 where If-Match said what was read, else 409: with what is stored now."""
        code = "precondition_failed" if status == 412 else "stale"
        if current is None:
            return Rejection(message, code=code, status=status, extra={"current": None})
        headers = {"ETag": revision_etag(current.revision)}
        return Rejection(message, code=code, status=status, headers=headers, extra={"current": document_of(current)})

    def _shown(self, visit: Visit, status: int = 200) -> Response:
        current = get_object_or_404(self.rows(), pk=visit.pk)
        response = Response(document_of(current), status=status)
        response["ETag"] = revision_etag(current.revision)
        response.etag_prefix = f"r{current.revision}"  # type: ignore[attr-defined]
        return response


def _checked(body: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    given = body(data=request.data or {})
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def _progress(progress: PhotoProgress, url: str) -> dict[str, Any]:
    stored = progress.photo.stored if progress.photo is not None else None
    return told(progress.received, progress.total, stored, url)


def _below(place: str, path: str) -> str:
    return f"{place}.{path}" if place and path else place or path
