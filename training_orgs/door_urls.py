"""Addresses of the workbooks and of the forms of single rows; before those that take any code."""

from django.urls import path, re_path

from training_orgs.views.imports import ImportConfirmView, ImportListView, ImportTemplateView, ImportView
from training_orgs.views.rows import FORMED, RowChangeView, RowView

_ROW = rf"^training/(?P<code>[-a-zA-Z0-9_]+)/(?P<kind>{'|'.join(FORMED)})"

urlpatterns = [
    path("training/import/", ImportListView.as_view(), name="training_imports"),
    path("training/import/<slug:book>/", ImportView.as_view(), name="import_book"),
    path("training/import/<slug:book>/template.xlsx", ImportTemplateView.as_view(), name="import_template"),
    path("training/import/<slug:book>/confirm/", ImportConfirmView.as_view(), name="import_confirm"),
    re_path(rf"{_ROW}/new/$", RowView.as_view(), name="row_new"),
    re_path(rf"{_ROW}/(?P<pk>\d+)/$", RowChangeView.as_view(), name="row_change"),
]
