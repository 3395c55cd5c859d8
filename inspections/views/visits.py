"""Visits of a jurisdiction: the list, planning, and the part of an institution's own page that is about visits."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from inspections.models import Visit
from inspections.pages import listing
from inspections.pages.of_unit import of_unit
from inspections.pages.people import colleagues, departments_for
from inspections.pages.record import own_visits
from inspections.scope import inspectors_for
from inspections.selectors import visits_of
from inspections.services.sync import people_by_login
from inspections.services.visits import plan_visits
from inspections.views.answering import READING
from inspections.views.day import InspectorPage, find_units, posted_key
from inspections.visit_forms import PlanForm, named_units
from shuangjian.accounts.models import RoleKind
from shuangjian.accounts.requests import signed_in
from shuangjian.bureau.models import Department, Institution
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Refused
from shuangjian.core.views import ScopedView
from shuangjian.dashboards.views.asked import asked
from shuangjian.evidence.scope import complaints_of

PAGE_SIZE = 50
_ABOVE: frozenset[str] = frozenset({RoleKind.BUREAU, RoleKind.CENTRE, RoleKind.TOWN})
_PLANNING: frozenset[str] = _ABOVE | {RoleKind.INSPECTOR, RoleKind.DEPARTMENT}


class VisitsView(ScopedView):
    """检查记录: what waits for review first; every filter is in the address."""

    template_name = "inspections/visits.html"
    roles = READING

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = signed_in(request)
        if user.institution is None:
            return super().get(request, *args, **kwargs)
        self.template_name = "inspections/visits_own.html"
        own = own_visits(user, user.institution)
        return self.render_to_response({"own_visits": own, "found": sum(len(each["visit"].items) for each in own)})

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, today = signed_in(self.request), clock.today()
        wanted = listing.ListFilter.of(lambda name: asked(self.request, name))
        counts = listing.totals(user, today)
        page = Paginator(wanted.applied(visits_of(user), today), PAGE_SIZE).get_page(asked(self.request, "page"))
        listing.rows_of(page.object_list, user, today)
        found = f"筛选出 {page.paginator.count} 次检查"
        heading = listing.heading(counts, may_review=user.role_kind in _ABOVE)
        return super().get_context_data(
            page_obj=page,
            heading=found if wanted.is_set else heading,
            lead=listing.lead(counts),
            filters=listing.filters(wanted, counts),
            is_filtered=wanted.is_set,
            query=wanted.word,
            since=wanted.since,
            until=wanted.until,
            may_plan=user.role_kind in _PLANNING and user.may_write,
            may_open=user.role_kind in (RoleKind.INSPECTOR, RoleKind.DEPARTMENT) and user.may_write,
            **kwargs,
        )


class PlanView(InspectorPage):
    """安排检查: several institutions, one day, the same people."""

    template_name = "inspections/visit_plan.html"
    roles = _PLANNING

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.headers.get("HX-Target") == "found-units":
            self.template_name = "inspections/_plan_found.html"
            word = asked(request, "find")
            return self.render_to_response({"word": word, "found": find_units(self.user, word) if word else []})
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        request, user = self.request, self.user
        given = {"units": asked(request, "unit"), "planned_on": clock.today(), "kind": asked(request, "kind")}
        form = kwargs.setdefault("form", PlanForm(initial=given))
        chosen = request.POST.getlist("inspectors") if form.is_bound else [user.username]
        joining = request.POST.getlist("departments")
        people = list(inspectors_for(user).filter(username__in=chosen))
        return super().get_context_data(
            colleagues=colleagues(user, None, people),
            departments=[{**each, "is_on": each["code"] in joining} for each in departments_for(None)],
            key=posted_key(request),
            complaint=request.POST.get("complaint", asked(request, "complaint")),
            follows=request.POST.get("follows", asked(request, "follows")),
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        user = self.writer()
        form = PlanForm(request.POST)
        if form.is_valid():
            try:
                visits = self._planned(form.cleaned_data)
            except InvalidInput as refused:
                form.add_refusal(refused)
            except Refused as refused:
                form.add_error(None, refused.message)
            else:
                on = visits[0].planned_on
                messages.success(request, f"已安排 {len(visits)} 次检查，日期 {on}。")
                own = user.role_kind in (RoleKind.INSPECTOR, RoleKind.DEPARTMENT)
                return redirect("visits_today" if own else f"{reverse('visits')}?state=open&since={on}&until={on}")
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def _planned(self, values: dict[str, Any]) -> list[Visit]:
        user, posted = self.user, self.request.POST
        people = people_by_login(posted.getlist("inspectors"), user)
        number, follows = posted.get("complaint", "").strip(), posted.get("follows", "").strip()
        return plan_visits(
            named_units(user, values["units"]),
            planned_on=values["planned_on"],
            kind=values["kind"],
            purpose=values["purpose"],
            inspectors=people,
            departments=Department.objects.filter(code__in=posted.getlist("departments")),
            complaint=get_object_or_404(complaints_of(user), number=number) if number else None,
            follows=get_object_or_404(Visit.objects.visible_to(user), number=follows) if follows else None,
            key=posted_key(self.request),
            actor=user,
        )


class VisitsOfView(ScopedView):
    """Part of the page of a school or training institution: its visits, observations and open rectifications."""

    roles = READING

    def get_template_names(self) -> list[str]:
        return [
            "inspections/_visits_of.html" if self.request.headers.get("HX-Request") else "inspections/visits_of.html"
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        unit = cast(Institution, self.get_scoped_or_404(Institution.objects.all(), code=self.kwargs["code"]))
        user = signed_in(self.request)
        if not user.may_act:
            raise PermissionDenied("账号已停用。")
        return super().get_context_data(**of_unit(user, unit, clock.today()), **kwargs)
