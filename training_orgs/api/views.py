"""Resources of the training registers: read scoped, written by rows."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

import django_filters
from django.db.models import Prefetch, Q, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from shuangjian.api.filters import OfInstitution
from shuangjian.api.views.base import ReadViewSet
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from training_orgs.api import serializers as shown
from training_orgs.api.posting import DRY_RUN, PostsRows, RowsSavedSerializer, body_schema
from training_orgs.choices import Category, Channel, CourseStage, LedgerKind
from training_orgs.models import (
    Advertisement,
    Consumption,
    Course,
    CourseSession,
    FeeOrder,
    LedgerEntry,
    Licence,
    OrgProfile,
    Refund,
    Registration,
    Staff,
    StatusChange,
)
from training_orgs.rows import get_kind
from training_orgs.rows.declare import KINDS
from training_orgs.selectors.papers import with_papers


class RowsViewSet(PostsRows, ReadViewSet):
    """Records of one kind, in the order of their numbers; POST takes one object or a list of them.

    A list is saved whole or not at all; every problem is named at its path (``[3].amount``). The same rows again
    change nothing.
    """

    lookup_value_regex = r"\d+"  # an address below a resource is not taken for a record
    related: ClassVar[tuple[str, ...]] = ("institution",)

    def rows(self) -> QuerySet[Any]:
        return self.scoped(self.model).select_related(*self.related)


def resource(key: str, title: str, serializer: type[serializers.BaseSerializer[Any]]) -> Any:
    """Names the kind, the serializer and the descriptions of a resource."""
    kind = get_kind(key)
    post = extend_schema(
        summary=f"{title}：登记一条或多条",
        parameters=[DRY_RUN],
        request={"application/json": body_schema(kind)},
        responses={200: RowsSavedSerializer, 201: RowsSavedSerializer},
    )

    def named(view: type[Any]) -> type[Any]:
        view.kind_key = key
        view.serializer_class = serializer
        described: type[Any] = extend_schema_view(
            list=extend_schema(summary=title), retrieve=extend_schema(summary=f"{title}：一条"), create=post
        )(view)
        return described

    return named


class OrgFilter(OfInstitution):
    kind = django_filters.ChoiceFilter(choices=[(kind.value, kind.label) for kind in KINDS], label="类型")
    category = django_filters.ChoiceFilter(choices=Category.choices, label="培训类别")
    status = django_filters.ChoiceFilter(choices=Institution.Status.choices, label="状态")
    as_of = django_filters.DateFilter(method="on_that_day", label="截至哪一天：档案、证照状态、经营状态是这一天的")

    def on_that_day(self, queryset: QuerySet[Any], name: str, value: dt.date) -> QuerySet[Any]:
        """Every institution stays: ``rows`` shows each as it was then."""
        return queryset


def _as_of(request: Any) -> dt.date:
    """The day that the address asks for, today where it asks for none; 400 for what is no day."""
    text = getattr(request, "query_params", {}).get("as_of", "")
    try:
        return dt.date.fromisoformat(text) if text else clock.today()
    except ValueError:
        raise ValidationError(
            {"as_of": f"“{text[:20]}”不是日期，请按 2026-11-24 的格式填写。"}, code="invalid"
        ) from None


@resource("orgs", "培训机构", shown.OrgSerializer)
class TrainingOrgViewSet(RowsViewSet):
    model = Institution
    filterset_class = OrgFilter
    lookup_field = "code"
    lookup_value_regex = "[-0-9A-Za-z]+"

    def rows(self) -> QuerySet[Any]:
        day = _as_of(self.request)
        profiles, changes = OrgProfile._meta.default_manager, StatusChange._meta.default_manager
        assert profiles is not None
        assert changes is not None
        holds = Q(valid_from__lte=day) & (Q(valid_until__isnull=True) | Q(valid_until__gte=day))
        in_force = Prefetch("org_profiles", profiles.filter(holds), to_attr="open_profiles")
        so_far = Prefetch("status_changes", changes.filter(on__lte=day).order_by("-on"), to_attr="changes_so_far")
        units = self.scoped(Institution).filter(kind__in=KINDS, training_org__isnull=False)
        return with_papers(units, day).select_related("town", "training_org__brand").prefetch_related(in_force, so_far)


class LicenceFilter(OfInstitution):
    kind = django_filters.CharFilter(label="许可类型")
    issued_since = django_filters.DateFilter(field_name="issued_on", lookup_expr="gte", label="自该日起发证")


@resource("licences", "办学许可", shown.LicenceSerializer)
class LicenceViewSet(RowsViewSet):
    model = Licence
    filterset_class = LicenceFilter


class RegistrationFilter(OfInstitution):
    kind = django_filters.CharFilter(label="登记类型")


@resource("registrations", "法人登记", shown.RegistrationSerializer)
class RegistrationViewSet(RowsViewSet):
    model = Registration
    filterset_class = RegistrationFilter


class StaffFilter(OfInstitution):
    role = django_filters.CharFilter(label="岗位")
    is_employed = django_filters.BooleanFilter(field_name="left_on", lookup_expr="isnull", label="在职")


@resource("staff", "从业人员", shown.StaffSerializer)
class StaffViewSet(RowsViewSet):
    model = Staff
    filterset_class = StaffFilter


class CourseFilter(OfInstitution):
    category = django_filters.ChoiceFilter(choices=Category.choices, label="申报类别")
    stage = django_filters.ChoiceFilter(choices=CourseStage.choices, label="学段")
    is_subject = django_filters.BooleanFilter(label="学科类")


@resource("courses", "课程", shown.CourseSerializer)
class CourseViewSet(RowsViewSet):
    model = Course
    filterset_class = CourseFilter

    def rows(self) -> QuerySet[Any]:
        return super().rows().prefetch_related("slots", "teachers__staff")


class SessionFilter(OfInstitution):
    course = django_filters.CharFilter(field_name="course__number", label="课程编号")
    day = django_filters.DateFilter(label="日期")
    since = django_filters.DateFilter(field_name="day", lookup_expr="gte", label="自该日起")
    until = django_filters.DateFilter(field_name="day", lookup_expr="lte", label="至该日止")


@resource("course-sessions", "场次", shown.CourseSessionSerializer)
class CourseSessionViewSet(RowsViewSet):
    model = CourseSession
    filterset_class = SessionFilter
    related = ("institution", "course")


class OrderFilter(OfInstitution):
    contract_no = django_filters.CharFilter(label="合同编号")
    pupil = django_filters.CharFilter(label="学员代号")
    channel = django_filters.ChoiceFilter(choices=Channel.choices, label="收费渠道")
    since = django_filters.DateFilter(field_name="paid_on", lookup_expr="gte", label="收费日期自")
    until = django_filters.DateFilter(field_name="paid_on", lookup_expr="lte", label="收费日期至")


@resource("fee-orders", "收费订单", shown.FeeOrderSerializer)
class FeeOrderViewSet(RowsViewSet):
    model = FeeOrder
    filterset_class = OrderFilter

    def rows(self) -> QuerySet[Any]:
        return super().rows().prefetch_related("lines__course")


class RefundFilter(OfInstitution):
    contract_no = django_filters.CharFilter(field_name="order__contract_no", label="合同编号")
    since = django_filters.DateFilter(field_name="requested_on", lookup_expr="gte", label="申请日期自")
    until = django_filters.DateFilter(field_name="requested_on", lookup_expr="lte", label="申请日期至")


@resource("refunds", "退费", shown.RefundSerializer)
class RefundViewSet(RowsViewSet):
    model = Refund
    filterset_class = RefundFilter
    related = ("institution", "order")


class ConsumptionFilter(OfInstitution):
    contract_no = django_filters.CharFilter(field_name="line__order__contract_no", label="合同编号")
    since = django_filters.DateFilter(field_name="day", lookup_expr="gte", label="自该日起")
    until = django_filters.DateFilter(field_name="day", lookup_expr="lte", label="至该日止")


@resource("consumptions", "课消", shown.ConsumptionSerializer)
class ConsumptionViewSet(RowsViewSet):
    model = Consumption
    filterset_class = ConsumptionFilter
    related = ("institution", "line__order")


class LedgerFilter(OfInstitution):
    kind = django_filters.ChoiceFilter(choices=LedgerKind.choices, label="类型")
    since = django_filters.DateFilter(field_name="day", lookup_expr="gte", label="自该日起")
    until = django_filters.DateFilter(field_name="day", lookup_expr="lte", label="至该日止")


@resource("ledger", "监管账户流水", shown.LedgerSerializer)
class LedgerViewSet(RowsViewSet):
    model = LedgerEntry
    filterset_class = LedgerFilter
    related = ("institution", "order")


class AdFilter(OfInstitution):
    place = django_filters.CharFilter(label="发布位置")
    since = django_filters.DateFilter(field_name="seen_on", lookup_expr="gte", label="发现日期自")


@resource("ads", "广告", shown.AdSerializer)
class AdViewSet(RowsViewSet):
    model = Advertisement
    filterset_class = AdFilter
