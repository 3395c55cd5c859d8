"""Filters of lists: what is not known is refused, so that a misspelt filter never returns everything."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django.core.exceptions import ValidationError as FormError
from django.db.models import QuerySet
from django.forms import CharField, DateTimeField
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from shuangjian.api.pagination import CURSOR, PAGE_SIZE
from shuangjian.core.choices import Stage
from shuangjian.core.weeks import Week

PAGING = (CURSOR, PAGE_SIZE)
EARLIEST_YEAR, LATEST_YEAR = 2000, 2100


def refuse_unknown(request: Request, known: tuple[str, ...]) -> None:
    """400 that names the known parameters when the query has another, or gives one twice."""
    names = "、".join(sorted(known))
    mistakes = {}
    for name, values in request.query_params.lists():
        if name not in known:
            mistakes[name[:60]] = f"没有这个参数；可用参数：{names}。"
        elif len(values) > 1:
            mistakes[name] = "只能出现一次。"
    if mistakes:
        raise ValidationError(mistakes, code="unknown_parameter")


class StrictFilterBackend(DjangoFilterBackend):
    """django-filter, with unknown parameters refused. Views without a filterset know the paging parameters only."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        if view.action != "list":
            return queryset
        filterset_class = self.get_filterset_class(view, queryset)
        known = tuple(filterset_class.base_filters) if filterset_class is not None else ()
        refuse_unknown(request, known + PAGING)
        return super().filter_queryset(request, queryset, view)


class WeekField(CharField):
    """An ISO week such as 2026-W45, as the date of its Monday."""

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        return parse_week(str(value)).monday


def parse_week(key: str) -> Week:
    """The week of that key; django's ValidationError otherwise."""
    try:
        week = Week.parse(key)
    except ValueError as error:
        raise FormError(str(error), code="bad_week") from None
    if not EARLIEST_YEAR <= week.monday.year <= LATEST_YEAR:
        raise FormError(f"周次“{key}”超出 {EARLIEST_YEAR}–{LATEST_YEAR} 年，请检查年份。", code="bad_week")
    return week


def week_in_path(key: str) -> Week:
    """The week of an address; 400 with the path ``week`` otherwise."""
    try:
        return parse_week(key)
    except FormError as error:
        raise ValidationError({"week": error.messages}, code="bad_week") from None


class WeekFilter(django_filters.CharFilter):
    field_class = WeekField


class InstantField(DateTimeField):
    """An instant with its offset: without one nobody knows which hour is meant."""

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        # An unescaped + of a query string arrives as a blank; no instant has a blank of its own.
        text = str(value).strip().replace(" ", "+")
        try:
            instant = dt.datetime.fromisoformat(text)
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None or not EARLIEST_YEAR <= instant.year <= LATEST_YEAR:
            raise FormError("应为带时区的时刻，如 2026-11-02T08:00:00+08:00。", code="bad_instant")
        return instant


class InstantFilter(django_filters.DateTimeFilter):
    field_class = InstantField


class OfInstitution(FilterSet):
    """``institution`` code and ``town`` code; ``PATH`` is the way from the row to its institution."""

    institution = django_filters.CharFilter(method="by_institution", label="单位代码")
    town = django_filters.CharFilter(method="by_town", label="镇街代码")

    def _path(self, field: str) -> str:
        path = self.queryset.model.INSTITUTION
        return f"{path}__{field}" if path else field

    def by_institution(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(**{self._path("code"): value})

    def by_town(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(**{self._path("town__code"): value})


class OfWeek(OfInstitution):
    """Also ``week`` 2026-W45, ``since`` and ``until`` (weeks, both included)."""

    week = WeekFilter(field_name="week", label="周次，如 2026-W45")
    since = WeekFilter(field_name="week", lookup_expr="gte", label="自该周起")
    until = WeekFilter(field_name="week", lookup_expr="lte", label="至该周止")


class OfDay(OfInstitution):
    """Rows of the current weekly returns: ``week``, ``day``, and ``since`` / ``until`` (days, both included)."""

    week = WeekFilter(field_name="week", label="周次，如 2026-W45")
    day = django_filters.DateFilter(field_name="day", label="日期")
    since = django_filters.DateFilter(field_name="day", lookup_expr="gte", label="自该日起")
    until = django_filters.DateFilter(field_name="day", lookup_expr="lte", label="至该日止")


class OfStage(FilterSet):
    stage = django_filters.ChoiceFilter(choices=Stage.choices, label="学段")
