"""Towns, institutions and the calendar."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema, extend_schema_view

from shuangjian.accounts.models import ApiToken
from shuangjian.api.filters import OfInstitution, OfStage, WeekFilter
from shuangjian.api.serializers.units import (
    BreakSerializer,
    CalendarDaySerializer,
    InstitutionSerializer,
    TermSerializer,
    TownSerializer,
    UnitDaySerializer,
)
from shuangjian.api.views.base import ListViewSet, ReadViewSet
from shuangjian.bureau.models import Break, CalendarDay, Institution, Term, Town, UnitDay


class InstitutionFilter(FilterSet):
    town = django_filters.CharFilter(field_name="town__code", label="镇街代码")
    centre = django_filters.CharFilter(field_name="centre__code", label="教育指导中心代码")
    kind = django_filters.ChoiceFilter(choices=Institution.Kind.choices, label="类型")
    status = django_filters.ChoiceFilter(choices=Institution.Status.choices, label="状态")


@extend_schema_view(list=extend_schema(summary="镇街"), retrieve=extend_schema(summary="一个镇街"))
class TownViewSet(ReadViewSet):
    """The towns that the caller has to do with: the district all, others those of their institutions."""

    model = Town
    serializer_class = TownSerializer
    lookup_field = "code"

    def rows(self) -> QuerySet[Any]:
        return visible_towns(self.request.user, self.scoped(Institution))


def visible_towns(token: Any, institutions: QuerySet[Any]) -> QuerySet[Town]:
    """Every town for the district; else the token's own, and those in which it sees an institution."""
    towns = Town._default_manager.all()
    if getattr(token, "scope", "") == ApiToken.Scope.DISTRICT:
        return towns
    own = Q(pk=getattr(token, "town_id", None))
    return towns.filter(own | Exists(institutions.filter(town=OuterRef("pk"))))


@extend_schema_view(list=extend_schema(summary="监管对象"), retrieve=extend_schema(summary="一个监管对象"))
class InstitutionViewSet(ReadViewSet):
    """Institutions of every kind, addressed by their code."""

    model = Institution
    serializer_class = InstitutionSerializer
    filterset_class = InstitutionFilter
    lookup_field = "code"

    def rows(self) -> QuerySet[Any]:
        return self.scoped(Institution).select_related("town", "centre")


class UnitDayFilter(OfInstitution, OfStage):
    week = WeekFilter(field_name="week", label="周次，如 2026-W45")
    since = django_filters.DateFilter(field_name="date", lookup_expr="gte", label="自该日起")
    until = django_filters.DateFilter(field_name="date", lookup_expr="lte", label="至该日止")
    is_school_day = django_filters.BooleanFilter(label="是否上课日")


@extend_schema(summary="单位校历")
class CalendarViewSet(ListViewSet):
    """What the calendar says of each day, by unit and stage. A day without a row: nobody knows (数据不足)."""

    model = UnitDay
    serializer_class = UnitDaySerializer
    filterset_class = UnitDayFilter

    def rows(self) -> QuerySet[Any]:
        return self.scoped(UnitDay).select_related("institution")


@extend_schema(summary="学期")
class TermViewSet(ListViewSet):
    """Terms of each stage; the same for the whole district."""

    model = Term
    serializer_class = TermSerializer
    filterset_class = OfStage

    def rows(self) -> QuerySet[Any]:
        return Term._default_manager.all()


@extend_schema(summary="假期")
class BreakViewSet(ListViewSet):
    """Breaks of each stage; the same for the whole district."""

    model = Break
    serializer_class = BreakSerializer
    filterset_class = OfStage

    def rows(self) -> QuerySet[Any]:
        return Break._default_manager.all()


class CalendarDayFilter(OfStage):
    since = django_filters.DateFilter(field_name="date", lookup_expr="gte", label="自该日起")
    until = django_filters.DateFilter(field_name="date", lookup_expr="lte", label="至该日止")
    level = django_filters.ChoiceFilter(choices=CalendarDay.Level.choices, label="范围")


@extend_schema(summary="校历例外")
class CalendarOverrideViewSet(ListViewSet):
    """Exceptions: those of the district, of the caller's towns, and of the institutions it sees."""

    model = CalendarDay
    serializer_class = CalendarDaySerializer
    filterset_class = CalendarDayFilter

    def rows(self) -> QuerySet[Any]:
        institutions = self.scoped(Institution)
        towns = visible_towns(self.request.user, institutions)
        mine = Q(level=CalendarDay.Level.DISTRICT) | Q(town__in=towns) | Q(institution__in=institutions)
        return CalendarDay._default_manager.filter(mine).select_related("town", "institution")
