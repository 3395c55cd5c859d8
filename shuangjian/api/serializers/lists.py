"""Black, white and warning lists as the API shows them, and what a proposal and its review say."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from shuangjian.api.serializers.fields import CodeField
from shuangjian.lists.models import ListDecision, ListEntry, ListKind


class DecisionSerializer(serializers.ModelSerializer[ListDecision]):
    """A decision. ``effective_on`` of an exit is the first day off the list; who decided is not shown to programs."""

    institution = CodeField()
    criteria = serializers.CharField(source="criteria.version", read_only=True)
    criteria_reference = serializers.CharField(source="criteria.reference", read_only=True)

    class Meta:
        model = ListDecision
        fields = (
            "id",
            "institution",
            "kind",
            "act",
            "decision_no",
            "criteria",
            "criteria_reference",
            "effective_on",
            "reason",
            "state",
            "proposed_at",
            "reviewed_at",
            "published_on",
        )
        read_only_fields = fields


class EntrySerializer(serializers.ModelSerializer[ListEntry]):
    """From ``entered_on`` to the day before ``left_on`` (null: still) the institution stands on the list."""

    institution = CodeField()
    name = serializers.CharField(source="institution.name", read_only=True)
    entry = DecisionSerializer(read_only=True)
    exit = DecisionSerializer(read_only=True, allow_null=True)

    class Meta:
        model = ListEntry
        fields = ("id", "institution", "name", "kind", "entered_on", "left_on", "entry", "exit")
        read_only_fields = fields


class ProposalSerializer(serializers.Serializer[Any]):
    """``criteria`` is the version of the list's criteria that the proposal cites."""

    institution = serializers.CharField(max_length=18)
    act = serializers.ChoiceField(choices=ListDecision.Act.choices)
    kind = serializers.ChoiceField(choices=ListKind.choices)
    criteria = serializers.CharField(max_length=20)
    decision_no = serializers.CharField(max_length=40)
    effective_on = serializers.DateField()
    reason = serializers.CharField(max_length=2000)


class ReviewSerializer(serializers.Serializer[Any]):
    """``note`` is needed where the proposal is rejected."""

    approve = serializers.BooleanField()
    note = serializers.CharField(max_length=400, allow_blank=True, default="")
