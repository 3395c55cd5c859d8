"""Weekly returns and their content."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from shuangjian.api.serializers.fields import CodeField, NumberField, WeekField
from shuangjian.core import clock
from shuangjian.intake.models import ReopenRequest, WeeklyReturn

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
    "note",
    "remark",
    "is_locked",
    "locked_at",
    "lock_reason",
    "reopened_until",
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
    note = serializers.CharField(
        source="current_version.note", default="", read_only=True, help_text="现有版本提交时的说明"
    )
    is_locked = serializers.SerializerMethodField(help_text="已锁定且不在更正期内：不能保存和提交")
    lock_reason = serializers.SerializerMethodField(help_text="锁定原因；未锁定为空")

    class Meta:
        model = WeeklyReturn
        fields: tuple[str, ...] = _SUMMARY
        read_only_fields: tuple[str, ...] = _SUMMARY

    def get_is_locked(self, weekly_return: WeeklyReturn) -> bool:
        return weekly_return.is_locked_at(clock.now())

    def get_lock_reason(self, weekly_return: WeeklyReturn) -> str:
        return weekly_return.remark if weekly_return.state == WeeklyReturn.State.LOCKED else ""


class PayloadSerializer(serializers.Serializer[Any]):
    """The content of a weekly return, checked by ``check_payload`` alone; payload_schema.py describes it."""


class ReopenRequestSerializer(serializers.ModelSerializer[ReopenRequest]):
    class Meta:
        model = ReopenRequest
        fields = ("state", "reason", "asked_by", "asked_at", "answer", "decided_at", "until")
        read_only_fields = fields


class WholeReturnSerializer(WeeklyReturnSerializer):
    """One return with its content: the draft where there is one, else the submitted version."""

    payload = serializers.SerializerMethodField()
    reopen_request = serializers.SerializerMethodField(help_text="最近一次更正申请；没有为 null")

    class Meta(WeeklyReturnSerializer.Meta):
        fields = (*_SUMMARY, "reopen_request", "payload")
        read_only_fields = fields

    @extend_schema_field(ReopenRequestSerializer(allow_null=True))
    def get_reopen_request(self, weekly_return: WeeklyReturn) -> Any:
        request = weekly_return.reopen_requests.order_by("-asked_at").first()
        return None if request is None else ReopenRequestSerializer(request).data

    @extend_schema_field(PayloadSerializer)
    def get_payload(self, weekly_return: WeeklyReturn) -> Any:
        return weekly_return.content


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
