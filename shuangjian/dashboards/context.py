"""What the frame of every page shows: navigation, scope, search, and whether the data is invented."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from shuangjian.accounts.models import RoleKind, User
from shuangjian.bureau.models import Institution
from shuangjian.dashboards.navigation import accounts_url, navigation, scope_trail, unit_label

_WITHOUT_SEARCH = (RoleKind.SYSADMIN, RoleKind.TEACHER)
_NO_FRAME = ("/api/", "/healthz", "/readyz", settings.STATIC_URL)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of the frame: one query, besides the person's own unit. Nobody signed in: only whether data is invented.

    The week is not here: a page that is about a week puts it into its own context, others show no picker.
    """
    # The path first: asking for request.user would read the session for programs and probes too.
    if request.path.startswith(_NO_FRAME):
        return {}
    is_demo_data = Institution.objects.filter(is_fictional=True).exists()
    user = getattr(request, "user", None)
    if not isinstance(user, User) or user.must_change_password:
        return {"is_demo_data": is_demo_data}
    return {
        "nav": navigation(user, request.path),
        "scope_trail": scope_trail(user),
        "search_url": reverse("search") if user.role_kind not in _WITHOUT_SEARCH else "",
        "accounts_url": accounts_url(user),
        "unit_name": unit_label(user),
        "role_label": user.role_label,
        "is_demo_data": is_demo_data,
    }
