"""Complaints and observations: lists, one of them, new ones, and the acts on them."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from shuangjian.accounts.models import RoleKind, User
from shuangjian.accounts.requests import signed_in
from shuangjian.core import clock
from shuangjian.core.errors import InvalidInput, Problem, Refused
from shuangjian.core.views import ScopedView
from shuangjian.evidence import selectors
from shuangjian.evidence.forms import ComplaintForm, ObservationForm, find_unit
from shuangjian.evidence.models import Complaint, Observation
from shuangjian.evidence.observation_acts import record_observation
from shuangjian.evidence.pages import complaint_page, observation_page
from shuangjian.evidence.scope import ABOVE, complaints_of, observations_of
from shuangjian.evidence.services import register_complaints

PAGE_SIZE = 50
_ABOVE: frozenset[str] = frozenset({RoleKind.BUREAU, RoleKind.CENTRE, RoleKind.TOWN})
#: Departments see complaints about training institutions, without the complainant.
_READERS: frozenset[str] = _ABOVE | {RoleKind.DEPARTMENT}
_FOUND: frozenset[str] = _READERS | {RoleKind.SCHOOL, RoleKind.ORG, RoleKind.INSPECTOR}


class EvidenceView(ScopedView):
    """A page that takes its filters from the address."""

    def asked(self, name: str) -> str:
        return self.request.GET.get(name, "").replace("\x00", "").strip()[:40]


class ComplaintsView(EvidenceView):
    """投诉线索: what is not closed, overdue first; every filter is in the address."""

    template_name = "evidence/complaints.html"
    roles = _READERS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, today = signed_in(self.request), clock.today()
        wanted = selectors.ComplaintFilter.of(self.asked)
        totals = selectors.complaint_totals(user, today)
        rows = wanted.applied(complaints_of(user), today)
        states = [{"value": selectors.OPEN, "label": "未办结", "count": totals["open"]}]
        states += [
            {"value": value, "label": label, "count": totals[value]}
            for value, label in Complaint._meta.get_field("state").flatchoices
        ]
        states.append({"value": selectors.ALL, "label": "全部", "count": totals["total"]})
        return super().get_context_data(
            page_obj=Paginator(rows, PAGE_SIZE).get_page(self.asked("page")),
            totals=totals,
            states=states,
            state=wanted.state,
            today=today,
            query=wanted.word,
            filters=selectors.complaint_filters(wanted, totals),
            is_filtered=bool(self.request.GET),
            may_register=user.role_kind in ABOVE and user.may_write,
            **kwargs,
        )


class ComplaintView(ScopedView):
    """One complaint: what was said, the clock, what looks the same, and what the reader may do."""

    template_name = "evidence/complaint.html"
    roles = _READERS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = signed_in(self.request)
        refused: dict[str, Any] = kwargs.pop("refused", {})
        page = complaint_page(user, _complaint(user, self.kwargs["number"]), clock.today(), refused)
        return super().get_context_data(**page, **kwargs)


class ComplaintAddView(ScopedView):
    """登记投诉举报."""

    template_name = "evidence/complaint_new.html"
    roles = _ABOVE

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", ComplaintForm(initial={"received_on": clock.today()}))
        return super().get_context_data(**kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        user = _writer(request)
        form = ComplaintForm(request.POST)
        if form.is_valid():
            try:
                made = register_complaints([_row(user, form.cleaned_data)], actor=user).complaints[0]
            except InvalidInput as refused:
                form.add_refusal(_placed(refused))
            else:
                messages.success(request, f"已登记为 {made.number}，请在 {made.reply_due_on} 前答复。")
                return redirect("complaint", number=made.number)
        return self.render_to_response(self.get_context_data(form=form), status=422)


class ComplaintActView(ComplaintView):
    """One act on a complaint; refused it comes back with what was typed."""

    http_method_names = ["post"]
    act: ClassVar[str] = ""
    roles = _ABOVE

    def post(self, request: HttpRequest, number: str) -> HttpResponse:
        user = _writer(request)
        page = complaint_page(user, _complaint(user, number), clock.today(), {self.act: request.POST})
        return _done(self, page, user, "complaint")


class ObservationsView(EvidenceView):
    """核查情况: those above see all states in their jurisdiction; an institution what was found true about itself."""

    template_name = "evidence/observations.html"
    roles = _FOUND

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, today = signed_in(self.request), clock.today()
        wanted = selectors.ObservationFilter.of(self.asked)
        totals = selectors.observation_totals(user, today)
        is_above = user.role_kind in ABOVE
        rows = wanted.applied(observations_of(user), today)
        return super().get_context_data(
            page_obj=Paginator(rows, PAGE_SIZE).get_page(self.asked("page")),
            totals=totals,
            today=today,
            query=wanted.word,
            filters=selectors.observation_filters(wanted, totals, is_above=is_above),
            is_filtered=bool(self.request.GET),
            is_above=is_above,
            is_own=user.role_kind in (RoleKind.SCHOOL, RoleKind.ORG),
            **kwargs,
        )


class ObservationView(ScopedView):
    """One observation, and what the reader may do with it."""

    template_name = "evidence/observation.html"
    roles = _FOUND

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = signed_in(self.request)
        page = observation_page(user, _observation(self, self.kwargs["number"]), clock.today(), {})
        return super().get_context_data(**page, **kwargs)


class ObservationAddView(ScopedView):
    """登记核查情况 as a clue."""

    template_name = "evidence/observation_new.html"
    roles = _ABOVE

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known = {"institution": self.request.GET.get("unit", "")[:40], "occurred_on": clock.today()}
        kwargs.setdefault("form", ObservationForm(initial=known))
        return super().get_context_data(**kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        user = _writer(request)
        form = ObservationForm(request.POST)
        if form.is_valid():
            try:
                unit = find_unit(user, form.cleaned_data.pop("institution"))
                made = record_observation(unit, actor=user, **form.cleaned_data)
            except InvalidInput as refused:
                form.add_refusal(refused)
            else:
                messages.success(request, f"已登记为 {made.number}。认定查实以前不计入结果。")
                return redirect("observation", number=made.number)
        return self.render_to_response(self.get_context_data(form=form), status=422)


class ObservationActView(ScopedView):
    """One act on an observation."""

    http_method_names = ["post"]
    template_name = "evidence/observation.html"
    act: ClassVar[str] = ""
    roles = _ABOVE

    def post(self, request: HttpRequest, number: str) -> HttpResponse:
        user = _writer(request)
        found = _observation(self, number)
        page = observation_page(user, found, clock.today(), {self.act: request.POST})
        return _done(self, page, user, "observation")


def _done(view: Any, page: dict[str, Any], user: User, name: str) -> HttpResponse:
    """Do the act that was posted, and go back to the page; refused, show the page with what was typed."""
    step = next(each for each in page["every_act"] if each.name == view.act)
    if user.role_kind not in step.roles:
        raise PermissionDenied(f"{step.verb}由区教育局办理。")
    try:
        if step.form.is_valid():
            done = step.run(user, step.form.cleaned_data)
            messages.success(view.request, f"{done.number}：{step.done}")
            return redirect(name, number=done.number)
    except InvalidInput as refused:
        step.form.add_refusal(refused)
    except Refused as refused:
        if refused.status == 403:
            raise PermissionDenied(refused.message) from refused
        step.form.add_error(None, refused.message)
    page["refused_form"] = step.form
    return cast(HttpResponse, view.render_to_response(ScopedView.get_context_data(view, **page), status=422))


def _complaint(user: User, number: str) -> Complaint:
    rows = complaints_of(user).select_related("institution__town", "town", "duplicate_of")
    return get_object_or_404(rows, number=number)


def _observation(view: ScopedView, number: str) -> Observation:
    rows = observations_of(signed_in(view.request)).select_related("institution__town", "complaint", "decided_by")
    return cast(Observation, view.get_scoped_or_404(rows, number=number))


def _writer(request: HttpRequest) -> User:
    user = signed_in(request)
    if not user.may_write:
        raise PermissionDenied("您可以查看，不能登记；首次登录请先修改密码。")
    return user


def _row(user: User, values: dict[str, Any]) -> dict[str, Any]:
    row = {**values, "town": values["town"].code if values["town"] else ""}
    if values["institution"]:
        row["institution"] = find_unit(user, values["institution"]).code
    return row


def _placed(refused: InvalidInput) -> InvalidInput:
    """Problems of the one row at the form's fields."""
    return InvalidInput([Problem(each.path.removeprefix("[0]."), each.message, each.code) for each in refused.problems])
