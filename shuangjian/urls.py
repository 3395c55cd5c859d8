"""Every address of the portal."""

from __future__ import annotations

from django.urls import include, path

from shuangjian.dashboards import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/", include("shuangjian.api.urls")),
    path("", include("shuangjian.accounts.urls")),
    path("", include("shuangjian.bureau.urls")),
    path("", include("schools.urls")),
    path("", include("training_orgs.standards_urls")),
    path("", include("training_orgs.urls")),
    path("", include("inspections.urls")),
    path("", include("shuangjian.intake.urls")),
    path("", include("shuangjian.files.urls")),
    path("", include("shuangjian.lists.urls")),
    path("", include("shuangjian.evidence.urls")),
    path("", include("shuangjian.dashboards.urls")),
    path("", include("shuangjian.dashboards.run_urls")),
]

handler403 = "shuangjian.dashboards.views.errors.forbidden"
handler404 = "shuangjian.dashboards.views.errors.not_found"
handler500 = "shuangjian.dashboards.views.errors.failed"
