"""The first page after login, by role."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from shuangjian.accounts.models import RoleKind
from shuangjian.accounts.requests import signed_in
from shuangjian.bureau.models import Institution
from shuangjian.core import clock
from shuangjian.dashboards.navigation import inspector_url, party_url
from shuangjian.dashboards.selectors import overview, units
from shuangjian.dashboards.selectors.jurisdiction import every_school_of
from shuangjian.dashboards.selectors.unit_page import unit_page
from shuangjian.dashboards.selectors.weeks import chosen_week
from shuangjian.dashboards.views.asked import asked
from shuangjian.dashboards.views.kept import KeptView
from shuangjian.intake.review_list import waiting_words

_SHOWN = 8
#: Roles whose first page is one of their own.
_ELSEWHERE: dict[str, str] = {
    RoleKind.SYSADMIN: "accounts",
    RoleKind.TEACHER: "my_classes",
    RoleKind.DEPARTMENT: "alerts",
}


class HomeView(KeptView):
    """首页: a school's own page for a school, the overview of its jurisdiction for whoever supervises.

    A system administrator, who sees no business data, is sent to the accounts, a teacher to the own classes, a training
    institution to its page in the register, a department to the alerts of its rules, an inspector to today's visits.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = signed_in(request) if request.user.is_authenticated else None
        if user and user.role_kind in _ELSEWHERE:
            return redirect(_ELSEWHERE[user.role_kind])
        if user and user.role_kind == RoleKind.ORG and user.institution is not None:
            return redirect(party_url(user.institution.code))
        if user and user.role_kind == RoleKind.INSPECTOR:
            return redirect(inspector_url())
        return super().dispatch(request, *args, **kwargs)

    def get_template_names(self) -> list[str]:
        is_school = signed_in(self.request).role_kind == RoleKind.SCHOOL
        return ["dashboards/unit.html" if is_school else "dashboards/overview.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, now = signed_in(self.request), clock.now()
        week = chosen_week(asked(self.request, "week"), user, now.date())
        if user.role_kind == RoleKind.SCHOOL:
            own = cast(Institution, self.get_scoped_or_404(every_school_of(user)))
            return super().get_context_data(**unit_page(user, own, week, now), is_home=True, **kwargs)
        rows = units.unit_rows(user, week, now)
        stats = overview.filing_stats(user, week, now)
        by_town = user.role_kind != RoleKind.TOWN
        towns = units.town_rows(rows) if by_town else []
        charts = [overview.town_bars(towns, week), overview.unit_grid(rows, week, now, towns=len(towns))]
        needing, unfiled = units.attention(rows), units.not_filed(rows)
        return super().get_context_data(
            week=week,
            headline=overview.headline(rows, stats, week, now),
            stats=overview.stat_strip(rows, stats, week.key),
            filing=stats,
            is_due=stats.is_due(now),
            attention=units.with_worst(user, week, needing[:_SHOWN]),
            attention_total=len(needing),
            not_filed=unfiled[:_SHOWN],
            not_filed_total=len(unfiled),
            alert_counts=overview.alert_counts(user, now.date()),
            waiting=waiting_words(user),
            towns=towns,
            charts=[chart for chart in charts if chart],
            **kwargs,
        )
