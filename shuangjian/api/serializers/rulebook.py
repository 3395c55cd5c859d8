"""Clauses, rules and parameters: what the portal judges by, from the registries and not from tables."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from shuangjian.api.serializers.fields import NumberField, number, quantity_text
from shuangjian.rules.clauses import Clause
from shuangjian.rules.declare import Rule, all_rules
from shuangjian.rules.parameter_files import Dated
from shuangjian.rules.parameters import Parameter


class ClauseSerializer(serializers.Serializer[Clause]):
    """One clause of the guideline, its own text, and the rules that watch it."""

    id = serializers.CharField()
    number = serializers.CharField()
    section = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()
    departments = serializers.ListField(child=serializers.CharField())
    fates = serializers.ListField(
        child=serializers.CharField(), help_text="R 规则 · I 检查或问卷 · T 工作任务 · N 说明"
    )
    rules = serializers.SerializerMethodField()

    def get_rules(self, clause: Clause) -> list[str]:
        return [rule.code for rule in all_rules() if clause.id in rule.clauses]


class RuleSerializer(serializers.Serializer[Rule]):
    """One rule as declared; ``parameters`` are names at ``/parameters/``."""

    code = serializers.CharField()
    title = serializers.CharField()
    sentence = serializers.CharField()
    clauses = serializers.ListField(child=serializers.CharField())
    period = serializers.CharField(source="period.value", help_text="D 日 · W 周 · M 月 · T 学期 · S 常态")
    source = serializers.CharField(source="source.value", help_text="return 周报 · register 登记")  # type: ignore[assignment]
    unit = serializers.CharField()
    severity = serializers.IntegerField()
    comparison = serializers.CharField()
    remedy = serializers.CharField()
    note = serializers.CharField()
    is_soft = serializers.BooleanField()
    departments = serializers.ListField(child=serializers.CharField())
    stages = serializers.SerializerMethodField()
    parameters = serializers.SerializerMethodField()

    def get_stages(self, rule: Rule) -> list[str]:
        return sorted(rule.stages)

    def get_parameters(self, rule: Rule) -> list[str]:
        return [parameter.name for parameter in rule.parameters]


class DatedValueSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="年级段或学段；空串为通用")
    effective_from = serializers.DateField()
    valid_until = serializers.DateField(allow_null=True)
    value = NumberField()
    value_text = serializers.CharField(help_text="带单位；时刻写作 08:20")
    reference = serializers.DictField(child=serializers.CharField())
    reference_text = serializers.CharField()


class ParameterSerializer(serializers.Serializer[Parameter]):
    """One dated standard value with its references; the bureau's overrides are merged in, newest first."""

    name = serializers.CharField(source="file.name")
    description = serializers.CharField(source="file.description")
    unit = serializers.CharField(source="file.unit")
    by = serializers.CharField(source="file.by")
    jurisdiction = serializers.CharField(source="file.jurisdiction")
    is_open = serializers.BooleanField(source="file.is_open", help_text="指引未写明、由区教育局确定")
    note = serializers.CharField(source="file.note")
    values = serializers.SerializerMethodField()
    readings = serializers.SerializerMethodField()

    @extend_schema_field(DatedValueSerializer(many=True))
    def get_values(self, parameter: Parameter) -> list[dict[str, Any]]:
        unit = parameter.file.unit
        return [_dated(key, entry, unit) for key in parameter.file.values for entry in parameter.entries(key)]

    def get_readings(self, parameter: Parameter) -> list[dict[str, Any]]:
        # A reading's values may be any YAML; they are shown as text.
        return [{str(key): str(value) for key, value in reading.items()} for reading in parameter.file.readings]


def _dated(key: str, entry: Dated, unit: str) -> dict[str, Any]:
    return {
        "key": key,
        "effective_from": entry.effective_from.isoformat(),
        "valid_until": entry.valid_until.isoformat() if entry.valid_until else None,
        "value": number(entry.value),
        "value_text": quantity_text(entry.value, unit),
        "reference": entry.reference,
        "reference_text": entry.reference_text,
    }
