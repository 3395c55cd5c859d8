"""Resources of inspections."""

from __future__ import annotations

from shuangjian.api.registry import register_resource

#: Prefix of the address and the viewset that answers there.
RESOURCES = {
    "checklists": "inspections.api.checklists.ChecklistViewSet",
    "visits": "inspections.api.views.VisitViewSet",
}


def register_resources() -> None:
    """Mount them; called when the app gets ready."""
    for prefix, viewset in RESOURCES.items():
        register_resource(prefix, viewset)
