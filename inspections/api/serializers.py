"""Visits as the API shows and takes them; an institution's own program is told of filed visits, and less of them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from inspections.choices import ResultCode, VisitKind
from inspections.models import Visit
from inspections.selectors import FiledVisit
from inspections.services.documents import document_of
from shuangjian.api.serializers.evidence import Strict
from shuangjian.api.serializers.fields import CodeField


class _Word(serializers.CharField):
    """A code of a choice: plain text in the description."""

    def __init__(self, **options: Any) -> None:
        options.pop("choices", None)
        super().__init__(**options)


class VisitSerializer(serializers.ModelSerializer[Visit]):
    """One visit in a list; ``inspectors`` are logins."""

    serializer_choice_field = _Word
    institution = CodeField()
    inspectors = serializers.SerializerMethodField()

    class Meta:
        model = Visit
        fields = (
            "key", "number", "institution", "kind", "state", "planned_on", "started_at", "distance_m", "inspectors",
            "result", "revision", "version", "handed_in_at", "reviewed_at", "changed_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_inspectors(self, visit: Visit) -> list[str]:
        return [each.person.username for each in visit.inspectors.all()]


class PersonMetSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    post = serializers.CharField(allow_blank=True)


class CompanionSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    unit = serializers.CharField(allow_blank=True)


class VisitPlaceSerializer(serializers.Serializer[Any]):
    latitude = serializers.FloatField(allow_null=True, help_text="纬度，WGS 84")
    longitude = serializers.FloatField(allow_null=True)
    accuracy_m = serializers.FloatField(allow_null=True, help_text="米")
    distance_m = serializers.IntegerField(read_only=True, allow_null=True, help_text="距登记地点，米")
    note = serializers.CharField(allow_blank=True)


class VisitAnswerSerializer(serializers.Serializer[Any]):
    item = serializers.CharField(help_text="要点编号，如 S-03")
    verdict = serializers.CharField(help_text="ok 符合、failed 不符合、na 不适用", allow_blank=True)
    note = serializers.CharField(required=False, allow_blank=True)
    decision = serializers.CharField(help_text="clue 线索、confirmed 查实", required=False, allow_blank=True)
    severity = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=4)
    requirement = serializers.CharField(required=False, allow_blank=True, help_text="整改要求")
    due_on = serializers.DateField(required=False, allow_null=True, help_text="整改期限")
    revision = serializers.IntegerField(required=False, help_text="读到的修订号；没有读过的要点不填")
    changed_by = serializers.CharField(read_only=True)
    observation = serializers.CharField(read_only=True, help_text="归档后产生的核查情况编号")


class PhotoSerializer(serializers.Serializer[Any]):
    key = serializers.UUIDField()
    item = serializers.CharField()
    caption = serializers.CharField()
    taken_at = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField()
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)
    sha256 = serializers.CharField(help_text="收到的原件的校验值")
    size = serializers.IntegerField()


class VisitVersionSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    sha256 = serializers.CharField()
    filed_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField()


class VisitDocumentSerializer(serializers.Serializer[Any]):
    """The whole visit. What is read can be changed and sent back; what only the portal writes is passed over then."""

    key = serializers.UUIDField(read_only=True)
    number = serializers.CharField(read_only=True)
    institution = serializers.CharField(help_text="单位代码；开启时必填")
    institution_name = serializers.CharField(read_only=True)
    kind = serializers.CharField(read_only=True)
    state = serializers.CharField(read_only=True)
    version = serializers.IntegerField(read_only=True)
    revision = serializers.IntegerField(required=False, help_text="读到的修订号；也可用 If-Match")
    planned_on = serializers.DateField(read_only=True)
    purpose = serializers.CharField(required=False, allow_blank=True)
    complaint = serializers.CharField(read_only=True)
    follows = serializers.UUIDField(read_only=True, allow_null=True)
    inspectors = serializers.ListField(child=serializers.CharField(), help_text="登录名")
    lead = serializers.CharField(required=False, help_text="主办的登录名")
    departments = serializers.ListField(child=serializers.CharField(), required=False, help_text="责任单位代码")
    companions = CompanionSerializer(many=True, required=False)
    people_met = PersonMetSerializer(many=True, required=False)
    checklist = serializers.CharField(read_only=True)
    started_at = serializers.DateTimeField(required=False, allow_null=True)
    device_started_at = serializers.DateTimeField(required=False, allow_null=True)
    place = VisitPlaceSerializer(required=False)
    result = serializers.CharField(
        required=False, allow_blank=True, help_text="；".join(f"{code} {label}" for code, label in ResultCode.choices)
    )
    summary = serializers.CharField(required=False, allow_blank=True)
    answers = VisitAnswerSerializer(many=True, required=False)
    photos = PhotoSerializer(many=True, read_only=True)
    handed_in_at = serializers.DateTimeField(read_only=True, allow_null=True)
    handed_in_by = serializers.CharField(read_only=True)
    reviewed_at = serializers.DateTimeField(read_only=True, allow_null=True)
    reviewed_by = serializers.CharField(read_only=True)
    remark = serializers.CharField(read_only=True)
    versions = VisitVersionSerializer(many=True, read_only=True)
    changed_at = serializers.DateTimeField(read_only=True)

    def to_representation(self, visit: Visit) -> dict[str, Any]:
        return document_of(visit)


class FiledVisitSerializer(serializers.Serializer[FiledVisit]):
    """What an institution is told of a visit to it."""

    number = serializers.CharField()
    on = serializers.DateField()
    kind = serializers.CharField()
    result = serializers.CharField()
    inspectors = serializers.ListField(child=serializers.CharField())
    items = serializers.SerializerMethodField()

    def get_items(self, filed: FiledVisit) -> list[dict[str, Any]]:
        return [
            {"text": each.text, "note": each.note, "requirement": each.requirement, "due_on": each.due_on}
            for each in filed.items
        ]


class PlanSerializer(Strict):
    """One visit to be planned."""

    institution = serializers.CharField(max_length=18, help_text="单位代码")
    planned_on = serializers.DateField()
    inspectors = serializers.ListField(child=serializers.CharField(max_length=40), help_text="登录名，至少两名")
    lead = serializers.CharField(max_length=40, required=False, allow_blank=True)
    kind = serializers.CharField(
        max_length=12, required=False, default=VisitKind.PLANNED, help_text="planned 计划检查、follow_up 回头看"
    )
    purpose = serializers.CharField(max_length=200, required=False, allow_blank=True)
    departments = serializers.ListField(child=serializers.CharField(max_length=4), required=False)
    follows = serializers.UUIDField(required=False, allow_null=True, help_text="回头看的那一次检查的 key")


class PlannedVisitSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="在请求列表中的位置，从 0 起")
    key = serializers.UUIDField(allow_null=True, help_text="试运行时为 null")
    number = serializers.CharField(allow_null=True)


class PlannedSerializer(serializers.Serializer[Any]):
    dry_run = serializers.BooleanField()
    created = serializers.IntegerField()
    results = PlannedVisitSerializer(many=True)


class StartSerializer(Strict):
    started_at = serializers.DateTimeField(required=False, allow_null=True, help_text="不填为现在")
    device_started_at = serializers.DateTimeField(required=False, allow_null=True)
    place = VisitPlaceSerializer(required=False)


class HandInSerializer(Strict):
    inspector = serializers.CharField(max_length=40, help_text="由哪一名检查人员提交：登录名")


class CancelSerializer(Strict):
    reason = serializers.CharField(max_length=400)
