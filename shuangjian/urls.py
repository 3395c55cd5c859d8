"""Every address of the portal."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("shuangjian.accounts.urls")),
]
