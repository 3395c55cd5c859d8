"""Resources of the training registers."""

from __future__ import annotations

from shuangjian.api.registry import register_resource

#: Prefix of the address and the viewset that answers there.
RESOURCES = {
    "training-orgs": "views.TrainingOrgViewSet",
    "licences": "views.LicenceViewSet",
    "registrations": "views.RegistrationViewSet",
    "staff": "views.StaffViewSet",
    "courses": "views.CourseViewSet",
    "course-sessions": "views.CourseSessionViewSet",
    "fee-orders": "views.FeeOrderViewSet",
    "refunds": "views.RefundViewSet",
    "consumptions": "views.ConsumptionViewSet",
    "ledger": "views.LedgerViewSet",
    "complaints": "complaints.ComplaintViewSet",
    "ads": "views.AdViewSet",
}


def register_resources() -> None:
    """Mount them; called when the app gets ready."""
    for prefix, name in RESOURCES.items():
        register_resource(prefix, f"training_orgs.api.{name}")
