"""Findings and alerts as the API shows them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from shuangjian.alerts.models import Alert, AlertEvent
from shuangjian.api.serializers.fields import CodeField, NumberField, quantity_text
from shuangjian.rules.declare import find_rule
from shuangjian.rules.models import Finding


def unit_of(rule_code: str) -> str:
    """Unit of a rule's figures; "" for a rule that is not declared any more."""
    rule = find_rule(rule_code)
    return rule.unit if rule is not None else ""


def title_of(rule_code: str) -> str:
    """Title of a rule; its code when it is not declared any more."""
    rule = find_rule(rule_code)
    return rule.title if rule is not None else rule_code


class FindingSerializer(serializers.ModelSerializer[Finding]):
    """``return_version`` is the number of the weekly return's version that was judged; null for registers."""

    institution = CodeField()
    title = serializers.SerializerMethodField()
    unit = serializers.SerializerMethodField()
    observed = NumberField()
    observed_text = serializers.SerializerMethodField()
    limit = NumberField()
    limit_text = serializers.SerializerMethodField()
    return_version = serializers.IntegerField(source="version_number", allow_null=True, read_only=True)
    is_dismissed = serializers.BooleanField(read_only=True)

    class Meta:
        model = Finding
        fields = (
            "id",
            "rule",
            "title",
            "institution",
            "about",
            "occurred_on",
            "period",
            "severity",
            "unit",
            "observed",
            "observed_text",
            "limit",
            "limit_text",
            "facts",
            "return_version",
            "parameters_version",
            "calendar_version",
            "opened_at",
            "changed_at",
            "cleared_at",
            "is_stale",
            "is_trial",
            "is_exempt",
            "is_dismissed",
        )
        read_only_fields = fields

    def get_title(self, finding: Finding) -> str:
        return title_of(finding.rule)

    def get_unit(self, finding: Finding) -> str:
        return unit_of(finding.rule)

    def get_observed_text(self, finding: Finding) -> str:
        return _text(finding.observed, finding)

    def get_limit_text(self, finding: Finding) -> str:
        return _text(finding.limit, finding)


def _text(value: Decimal, finding: Finding) -> str:
    return quantity_text(value, unit_of(finding.rule))


class AlertSerializer(serializers.ModelSerializer[Alert]):
    institution = CodeField()
    title = serializers.SerializerMethodField()

    class Meta:
        model = Alert
        fields = (
            "id",
            "rule",
            "title",
            "institution",
            "period",
            "episode",
            "severity",
            "state",
            "open_findings",
            "total_findings",
            "first_on",
            "last_on",
            "is_trial",
            "raised_at",
            "due_on",
            "acknowledged_at",
            "closing_proposed_at",
            "closed_at",
            "closing",
            "reason",
            "changed_at",
        )
        read_only_fields: tuple[str, ...] = fields

    def get_title(self, alert: Alert) -> str:
        return title_of(alert.rule)


class AlertEventSerializer(serializers.ModelSerializer[AlertEvent]):
    actor = serializers.CharField(source="actor_label", read_only=True)

    class Meta:
        model = AlertEvent
        fields = ("act", "actor", "at", "note")
        read_only_fields = fields


class AlertDetailSerializer(AlertSerializer):
    """One alert with its history."""

    events = AlertEventSerializer(many=True, read_only=True)

    class Meta(AlertSerializer.Meta):
        fields = (*AlertSerializer.Meta.fields, "events")  # type: ignore[assignment]
        read_only_fields = fields


class FactSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]
    value = serializers.CharField()


class CardSerializer(serializers.Serializer[Any]):
    """The explanation card, the same as on the pages."""

    rule_code = serializers.CharField()
    rule_title = serializers.CharField()
    sentence = serializers.CharField()
    about_text = serializers.CharField()
    occurred_text = serializers.CharField()
    observed_text = serializers.CharField()
    limit_text = serializers.CharField()
    clause_id = serializers.CharField()
    clause_text = serializers.CharField()
    reference = serializers.CharField()
    effective_from = serializers.DateField(allow_null=True)
    conclusion = serializers.CharField()
    how_to_clear = serializers.CharField()
    decided_by = serializers.CharField()
    other_reading = serializers.CharField(allow_blank=True)
    facts = FactSerializer(many=True)
    severity = serializers.IntegerField()
    stale = serializers.BooleanField()


class ReasonSerializer(serializers.Serializer[Any]):
    """Why: 1–400 characters, kept with the act."""

    reason = serializers.CharField(max_length=400)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(data.keys() - set(self.fields))):
            message = f"没有这个字段，请删除；可用字段：{'、'.join(self.fields)}。"
            raise serializers.ValidationError({name: [message] for name in unknown}, code="unknown")
        if isinstance(data, dict) and not isinstance(data.get("reason", ""), str):
            raise serializers.ValidationError({"reason": ["应为文字。"]})
        return super().to_internal_value(data)
