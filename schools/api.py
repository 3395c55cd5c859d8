"""Schools and their classes as the API shows them; registered in apps.py."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from schools.models import School, SchoolClass, SchoolDay
from shuangjian.api.filters import OfDay, OfInstitution, OfStage
from shuangjian.api.serializers.fields import ClockField, CodeField, WeekField
from shuangjian.api.views.base import ListViewSet, ReadViewSet
from shuangjian.bureau.models import Institution
from shuangjian.core.choices import Stage


class SchoolSerializer(serializers.ModelSerializer[School]):
    """A school with what stands on its institution; ``town`` is null while unconfirmed."""

    code = serializers.CharField(source="institution.code", read_only=True)
    name = serializers.CharField(source="institution.name", read_only=True)
    stages = serializers.ListField(source="institution.stages", child=serializers.CharField(), read_only=True)
    town = CodeField(source="institution.town")
    centre = CodeField(source="institution.centre")
    status = serializers.CharField(source="institution.status", read_only=True)
    is_fictional = serializers.BooleanField(source="institution.is_fictional", read_only=True)

    class Meta:
        model = School
        fields = ("code", "name", "nature", "type", "stages", "town", "centre", "status", "is_fictional")
        read_only_fields = fields


class SchoolClassSerializer(serializers.ModelSerializer[SchoolClass]):
    school = CodeField(source="school.institution")

    class Meta:
        model = SchoolClass
        fields = ("school", "code", "school_year", "grade", "number", "stage", "pupils", "opened_on", "closed_on")
        read_only_fields = fields


class SchoolFilter(OfInstitution):
    stage = django_filters.ChoiceFilter(choices=Stage.choices, method="by_stage", label="学段")
    nature = django_filters.ChoiceFilter(choices=School.Nature.choices, label="办学性质")
    status = django_filters.ChoiceFilter(
        field_name="institution__status", choices=Institution.Status.choices, label="状态"
    )

    def by_stage(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(institution__stages__contains=[value])


@extend_schema_view(list=extend_schema(summary="学校"), retrieve=extend_schema(summary="一所学校"))
class SchoolViewSet(ReadViewSet):
    """Schools, addressed by their code."""

    model = School
    serializer_class = SchoolSerializer
    filterset_class = SchoolFilter
    lookup_field = "institution__code"
    lookup_url_kwarg = "code"
    page_key = ("institution_id",)

    def rows(self) -> QuerySet[Any]:
        return self.scoped(School).select_related("institution__town", "institution__centre")


class SchoolClassFilter(OfInstitution, OfStage):
    school_year = django_filters.NumberFilter(label="学年起始年份")
    grade = django_filters.NumberFilter(label="年级")
    is_open = django_filters.BooleanFilter(field_name="closed_on", lookup_expr="isnull", label="未停用")


@extend_schema(summary="班级")
class SchoolClassViewSet(ListViewSet):
    """Classes of every school year; ``code`` is unique within its school."""

    model = SchoolClass
    serializer_class = SchoolClassSerializer
    filterset_class = SchoolClassFilter

    def rows(self) -> QuerySet[Any]:
        return self.scoped(SchoolClass).select_related("school__institution")


class SchoolDaySerializer(serializers.ModelSerializer[SchoolDay]):
    """Times of day as in the return; ``arrival`` is null where the return does not state it."""

    institution = CodeField(source="school.institution")
    week = WeekField()
    first_lesson = ClockField()
    arrival = ClockField(allow_null=True)

    class Meta:
        model = SchoolDay
        fields = ("institution", "week", "stage", "day", "first_lesson", "arrival")
        read_only_fields = fields


class SchoolDayFilter(OfDay, OfStage):
    """Filters of the weekly returns' days, and the stage."""


@extend_schema(summary="作息")
class SchoolDayViewSet(ListViewSet):
    """First lessons and arrivals of the submitted returns."""

    model = SchoolDay
    serializer_class = SchoolDaySerializer
    filterset_class = SchoolDayFilter

    def rows(self) -> QuerySet[Any]:
        return self.scoped(SchoolDay).select_related("school__institution")
