"""Addresses of checklist pages."""

from __future__ import annotations

from django.urls import path

from inspections.views import checklist_draft as draft
from inspections.views import checklists

_ONE = "checklists/<slug:target>"
_DRAFT = f"{_ONE}/draft"

urlpatterns = [
    path("checklists/", checklists.ChecklistsView.as_view(), name="checklists"),
    path(f"{_ONE}/", checklists.ChecklistView.as_view(), name="checklist"),
    path(f"{_ONE}/versions/<int:number>/", checklists.ChecklistVersionView.as_view(), name="checklist_version"),
    path(f"{_DRAFT}/", draft.DraftView.as_view(), name="checklist_draft"),
    path(f"{_DRAFT}/start/", draft.StartView.as_view(), name="checklist_start"),
    path(f"{_DRAFT}/discard/", draft.DiscardView.as_view(), name="checklist_discard"),
    path(f"{_DRAFT}/publish/", draft.PublishView.as_view(), name="checklist_publish"),
    path(f"{_DRAFT}/groups/move/", draft.MoveGroupView.as_view(), name="checklist_group_move"),
    path(f"{_DRAFT}/items/", draft.AddItemView.as_view(), name="checklist_item_add"),
    path(f"{_DRAFT}/items/<slug:code>/", draft.ItemView.as_view(), name="checklist_item"),
    path(f"{_DRAFT}/items/<slug:code>/move/", draft.MoveItemView.as_view(), name="checklist_item_move"),
    path(f"{_DRAFT}/items/<slug:code>/remove/", draft.RemoveItemView.as_view(), name="checklist_item_remove"),
    path(f"{_DRAFT}/items/<slug:code>/restore/", draft.RestoreItemView.as_view(), name="checklist_item_restore"),
]
