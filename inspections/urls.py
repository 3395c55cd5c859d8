"""Pages of inspections: checklists, visits, printed records and statistics."""

from django.urls import include, path

urlpatterns = [
    path("", include("inspections.checklist_urls")),
    path("", include("inspections.printing_urls")),
    path("", include("inspections.visit_urls")),
]
