"""Homework items of the current weekly returns as the API shows them; registered in apps.py."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from homework.choices import SUBJECTS
from homework.models import HomeworkItem
from shuangjian.api.filters import OfDay
from shuangjian.api.serializers.fields import CodeField, WeekField
from shuangjian.api.views.base import ListViewSet


class HomeworkItemSerializer(serializers.ModelSerializer[HomeworkItem]):
    """Field names are those of the weekly return; ``counts`` tells which of layered alternatives is summed."""

    institution = CodeField(source="school_class.school.institution")
    # ``class`` is a keyword of Python, so the field is made under that name in get_fields.
    written = serializers.BooleanField(source="is_written", read_only=True)
    optional = serializers.BooleanField(source="is_optional", read_only=True)
    week = WeekField()

    class Meta:
        model = HomeworkItem
        fields = (
            "institution",
            "week",
            "day",
            "subject",
            "minutes",
            "written",
            "optional",
            "alternative",
            "counts",
        )
        read_only_fields = fields

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        return {"institution": fields.pop("institution"), "class": CodeField(source="school_class"), **fields}


class HomeworkItemFilter(OfDay):
    subject = django_filters.ChoiceFilter(choices=[(name, name) for name in SUBJECTS], label="学科")
    grade = django_filters.NumberFilter(field_name="school_class__grade", label="年级")


# A filter named ``class``, which a class body cannot spell.
HomeworkItemFilter.base_filters["class"] = django_filters.CharFilter(field_name="school_class__code", label="班级代码")


@extend_schema(summary="作业")
class HomeworkItemViewSet(ListViewSet):
    """Items of the submitted returns; drafts and withdrawn returns have none."""

    model = HomeworkItem
    serializer_class = HomeworkItemSerializer
    filterset_class = HomeworkItemFilter

    def rows(self) -> QuerySet[Any]:
        return self.scoped(HomeworkItem).select_related("school_class__school__institution")
