"""Versions of a weekly return, the changes between them, and the steps of its life."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from shuangjian.api.serializers.returns import PayloadSerializer
from shuangjian.intake.events import VERBS
from shuangjian.intake.models import ReturnEvent, ReturnVersion


class VersionSerializer(serializers.ModelSerializer[ReturnVersion]):
    class Meta:
        model = ReturnVersion
        fields: tuple[str, ...] = (
            "number",
            "sha256",
            "door",
            "submitted_by",
            "submitted_at",
            "note",
            "is_correction",
        )
        read_only_fields: tuple[str, ...] = fields


class WholeVersionSerializer(VersionSerializer):
    payload = serializers.SerializerMethodField()

    class Meta(VersionSerializer.Meta):
        fields = (*VersionSerializer.Meta.fields, "payload")
        read_only_fields = fields

    @extend_schema_field(PayloadSerializer)
    def get_payload(self, version: ReturnVersion) -> Any:
        return version.payload


class ChangeSerializer(serializers.Serializer[Any]):
    """One cell that changed, or one row that came or went (``column`` is then 整行), in words."""

    section = serializers.CharField(help_text="部分：作业、作息、课后服务")
    where = serializers.CharField(help_text="班级或学段、日期、学科")
    column = serializers.CharField(help_text="栏目；整行增删为“整行”")
    old = serializers.CharField(help_text="原值，如 75、90%、未填")
    new = serializers.CharField(help_text="新值")


class ChangesSerializer(serializers.Serializer[Any]):
    to = serializers.IntegerField(help_text="新版本号")
    changes = ChangeSerializer(many=True)

    def get_fields(self) -> dict[str, Any]:
        # ``from`` is a keyword of Python.
        return {"from": serializers.IntegerField(help_text="所比较的版本号，0 为空白周报"), **super().get_fields()}


class EventSerializer(serializers.ModelSerializer[ReturnEvent]):
    """``act`` is the code, ``act_text`` what a sentence says."""

    act = serializers.ChoiceField(choices=list(VERBS.items()), read_only=True)
    act_text = serializers.SerializerMethodField()

    class Meta:
        model = ReturnEvent
        fields = ("act", "act_text", "from_state", "to_state", "version", "actor", "at", "note")
        read_only_fields = fields

    def get_act_text(self, event: ReturnEvent) -> str:
        return VERBS.get(event.act, event.act)
