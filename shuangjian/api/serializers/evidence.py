"""Observations as the API shows and takes them. Nothing of a complainant is ever among the fields."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from shuangjian.api.serializers.fields import CodeField
from shuangjian.core.choices import Severity
from shuangjian.evidence.choices import Source
from shuangjian.evidence.kinds import find_kind, kind_label
from shuangjian.evidence.models import Observation
from shuangjian.evidence.scope import sees_source
from shuangjian.evidence.words import LONGEST_TEXT


class ObservationSerializer(serializers.ModelSerializer[Observation]):
    """``source`` is empty for whom the observation is about: it would tell of a complaint."""

    institution = CodeField()
    kind_text = serializers.SerializerMethodField()
    rule = serializers.SerializerMethodField()
    source = serializers.SerializerMethodField()  # type: ignore[assignment]  # the column, not Field.source

    class Meta:
        model = Observation
        fields = (
            "number", "institution", "kind", "kind_text", "rule", "about", "occurred_on", "source", "state", "text",
            "severity", "confirmed_on", "due_on", "rectified_on",
        )  # fmt: skip
        read_only_fields = fields

    def get_kind_text(self, found: Observation) -> str:
        return kind_label(found.kind)

    def get_rule(self, found: Observation) -> str:
        kind = find_kind(found.kind)
        return kind.rule if kind else ""

    def get_source(self, found: Observation) -> str:
        return found.source if sees_source(self.context["request"].user) else ""


class Strict(serializers.Serializer[Any]):
    """Refuses what it does not know, so that a misspelt key is never passed over."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := set(data) - set(self.fields)):
            names = "、".join(sorted(self.fields))
            raise serializers.ValidationError(
                {str(key)[:60]: f"没有这一项；可用的有：{names}。" for key in sorted(unknown, key=str)}
            )
        return super().to_internal_value(data)


class NewObservationSerializer(Strict):
    """What was found, as a clue: nothing is judged by it before a person confirms it."""

    institution = serializers.CharField(max_length=18, help_text="单位代码")
    kind = serializers.CharField(max_length=30, help_text="事项代码，如 privacy、advertising、safety、other")
    occurred_on = serializers.DateField()
    source = serializers.ChoiceField(choices=Source.choices)  # type: ignore[assignment]
    text = serializers.CharField(max_length=LONGEST_TEXT)
    about = serializers.CharField(max_length=80, required=False, allow_blank=True, help_text="如 course:K01")
    severity = serializers.ChoiceField(choices=Severity.choices, required=False, allow_null=True)


class ConfirmSerializer(Strict):
    due_on = serializers.DateField(required=False, allow_null=True, help_text="整改期限；不填按等级的工作日数计算")
    severity = serializers.ChoiceField(choices=Severity.choices, required=False, allow_null=True)


class RefuteSerializer(Strict):
    reason = serializers.CharField(max_length=400)


class TakeBackSerializer(Strict):
    reason = serializers.CharField(max_length=400, help_text="撤回认定的原因")


class RectifySerializer(Strict):
    rectified_on = serializers.DateField(required=False, allow_null=True, help_text="不填为今天")
