"""After-school service days of the current weekly returns as the API shows them; registered in apps.py."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from afterschool.choices import CONTENTS
from afterschool.models import ServiceDay
from shuangjian.api.filters import OfDay, OfStage
from shuangjian.api.serializers.fields import CodeField, WeekField
from shuangjian.api.views.base import ListViewSet


class ServiceDaySerializer(serializers.ModelSerializer[ServiceDay]):
    """``minutes`` 0: the school ticked 当日无课后服务. Later keys are null where the return does not state them."""

    institution = CodeField(source="school.institution")
    week = WeekField()

    class Meta:
        model = ServiceDay
        fields = (
            "institution",
            "week",
            "stage",
            "day",
            "minutes",
            "wanting",
            "served",
            "late_wanted",
            "late_places",
            "content",
            "flexible_leaving",
            "evening_study_minutes",
        )
        read_only_fields = fields


class ServiceDayFilter(OfDay, OfStage):
    """Filters of the weekly returns' days, the stage, and what the day states."""

    content = django_filters.ChoiceFilter(choices=list(CONTENTS.items()), method="by_content", label="服务内容含有该项")
    flexible_leaving = django_filters.BooleanFilter(label="弹性离校")

    def by_content(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(content__contains=[value])


@extend_schema(summary="课后服务日")
class ServiceDayViewSet(ListViewSet):
    """Service days of the submitted returns."""

    model = ServiceDay
    serializer_class = ServiceDaySerializer
    filterset_class = ServiceDayFilter

    def rows(self) -> QuerySet[Any]:
        return self.scoped(ServiceDay).select_related("school__institution")
