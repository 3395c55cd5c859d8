"""How records of the training registers are read. Personal data is masked here, by who reads."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from shuangjian.api.serializers.fields import ClockField, CodeField
from shuangjian.bureau.models import Institution
from shuangjian.core.masking import mask_name, mask_number
from shuangjian.core.querysets import power_of
from shuangjian.core.units import clock_text
from shuangjian.evidence.models import Complaint
from shuangjian.evidence.scope import without_people
from training_orgs.choices import OrgStatus
from training_orgs.models import (
    Advertisement,
    Consumption,
    Course,
    CourseSession,
    FeeLine,
    FeeOrder,
    LedgerEntry,
    Licence,
    OrgProfile,
    Refund,
    Registration,
    Staff,
)
from training_orgs.selectors.papers import licence_state

_WEEKDAYS = "一二三四五六日"


class Word(serializers.CharField):
    """A code of a choice: plain text in the description, where many kinds have a ``kind`` of their own."""

    def __init__(self, **options: Any) -> None:
        options.pop("choices", None)
        super().__init__(**options)


class Record(serializers.ModelSerializer[Any]):
    """A record of one institution, read only."""

    serializer_choice_field = Word
    institution = CodeField()

    def shows_names(self, institution_id: int | None) -> bool:
        """Whether the reader is the bureau or the institution itself: others see names and numbers masked."""
        reader = self.context["request"].user
        own = getattr(reader, "institution_id", None)
        return power_of(reader) == "bureau" or (own is not None and own == institution_id)


class ProfileSerializer(serializers.ModelSerializer[OrgProfile]):
    serializer_choice_field = Word

    class Meta:
        model = OrgProfile
        fields = (
            "valid_from", "registered_name", "sign_name", "category", "department", "address", "latitude",
            "longitude", "area_m2", "capacity", "is_online_only",
        )  # fmt: skip
        read_only_fields = fields


class OrgSerializer(Record):
    """``profile``, ``licence_state`` (证照状态) and ``org_status`` (经营状态) are of the day of ``as_of``, today unless
    said; ``profile`` is null where none is on record. Everything else is of today."""

    uscc = serializers.CharField(source="training_org.uscc", read_only=True, allow_null=True)
    brand = serializers.CharField(source="training_org.brand.name", read_only=True, allow_null=True, default=None)
    legal_person = serializers.SerializerMethodField()
    phone = serializers.SerializerMethodField()
    town = CodeField()
    profile = serializers.SerializerMethodField()
    licence_state = serializers.SerializerMethodField()
    org_status = serializers.SerializerMethodField()
    institution = None  # type: ignore[assignment]

    class Meta:
        model = Institution
        fields = (
            "code", "uscc", "name", "kind", "category", "town", "status", "opened_on", "closed_on", "brand",
            "legal_person", "phone", "is_fictional", "profile", "licence_state", "org_status",
        )  # fmt: skip
        read_only_fields = fields

    def get_legal_person(self, unit: Institution) -> str:
        name = unit.training_org.legal_person
        return name if self.shows_names(unit.pk) else mask_name(name)

    def get_phone(self, unit: Institution) -> str:
        phone = unit.training_org.phone
        return phone if self.shows_names(unit.pk) else mask_number(phone)

    def get_profile(self, unit: Any) -> dict[str, Any] | None:
        return dict(ProfileSerializer(unit.open_profiles[0]).data) if unit.open_profiles else None

    def get_licence_state(self, unit: Any) -> str:
        return licence_state(has_licence=unit.has_licence, has_registration=unit.has_registration).value

    def get_org_status(self, unit: Any) -> str:
        return str(unit.changes_so_far[0].status) if unit.changes_so_far else OrgStatus.ACTIVE.value


class LicenceSerializer(Record):
    class Meta:
        model = Licence
        fields = (
            "id", "institution", "kind", "number", "department", "categories", "stages", "address", "issued_on",
            "expires_on", "ended_on", "ended_reason",
        )  # fmt: skip
        read_only_fields = fields


class RegistrationSerializer(Record):
    class Meta:
        model = Registration
        fields = (
            "id", "institution", "kind", "number", "registered_name", "is_nonprofit", "scope", "training_scope_on",
            "issued_on", "expires_on", "ended_on",
        )  # fmt: skip
        read_only_fields = fields


class StaffSerializer(Record):
    """``identity_tail``: the last four characters; the number itself is nowhere."""

    name = serializers.SerializerMethodField()
    identity_tail = serializers.SerializerMethodField()

    class Meta:
        model = Staff
        fields = (
            "id", "institution", "number", "name", "identity_tail", "role", "is_full_time", "employed_on", "left_on",
        )  # fmt: skip
        read_only_fields = fields

    def get_name(self, staff: Staff) -> str:
        return staff.name if self.shows_names(staff.institution_id) else mask_name(staff.name)

    def get_identity_tail(self, staff: Staff) -> str:
        return staff.identity_tail if self.shows_names(staff.institution_id) else ""


class CourseSerializer(Record):
    """``slots`` as they are filed; ``teachers``: staff numbers of those who teach without an end."""

    slots = serializers.SerializerMethodField()
    teachers = serializers.SerializerMethodField()

    class Meta:
        model = Course
        fields = (
            "id", "institution", "number", "title", "text", "category", "subject", "stage", "mode", "class_size",
            "lesson_minutes", "price", "is_full_time", "starts_on", "ends_on", "published_on", "identified",
            "is_subject", "slots", "teachers",
        )  # fmt: skip
        read_only_fields = fields

    def get_slots(self, course: Course) -> list[str]:
        return [
            f"周{_WEEKDAYS[slot.weekday - 1]} {clock_text(slot.starts_at)}-{clock_text(slot.ends_at)}"
            for slot in course.slots.all()
        ]

    def get_teachers(self, course: Course) -> list[str]:
        return [taught.staff.number for taught in course.teachers.all() if taught.valid_until is None]


class CourseSessionSerializer(Record):
    course = serializers.CharField(source="course.number", read_only=True)
    starts_at = ClockField()
    ends_at = ClockField()

    class Meta:
        model = CourseSession
        fields = ("id", "institution", "course", "day", "starts_at", "ends_at", "is_cancelled")
        read_only_fields = fields


class FeeLineSerializer(serializers.ModelSerializer[FeeLine]):
    course = serializers.CharField(source="course.number", read_only=True)

    class Meta:
        model = FeeLine
        fields = ("position", "course", "subject", "hours", "gift_hours", "lesson_minutes", "amount")
        read_only_fields = fields


class FeeOrderSerializer(Record):
    lines = FeeLineSerializer(many=True, read_only=True)

    class Meta:
        model = FeeOrder
        fields = (
            "id", "institution", "contract_no", "pupil", "paid_on", "amount", "starts_on", "ends_on", "channel",
            "is_loan", "cancelled_on", "refunded", "consumed", "lines",
        )  # fmt: skip
        read_only_fields = fields


class RefundSerializer(Record):
    contract_no = serializers.CharField(source="order.contract_no", read_only=True)

    class Meta:
        model = Refund
        fields = (
            "id", "institution", "number", "contract_no", "requested_on", "amount", "answered_on", "answer", "reason",
            "paid_on", "paid_amount", "withdrawn_on",
        )  # fmt: skip
        read_only_fields = fields


class ConsumptionSerializer(Record):
    contract_no = serializers.CharField(source="line.order.contract_no", read_only=True)
    line = serializers.IntegerField(source="line.position", read_only=True)

    class Meta:
        model = Consumption
        fields = ("id", "institution", "contract_no", "line", "day", "hours", "amount", "confirmed_on")
        read_only_fields = fields


class LedgerSerializer(Record):
    contract_no = serializers.CharField(source="order.contract_no", read_only=True, allow_null=True, default=None)

    class Meta:
        model = LedgerEntry
        fields = ("id", "institution", "reference", "day", "sequence", "kind", "contract_no", "amount", "balance")
        read_only_fields = fields


class AdSerializer(Record):
    class Meta:
        model = Advertisement
        fields = ("id", "institution", "number", "place", "medium", "seen_on", "text", "removed_on")
        read_only_fields = fields


class ComplaintSerializer(Record):
    """Never for whom it is about, and never with the complainant: that is on the page, for the bureau and the town."""

    institution = serializers.CharField(source="institution.code", read_only=True, allow_null=True, default=None)  # type: ignore[assignment]
    town = serializers.CharField(source="town.code", read_only=True, allow_null=True, default=None)
    text = serializers.SerializerMethodField()

    class Meta:
        model = Complaint
        fields = (
            "id", "number", "channel", "channel_no", "received_on", "institution", "named", "town", "topic", "text",
            "state", "is_confirmed", "reply_due_on", "replied_on",
        )  # fmt: skip
        read_only_fields = fields

    def get_text(self, complaint: Complaint) -> str:
        return without_people(complaint.text, complaint)
