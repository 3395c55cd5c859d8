"""比对记录: what was judged again, how far it is, and its receipt."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from shuangjian.api.serializers.fields import CodeField
from shuangjian.journal.models import Run, RunPart

_OVER = frozenset({RunPart.State.DONE, RunPart.State.PARKED})
_COUNTS = {
    "violations": "现有疑似问题：新增、变化与不变之和",
    "added": "新增（含消除后再次出现）",
    "cleared": "消除",
    "changed": "变化：仍未消除，数值、等级或状态有变",
    "unchanged": "不变：仍未消除，数值相同",
    "stale": "因数据不足保留",
}


class CountsSerializer(serializers.Serializer[Any]):
    """Findings of a run, or of a part of it."""

    violations = serializers.IntegerField(help_text=_COUNTS["violations"])
    added = serializers.IntegerField(help_text=_COUNTS["added"])
    cleared = serializers.IntegerField(help_text=_COUNTS["cleared"])
    changed = serializers.IntegerField(help_text=_COUNTS["changed"])
    unchanged = serializers.IntegerField(help_text=_COUNTS["unchanged"])
    stale = serializers.IntegerField(help_text=_COUNTS["stale"])


def _counts(parts: list[RunPart]) -> dict[str, int]:
    return {name: sum(getattr(part, name) for part in parts) for name in _COUNTS}


class RunPartSerializer(serializers.ModelSerializer[RunPart]):
    """A town, a single institution, or (both null) the institutions whose town is unconfirmed."""

    town = CodeField(allow_null=True)
    institution = CodeField(allow_null=True)
    counts = serializers.SerializerMethodField()
    by_rule = serializers.SerializerMethodField(help_text="规则代码 → 该规则的同样各数")

    class Meta:
        model = RunPart
        fields = (
            "town",
            "institution",
            "state",
            "units",
            "judged",
            "counts",
            "by_rule",
            "is_shared",
            "started_at",
            "finished_at",
        )
        read_only_fields = fields

    @extend_schema_field(CountsSerializer)
    def get_counts(self, part: RunPart) -> dict[str, int]:
        return _counts([part])

    @extend_schema_field(serializers.DictField(child=CountsSerializer()))
    def get_by_rule(self, part: RunPart) -> dict[str, dict[str, int]]:
        return dict(part.by_rule)


class RunSerializer(serializers.ModelSerializer[Run]):
    """Counts and progress are those of the parts inside the token's scope (``seen``)."""

    asked_by = serializers.CharField(source="asked_by_label", read_only=True, help_text="提出人；“系统”为定时任务")
    rules = serializers.ListField(
        child=serializers.CharField(), allow_null=True, read_only=True, help_text="规则代码；null 为全部规则"
    )
    state = serializers.SerializerMethodField()
    parts_expected = serializers.SerializerMethodField(help_text="镇街或单位数；0 为尚未开始")
    parts_done = serializers.SerializerMethodField(help_text="其中已完成的")
    counts = serializers.SerializerMethodField()

    class Meta:
        model = Run
        fields: tuple[str, ...] = (
            "id",
            "kind",
            "cause",
            "asked_by",
            "is_district",
            "rules",
            "since",
            "until",
            "state",
            "parts_expected",
            "parts_done",
            "counts",
            "requested_at",
            "started_at",
            "finished_at",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=RunPart.State.choices))
    def get_state(self, run: Any) -> str:
        if run.finished_at is None:
            return RunPart.State.RUNNING if run.started_at else RunPart.State.WAITING
        return (
            RunPart.State.PARKED if any(part.state == RunPart.State.PARKED for part in run.seen) else RunPart.State.DONE
        )

    def get_parts_expected(self, run: Any) -> int:
        return len(run.seen)

    def get_parts_done(self, run: Any) -> int:
        return sum(part.state in _OVER for part in run.seen)

    @extend_schema_field(CountsSerializer)
    def get_counts(self, run: Any) -> dict[str, int]:
        return _counts(run.seen)


class RunDetailSerializer(RunSerializer):
    """One run with its parts."""

    parts = RunPartSerializer(many=True, read_only=True, source="seen")

    class Meta(RunSerializer.Meta):
        fields = (*RunSerializer.Meta.fields, "parts")
        read_only_fields = fields
