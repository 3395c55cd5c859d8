"""Addresses of visit pages."""

from __future__ import annotations

from django.urls import path

from inspections.views import day, entries, visit, visits

_ONE = "visits/<uuid:key>"

urlpatterns = [
    path("visits/", visits.VisitsView.as_view(), name="visits"),
    path("visits/today/", day.TodayView.as_view(), name="visits_today"),
    path("visits/new/", visits.PlanView.as_view(), name="visit_plan"),
    path("visits/open/", day.OpenView.as_view(), name="visit_open"),
    path("visits/site/", day.SiteView.as_view(), name="visit_site"),
    path("visits/of/<slug:code>/", visits.VisitsOfView.as_view(), name="visits_of"),
    path(f"{_ONE}/", visit.VisitView.as_view(), name="visit"),
    path(f"{_ONE}/start/", visit.VisitStartView.as_view(), name="visit_start"),
    path(f"{_ONE}/hand-in/", visit.VisitHandInView.as_view(), name="visit_hand_in"),
    path(f"{_ONE}/review/", visit.VisitReviewView.as_view(), name="visit_review"),
    path(f"{_ONE}/correct/", visit.VisitCorrectView.as_view(), name="visit_correct"),
    path(f"{_ONE}/cancel/", visit.VisitCancelView.as_view(), name="visit_cancel"),
    path(f"{_ONE}/details/", entries.VisitDetailsView.as_view(), name="visit_details"),
    path(f"{_ONE}/answers/<str:code>/", entries.VisitAnswerView.as_view(), name="visit_answer"),
    path(f"{_ONE}/photos/<uuid:photo>/", entries.VisitPhotoView.as_view(), name="visit_photo"),
]
