"""The checklists in use, so that a program that sends visits knows the codes of their items."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from inspections.choices import ChecklistState, Target
from inspections.models import ChecklistItem, ChecklistVersion
from shuangjian.api.views.base import ReadViewSet


class ChecklistItemSerializer(serializers.ModelSerializer[ChecklistItem]):
    class Meta:
        model = ChecklistItem
        fields = ("code", "group", "text", "guidance", "clause", "photo_rule", "severity", "kind", "problem_kind")


class ChecklistSerializer(serializers.ModelSerializer[ChecklistVersion]):
    items = ChecklistItemSerializer(many=True)

    class Meta:
        model = ChecklistVersion
        fields = ("target", "number", "title", "published_at", "items")


@extend_schema_view(
    list=extend_schema(summary="使用中的检查表"),
    retrieve=extend_schema(summary="一类检查对象使用中的检查表"),
)
class ChecklistViewSet(ReadViewSet):
    """Checklists in use with their items, by target; the same for everybody with a token."""

    model = ChecklistVersion
    serializer_class = ChecklistSerializer
    lookup_field = "target"
    lookup_value_regex = "|".join(Target.values)

    def rows(self) -> QuerySet[Any]:
        in_use = ChecklistVersion.objects.filter(state=ChecklistState.PUBLISHED)
        return in_use.prefetch_related("items")
