"""应报任务, one by one and counted."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from shuangjian.api.serializers.fields import CodeField, WeekField
from shuangjian.core.choices import FilingState
from shuangjian.intake.attention import filing_state
from shuangjian.intake.models import Filing


class FilingSerializer(serializers.ModelSerializer[Filing]):
    """Rows of ``with_return``; the context holds ``now``."""

    institution = CodeField()
    week = WeekField()
    is_complete = serializers.BooleanField(
        read_only=True, help_text="现有周报按现行校历回答了每个上课日、班级和学段；没有周报为 false"
    )
    state = serializers.SerializerMethodField()

    class Meta:
        model = Filing
        fields = (
            "institution",
            "week",
            "school_days",
            "due_at",
            "is_filed",
            "is_complete",
            "first_submitted_at",
            "state",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=FilingState.choices))
    def get_state(self, filing: Any) -> str:
        return str(filing_state(filing, filing.return_state, now=self.context["now"]))


class FilingCountsSerializer(serializers.Serializer[Any]):
    """expected = filed + missing + pending; filed = on_time + late."""

    expected = serializers.IntegerField(help_text="应报")
    filed = serializers.IntegerField(help_text="已报（含被退回待重报）")
    on_time = serializers.IntegerField(help_text="按时：首次提交不晚于截止时间")
    late = serializers.IntegerField(help_text="迟报：首次提交晚于截止时间")
    complete = serializers.IntegerField(help_text="完整：现有周报按现行校历回答了每个上课日、班级和学段")
    missing = serializers.IntegerField(help_text="未报：已过截止时间（含撤回后未重报）")
    pending = serializers.IntegerField(help_text="未到期")


class FilingSummarySerializer(FilingCountsSerializer):
    """One unit, town, centre or the district in a week."""

    level = serializers.ChoiceField(choices=["district", "centre", "town", "institution"])
    code = serializers.CharField(allow_null=True, help_text="全区、镇街待核实的单位一行为 null")
    name = serializers.CharField()
    week = serializers.CharField()
    town = serializers.CharField(allow_null=True, help_text="单位所在镇街代码；其他层级为 null")
    state = serializers.ChoiceField(
        choices=FilingState.choices, allow_null=True, help_text="只用于单位；不应报的单位和其他层级为 null"
    )
    due_at = serializers.DateTimeField(allow_null=True, help_text="不应报为 null")
