"""Weekly returns: the list, one school's week, and what is done with it. Writes go through intake.services only."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from shuangjian.api.conditional import ANY_REVISION, expected_revision, revision_etag
from shuangjian.api.differences import differing
from shuangjian.api.filters import InstantFilter, OfWeek, refuse_unknown, week_in_path
from shuangjian.api.permissions import ActsFromAbove
from shuangjian.api.problems import Rejection
from shuangjian.api.serializers.findings import ReasonSerializer
from shuangjian.api.serializers.foreseen import foreseen
from shuangjian.api.serializers.returns import (
    PayloadSerializer,
    PreviewSerializer,
    WeeklyReturnSerializer,
    WholeReturnSerializer,
)
from shuangjian.api.views.base import ListViewSet, ResourceViewSet
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.core.errors import Conflict
from shuangjian.core.weeks import Week
from shuangjian.intake import review, services
from shuangjian.intake.models import ReturnVersion, WeeklyReturn

_WHOLE = {200: WholeReturnSerializer}
_NOTE = OpenApiParameter(
    "note",
    str,
    description="说明（最多 400 字，URL 编码）：随这一版给审核人看；锁定过的周报更正时必填。请求体仍只是周报内容",
)


class WeeklyReturnFilter(OfWeek):
    state = django_filters.ChoiceFilter(choices=WeeklyReturn.State.choices, label="状态")
    updated_since = InstantFilter(field_name="changed_at", lookup_expr="gte", label="自该时刻起有变化")


@extend_schema(summary="周报")
class WeeklyReturnViewSet(ListViewSet):
    """Weekly returns without their content, in the order of their last change."""

    model = WeeklyReturn
    serializer_class = WeeklyReturnSerializer
    filterset_class = WeeklyReturnFilter
    page_key = ("changed_at", "id")

    def rows(self) -> QuerySet[Any]:
        rows = with_draft_flag(self.scoped(WeeklyReturn)).select_related("institution", "current_version")
        return rows.defer("draft", "current_version__payload")


class OneWeekViewSet(ResourceViewSet):
    """What hangs below one school and week. Scope first: what lies outside is 404 before anything else is looked at."""

    filter_backends = ()

    def _school(self, code: str) -> Institution:
        schools: QuerySet[Institution] = self.scoped(Institution).filter(kind=Institution.Kind.SCHOOL)
        return get_object_or_404(schools, code=code)

    def _find(self, school: Institution, week: Week) -> QuerySet[WeeklyReturn]:
        rows = with_draft_flag(self.scoped(WeeklyReturn)).select_related("institution", "current_version")
        return rows.filter(institution=school, week=week.monday)

    def _existing(self, school: Institution, week: Week) -> WeeklyReturn:
        return get_object_or_404(self._find(school, week))


class SchoolReturnViewSet(OneWeekViewSet):
    """One school's return of one week."""

    model = WeeklyReturn
    serializer_class = WholeReturnSerializer

    @extend_schema(summary="读取一所学校一周的周报")
    def retrieve(self, request: Request, code: str, week: str) -> Response:
        weekly_return = self._existing(self._school(code), week_in_path(week))
        return self._shown(weekly_return)

    @extend_schema(
        summary="保存整份周报为草稿", request=PayloadSerializer, responses={**_WHOLE, 201: WholeReturnSerializer}
    )
    def update(self, request: Request, code: str, week: str) -> Response:
        school, monday = self._school(code), week_in_path(week)
        if not int(request.META.get("CONTENT_LENGTH") or 0):
            # No body is no return: a draft must not be emptied by a client that forgot to send one.
            raise ParseError("请求体为空，没有保存。请给出整份周报；要提交已存草稿，请用 submit。")
        is_new = not self._find(school, monday).exists()
        saved = self._guarded(school, monday, services.save_draft, payload=request.data)
        return self._shown(saved, status=201 if is_new else 200)

    @extend_schema(
        summary="提交周报（请求体为空则提交已存草稿）",
        request=PayloadSerializer,
        parameters=[_NOTE],
        responses=_WHOLE,
    )
    def submit(self, request: Request, code: str, week: str) -> Response:
        refuse_unknown(request, ("note",))
        school, monday, note = self._school(code), week_in_path(week), request.query_params.get("note", "")
        payload = _payload(request)
        door = ReturnVersion.Door.API
        return self._shown(self._guarded(school, monday, services.submit_return, payload=payload, door=door, note=note))

    @extend_schema(
        summary="预览提交后会出现的疑似问题，不保存", request=PayloadSerializer, responses={200: PreviewSerializer}
    )
    def preview(self, request: Request, code: str, week: str) -> Response:
        school, monday = self._school(code), week_in_path(week)
        payload = _payload(request)
        if payload is None:
            saved = self._find(school, monday).first()
            payload = None if saved is None else saved.content
        if payload is None:
            raise Conflict(f"{monday.key} 还没有草稿，请在请求体中给出周报内容。", code="no_draft")
        checked, findings = services.preview_return(school, monday, payload, now=clock.now())
        return Response(PreviewSerializer({"gaps": checked.gaps, "findings": foreseen(findings)}).data)

    @extend_schema(summary="撤回周报", request=ReasonSerializer, responses=_WHOLE)
    def withdraw(self, request: Request, code: str, week: str) -> Response:
        school, monday, reason = self._school(code), week_in_path(week), self._reason(request)
        self._existing(school, monday)
        services.withdraw_return(school, monday, actor=request.user, now=clock.now(), reason=reason)
        return self._shown(self._existing(school, monday))

    @extend_schema(summary="退回周报（镇街、全区令牌）", request=ReasonSerializer, responses=_WHOLE)
    def send_back(self, request: Request, code: str, week: str) -> Response:
        school, monday, reason = self._school(code), week_in_path(week), self._reason(request)
        self._existing(school, monday)
        review.send_back_return(school, monday, actor=request.user, now=clock.now(), remark=reason)
        return self._shown(self._existing(school, monday))

    @extend_schema(summary="申请更正已锁定的周报（本校令牌）", request=ReasonSerializer, responses=_WHOLE)
    def ask_reopen(self, request: Request, code: str, week: str) -> Response:
        school, monday, reason = self._school(code), week_in_path(week), self._reason(request)
        self._existing(school, monday)
        review.ask_reopen(school, monday, actor=request.user, now=clock.now(), reason=reason)
        return self._shown(self._existing(school, monday))

    @extend_schema(summary="审核通过：须由人员登录后作出，令牌一律回答 403", request=None, responses=_WHOLE)
    def approve(self, request: Request, code: str, week: str) -> Response:
        raise self._person_needed(code, week, "审核")

    @extend_schema(summary="接收：须由人员登录后作出，令牌一律回答 403", request=None, responses=_WHOLE)
    def accept(self, request: Request, code: str, week: str) -> Response:
        raise self._person_needed(code, week, "接收")

    @extend_schema(summary="锁定：须由人员登录后作出，令牌一律回答 403", request=None, responses=_WHOLE)
    def lock(self, request: Request, code: str, week: str) -> Response:
        raise self._person_needed(code, week, "锁定")

    def _person_needed(self, code: str, week: str, act: str) -> Rejection:
        """Scope first: 404 for what lies outside, then the refusal."""
        self._existing(self._school(code), week_in_path(week))
        return Rejection(f"{act}周报须由人员登录后作出，接口令牌不能代替。", code="person_needed", status=403)

    def get_permissions(self) -> Any:
        return [ActsFromAbove()] if self.action == "send_back" else super().get_permissions()

    def _reason(self, request: Request) -> str:
        body = ReasonSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return str(body.validated_data["reason"])

    def _guarded(self, school: Institution, week: Week, write: Any, **arguments: Any) -> WeeklyReturn:
        """Do the write from the revision of If-Match; 412 with the current version when somebody was faster."""
        revision = expected_revision(self.request)
        if revision == ANY_REVISION:
            if not self._find(school, week).exists():
                raise self._overtaken(school, week)
            revision = None
        try:
            write(school, week, actor=self.request.user, now=clock.now(), revision=revision, **arguments)
        except Conflict as conflict:
            if conflict.code == "locked":
                raise self._locked(school, week, conflict, arguments["payload"]) from None
            if conflict.code == "revision_conflict":
                raise self._overtaken(school, week, arguments["payload"]) from None
            raise
        return self._existing(school, week)

    def _locked(self, school: Institution, week: Week, conflict: Conflict, payload: Any) -> Rejection:
        """409: what is locked, why, and what the caller would have changed."""
        current = self._existing(school, week)
        extra = {"current": WholeReturnSerializer(current).data, **differing(school, week, payload, current)}
        headers = {"ETag": revision_etag(current.revision)}
        return Rejection(conflict.message, code=conflict.code, status=409, headers=headers, extra=extra)

    def _overtaken(self, school: Institution, week: Week, payload: Any = None) -> Rejection:
        """412: what stands now, and each cell in which the caller's content differs from it."""
        current = self._find(school, week).first()
        if current is None:
            return Rejection(
                f"{week.key} 还没有周报，If-Match 不能成立；首次保存请去掉 If-Match。",
                code="precondition_failed",
                status=412,
                extra={"current": None, "differences": [], "differences_total": 0},
            )
        return Rejection(
            f"周报已是第 {current.revision} 次修订，与您所依据的不同，没有保存。"
            "请以 current 中的现有内容为准，按 differences 核对，再用它的 ETag 重新提交。",
            code="precondition_failed",
            status=412,
            headers={"ETag": revision_etag(current.revision)},
            extra={"current": WholeReturnSerializer(current).data, **differing(school, week, payload, current)},
        )

    def _shown(self, weekly_return: WeeklyReturn, status: int = 200) -> Response:
        response = Response(WholeReturnSerializer(weekly_return).data, status=status)
        response["ETag"] = revision_etag(weekly_return.revision)
        response.etag_prefix = f"r{weekly_return.revision}"  # type: ignore[attr-defined]
        return response


def with_draft_flag(rows: QuerySet[Any]) -> QuerySet[Any]:
    """``has_draft`` in SQL, so that lists need not read the drafts themselves."""
    return rows.annotate(has_draft=Q(draft__isnull=False))


def _payload(request: Request) -> Any:
    """The body, or None when it is empty: then the saved draft is meant."""
    return None if request.data in ({}, None) else request.data
