"""Towns, institutions and the calendar as the API shows them."""

from __future__ import annotations

from rest_framework import serializers

from shuangjian.api.serializers.fields import CodeField, WeekField
from shuangjian.bureau.models import Break, CalendarDay, Institution, Term, Town, UnitDay


class TownSerializer(serializers.ModelSerializer[Town]):
    class Meta:
        model = Town
        fields = ("code", "name", "kind")
        read_only_fields = fields


class InstitutionSerializer(serializers.ModelSerializer[Institution]):
    """``town`` is null while unconfirmed; ``town_candidates`` then names those in question."""

    town = CodeField()
    centre = CodeField()

    class Meta:
        model = Institution
        fields = (
            "code",
            "name",
            "kind",
            "category",
            "stages",
            "town",
            "town_candidates",
            "centre",
            "status",
            "opened_on",
            "closed_on",
            "went_live_on",
            "is_fictional",
        )
        read_only_fields = fields


class UnitDaySerializer(serializers.ModelSerializer[UnitDay]):
    institution = CodeField()
    week = WeekField()

    class Meta:
        model = UnitDay
        fields = (
            "institution",
            "stage",
            "date",
            "week",
            "is_school_day",
            "week_school_days",
            "week_first_on",
            "is_provisional",
            "calendar_version",
        )
        read_only_fields = fields


class TermSerializer(serializers.ModelSerializer[Term]):
    class Meta:
        model = Term
        fields = ("key", "stage", "starts_on", "ends_on", "certainty")
        read_only_fields = fields


class BreakSerializer(serializers.ModelSerializer[Break]):
    class Meta:
        model = Break
        fields = ("name", "stage", "starts_on", "ends_on", "certainty")
        read_only_fields = fields


class CalendarDaySerializer(serializers.ModelSerializer[CalendarDay]):
    """An exception of the calendar. ``town`` or ``institution`` name its scope; ``stage`` null means all stages."""

    town = CodeField()
    institution = CodeField()

    class Meta:
        model = CalendarDay
        fields = ("date", "kind", "level", "town", "institution", "stage", "reason", "certainty")
        read_only_fields = fields
