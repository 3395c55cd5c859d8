"""Resources of the training registers."""

from __future__ import annotations

from shuangjian.api.registry import register_resource

#: Prefix of the address and the viewset that answers there.
RESOURCES = {
    "training-orgs": "TrainingOrgViewSet",
    "licences": "LicenceViewSet",
    "registrations": "RegistrationViewSet",
    "staff": "StaffViewSet",
    "courses": "CourseViewSet",
    "course-sessions": "CourseSessionViewSet",
    "fee-orders": "FeeOrderViewSet",
    "refunds": "RefundViewSet",
    "consumptions": "ConsumptionViewSet",
    "ledger": "LedgerViewSet",
    "complaints": "ComplaintViewSet",
    "ads": "AdViewSet",
}


def register_resources() -> None:
    """Mount them; called when the app gets ready."""
    for prefix, name in RESOURCES.items():
        register_resource(prefix, f"training_orgs.api.views.{name}")
