"""Homework items of the current weekly returns as the API shows them; registered in apps.py."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from homework.choices import ITEM_KINDS, MARKERS, SUBJECTS
from homework.models import HomeworkItem
from shuangjian.api.filters import OfDay
from shuangjian.api.serializers.fields import CodeField, NumberField, WeekField
from shuangjian.api.views.base import ListViewSet


class HomeworkItemSerializer(serializers.ModelSerializer[HomeworkItem]):
    """Field names are those of the weekly return; ``counts`` tells which of layered alternatives is summed.

    Later keys are null where the return does not state them.
    """

    institution = CodeField(source="school_class.school.institution")
    # ``class`` is a keyword of Python, so the field is made under that name in get_fields.
    written = serializers.BooleanField(source="is_written", read_only=True)
    optional = serializers.BooleanField(source="is_optional", read_only=True)
    done_at_school = NumberField(allow_null=True, help_text="校内完成占比，0–1；0.9 即 90%")
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
            "kind",
            "done_at_school",
            "marked_by",
            "asks_parents",
            "published_on",
            "publication",
        )
        read_only_fields = fields

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        return {"institution": fields.pop("institution"), "class": CodeField(source="school_class"), **fields}


class HomeworkItemFilter(OfDay):
    subject = django_filters.ChoiceFilter(choices=[(name, name) for name in SUBJECTS], label="学科")
    grade = django_filters.NumberFilter(field_name="school_class__grade", label="年级")
    kind = django_filters.ChoiceFilter(choices=list(ITEM_KINDS.items()), label="作业类型")
    marked_by = django_filters.ChoiceFilter(choices=list(MARKERS.items()), label="批改人")
    asks_parents = django_filters.BooleanFilter(label="要求家长参与")
    written = django_filters.BooleanFilter(field_name="is_written", label="书面作业")
    is_published = django_filters.BooleanFilter(
        field_name="published_on", lookup_expr="isnull", exclude=True, label="填了公示日期"
    )


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
