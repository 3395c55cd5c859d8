"""Addresses of printed records."""

from __future__ import annotations

from django.urls import path

from inspections.views import printing

urlpatterns = [
    path("visits/<uuid:key>/record.pdf", printing.VisitRecordPdfView.as_view(), name="visit_record_pdf"),
]
