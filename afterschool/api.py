"""After-school service days of the current weekly returns as the API shows them; registered in apps.py."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from afterschool.models import ServiceDay
from shuangjian.api.filters import OfDay, OfStage
from shuangjian.api.serializers.fields import CodeField, WeekField
from shuangjian.api.views.base import ListViewSet


class ServiceDaySerializer(serializers.ModelSerializer[ServiceDay]):
    """``minutes`` 0: the school ticked 当日无课后服务."""

    institution = CodeField(source="school.institution")
    week = WeekField()

    class Meta:
        model = ServiceDay
        fields = ("institution", "week", "stage", "day", "minutes")
        read_only_fields = fields


class ServiceDayFilter(OfDay, OfStage):
    """Filters of the weekly returns' days, and the stage."""


@extend_schema(summary="课后服务日")
class ServiceDayViewSet(ListViewSet):
    """Service days of the submitted returns."""

    model = ServiceDay
    serializer_class = ServiceDaySerializer
    filterset_class = ServiceDayFilter

    def rows(self) -> QuerySet[Any]:
        return self.scoped(ServiceDay).select_related("school__institution")
