"""Shapes of ``/compliance/``, for the schema; the values come from shuangjian.api.compliance."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from shuangjian.core.choices import FilingState, Outcome


def _counts(help_text: str = "") -> serializers.DictField:
    return serializers.DictField(child=serializers.IntegerField(min_value=0), help_text=help_text)


class FreshnessSerializer(serializers.Serializer[Any]):
    submitted_at = serializers.DateTimeField(allow_null=True, help_text="现有周报版本的提交时间")
    evaluated_at = serializers.DateTimeField(allow_null=True, help_text="最近一次评估完成时间，保留 7 天")
    is_evaluation_pending = serializers.BooleanField(help_text="有尚未完成的评估，结果可能变化")


class UnitComplianceSerializer(serializers.Serializer[Any]):
    """One unit's week. ``insufficient_data`` stands beside the outcome: missing data is never compliant."""

    level = serializers.CharField()
    institution = serializers.CharField()
    name = serializers.CharField()
    town = serializers.CharField(allow_null=True)
    week = serializers.CharField()
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    insufficient_data = serializers.BooleanField()
    needs_attention = serializers.BooleanField()
    severities = _counts("未消除疑似问题数，按预警等级 1–4")
    open_alerts = serializers.IntegerField(help_text="现在尚未办结的预警数，不限于该周")
    filing = serializers.ChoiceField(choices=FilingState.choices, allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    freshness = FreshnessSerializer()


class RuleOutcomeSerializer(serializers.Serializer[Any]):
    rule = serializers.CharField()
    title = serializers.CharField()
    outcome = serializers.ChoiceField(choices=Outcome.choices)


class UnitComplianceDetailSerializer(UnitComplianceSerializer):
    parameters_version = serializers.CharField()
    calendar_version = serializers.IntegerField()
    rules = RuleOutcomeSerializer(many=True)


class AreaComplianceSerializer(serializers.Serializer[Any]):
    """A town's or the district's week, counted over its units."""

    level = serializers.CharField()
    code = serializers.CharField(allow_null=True, help_text="镇街代码；null 为镇街待核实的单位")
    name = serializers.CharField()
    week = serializers.CharField()
    units = serializers.IntegerField()
    needs_attention = serializers.IntegerField()
    insufficient_data = serializers.IntegerField()
    outcomes = _counts()
    severities = _counts()
    open_alerts = serializers.IntegerField(help_text="现在尚未办结的预警数，不限于该周")
    filings = _counts()
    freshness = FreshnessSerializer()


class CompliancePageSerializer(serializers.Serializer[Any]):
    """``results`` holds units for ``level=institution``, areas for ``town`` and ``district``."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    week = serializers.CharField()
    parameters_version = serializers.CharField()
    calendar_version = serializers.IntegerField()
    results = serializers.SerializerMethodField()

    @extend_schema_field(
        PolymorphicProxySerializer(
            "Compliance", [UnitComplianceSerializer, AreaComplianceSerializer], resource_type_field_name=None, many=True
        )
    )
    def get_results(self, page: dict[str, Any]) -> Any:
        return page["results"]
