"""Weekly returns and their versions."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from shuangjian.api.serializers.fields import CodeField, NumberField, WeekField
from shuangjian.intake.models import ReturnVersion, WeeklyReturn

_SUMMARY = (
    "institution",
    "week",
    "state",
    "revision",
    "version",
    "has_draft",
    "is_complete",
    "first_submitted_at",
    "submitted_at",
    "draft_saved_at",
    "remark",
    "changed_at",
)


class WeeklyReturnSerializer(serializers.ModelSerializer[WeeklyReturn]):
    """``version`` is the number of the version that stands submitted; ``revision`` rises with every change."""

    institution = CodeField()
    week = WeekField()
    version = serializers.IntegerField(source="current_version.number", allow_null=True, default=None, read_only=True)
    submitted_at = serializers.DateTimeField(
        source="current_version.submitted_at", allow_null=True, default=None, read_only=True
    )
    has_draft = serializers.BooleanField(read_only=True)

    class Meta:
        model = WeeklyReturn
        fields: tuple[str, ...] = _SUMMARY
        read_only_fields: tuple[str, ...] = _SUMMARY


class PayloadSerializer(serializers.Serializer[Any]):
    """The content of a weekly return. Each domain checks its own part; errors name rows as ``homework[3].minutes``."""

    homework = serializers.ListField(
        child=serializers.DictField(),
        required=False,
        help_text="class, day, subject, minutes, written, optional, alternative",
    )
    homework_none = serializers.ListField(child=serializers.DictField(), required=False, help_text="class, day")
    class_off = serializers.ListField(child=serializers.DictField(), required=False, help_text="class")
    school_day = serializers.ListField(
        child=serializers.DictField(), required=False, help_text='stage, day, first_lesson "08:20"'
    )
    after_school = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="stage, day, minutes 1–300"
    )
    service_none = serializers.ListField(child=serializers.DictField(), required=False, help_text="stage, day")


class WholeReturnSerializer(WeeklyReturnSerializer):
    """One return with its content: the draft where there is one, else the submitted version."""

    payload = serializers.SerializerMethodField()

    class Meta(WeeklyReturnSerializer.Meta):
        fields = (*_SUMMARY, "payload")
        read_only_fields = fields

    @extend_schema_field(PayloadSerializer)
    def get_payload(self, weekly_return: WeeklyReturn) -> Any:
        return content_of(weekly_return)


def content_of(weekly_return: WeeklyReturn) -> Any:
    """What an editor goes on from: the draft, else what stands submitted, else nothing."""
    if weekly_return.draft is not None:
        return weekly_return.draft
    return None if weekly_return.current_version is None else weekly_return.current_version.payload


class VersionSerializer(serializers.ModelSerializer[ReturnVersion]):
    class Meta:
        model = ReturnVersion
        fields: tuple[str, ...] = ("number", "sha256", "door", "submitted_by", "submitted_at")
        read_only_fields: tuple[str, ...] = fields


class WholeVersionSerializer(VersionSerializer):
    payload = serializers.JSONField(read_only=True)

    class Meta(VersionSerializer.Meta):
        fields = (*VersionSerializer.Meta.fields, "payload")
        read_only_fields = fields


class GapSerializer(serializers.Serializer[Any]):
    """A school day with neither data nor tick; ``tick`` is the row that would say so under the key ``tick_key``."""

    section = serializers.CharField()
    message = serializers.CharField()
    tick_key = serializers.CharField(allow_blank=True)
    tick = serializers.DictField(child=serializers.CharField())


class ForeseenSerializer(serializers.Serializer[Any]):
    """What a submit would raise."""

    rule = serializers.CharField()
    title = serializers.CharField()
    about = serializers.CharField()
    about_text = serializers.CharField()
    occurred_on = serializers.DateField()
    observed = NumberField()
    observed_text = serializers.CharField()
    limit = NumberField()
    limit_text = serializers.CharField()
    unit = serializers.CharField()
    severity = serializers.IntegerField()
    message = serializers.CharField()
    clause = serializers.CharField()


class PreviewSerializer(serializers.Serializer[Any]):
    gaps = GapSerializer(many=True)
    findings = ForeseenSerializer(many=True)
