"""Addresses of printed records and of statistics."""

from __future__ import annotations

from django.urls import path

from inspections.views import printing

urlpatterns = [
    path("visits/<uuid:key>/record.pdf", printing.VisitRecordPdfView.as_view(), name="visit_record_pdf"),
    path("visits/statistics/", printing.StatisticsView.as_view(), name="visit_statistics"),
    path("visits/statistics.csv", printing.StatisticsCsvView.as_view(), name="visit_statistics_csv"),
]
