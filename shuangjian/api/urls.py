"""Addresses of the API: ``/api/v1/…``, its description, and a problem+json for everything else."""

from __future__ import annotations

from django.urls import include, path, re_path
from django.utils.module_loading import import_string
from rest_framework.routers import SimpleRouter

from shuangjian.api import payload_schema, schema  # noqa: F401 - tell drf-spectacular what they describe
from shuangjian.api.registry import all_resources
from shuangjian.api.views.compliance import ComplianceViewSet
from shuangjian.api.views.docs import DocsView, SchemaView
from shuangjian.api.views.evidence import ObservationViewSet
from shuangjian.api.views.filings import FilingViewSet
from shuangjian.api.views.findings import AlertViewSet, FindingViewSet
from shuangjian.api.views.lists import ListDecisionViewSet, ListEntryViewSet
from shuangjian.api.views.rectifications import RectificationViewSet
from shuangjian.api.views.return_history import ReturnEventViewSet, ReturnVersionViewSet
from shuangjian.api.views.returns import SchoolReturnViewSet, WeeklyReturnViewSet
from shuangjian.api.views.rulebook import ClauseViewSet, ParameterViewSet, RuleViewSet
from shuangjian.api.views.runs import RunViewSet
from shuangjian.api.views.units import (
    BreakViewSet,
    CalendarOverrideViewSet,
    CalendarViewSet,
    InstitutionViewSet,
    TermViewSet,
    TownViewSet,
)
from shuangjian.api.views.unknown import UnknownAddress

app_name = "api"

router = SimpleRouter()
for prefix, viewset in (
    ("towns", TownViewSet),
    ("institutions", InstitutionViewSet),
    ("calendar/terms", TermViewSet),
    ("calendar/breaks", BreakViewSet),
    ("calendar/overrides", CalendarOverrideViewSet),
    ("calendar", CalendarViewSet),
    ("clauses", ClauseViewSet),
    ("rules", RuleViewSet),
    ("parameters", ParameterViewSet),
    ("weekly-returns", WeeklyReturnViewSet),
    ("filings", FilingViewSet),
    ("findings", FindingViewSet),
    ("alerts", AlertViewSet),
    ("compliance", ComplianceViewSet),
    ("observations", ObservationViewSet),
    ("rectifications", RectificationViewSet),
    ("lists", ListEntryViewSet),
    ("list-decisions", ListDecisionViewSet),
    ("runs", RunViewSet),
):
    router.register(prefix, viewset, basename=prefix.replace("/", "-"))
for prefix, dotted in all_resources().items():
    router.register(prefix, import_string(dotted), basename=prefix)

_returns = SchoolReturnViewSet
_versions = ReturnVersionViewSet
_one_week = [
    path("", _returns.as_view({"get": "retrieve", "put": "update"}), name="return"),
    path("submit/", _returns.as_view({"post": "submit"}), name="return-submit"),
    path("preview/", _returns.as_view({"post": "preview"}), name="return-preview"),
    path("withdraw/", _returns.as_view({"post": "withdraw"}), name="return-withdraw"),
    path("send-back/", _returns.as_view({"post": "send_back"}), name="return-send-back"),
    path("approve/", _returns.as_view({"post": "approve"}), name="return-approve"),
    path("accept/", _returns.as_view({"post": "accept"}), name="return-accept"),
    path("lock/", _returns.as_view({"post": "lock"}), name="return-lock"),
    path("ask-reopen/", _returns.as_view({"post": "ask_reopen"}), name="return-ask-reopen"),
    path("events/", ReturnEventViewSet.as_view({"get": "events"}), name="return-events"),
    path("versions/", _versions.as_view({"get": "versions"}), name="return-versions"),
    path("versions/<int:number>/", _versions.as_view({"get": "version"}), name="return-version"),
    path("versions/<int:number>/changes/", _versions.as_view({"get": "changes"}), name="return-changes"),
]

urlpatterns = [
    path("v1/schema/", SchemaView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(), name="docs"),
    path("v1/", include(router.urls)),
    path("v1/schools/<str:code>/weekly-returns/<str:week>/", include(_one_week)),
    re_path(r"^.*$", UnknownAddress.as_view(), name="unknown"),
]
