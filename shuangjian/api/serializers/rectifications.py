"""Rectifications as the API shows and takes them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from shuangjian.alerts.models import Rectification, RectificationStep
from shuangjian.alerts.rectification_checks import LONGEST_ACCOUNT, LONGEST_REMARK, LONGEST_REQUIREMENT
from shuangjian.alerts.rectification_photos import photos_of
from shuangjian.api.serializers.evidence import Strict
from shuangjian.api.serializers.fields import CodeField
from shuangjian.files.models import StoredFile


class RectificationSerializer(serializers.ModelSerializer[Rectification]):
    """``due_on`` is the last day on time; ``alert`` the id of the alert on which it hangs, ``observation`` the number
    of what it puts right, each null where there is none."""

    institution = CodeField()
    alert = serializers.IntegerField(source="alert_id", allow_null=True, read_only=True)
    observation = serializers.CharField(source="observation.number", default=None, read_only=True)

    class Meta:
        model = Rectification
        fields = (
            "number", "institution", "alert", "observation", "requirement", "due_on", "state", "ordered_at",
            "handed_in_at", "account", "rectified_on", "rechecked_at", "remark", "revision", "changed_at",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields


class RectificationStepSerializer(serializers.ModelSerializer[RectificationStep]):
    actor = serializers.CharField(source="actor_label", read_only=True)

    class Meta:
        model = RectificationStep
        fields = ("act", "actor", "at", "note")
        read_only_fields = fields


class RectificationPhotoSerializer(serializers.Serializer[Any]):
    """``sha256`` is of the bytes that were received, by which a sender knows its photo again."""

    part = serializers.ChoiceField(choices=("before", "after"), help_text="before 整改前，after 整改后")
    key = serializers.UUIDField()
    name = serializers.CharField()
    media_type = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()


class RectificationDetailSerializer(RectificationSerializer):
    """One rectification with its photos and its history."""

    photos = serializers.SerializerMethodField()
    steps = RectificationStepSerializer(many=True, read_only=True)

    class Meta(RectificationSerializer.Meta):
        fields = (*RectificationSerializer.Meta.fields, "photos", "steps")  # type: ignore[assignment]
        read_only_fields = fields

    def get_photos(self, found: Rectification) -> list[dict[str, Any]]:
        shown = photos_of([found], StoredFile.objects.visible_to(self.context["request"].user))[found.number]
        parts = [{"part": part, "stored": each} for part, files in shown.items() for each in files]
        return [
            {
                "part": each["part"],
                **{name: getattr(each["stored"], name) for name in ("name", "media_type", "size", "sha256")},
                "key": str(each["stored"].key),  # type: ignore[attr-defined]
            }
            for each in parts
        ]


class OrderRectificationSerializer(Strict):
    """A rectification ordered on an alert."""

    alert = serializers.IntegerField(min_value=1, max_value=2**53, help_text="预警编号 id")
    requirement = serializers.CharField(max_length=LONGEST_REQUIREMENT)
    due_on = serializers.DateField(help_text="最后一天仍为按时")


class HandInRectificationSerializer(Strict):
    account = serializers.CharField(max_length=LONGEST_ACCOUNT, help_text="整改情况")
    rectified_on = serializers.DateField()
    revision = serializers.IntegerField(required=False, min_value=0, help_text="读到的修订号；也可用 If-Match")


class RecheckRectificationSerializer(Strict):
    is_passed = serializers.BooleanField()
    remark = serializers.CharField(max_length=LONGEST_REMARK, required=False, allow_blank=True, default="")


class ChangeRectificationSerializer(Strict):
    requirement = serializers.CharField(max_length=LONGEST_REQUIREMENT)
    due_on = serializers.DateField()
    reason = serializers.CharField(max_length=LONGEST_REMARK)


class CancelRectificationSerializer(Strict):
    reason = serializers.CharField(max_length=LONGEST_REMARK)
